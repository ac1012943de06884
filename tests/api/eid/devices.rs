//! Further devices, lost ones, and passcodes changed.

use dancu::kernel::Level;
use serde_json::{Value, json};

use super::phone::Phone;
use super::rig::{PASSCODE, Rig, an, binh};
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
        assert_eq!(stranger.call(&rig, "POST", &path, &json!({})).await.status, 404, "another's device");
        assert_eq!(tablets[0].call(&rig, "POST", &path, &json!({})).await.status, 200);
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
