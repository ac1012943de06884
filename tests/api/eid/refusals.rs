//! Requests whose signature is not right, and decisions that were not signed.

use std::time::Duration;

use dancu::kernel::Level;
use serde_json::{Value, json};

use super::phone::{Phone, base64url, random};
use super::rig::{Rig, an, binh};
use crate::api::citizens::desk::{Answer, but};
use crate::support::for_each_backend;

const PATH: &str = "/v1/eid/transactions";

fn is_refused(answer: &Answer, why: &str) {
    assert_eq!(answer.problem(), (401, "device-signature-invalid".to_owned()), "{why}: {answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_signature_is_one_answer() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let (phone, stranger) = (rig.enrolled(&an()).await, rig.enrolled(&binh()).await);
        let now = rig.desk.house.now().as_seconds();
        let claims = [
            ("another audience", json!({ "aud": "https://elsewhere.test" })),
            ("a list of audiences", json!({ "aud": ["https://dancu.test"] })),
            ("another method", json!({ "htm": "GET" })),
            ("another path", json!({ "htp": "/v1/eid/devices" })),
            ("another body", json!({ "bsh": base64url(&[0; 32]) })),
            ("too old", json!({ "iat": now - 61 })),
            ("from the future", json!({ "iat": now + 61 })),
            ("a short jti", json!({ "jti": "1" })),
            ("no jti", json!({ "jti": null })),
            ("no audience", json!({ "aud": null })),
        ];
        for (why, change) in claims {
            let claims = but(phone.claims(&rig, "POST", PATH, "{}"), change);
            let field = phone.sign(&phone.header(), &claims);
            is_refused(&phone.send(&rig, "POST", PATH, "{}", &field).await, why);
        }
        let headers = [
            ("no type", json!({ "typ": null })),
            ("a token's type", json!({ "typ": "at+jwt" })),
            ("another algorithm", json!({ "alg": "EdDSA" })),
            ("no algorithm", json!({ "alg": "none" })),
            ("an unknown device", json!({ "kid": random() })),
            ("another's device", json!({ "kid": stranger.device_id })),
            ("no device", json!({ "kid": "x" })),
            ("its own key beside the device", json!({ "jwk": phone.key.public() })),
            ("its own key in the device's place", json!({ "kid": null, "jwk": phone.key.public() })),
            ("an extension", json!({ "crit": ["exp"] })),
        ];
        for (why, change) in headers {
            let field = phone.sign(&but(phone.header(), change), &phone.claims(&rig, "POST", PATH, "{}"));
            is_refused(&phone.send(&rig, "POST", PATH, "{}", &field).await, why);
        }
        let field = phone.sign(&phone.header(), &phone.claims(&rig, "POST", PATH, "{}"));
        assert_eq!(phone.send(&rig, "POST", PATH, "{}", &field).await.status, 200);
        is_refused(&phone.send(&rig, "POST", PATH, "{}", &field).await, "used before");
        for (why, field) in [("a bearer", "Bearer x"), ("nothing", "Device"), ("no token", "Device x.y.z")] {
            is_refused(&phone.send(&rig, "POST", PATH, "{}", field).await, why);
        }
        let token = rig.desk.house.token("portal").await;
        is_refused(&phone.send(&rig, "POST", PATH, "{}", &format!("Bearer {token}")).await, "a client's token");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_what_was_signed_and_nothing_else() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let (phone, stranger) = (rig.enrolled(&an()).await, rig.enrolled(&binh()).await);
        let asked = rig.ask(an().citizen_id, Level::L1).await;
        let digits = asked.digits.to_string();
        let id = asked.transaction.to_string();
        let (_, statement) = phone.pending(&rig).await.pop().unwrap();
        let digest = base64url(&dancu::crypto::digest::sha256(&[statement.as_bytes()]));
        let right = json!({ "transaction": id, "statement": digest, "digits": digits, "decision": "approve" });
        let changes = [
            ("another request", json!({ "transaction": random() })),
            ("another statement", json!({ "statement": base64url(&[1; 32]) })),
            ("a rejection", json!({ "decision": "reject" })),
            ("no digits", json!({ "digits": null })),
        ];
        for (why, change) in changes {
            is_refused(&phone.decide_as(&rig, &id, true, None, but(right.clone(), change)).await, why);
        }
        is_refused(&phone.decide_as(&rig, &id, false, None, right.clone()).await, "an approval as a rejection");
        let unsigned = phone.call(&rig, "POST", &format!("{PATH}/{id}/approve"), &json!({})).await;
        is_refused(&unsigned, "no approval in the signature");
        let others = stranger.decide_as(&rig, &id, true, None, right.clone()).await;
        assert_eq!(others.problem(), (409, "transaction-over".to_owned()));
        let unknown = phone.decide_as(&rig, &random(), true, None, right.clone()).await;
        assert_eq!(unknown.problem(), (409, "transaction-over".to_owned()));
        assert_eq!(phone.decide_as(&rig, "1", true, None, right.clone()).await.status, 404);
        assert_eq!(phone.decide_as(&rig, &id, true, None, right).await.json()["outcome"], "approved");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_decisions_at_once_are_one() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let asked = rig.ask(an().citizen_id, Level::L1).await;
        let (id, statement) = phone.pending(&rig).await.pop().unwrap();
        let digits = asked.digits.to_string();
        let deciding = (0..8).map(|_| phone.decide(&rig, &statement, Some(&digits), None));
        let answers = futures_util::future::join_all(deciding).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
        let takings = futures_util::future::join_all((0..8).map(|_| rig.take(id))).await;
        assert_eq!(takings.iter().flatten().count(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_a_body_are_told_to_who_signed_it() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let faulty = phone.call(&rig, "POST", PATH, &json!({ "wait_seconds": 26, "known": ["x"], "more": 1 })).await;
        let pointers: Vec<String> = faulty.faults().into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(pointers, ["/known/0", "/more", "/wait_seconds"]);
        let nothing = Phone::new().call(&rig, "POST", "/v1/eid/accounts/activate", &json!({})).await;
        assert_eq!(nothing.faults().len(), 4);
        let sized = phone.call(&rig, "POST", PATH, &json!({ "wait_seconds": Value::Null })).await;
        assert_eq!(sized.status, 200, "null is absent");
        rig.advance(Duration::from_secs(3_600));
        assert_eq!(phone.call(&rig, "POST", PATH, &json!({})).await.status, 200, "devices do not run out");
    })
    .await;
}
