//! Userinfo: what it tells, whom it refuses, and that both are on record.

use dancu::audit::Outcome;
use dancu::kernel::{LegalBasis, ProcedureCode};
use serde_json::json;

use super::phone::Phone;
use super::rig::{Rig, asking, but, form, read};
use crate::support::for_each_backend;

const AN: &str = "097099000001";

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_says_why_it_was_given() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let phone = Phone::enrolled(&rig, AN).await;
        let details = json!([{
            "type": "population_data", "procedure": "1.004222", "legal_basis": "CONSENT",
            "attributes": ["full_name"], "period_days": 30,
        }]);
        let asked = but(&asking(), "authorization_details", Some(&details.to_string()));
        let path = rig.pushed("rp-baseline", &asked).await;
        let (page, cookie) = rig.open_page(&path).await;
        assert_eq!(phone.approve(&rig, &page.text).await.status, 200);
        let code = rig.reload(&path, &cookie).await.query().remove("code").unwrap();
        let tokens = rig.token_by_secret("rp-baseline", &Rig::redeeming(&code)).await;
        assert_eq!(rig.userinfo(&tokens.text_of("access_token")).await.status, 200);
        let told = rig.recorded("oidc.userinfo").await.remove(0).entry;
        assert_eq!(told.procedure, Some(ProcedureCode::parse("1.004222").unwrap()));
        assert_eq!(told.legal_basis, Some(LegalBasis::parse("CONSENT").unwrap()));
        assert!(told.consent.is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_on_record_and_names_the_citizen() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let token = rig.signed_in().await.text_of("access_token");
        let refused = async |status: u16, problem: &str, reason: &str| {
            assert_eq!(rig.userinfo(&token).await.told(), (status, problem.to_owned()));
            let last = rig.recorded("oidc.userinfo").await.pop().expect("an entry");
            assert_eq!((last.entry.outcome, last.entry.reason.as_str()), (Outcome::Refused, reason));
            assert_eq!(last.subjects.len(), 1);
        };
        rig.amend("rp-baseline", |agreement| agreement.eid.ciba = false).await;
        assert_eq!(rig.userinfo(&token).await.status, 200, "it may still sign citizens in");
        rig.amend("rp-baseline", |agreement| agreement.eid.sign_in = false).await;
        refused(403, "operation-not-agreed", "operation_not_agreed").await;
        rig.amend("rp-baseline", |agreement| agreement.eid.sign_in = true).await;
        let until = rig.app.clients.find(&crate::support::house::id("rp-baseline")).unwrap().agreement.valid_until;
        rig.amend("rp-baseline", |agreement| agreement.valid_until = agreement.valid_from).await;
        refused(403, "agreement-not-in-force", "agreement_not_in_force").await;
        rig.amend("rp-baseline", |agreement| (agreement.valid_until, agreement.per_minute) = (until, 1)).await;
        let answers = [rig.userinfo(&token).await, rig.userinfo(&token).await];
        assert!(answers.iter().any(|answer| answer.status == 429), "{answers:?}");
        refused(429, "rate-limited", "over_quota").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clients_own_token_is_refused_on_record() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let token = rig.token_by_key("portal", &form(&[("grant_type", "client_credentials")])).await;
        let answer = rig.userinfo(&token.text_of("access_token")).await;
        assert_eq!(answer.told(), (403, "insufficient-scope".to_owned()));
        let noted = rig.recorded("oidc.userinfo").await.pop().expect("an entry");
        assert_eq!((noted.entry.outcome, noted.entry.reason.as_str()), (Outcome::Refused, "insufficient_scope"));
        assert!(noted.subjects.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_citizen_reads_their_own_history_through_a_client_that_may_show_it() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let code = rig.code("portal", &but(&asking(), "scope", Some("openid audit:read"))).await;
        let tokens = rig.token_by_key("portal", &Rig::redeeming(&code)).await;
        assert_eq!(tokens.json()["scope"], "openid audit:read", "{tokens:?}");
        let history = read(rig.get("/v1/me/access-history").bearer_auth(tokens.text_of("access_token"))).await;
        assert_eq!(history.status, 200, "{history:?}");
        assert!(history.json()["total"].as_u64().unwrap() > 0);
        let refused = rig.push("rp-baseline", &but(&asking(), "scope", Some("openid audit:read"))).await;
        assert_eq!(refused.told(), (400, "invalid_scope".to_owned()), "its agreement does not list it");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scope_that_is_advertised_can_be_had_and_none_is_repeated() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let metadata = read(rig.get("/.well-known/openid-configuration")).await.json();
        let advertised: Vec<_> =
            metadata["scopes_supported"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        // The portal's agreement lists everything.
        for name in &advertised {
            let asked = rig.push("portal", &but(&asking(), "scope", Some(&format!("openid {name}")))).await;
            assert_eq!(asked.status, 201, "{name}: {asked:?}");
        }
        for operation in dancu::clients::Operation::ALL {
            let asked = rig.push("portal", &but(&asking(), "scope", Some(&format!("openid {operation}")))).await;
            assert_eq!(asked.status == 201, advertised.contains(&operation.name()), "{operation}");
        }
        let repeated = format!("{} email email", "openid ".repeat(400).trim_end());
        let code = rig.code("rp-baseline", &but(&asking(), "scope", Some(&repeated))).await;
        let tokens = rig.token_by_secret("rp-baseline", &Rig::redeeming(&code)).await;
        assert_eq!(tokens.json()["scope"], "openid email");
        let token = tokens.text_of("access_token");
        assert!(token.len() < 1024, "{}", token.len());
        assert_eq!(rig.userinfo(&token).await.status, 200);
    })
    .await;
}

/// A grant of somebody who is missing tells a client nothing that may not know it, not even that.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_alive_has_no_grant_for_a_client_that_is_not_told() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let token = rig.signed_in().await.text_of("access_token");
        assert_eq!(rig.userinfo(&token).await.status, 200);
        let mut missing = rig.people[0].clone();
        missing.status = dancu::citizens::model::Status::Missing;
        let ground = &rig.app.ground;
        let sealing = dancu::citizens::sealing::Sealing::new(ground.keyring.clone(), ground.entropy.clone());
        let at = rig.now();
        let put = rig.app.store.write(move |tx| dancu::citizens::upsert(tx, &sealing, &missing, None, at)).await;
        put.expect("the citizen is stored");
        let changed = async || rig.userinfo(&token).await.status == 401;
        crate::support::house::within(std::time::Duration::from_secs(10), changed).await;
        let last = rig.recorded("oidc.userinfo").await.pop().expect("an entry");
        assert_eq!((last.entry.outcome, last.entry.reason.as_str()), (Outcome::Refused, "not_alive"));
        assert_eq!(last.subjects, [rig.people[0].citizen_id]);
    })
    .await;
}
