//! Refusals of what a citizen's device asks are on record, with what was counted.

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
