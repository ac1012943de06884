//! What a relying party has of citizens when operators stop it.

use std::time::Duration;

use dancu::clients::Stoppable;
use dancu::kernel::ProcedureCode;

use super::rig::{Answer, CIBA, Rig, asking, but, form, read};
use crate::support::house::{id, within};
use crate::support::{Backend, for_each_backend, operator};

async fn stop(rig: &Rig, client: &str, what: Stoppable) {
    rig.app.clients.under(&operator(&rig.app)).stop(&id(client), what).await.unwrap();
}

async fn start(rig: &Rig, client: &str, what: Stoppable) {
    rig.app.clients.under(&operator(&rig.app)).start(&id(client), what).await.unwrap();
}

fn refreshing(tokens: &Answer) -> super::rig::Form {
    form(&[("grant_type", "refresh_token"), ("refresh_token", &tokens.text_of("refresh_token"))])
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_codes_and_pages_of_a_stopped_client_are_refused_and_good_again_after_it() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let tokens = rig.signed_in().await;
        let access = tokens.text_of("access_token");
        let code = rig.code("rp-baseline", &asking()).await;
        let open = rig.pushed("rp-baseline", &asking()).await;
        assert_eq!(rig.userinfo(&access).await.status, 200);
        stop(&rig, "rp-baseline", Stoppable::Client).await;

        let refused = rig.userinfo(&access).await;
        assert_eq!(refused.told(), (403, "client-stopped".to_owned()));
        assert_eq!(refused.json()["contact"]["phone"], rig.app.contact.phone, "whom to call: {refused:?}");
        let unauthorised = (400, "unauthorized_client".to_owned());
        assert_eq!(rig.token_by_secret("rp-baseline", &refreshing(&tokens)).await.told(), unauthorised);
        assert_eq!(rig.token_by_secret("rp-baseline", &Rig::redeeming(&code)).await.told(), unauthorised);
        let asked = form(&[("token", &access)]);
        for path in ["/oauth2/introspect", "/oauth2/revoke"] {
            let answer = read(rig.post(path, &asked).header("authorization", rig.basic("rp-baseline"))).await;
            assert_eq!(answer.told(), unauthorised, "{path}");
        }
        // Whoever has no secret learns nothing of the stop.
        let stranger = read(rig.post("/oauth2/introspect", &asked).header("authorization", "Basic eDp5")).await;
        assert_eq!(stranger.told(), (401, "invalid_client".to_owned()));
        assert_eq!(rig.push("rp-baseline", &asking()).await.told(), unauthorised);
        let (page, _) = rig.open_page(&open).await;
        assert_eq!(page.told(), (403, "page".to_owned()));
        assert!(page.text.contains("have stopped this site"), "{}", page.text);

        start(&rig, "rp-baseline", Stoppable::Client).await;
        assert_eq!(rig.userinfo(&access).await.status, 200);
        assert_eq!(rig.token_by_secret("rp-baseline", &refreshing(&tokens)).await.status, 200);
        assert_eq!(rig.open_page(&open).await.0.status, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backchannel_request_of_a_stopped_client_gives_nothing() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let asked = form(&[
            ("scope", "openid citizen:full_name"),
            ("login_hint", "097099000001"),
            ("binding_message", "Quầy 3"),
            ("requested_expiry", "120"),
        ]);
        let begun = read(rig.post("/oauth2/bc-authorize", &rig.authenticated("portal", &asked))).await;
        let polling = form(&[("grant_type", CIBA), ("auth_req_id", &begun.text_of("auth_req_id"))]);
        rig.approve("097099000001").await;
        stop(&rig, "portal", Stoppable::Client).await;
        let unauthorised = (400, "unauthorized_client".to_owned());
        assert_eq!(rig.token_by_key("portal", &polling).await.told(), unauthorised);
        let again = read(rig.post("/oauth2/bc-authorize", &rig.authenticated("portal", &asked))).await;
        assert_eq!(again.told(), unauthorised);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_procedure_gives_no_more_of_what_was_granted_for_it() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let details = r#"[{"type":"population_data","procedure":"1.004222","legal_basis":"CUSTOMER_IDENTIFICATION","attributes":["full_name"],"period_days":30}]"#;
        rig.amend("rp-baseline", |agreement| {
            agreement.procedures.insert(ProcedureCode::parse("1.004222").unwrap());
            agreement.legal_bases.insert(dancu::kernel::LegalBasis::parse("CUSTOMER_IDENTIFICATION").unwrap());
        })
        .await;
        let asked = but(&asking(), "authorization_details", Some(details));
        let code = rig.code("rp-baseline", &asked).await;
        let tokens = rig.token_by_secret("rp-baseline", &Rig::redeeming(&code)).await;
        let access = tokens.text_of("access_token");
        assert_eq!(rig.userinfo(&access).await.status, 200);
        let code = rig.code("rp-baseline", &asked).await;
        let other = rig.code("rp-baseline", &asking()).await;
        let procedure = Stoppable::Procedure(ProcedureCode::parse("1.004222").unwrap());
        stop(&rig, "rp-baseline", procedure.clone()).await;
        for spent in [Rig::redeeming(&code), refreshing(&tokens)] {
            let refused = rig.token_by_secret("rp-baseline", &spent).await;
            assert_eq!(refused.told(), (400, "unauthorized_client".to_owned()));
            assert!(refused.json()["error_uri"].is_string(), "whom to call: {refused:?}");
        }
        assert_eq!(rig.token_by_secret("rp-baseline", &Rig::redeeming(&other)).await.status, 200);
        assert_eq!(rig.userinfo(&access).await.told(), (403, "procedure-stopped".to_owned()));
        assert_eq!(rig.recorded("oidc.userinfo").await.last().unwrap().entry.reason, "procedure_stopped");
        assert_eq!(rig.push("rp-baseline", &asked).await.status, 400);
        assert_eq!(rig.push("rp-baseline", &asking()).await.status, 201, "what is not of the procedure goes on");
        start(&rig, "rp-baseline", procedure).await;
        assert_eq!(rig.userinfo(&access).await.status, 200);
        // What was refused was not spent.
        assert_eq!(rig.token_by_secret("rp-baseline", &Rig::redeeming(&code)).await.status, 200);
        assert_eq!(rig.token_by_secret("rp-baseline", &refreshing(&tokens)).await.status, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_for_a_stopped_procedure_gives_nothing_until_it_is_started() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let details = r#"[{"type":"population_data","procedure":"1.004222","legal_basis":"STATE_DUTY","attributes":["full_name"],"period_days":30}]"#;
        let asked = form(&[
            ("scope", "openid citizen:full_name"),
            ("login_hint", "097099000001"),
            ("authorization_details", details),
        ]);
        let begun = read(rig.post("/oauth2/bc-authorize", &rig.authenticated("portal", &asked))).await;
        let polling = form(&[("grant_type", CIBA), ("auth_req_id", &begun.text_of("auth_req_id"))]);
        rig.approve("097099000001").await;
        let procedure = Stoppable::Procedure(ProcedureCode::parse("1.004222").unwrap());
        stop(&rig, "portal", procedure.clone()).await;
        let refused = rig.token_by_key("portal", &polling).await;
        assert_eq!(refused.told(), (400, "unauthorized_client".to_owned()));
        start(&rig, "portal", procedure).await;
        rig.clock.advance(Duration::from_secs(10));
        let given = rig.token_by_key("portal", &polling).await;
        assert_eq!(given.status, 200, "the approval was not spent: {given:?}");
    })
    .await;
}

fn logging_out(tokens: &Answer) -> super::rig::Form {
    let back = ("post_logout_redirect_uri", "http://127.0.0.1:49152/logout");
    form(&[("id_token_hint", &tokens.text_of("id_token")), back])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_at_a_stopped_client_ends_the_grant_and_sends_the_browser_nowhere() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let tokens = rig.signed_in().await;
        stop(&rig, "rp-baseline", Stoppable::Client).await;
        let out = read(rig.post("/oauth2/logout", &logging_out(&tokens))).await;
        assert_eq!((out.told(), out.header("location")), ((200, "page".to_owned()), ""));
        start(&rig, "rp-baseline", Stoppable::Client).await;
        assert_eq!(rig.userinfo(&tokens.text_of("access_token")).await.status, 401);
        assert_eq!(read(rig.post("/oauth2/logout", &logging_out(&tokens))).await.status, 303);
    })
    .await;
}

/// Where nobody knows who is stopped, no browser is sent to whoever may be.
#[tokio::test(flavor = "multi_thread")]
async fn a_logout_waits_for_a_registry_that_is_behind() {
    let backend = Backend::sqlite();
    let rig = Rig::new(&backend).await;
    let tokens = rig.signed_in().await;
    backend.execute("ALTER TABLE client_registry RENAME TO away");
    within(Duration::from_secs(8), async || !rig.app.clients.is_current()).await;
    let out = read(rig.post("/oauth2/logout", &logging_out(&tokens))).await;
    assert_eq!((out.told(), out.header("location")), ((503, "page".to_owned()), ""));
    backend.execute("ALTER TABLE away RENAME TO client_registry");
    within(Duration::from_secs(1), async || rig.app.clients.is_current()).await;
    assert_eq!(read(rig.post("/oauth2/logout", &logging_out(&tokens))).await.status, 303);
}
