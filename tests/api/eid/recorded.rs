//! Refusals of what a citizen's device asks are on record, with what was counted.

use dancu::audit::Receipt;
use dancu::kernel::Level;
use serde_json::json;

use super::phone::{Phone, random};
use super::rig::{PASSCODE, Rig, an, binh};
use crate::support::for_each_backend;

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_about_a_person_is_one_entry() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let asked = rig.ask(an().citizen_id, Level::L2).await;
        let (id, statement) = phone.pending(&rig).await.pop().unwrap();
        let other = rig.ask(binh().citizen_id, Level::L1).await;
        let digits = asked.digits.to_string();
        let path = |what: &str| format!("/v1/eid/{what}");
        let mut expected: Vec<(&str, &str)> = Vec::new();
        let before = rig.desk.entries().await;

        phone.call(&rig, "POST", &path("devices"), &json!({ "passcode": "246813" })).await;
        expected.push(("eid.passcode", "passcode_wrong"));
        phone.decide(&rig, &statement, Some(&digits), Some("246813")).await;
        expected.push(("eid.passcode", "passcode_wrong"));
        phone.call(&rig, "POST", &path("devices/passcode"), &json!({ "new_passcode": "862417" })).await;
        expected.push(("eid.passcode.set", "passcode_unproven"));
        let body = json!({ "code": "000000", "new_passcode": "862417" });
        phone.call(&rig, "POST", &path("devices/passcode"), &body).await;
        expected.push(("eid.passcode.set", "code_wrong"));
        let body = json!({ "passcode": PASSCODE, "new_passcode": "000000" });
        phone.call(&rig, "POST", &path("devices/passcode"), &body).await;
        expected.push(("eid.passcode.set", "passcode_weak"));
        phone.call(&rig, "POST", &path("transactions/claim"), &json!({ "scan": other.scan })).await;
        expected.push(("eid.claim", "transaction_over"));
        let approval = json!({ "transaction": random(), "statement": "", "digits": digits, "decision": "approve" });
        phone.decide_as(&rig, &id.to_string(), true, None, approval.clone()).await;
        expected.push(("eid.decide", "approval_differs"));
        phone.decide_as(&rig, &random(), true, None, approval).await;
        expected.push(("eid.decide", "transaction_over"));
        let unknown = format!("devices/{}/revoke", random());
        phone.call(&rig, "POST", &path(&unknown), &json!({ "passcode": PASSCODE })).await;
        expected.push(("eid.device.revoke", "no_such_device"));
        let invited = phone.call(&rig, "POST", &path("devices"), &json!({ "passcode": PASSCODE })).await.json();
        expected.push(("eid.device.invite", ""));
        Phone::new().activate(&rig, &invited["activation_id"], &json!("x"), PASSCODE).await;
        expected.push(("eid.activate", "activation_refused"));
        Phone::new().activate(&rig, &invited["activation_id"], &invited["code"], "000000").await;
        expected.push(("eid.activate", "passcode_weak"));
        // Of nobody there is nothing to record.
        Phone::new().activate(&rig, &json!(random()), &json!("000000"), PASSCODE).await;

        let recorded = rig.recorded_since(before).await;
        let recorded: Vec<_> =
            recorded.iter().map(|(operation, reason)| (operation.as_str(), reason.as_str())).collect();
        assert_eq!(recorded, expected);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_decision_names_the_client_whose_request_it_was() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let (phone, other) = (rig.enrolled(&an()).await, rig.enrolled(&binh()).await);
        rig.ask(an().citizen_id, Level::L1).await;
        let (id, statement) = phone.pending(&rig).await.pop().unwrap();
        let before = rig.desk.entries().await;
        let approval = json!({ "transaction": id, "statement": "", "digits": "47", "decision": "approve" });
        phone.decide_as(&rig, &id.to_string(), true, None, approval.clone()).await;
        phone.decide(&rig, &statement, None, None).await;
        phone.decide(&rig, &statement, None, None).await;
        // Of a request that is not theirs, or none at all, nobody learns whose it is.
        other.decide_as(&rig, &id.to_string(), true, None, approval.clone()).await;
        phone.decide_as(&rig, &random(), true, None, approval).await;

        let mut found = Vec::new();
        for log_index in before..rig.desk.entries().await {
            let receipt = Receipt { log: rig.desk.audit.own_log().to_string(), log_index };
            let entry = rig.desk.audit.find(&receipt).await.unwrap().expect("the entry is there").entry;
            let client = entry.client.as_ref().map(ToString::to_string);
            found.push((entry.operation, entry.reason, client, !entry.attributes.is_empty()));
        }
        let line = |operation: &str, reason: &str, client: Option<&str>| {
            (operation.to_owned(), reason.to_owned(), client.map(str::to_owned), client.is_some())
        };
        assert_eq!(
            found,
            [
                line("eid.decide", "approval_differs", Some("portal")),
                line("eid.reject", "", Some("portal")),
                line("eid.decide", "transaction_over", Some("portal")),
                line("eid.decide", "transaction_over", None),
                line("eid.decide", "transaction_over", None),
            ]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passcode_that_cannot_be_recorded_is_not_counted_and_the_right_one_tells_nothing() {
    let backend = crate::support::Backend::sqlite();
    let rig = Rig::open(&backend).await;
    let phone = rig.enrolled(&an()).await;
    // From now on no entry can be written.
    backend.execute("ALTER TABLE audit_entries RENAME TO audit_entries_gone");
    let guess = async |passcode: &str| {
        phone.call(&rig, "POST", "/v1/eid/devices", &json!({ "passcode": passcode })).await.status
    };
    assert!(guess("246813").await >= 500 && guess("135792").await >= 500);
    backend.execute("ALTER TABLE audit_entries_gone RENAME TO audit_entries");
    for _ in 0..3 {
        let wrong = phone.call(&rig, "POST", "/v1/eid/devices", &json!({ "passcode": "246813" })).await;
        assert_eq!((wrong.status, wrong.header("retry-after")), (403, ""), "the two before have not been counted");
    }
}
