//! Requests of a client that operators stop while they wait for the citizen.

use dancu::clients::Stoppable;
use dancu::eid::TransactionState;
use dancu::kernel::{Level, ProcedureCode};

use super::rig::{Rig, an};
use super::signing_in::{PageBrowser, see};
use crate::support::for_each_backend;
use crate::support::house::id;

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_to_approve_what_a_stopped_client_asks() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let asked = rig.ask(an().citizen_id, Level::L1).await;
        let (_, statement) = phone.pending(&rig).await.pop().expect("it waits");
        let changes = rig.desk.house.changes().await;
        changes.stop(&id("portal"), Stoppable::Client).await.unwrap();

        assert_eq!(phone.pending(&rig).await, []);
        let digits = asked.digits.to_string();
        let refused = phone.decide(&rig, &statement, Some(&digits), None).await;
        assert_eq!(refused.problem(), (403, "client-stopped".to_owned()));
        let entry = rig.desk.last_entry().await.entry;
        assert_eq!((entry.operation.as_str(), entry.reason.as_str()), ("eid.decide", "client_stopped"));
        assert_eq!(rig.state(asked.transaction).await, TransactionState::Pending);

        changes.start(&id("portal"), Stoppable::Client).await.unwrap();
        assert_eq!(phone.decide(&rig, &statement, Some(&digits), None).await.status, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_stopped_client_asks_nobody_to_sign_in() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let open = PageBrowser::open(&rig).await;
        let changes = rig.desk.house.changes().await;
        changes.stop(&id("portal"), Stoppable::Client).await.unwrap();
        for cookie in [None, Some(open.cookie.as_str())] {
            let seen = see(&rig, cookie).await;
            assert_eq!(seen.status, 403, "{}", seen.html);
            assert!(!seen.html.contains(&open.digits) && !seen.html.contains("DANCU-EID:"), "{}", seen.html);
        }
        changes.start(&id("portal"), Stoppable::Client).await.unwrap();
        assert_eq!(see(&rig, Some(&open.cookie)).await.status, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stopped_client_asks_can_be_rejected() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        rig.ask(an().citizen_id, Level::L1).await;
        let (_, statement) = phone.pending(&rig).await.pop().expect("it waits");
        rig.desk.house.changes().await.stop(&id("portal"), Stoppable::Client).await.unwrap();
        assert_eq!(phone.decide(&rig, &statement, None, None).await.json()["outcome"], "rejected");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_to_approve_for_a_stopped_procedure_and_what_was_approved_gives_nothing() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let approved = rig.ask(an().citizen_id, Level::L1).await;
        assert_eq!(phone.approve(&rig, &approved.digits.to_string(), None).await.status, 200);
        let asked = rig.ask(an().citizen_id, Level::L1).await;
        let (_, statement) = phone.pending(&rig).await.pop().expect("it waits");
        let procedure = Stoppable::Procedure(ProcedureCode::parse("1.004222").unwrap());
        rig.desk.house.changes().await.stop(&id("portal"), procedure).await.unwrap();
        assert_eq!(phone.pending(&rig).await, []);
        let refused = phone.decide(&rig, &statement, Some(&asked.digits.to_string()), None).await;
        assert_eq!(refused.problem(), (403, "procedure-stopped".to_owned()));
        assert_eq!(rig.take(approved.transaction).await, None, "no approval, and no consent");
    })
    .await;
}
