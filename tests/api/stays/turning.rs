use std::time::Duration;

use dancu::crypto::{KeyUse, SystemEntropy};
use serde_json::json;

use super::{an, hai, hotel, notice};
use crate::support::for_each_backend;

#[tokio::test(flavor = "multi_thread")]
async fn stays_follow_the_keys_and_are_known_under_either() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let ask = notice(facility, json!([an(), hai()]));
        let body = desk.report(&ask).await;
        let keyring = &desk.house.keyring;
        for key_use in [KeyUse::Seal, KeyUse::Index] {
            keyring.rotate(key_use, &SystemEntropy::default(), &*desk.house.clock).unwrap();
            keyring.activate(key_use, &*desk.house.clock, Duration::ZERO).unwrap();
        }
        keyring.reload().unwrap();
        assert_eq!(desk.report(&ask).await["stay_id"], body["stay_id"], "while rows are still under the old keys");
        let keys = desk.house.rows();
        let left = async |key_use| keys.of(&["facilities", "stays", "stay_guests"], key_use, 1).await;
        assert!(left(KeyUse::Seal).await > 0 && left(KeyUse::Index).await > 0);
        keys.renew().await;
        assert_eq!((left(KeyUse::Seal).await, left(KeyUse::Index).await), (0, 0));
        let again = desk.report(&ask).await;
        assert_eq!((&again["stay_id"], &again["receipt"]), (&body["stay_id"], &body["receipt"]));
        let found = desk.found(json!({ "guest": { "number": "097084000012" } })).await;
        assert_eq!(found["stays"][0]["stay_id"], body["stay_id"]);
        assert_eq!(desk.changed(&body, "check-out", json!({})).await["state"], "left");
    })
    .await;
}
