//! Who may ask a citizen, and how often: strangers take nothing from anybody.

use dancu::eid::{Addressed, ApprovalRequest, Channel, EidConfig};
use dancu::kernel::Level;
use serde_json::json;

use super::phone::Phone;
use super::rig::{Rig, an, person, request, tight};
use crate::support::for_each_backend;

fn at_counter() -> ApprovalRequest {
    ApprovalRequest { channel: Channel::Counter, ..request(Some(an().citizen_id), Level::L1) }
}

/// A stranger's page that sends itself to An's app.
async fn page_to_an(rig: &Rig) -> dancu::eid::Begun {
    let begun = rig.begin(request(None, Level::L1)).await.unwrap();
    assert_eq!(rig.eid.address(begun.transaction, &an().id_number).await.unwrap(), Addressed::Asked);
    begun
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_on_pages_keep_nobody_from_being_asked_at_a_counter() {
    for_each_backend(async |backend| {
        let rig = Rig::open_with(&backend, EidConfig { requests_per_hour: 4, ..tight() }).await;
        let phone = rig.enrolled(&an()).await;
        for _ in 0..6 {
            page_to_an(&rig).await;
        }
        let pages = phone.pending(&rig).await.len();
        assert_eq!(pages, 3, "as many as fit");
        let counter = rig.begin(at_counter()).await.unwrap();
        assert_eq!(phone.pending(&rig).await.len(), pages + 1, "the counter has places of its own");

        // And rejecting the strangers leaves the counter alone, too.
        for (id, statement) in phone.pending(&rig).await {
            if id != counter.transaction {
                assert_eq!(phone.decide(&rig, &statement, None, None).await.json()["outcome"], "rejected");
            }
        }
        page_to_an(&rig).await;
        assert_eq!(phone.pending(&rig).await.len(), 1, "pages are quiet now");
        rig.begin(at_counter()).await.unwrap();
        assert_eq!(phone.pending(&rig).await.len(), 2);
        // A rejection at a counter makes counters quiet, and only them.
        let (_, statement) = phone.pending(&rig).await.pop().unwrap();
        phone.decide(&rig, &statement, None, None).await;
        rig.begin(at_counter()).await.unwrap();
        assert_eq!(phone.pending(&rig).await.len(), 1);
        rig.advance(std::time::Duration::from_secs(3_601));
        page_to_an(&rig).await;
        assert_eq!(phone.pending(&rig).await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_over_count_against_no_number() {
    for_each_backend(async |backend| {
        let rig = Rig::open_with(&backend, EidConfig { addresses_per_number: 2, ..tight() }).await;
        let phone = rig.enrolled(&an()).await;
        let over = rig.begin(request(None, Level::L1)).await.unwrap();
        rig.withdraw(over.transaction).await;
        let bound = rig.ask(super::rig::binh().citizen_id, Level::L1).await;
        for id in [over.transaction, bound.transaction, over.transaction] {
            assert_eq!(rig.eid.address(id, &an().id_number).await.unwrap(), Addressed::Over);
        }
        let open = rig.begin(request(None, Level::L1)).await.unwrap();
        let nobody = dancu::kernel::IdNumber::parse("099999999998").unwrap();
        for _ in 0..3 {
            assert_eq!(rig.eid.address(open.transaction, &nobody).await.unwrap(), Addressed::Asked);
        }
        for _ in 0..3 {
            assert_eq!(rig.eid.address(open.transaction, &an().id_number).await.unwrap(), Addressed::TooMany);
        }
        page_to_an(&rig).await;
        assert_eq!(phone.pending(&rig).await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_do_not_fit_use_up_nobodys_codes() {
    for_each_backend(async |backend| {
        let config = EidConfig { codes_per_number: 1, codes_per_minute: 2, ..tight() };
        let rig = Rig::open_with(&backend, config).await;
        let mut wrong = person(&an());
        wrong["full_name"] = "Nguyễn Văn Ánh".into();
        let before = rig.desk.entries().await;
        for _ in 0..10 {
            let answer = Phone::new().call(&rig, "POST", "/v1/eid/accounts", &wrong).await;
            assert_eq!(answer.status, 202, "{answer:?}");
        }
        assert_eq!(rig.recorded_since(before).await.len(), 10, "whose number it is sees each of them");
        let mut phone = Phone::new();
        let begun = phone.begin(&rig, &an()).await.json();
        let code = rig.code_after(0).await;
        let enrolled = phone.activate(&rig, &begun["activation_id"], &json!(code), super::rig::PASSCODE).await;
        assert_eq!(enrolled.status, 201, "{enrolled:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_account_is_limited_by_address_before_anything_is_written() {
    for_each_backend(async |backend| {
        let rig = Rig::open_limited(&backend, 3).await;
        let mut wrong = person(&an());
        wrong["id_number"] = "099999999998".into();
        for named in [person(&an()), wrong.clone(), wrong.clone()] {
            assert_eq!(Phone::new().call(&rig, "POST", "/v1/eid/accounts", &named).await.status, 202);
        }
        let (before, failed) = (rig.desk.entries().await, rig.desk.counted("failed_anchors_total"));
        for named in [person(&an()), wrong] {
            let limited = Phone::new().call(&rig, "POST", "/v1/eid/accounts", &named).await;
            assert_eq!(limited.problem(), (429, "rate-limited".to_owned()));
            assert!(!limited.header("retry-after").is_empty(), "{limited:?}");
        }
        // The tries of a code share the allowance.
        let body = json!({ "activation_id": super::phone::random(), "code": "000000", "passcode": super::rig::PASSCODE, "device_name": "Máy" });
        let code = Phone::new().call(&rig, "POST", "/v1/eid/accounts/activate", &body).await;
        assert_eq!(code.problem(), (429, "rate-limited".to_owned()));
        assert_eq!(rig.desk.entries().await, before);
        assert_eq!(rig.desk.counted("failed_anchors_total"), failed);
    })
    .await;
}
