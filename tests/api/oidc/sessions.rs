//! Browser sessions and the links that open them.

use std::time::Duration;

use dancu::access::{SessionCookie, SessionGrant};
use dancu::clients::{OperationSet, Stoppable};
use dancu::kernel::Officer;
use dancu::kernel::purpose::OfficerCode;
use dancu::storage::{StorageError, Tx};
use serde_json::json;

use super::rig::{Rig, read};
use crate::support::house::{ISSUER, id};
use crate::support::{for_each_backend, operator};

fn grant() -> SessionGrant {
    let code = |text| OfficerCode::parse(text).unwrap();
    SessionGrant {
        client: id("portal"),
        scopes: OperationSet::all(),
        citizen: None,
        device: None,
        officer: Some(Officer { id: code("canbo-01"), unit: code("mot-cua") }),
        lifetime: Duration::from_secs(600),
    }
}

/// Opens the session of a link, if it opens one.
async fn redeem(rig: &Rig, code: &str) -> Option<SessionCookie> {
    let (access, code) = (rig.app.access.clone(), code.to_owned());
    let open = move |tx: &mut Tx<'_>| match access.take_page_link(tx, &code)? {
        Some(grant) => access.open_session(tx, &grant, None).map(Some),
        None => Ok::<_, StorageError>(None),
    };
    rig.app.store.write(open).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_one_session_which_names_its_officer_until_it_is_closed() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let access = &rig.app.access;
        let link = access.page_link(grant(), Duration::from_secs(60)).await.unwrap();
        assert!(access.find_page_link(link.expose()).await.unwrap().is_some(), "to look uses nothing up");
        let cookie = redeem(&rig, link.expose()).await.expect("a session");
        assert!(access.find_page_link(link.expose()).await.unwrap().is_none());
        assert!(redeem(&rig, link.expose()).await.is_none(), "once");
        assert!(redeem(&rig, "nonsense").await.is_none());
        let set = cookie.header_value();
        assert!(set.starts_with("__Host-dancu=") && set.ends_with("; Secure; HttpOnly; SameSite=Lax"), "{set}");

        let body = json!({
            "id_number": "097099000001", "full_name": "Nguyễn Văn An", "date_of_birth": "1999-03-15",
            "purpose": { "procedure": "1.004222", "legal_basis": "STATE_DUTY",
                "officer": { "id": "somebody-else", "unit": "x" } },
            "attributes": ["sex"],
        });
        let ask = |origin: Option<&str>| {
            let request = reqwest::Client::new().post(rig.url("/v1/citizens/lookup")).json(&body);
            let request = request.header("cookie", cookie.pair());
            match origin {
                Some(origin) => request.header("origin", origin),
                None => request,
            }
        };
        let answer = read(ask(Some(ISSUER))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        for foreign in [None, Some("https://evil.vn"), Some("null")] {
            assert_eq!(read(ask(foreign)).await.told(), (403, "forbidden".to_owned()), "{foreign:?}");
        }
        let value = cookie.pair().split_once('=').unwrap().1.to_owned();
        access.close_session(&value).await.unwrap();
        assert_eq!(read(ask(Some(ISSUER))).await.told(), (401, "unauthorised".to_owned()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_and_sessions_end_by_themselves_and_with_their_client() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let access = &rig.app.access;
        let late = access.page_link(grant(), Duration::from_secs(60)).await.unwrap();
        rig.clock.advance(Duration::from_secs(61));
        assert!(redeem(&rig, late.expose()).await.is_none());
        let link = access.page_link(grant(), Duration::from_secs(60)).await.unwrap();
        let cookie = redeem(&rig, link.expose()).await.unwrap().pair();
        let ask = || read(rig.get("/oauth2/userinfo").header("cookie", &cookie));
        assert_eq!(ask().await.status, 403, "known, and no citizen");
        rig.app.clients.under(&operator(&rig.app)).stop(&id("portal"), Stoppable::Client).await.unwrap();
        assert_eq!(ask().await.told(), (403, "client-stopped".to_owned()));
        rig.app.clients.under(&operator(&rig.app)).start(&id("portal"), Stoppable::Client).await.unwrap();
        let officer = grant().officer.unwrap();
        rig.app.clients.under(&operator(&rig.app)).remove_officer(&id("portal"), officer.clone()).await.unwrap();
        assert_eq!(ask().await.status, 401, "struck off");
        let unused = access.page_link(grant(), Duration::from_secs(60)).await.unwrap_err();
        assert!(matches!(unused, StorageError::Conflict(_)), "nothing is opened to who is not listed: {unused}");
        rig.app.clients.under(&operator(&rig.app)).add_officer(&id("portal"), officer).await.unwrap();
        assert_eq!(ask().await.status, 401, "whoever has the name now signs in themselves");
        let link = access.page_link(grant(), Duration::from_secs(60)).await.unwrap();
        let cookie = redeem(&rig, link.expose()).await.unwrap().pair();
        let ask = || read(rig.get("/oauth2/userinfo").header("cookie", &cookie));
        assert_eq!(ask().await.status, 403);
        rig.clock.advance(Duration::from_secs(601));
        assert_eq!(ask().await.status, 401);
        rig.app.sweeper.sweep().await.unwrap();
    })
    .await;
}
