//! Further devices, lost ones, and passcodes changed.

use dancu::kernel::Level;
use serde_json::{Value, json};

use super::phone::Phone;
use super::rig::{PASSCODE, Rig, an, binh};
use crate::api::citizens::desk::but;
use crate::support::for_each_backend;

async fn invite(rig: &Rig, phone: &Phone) -> (Value, Value) {
    let told = phone.call(rig, "POST", "/v1/eid/devices", &json!({ "passcode": PASSCODE })).await;
    assert_eq!(told.status, 201, "{told:?}");
    (told.json()["activation_id"].clone(), told.json()["code"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_invites_another_up_to_a_number_and_either_revokes_the_other() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let refused = phone.call(&rig, "POST", "/v1/eid/devices", &json!({ "passcode": "246813" })).await;
        assert_eq!(refused.problem(), (403, "passcode-refused".to_owned()));
        let mut tablets = [Phone::new(), Phone::new()];
        tablets[1].key = dancu::crypto::jose::PrivateJwk::generate(dancu::crypto::Algorithm::Ed25519).unwrap();
        for tablet in &mut tablets {
            let (id, code) = invite(&rig, &phone).await;
            assert_eq!(tablet.activate(&rig, &id, &code, PASSCODE).await.status, 201);
            let again = Phone::new().activate(&rig, &id, &code, PASSCODE).await;
            assert_eq!(again.problem(), (403, "activation-refused".to_owned()), "a code enrols one device");
        }
        let full = phone.call(&rig, "POST", "/v1/eid/devices", &json!({ "passcode": PASSCODE })).await;
        assert_eq!(full.faults(), [(String::new(), "too_many_devices".to_owned())]);
        let listed = tablets[0].call(&rig, "GET", "/v1/eid/devices", &Value::Null).await.json();
        let listed = listed["devices"].as_array().unwrap().clone();
        assert_eq!(listed.len(), 3);
        assert_eq!(listed.iter().filter(|device| device["current"] == true).count(), 1);
        assert!(listed.iter().all(|device| device["name"] == "Máy của tôi" && device["locked"] == false));

        let path = format!("/v1/eid/devices/{}/revoke", phone.device_id.as_ref().unwrap());
        let stranger = rig.enrolled(&binh()).await;
        let proven = json!({ "passcode": PASSCODE });
        assert_eq!(stranger.call(&rig, "POST", &path, &proven).await.status, 404, "another's device");
        let unproven = tablets[0].call(&rig, "POST", &path, &json!({})).await;
        assert_eq!(unproven.faults(), [("/passcode".to_owned(), "missing".to_owned())]);
        let wrong = tablets[0].call(&rig, "POST", &path, &json!({ "passcode": "246813" })).await;
        assert_eq!(wrong.problem(), (403, "passcode-refused".to_owned()));
        assert_eq!(tablets[0].call(&rig, "POST", &path, &proven).await.status, 200);
        let revoked = phone.call(&rig, "GET", "/v1/eid/devices", &Value::Null).await;
        assert_eq!(revoked.problem(), (401, "device-signature-invalid".to_owned()));
        // Ed25519 decides as well as P-256.
        let asked = rig.ask(an().citizen_id, Level::L2).await;
        let decided = tablets[1].approve(&rig, &asked.digits.to_string(), Some(PASSCODE)).await;
        assert_eq!(decided.json()["outcome"], "approved", "{decided:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_device_takes_its_invitations_along() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let (id, code) = invite(&rig, &phone).await;
        assert_eq!(rig.at_desk(&an(), "revoke_devices", json!({})).await.json()["devices"], 0);
        let late = Phone::new().activate(&rig, &id, &code, PASSCODE).await;
        assert_eq!(late.problem(), (403, "activation-refused".to_owned()));
        let lost = phone.call(&rig, "POST", "/v1/eid/transactions", &json!({})).await;
        assert_eq!(lost.status, 401);
        let found = rig.enrolled(&an()).await;
        assert_eq!(found.call(&rig, "GET", "/v1/eid/accounts", &Value::Null).await.json()["account_level"], "level2");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_device_approved_ends_with_it_and_what_another_approved_stays() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let (lost, kept) = (rig.enrolled(&an()).await, rig.enrolled(&an()).await);
        let (theirs, other) = (rig.signed_in(&lost).await, rig.signed_in(&kept).await);
        let (granted, stays) = (rig.granted(&lost).await, rig.granted(&kept).await);
        let consents = || async { rig.desk.consents.of_citizen(an().citizen_id).await.unwrap().len() };
        let before = consents().await;
        let untaken = rig
            .begin(dancu::eid::ApprovalRequest {
                consent_for: Some(std::time::Duration::from_secs(3_600)),
                ..super::rig::request(Some(an().citizen_id), Level::L1)
            })
            .await
            .unwrap();
        assert_eq!(lost.approve(&rig, &untaken.digits.to_string(), None).await.json()["outcome"], "approved");
        let path = format!("/v1/eid/devices/{}/revoke", lost.device_id.as_ref().unwrap());
        assert_eq!(kept.call(&rig, "POST", &path, &json!({ "passcode": PASSCODE })).await.status, 200);
        assert_eq!(rig.take(untaken.transaction).await, None);
        assert_eq!(consents().await, before, "a consent of an approval that nobody took does not stay");
        let status = async |session: &str| rig.desk.page_get(session, "/v1/me/consents").await.status;
        assert_eq!((status(&theirs).await, status(&other).await), (401, 200));
        let access = &rig.desk.house.access;
        assert!(access.find_grant(granted).await.unwrap().is_none());
        assert!(access.find_grant(stays).await.unwrap().is_some());
        // A desk ends everything at once.
        rig.at_desk(&an(), "revoke_devices", json!({})).await;
        assert_eq!(status(&other).await, 401);
        assert!(access.find_grant(stays).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn to_be_asked_again_by_others_takes_the_passcode() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let path = "/v1/eid/accounts/settings";
        assert_eq!(phone.call(&rig, "POST", path, &json!({ "scanned_only": true })).await.status, 200);
        let unproven = phone.call(&rig, "POST", path, &json!({ "scanned_only": false })).await;
        assert_eq!(unproven.faults(), [("/passcode".to_owned(), "missing".to_owned())]);
        let wrong = json!({ "scanned_only": false, "passcode": "246813" });
        assert_eq!(phone.call(&rig, "POST", path, &wrong).await.problem(), (403, "passcode-refused".to_owned()));
        let account = phone.call(&rig, "GET", "/v1/eid/accounts", &Value::Null).await.json();
        assert_eq!(account["scanned_only"], true);
        let right = json!({ "scanned_only": false, "passcode": PASSCODE });
        assert_eq!(phone.call(&rig, "POST", path, &right).await.json()["scanned_only"], false);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn which_passcodes_are_weak_is_told_to_nobody_who_has_proven_nothing() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let path = "/v1/eid/devices/passcode";
        let ask = async |body: Value| {
            let answer = phone.call(&rig, "POST", path, &body).await;
            let told = answer.json();
            (answer.status, told["type"].clone(), told["errors"].clone())
        };
        for body in [json!({}), json!({ "code": "000000" })] {
            let with = |new: &str| but(body.clone(), json!({ "new_passcode": new }));
            // The citizen's birth date and a part of their number, and neither.
            let answers = [ask(with("150399")).await, ask(with("097099")).await, ask(with("862417")).await];
            assert!(answers.iter().all(|answer| *answer == answers[0] && answer.0 == 403), "{answers:?}");
        }
        let wrong = |new: &str| json!({ "passcode": "246813", "new_passcode": new });
        assert_eq!(ask(wrong("150399")).await, ask(wrong("862417")).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passcode_is_changed_with_the_old_one_and_weak_ones_are_refused() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let path = "/v1/eid/devices/passcode";
        for weak in ["000000", "123456", "150399", "097099"] {
            let body = json!({ "passcode": PASSCODE, "new_passcode": weak });
            let refused = phone.call(&rig, "POST", path, &body).await;
            assert_eq!(refused.faults(), [("/new_passcode".to_owned(), "passcode_weak".to_owned())], "{weak}");
        }
        let unproven = phone.call(&rig, "POST", path, &json!({ "new_passcode": "862417" })).await;
        assert_eq!(unproven.problem(), (403, "passcode-refused".to_owned()));
        let body = json!({ "passcode": PASSCODE, "new_passcode": "862417" });
        assert_eq!(phone.call(&rig, "POST", path, &body).await.status, 200);
        let asked = rig.ask(an().citizen_id, Level::L2).await;
        let digits = asked.digits.to_string();
        assert_eq!(phone.approve(&rig, &digits, Some(PASSCODE)).await.status, 403);
        assert_eq!(phone.approve(&rig, &digits, Some("862417")).await.json()["outcome"], "approved");
    })
    .await;
}
