//! Tokens bound to keys (DPoP), for clients themselves, at this service's resources.

use dancu::crypto::Algorithm;
use dancu::crypto::jose::PrivateJwk;
use serde_json::json;

use super::rig::{Rig, form, read};
use crate::support::for_each_backend;

#[tokio::test(flavor = "multi_thread")]
async fn a_service_may_bind_its_token_to_either_kind_of_key() {
    for_each_backend(async |backend| {
        let mut rig = Rig::new(&backend).await;
        for algorithm in [Algorithm::P256, Algorithm::Ed25519] {
            rig.dpop = PrivateJwk::generate(algorithm).unwrap();
            let asked = form(&[("grant_type", "client_credentials")]);
            let answer = rig.token_bound("portal", &asked).await;
            assert_eq!(answer.json()["token_type"], "DPoP", "{answer:?}");
            let told = rig.call_bound("/oauth2/userinfo", &answer.text_of("access_token")).await;
            assert_eq!(told.told(), (403, "insufficient-scope".to_owned()), "let through, and no citizen's");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_a_nonce_is_given_one_and_comes_again() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let asked = rig.authenticated("portal", &form(&[("grant_type", "client_credentials")]));
        let request = rig.post("/oauth2/token", &asked);
        let answer = read(request.header("dpop", rig.proof_with("POST", "/oauth2/token", json!({})))).await;
        assert_eq!(answer.told(), (400, "use_dpop_nonce".to_owned()));
        let nonce = answer.header("dpop-nonce");
        let asked = rig.authenticated("portal", &form(&[("grant_type", "client_credentials")]));
        let proof = rig.proof_with("POST", "/oauth2/token", json!({ "nonce": nonce }));
        let answer = read(rig.post("/oauth2/token", &asked).header("dpop", proof)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(!answer.header("dpop-nonce").is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_takes_a_bound_token_with_its_proof_and_nothing_else() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let token = rig.token_bound("portal", &form(&[("grant_type", "client_credentials")])).await;
        let token = token.text_of("access_token");
        let path = "/oauth2/userinfo";
        let ath = {
            use base64::Engine;
            let digest = dancu::crypto::digest::sha256(&[token.as_bytes()]);
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest)
        };
        let other = PrivateJwk::generate(Algorithm::P256).unwrap();
        let stale = json!({ "ath": ath, "nonce": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" });
        let rows = [
            ("another method", rig.proof_with("POST", path, json!({ "ath": ath })), "invalid_dpop_proof"),
            ("another path", rig.proof_with("GET", "/oauth2/jwks", json!({ "ath": ath })), "invalid_dpop_proof"),
            ("no ath", rig.proof_with("GET", path, json!({})), "invalid_dpop_proof"),
            ("ath of another", rig.proof_with("GET", path, json!({ "ath": "x" })), "invalid_dpop_proof"),
            ("a nonce of nobody", rig.proof_with("GET", path, stale), "use_dpop_nonce"),
            ("another key", rig.proof_by(&other, json!({}), "GET", path, json!({ "ath": ath })), "invalid_token"),
            ("nonsense", "x.y.z".to_owned(), "invalid_dpop_proof"),
        ];
        for (what, proof, error) in rows {
            let request = rig.get(path).header("authorization", format!("DPoP {token}")).header("dpop", proof);
            let answer = read(request).await;
            assert_eq!(answer.status, 401, "{what}: {answer:?}");
            let challenge = answer.header("www-authenticate");
            assert!(challenge.starts_with("DPoP ") && challenge.contains(error), "{what}: {challenge}");
            assert!(!answer.header("dpop-nonce").is_empty(), "{what}");
        }
        let none = read(rig.get(path).header("authorization", format!("DPoP {token}"))).await;
        assert_eq!(none.status, 401);
        let proof = rig.proof_with("GET", path, json!({ "ath": ath }));
        let mut taken = 0;
        for _ in 0..2 {
            let request = rig.get(path).header("authorization", format!("DPoP {token}")).header("dpop", &proof);
            taken += u16::from(read(request).await.status == 403);
        }
        assert_eq!(taken, 1, "a proof is used once");
    })
    .await;
}
