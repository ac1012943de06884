//! Two processes on one database behave as one.

use std::time::Duration;

use dancu::eid::TransactionState;
use dancu::kernel::Level;
use serde_json::{Value, json};

use super::rig::{PASSCODE, Rig, an};
use crate::support::for_each_backend;

#[tokio::test(flavor = "multi_thread")]
async fn what_begins_on_one_replica_is_shown_decided_and_taken_on_another() {
    for_each_backend(async |backend| {
        let first = Rig::open(&backend).await;
        let second = first.twin(&backend).await;
        let phone = first.enrolled(&an()).await;
        let asked = first.ask(an().citizen_id, Level::L2).await;
        let id = asked.transaction;
        let waiting = first.eid.clone();
        let waiter = tokio::spawn(async move { waiting.wait(id, Duration::from_secs(20)).await.unwrap() });
        let approved = phone.approve(&second, &asked.digits.to_string(), Some(PASSCODE)).await;
        assert_eq!(approved.json()["outcome"], "approved", "{approved:?}");
        assert_eq!(waiter.await.unwrap(), TransactionState::Approved);
        let (here, there) = tokio::join!(first.take(id), second.take(id));
        assert_eq!(here.iter().chain(&there).count(), 1);

        let path = "/v1/eid/devices";
        let field = phone.sign(&phone.header(), &phone.claims(&first, "GET", path, ""));
        assert_eq!(phone.send(&first, "GET", path, "", &field).await.status, 200);
        assert_eq!(phone.send(&second, "GET", path, "", &field).await.status, 401, "a signature is used once");
        assert_eq!(first.at_desk(&an(), "revoke_devices", json!({})).await.status, 200);
        assert_eq!(phone.call(&second, "GET", path, &Value::Null).await.status, 401, "revoked for all");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_swept_and_devices_follow_the_sealing_key() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        rig.ask(an().citizen_id, Level::L1).await;
        let keyring = &rig.desk.house.keyring;
        let (entropy, clock) = (dancu::crypto::SystemEntropy::default(), &*rig.desk.house.clock);
        let version = keyring.rotate(dancu::crypto::KeyUse::Seal, &entropy, clock).unwrap();
        keyring.reload().unwrap();
        keyring.activate(dancu::crypto::KeyUse::Seal, clock, Duration::ZERO).unwrap();
        keyring.reload().unwrap();
        let store = &rig.desk.house.store;
        let under = async |version| {
            let room = ["eid_devices", "eid_outbox", "eid_transactions"];
            rig.desk.house.rows().of(&room, dancu::crypto::KeyUse::Seal, version).await
        };
        assert_eq!((under(version).await, under(1).await), (0, 2));
        rig.advance(Duration::from_secs(26 * 3_600));
        let periods = dancu::eid::RetentionPeriods {
            requests: Duration::from_secs(24 * 3_600),
            codes: Duration::ZERO,
            counters: Duration::from_secs(72 * 3_600),
            accounts: Duration::from_secs(1_827 * 24 * 3_600),
        };
        let rules = dancu::eid::retention_rules(&periods);
        assert!(dancu::storage::erase_ended(store, &rules, rig.desk.house.now()).await.unwrap() > 0);
        rig.desk.house.rows().renew().await;
        assert_eq!((under(version).await, under(1).await), (1, 0));
        let asked = rig.ask(an().citizen_id, Level::L2).await;
        let approved = phone.approve(&rig, &asked.digits.to_string(), Some(PASSCODE)).await;
        assert_eq!(approved.json()["outcome"], "approved", "{approved:?}");
    })
    .await;
}
