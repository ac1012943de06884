//! Introspection, revocation, logout.

use serde_json::json;

use super::rig::{Answer, Rig, form, read};
use crate::support::for_each_backend;

async fn introspect(rig: &Rig, client: &str, token: &str) -> Answer {
    let asked = form(&[("token", token)]);
    read(rig.post("/oauth2/introspect", &asked).header("authorization", rig.basic(client))).await
}

async fn revoke(rig: &Rig, token: &str) -> Answer {
    read(rig.post("/oauth2/revoke", &form(&[("token", token)])).header("authorization", rig.basic("rp-baseline"))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_asks_about_its_own_tokens_alone() {
    for_each_backend(async |backend| {
        let mut rig = Rig::new(&backend).await;
        rig.add("rp-other", "rp-baseline").await;
        let tokens = rig.signed_in().await;
        let (access, refresh) = (tokens.text_of("access_token"), tokens.text_of("refresh_token"));
        let told = introspect(&rig, "rp-baseline", &access).await.json();
        assert_eq!((&told["active"], &told["client_id"]), (&json!(true), &json!("rp-baseline")));
        assert_eq!((&told["acr"], &told["token_type"]), (&json!("urn:dancu:acr:l1"), &json!("Bearer")));
        assert_eq!(introspect(&rig, "rp-baseline", &refresh).await.json()["active"], true);
        let inactive = json!({ "active": false });
        for token in [&access, &refresh] {
            assert_eq!(introspect(&rig, "rp-other", token).await.json(), inactive);
        }
        assert_eq!(introspect(&rig, "rp-baseline", "nonsense").await.json(), inactive);
        let nobody = read(rig.post("/oauth2/introspect", &form(&[("token", &access)]))).await;
        assert_eq!(nobody.told(), (401, "invalid_client".to_owned()));
        rig.clock.advance(std::time::Duration::from_secs(601));
        assert_eq!(introspect(&rig, "rp-baseline", &access).await.json(), inactive);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_either_token_ends_the_sign_in_at_once_on_every_replica() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let twin = if backend.is_postgres() { Some(rig.twin(&backend).await) } else { None };
        for name in ["access_token", "refresh_token"] {
            let tokens = rig.signed_in().await;
            let access = tokens.text_of("access_token");
            let elsewhere = twin.as_ref().unwrap_or(&rig);
            assert_eq!(elsewhere.userinfo(&access).await.status, 200);
            assert_eq!(revoke(&rig, &tokens.text_of(name)).await.status, 200);
            assert_eq!(elsewhere.userinfo(&access).await.status, 401, "{name}");
            let asked = form(&[("grant_type", "refresh_token"), ("refresh_token", &tokens.text_of("refresh_token"))]);
            assert_eq!(rig.token_by_secret("rp-baseline", &asked).await.told(), (400, "invalid_grant".to_owned()));
        }
        assert_eq!(revoke(&rig, "nonsense").await.status, 200, "unknown tokens are no news");
        let foreign = rig.token_by_key("portal", &form(&[("grant_type", "client_credentials")])).await;
        let foreign = foreign.text_of("access_token");
        assert_eq!(revoke(&rig, &foreign).await.status, 200);
        assert_eq!(rig.userinfo(&foreign).await.status, 403, "another client's token stands");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_revokes_its_own_token() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let token = rig.token_by_key("portal", &form(&[("grant_type", "client_credentials")])).await;
        let token = token.text_of("access_token");
        assert_eq!(rig.userinfo(&token).await.status, 403, "good, and no citizen's");
        let asked = rig.authenticated("portal", &form(&[("token", &token)]));
        assert_eq!(read(rig.post("/oauth2/revoke", &asked)).await.status, 200);
        assert_eq!(rig.userinfo(&token).await.status, 401);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logout_ends_what_one_client_was_granted_and_returns_to_known_places_only() {
    for_each_backend(async |backend| {
        let mut rig = Rig::new(&backend).await;
        rig.add("rp-other", "rp-baseline").await;
        let (first, second) = (rig.signed_in().await, rig.signed_in().await);
        let code = rig.code("rp-other", &super::rig::asking()).await;
        let other = rig.token_by_secret("rp-other", &Rig::redeeming(&code)).await;
        let hint = first.text_of("id_token");
        let bad = [
            form(&[]),
            form(&[("id_token_hint", "x.y.z")]),
            form(&[("id_token_hint", &first.text_of("access_token"))]),
            form(&[("id_token_hint", &hint), ("client_id", "rp-other")]),
            form(&[("id_token_hint", &hint), ("post_logout_redirect_uri", "https://evil.vn/")]),
        ];
        for asked in bad {
            let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(&asked).finish();
            let answer = read(rig.get(&format!("/oauth2/logout?{query}"))).await;
            assert_eq!(answer.told(), (400, "page".to_owned()), "{asked:?}");
        }
        assert_eq!(rig.userinfo(&first.text_of("access_token")).await.status, 200);
        let asked = form(&[
            ("id_token_hint", &hint),
            ("post_logout_redirect_uri", "http://127.0.0.1:49152/logout"),
            ("state", "s1"),
        ]);
        let out = read(rig.post("/oauth2/logout", &asked)).await;
        assert_eq!((out.status, out.header("location")), (303, "http://127.0.0.1:49152/logout?state=s1"));
        for ended in [&first, &second] {
            assert_eq!(rig.userinfo(&ended.text_of("access_token")).await.status, 401);
        }
        assert_eq!(rig.userinfo(&other.text_of("access_token")).await.status, 200, "another client's stands");
        let noted = rig.recorded("oidc.logout").await;
        assert_eq!(noted.len(), 2, "each sign-in's end is on record");
        assert!(noted.iter().all(|entry| entry.subjects.len() == 1));
        let again = read(rig.post("/oauth2/logout", &asked)).await;
        assert_eq!(again.status, 303);
        assert_eq!(rig.recorded("oidc.logout").await.len(), 2, "nothing was left to end");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_use_is_on_record_with_what_it_ends() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let code = rig.code("rp-baseline", &super::rig::asking()).await;
        for _ in 0..3 {
            rig.token_by_secret("rp-baseline", &Rig::redeeming(&code)).await;
        }
        let tokens = rig.signed_in().await;
        let asked = form(&[("grant_type", "refresh_token"), ("refresh_token", &tokens.text_of("refresh_token"))]);
        for _ in 0..3 {
            rig.token_by_secret("rp-baseline", &asked).await;
        }
        let noted = rig.recorded("oidc.reuse").await;
        let told: Vec<_> = noted.iter().map(|entry| (entry.entry.reason.as_str(), entry.subjects.len())).collect();
        assert_eq!(told, [("code_reused", 1), ("refresh_token_reused", 1)]);
    })
    .await;
}
