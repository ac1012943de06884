use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use dancu::crypto::{KeyUse, SystemEntropy};
use serde_json::{Value, json};

use super::desk::{Desk, an, but, people};
use crate::support::for_each_backend;

const ROOM: [&str; 5] = ["citizens", "identifiers", "life_events", "life_event_subjects", "kept_answers"];

fn asks() -> Vec<Value> {
    let by_number = people().into_iter().map(|citizen| {
        json!({ "id_number": citizen.id_number, "full_name": citizen.full_name, "date_of_birth": citizen.date_of_birth })
    });
    let by_cancelled =
        json!({ "id_number": "097188000002", "full_name": "Trần Thị Bình", "date_of_birth": "1989-07-02" });
    let by_cmnd = json!({ "id_number": null, "legacy_id_number": "970000001" });
    by_number.chain([by_cancelled, by_cmnd]).map(|change| but(an(), change)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_rotated_while_questions_are_answered() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let token = &desk.house.token("portal").await;
        let (asked, done) = (AtomicU64::new(0), AtomicBool::new(false));
        let asking = async {
            while !done.load(Ordering::SeqCst) {
                for ask in asks() {
                    let answer = desk.post_with(token, "/v1/citizens/lookup", &ask).await;
                    assert_eq!(answer.json()["outcome"], "found", "{ask} {answer:?}");
                    asked.fetch_add(1, Ordering::SeqCst);
                }
            }
        };
        let rotating = async {
            for key_use in [KeyUse::Seal, KeyUse::Index] {
                let (keyring, clock) = (&desk.house.keyring, &*desk.house.clock);
                keyring.rotate(key_use, &SystemEntropy::default(), clock).unwrap();
                // Handed out, not used: nothing moves.
                tokio::time::sleep(Duration::from_millis(300)).await;
                let keys = desk.house.rows();
                let under = async |version| keys.of(&ROOM, key_use, version).await;
                let (rows, new) = (under(1).await, under(2).await);
                assert!(rows > 0 && new == 0, "{key_use}: {rows} and {new}");
                keyring.activate(key_use, clock, Duration::ZERO).unwrap();
                keys.renew().await;
                assert_eq!((under(1).await, under(2).await), (0, rows), "{key_use}: every row moved, none doubled");
                keyring.retire(key_use, 1, 0, clock).unwrap();
            }
            done.store(true, Ordering::SeqCst);
        };
        tokio::join!(asking, rotating);
        assert!(asked.load(Ordering::SeqCst) > 0);
        // A process without a cache finds everybody by the new keys alone.
        let fresh = desk.twin(&backend).await;
        for ask in asks() {
            assert_eq!(fresh.post_with(token, "/v1/citizens/lookup", &ask).await.json()["outcome"], "found", "{ask}");
        }
    })
    .await;
}
