//! Asking a citizen who is present, without a browser.

use std::time::Duration;

use serde_json::json;

use super::rig::{Answer, CIBA, Form, Rig, but, claims_of, form, read};
use crate::support::for_each_backend;

fn asking() -> Form {
    form(&[
        ("scope", "openid citizen:full_name"),
        ("login_hint", "097099000001"),
        ("acr_values", "LoA1"),
        ("binding_message", "Quầy 3"),
        ("requested_expiry", "120"),
    ])
}

async fn ask(rig: &Rig, client: &str, asked: &Form) -> Answer {
    read(rig.post("/oauth2/bc-authorize", &rig.authenticated(client, asked))).await
}

async fn poll(rig: &Rig, client: &str, id: &str) -> Answer {
    rig.token_by_key(client, &form(&[("grant_type", CIBA), ("auth_req_id", id)])).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_asks_and_polls_until_the_citizen_has_approved() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let answer = ask(&rig, "portal", &asking()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let told = answer.json();
        assert_eq!((&told["expires_in"], &told["interval"]), (&json!(120), &json!(2)));
        let digits: u8 = told["match_number"].as_str().unwrap().parse().unwrap();
        assert!((10..=99).contains(&digits));
        let id = told["auth_req_id"].as_str().unwrap();
        assert_eq!(poll(&rig, "portal", id).await.told(), (400, "authorization_pending".to_owned()));
        assert_eq!(poll(&rig, "portal", id).await.told(), (400, "slow_down".to_owned()));
        rig.clock.advance(Duration::from_secs(3));
        assert_eq!(poll(&rig, "portal", id).await.told(), (400, "slow_down".to_owned()), "five seconds more");
        rig.clock.advance(Duration::from_secs(20));
        rig.approve("097099000001").await;
        assert_eq!(poll(&rig, "hotel", id).await.told(), (400, "invalid_grant".to_owned()), "another client's");
        let answer = poll(&rig, "portal", id).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(claims_of(&answer.text_of("id_token"))["acr"], "urn:dancu:acr:l1");
        let token = answer.text_of("access_token");
        let (_, grant) = rig.app.access.inspect(&token).await.unwrap().expect("a good token");
        assert!(grant.expect("a grant").backchannel);
        let claims = rig.userinfo(&token).await;
        assert_eq!(claims.json()["name"], "Nguyễn Văn An", "{claims:?}");
        rig.clock.advance(Duration::from_secs(20));
        assert_eq!(poll(&rig, "portal", id).await.told(), (400, "invalid_grant".to_owned()), "taken once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_tell_who_is_unknown() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let known = ask(&rig, "hotel", &but(&asking(), "scope", Some("openid"))).await;
        let unknown = but(&but(&asking(), "scope", Some("openid")), "login_hint", Some("097099999999"));
        let unknown = ask(&rig, "hotel", &unknown).await;
        assert_eq!((known.status, unknown.status), (200, 200));
        assert_eq!(known.text.len(), unknown.text.len());
        for answer in [&known, &unknown] {
            let id = answer.text_of("auth_req_id");
            assert_eq!(poll(&rig, "hotel", &id).await.told(), (400, "authorization_pending".to_owned()));
        }
        rig.clock.advance(Duration::from_secs(121));
        for answer in [&known, &unknown] {
            let id = answer.text_of("auth_req_id");
            assert_eq!(poll(&rig, "hotel", &id).await.told(), (400, "expired_token".to_owned()));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_have_the_errors_of_the_specification() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let rejected = ask(&rig, "shop", &asking()).await;
        rig.reject("097099000001").await;
        let id = rejected.text_of("auth_req_id");
        assert_eq!(poll(&rig, "shop", &id).await.told(), (400, "access_denied".to_owned()));
        let long = "x".repeat(101);
        let rows: &[(&str, &str, Option<&str>, u16, &str)] = &[
            ("portal", "login_hint", None, 400, "invalid_request"),
            ("portal", "login_hint", Some("12"), 400, "invalid_request"),
            ("portal", "id_token_hint", Some("x.y.z"), 400, "invalid_request"),
            ("portal", "login_hint_token", Some("x"), 400, "invalid_request"),
            ("portal", "request", Some("x.y.z"), 400, "request_not_supported"),
            ("portal", "scope", None, 400, "invalid_scope"),
            ("portal", "scope", Some("citizen:full_name"), 400, "invalid_scope"),
            ("hotel", "scope", Some("openid citizen:religion"), 400, "invalid_scope"),
            ("portal", "acr_values", Some("urn:dancu:acr:l3"), 400, "unmet_authentication_requirements"),
            ("portal", "binding_message", Some(&long), 400, "invalid_binding_message"),
            ("portal", "binding_message", Some("097099000001"), 400, "invalid_binding_message"),
            ("portal", "requested_expiry", Some("0"), 400, "invalid_request"),
            ("portal", "requested_expiry", Some("soon"), 400, "invalid_request"),
            ("portal", "authorization_details", Some("{}"), 400, "invalid_authorization_details"),
            ("bank", "binding_message", None, 400, "unauthorized_client"),
        ];
        for (client, name, value, status, error) in rows {
            let answer = ask(&rig, client, &but(&asking(), name, *value)).await;
            assert_eq!(answer.told(), (*status, (*error).to_owned()), "{client} {name} {value:?}: {answer:?}");
        }
        assert_eq!(read(rig.post("/oauth2/bc-authorize", &asking())).await.told(), (401, "invalid_client".to_owned()));
        let unknown = poll(&rig, "portal", "nonsense").await;
        assert_eq!(unknown.told(), (400, "invalid_grant".to_owned()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_financial_grade_client_polls_with_a_proof_and_quotas_hold() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let id = ask(&rig, "rp-fapi", &asking()).await.text_of("auth_req_id");
        rig.approve("097099000001").await;
        let polling = form(&[("grant_type", CIBA), ("auth_req_id", &id)]);
        let plain = rig.token_by_key("rp-fapi", &polling).await;
        assert_eq!(plain.told(), (400, "invalid_dpop_proof".to_owned()));
        assert_eq!(rig.token_bound("rp-fapi", &polling).await.json()["token_type"], "DPoP");
        rig.amend("shop", |agreement| agreement.per_minute = 1).await;
        let answers = [ask(&rig, "shop", &asking()).await, ask(&rig, "shop", &asking()).await];
        assert!(answers.iter().any(|answer| answer.status == 429), "{answers:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_not_lost_with_its_refresh_token() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let id = ask(&rig, "portal", &asking()).await.text_of("auth_req_id");
        rig.approve("097099000001").await;
        rig.sql("ALTER TABLE oidc_refresh_tokens RENAME TO set_aside");
        let failed = poll(&rig, "portal", &id).await;
        assert!(failed.status >= 500, "{failed:?}");
        assert!(rig.recorded("oidc.backchannel").await.is_empty());
        rig.sql("ALTER TABLE set_aside RENAME TO oidc_refresh_tokens");
        rig.clock.advance(Duration::from_secs(3));
        let answer = poll(&rig, "portal", &id).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_of_the_last_second_is_fetched_within_a_minute() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let (first, late) = (ask(&rig, "portal", &asking()).await, ask(&rig, "portal", &asking()).await);
        let (first, late) = (first.text_of("auth_req_id"), late.text_of("auth_req_id"));
        rig.clock.advance(Duration::from_secs(119));
        rig.approve("097099000001").await;
        rig.clock.advance(Duration::from_secs(2));
        let answer = poll(&rig, "portal", &first).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        rig.clock.advance(Duration::from_secs(60));
        assert_eq!(poll(&rig, "portal", &late).await.told(), (400, "expired_token".to_owned()));
    })
    .await;
}
