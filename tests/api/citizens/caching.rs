use std::time::Duration;

use dancu::citizens::{CacheConfig, GuardConfig, upsert};
use dancu::kernel::{Clock, PersonName};
use serde_json::json;

use super::desk::{Desk, an, but, number, people};
use crate::support::for_each_backend;
use crate::support::house::within;

/// A change by another process is seen within this time.
const SOON: Duration = Duration::from_secs(5);

fn named(name: &str) -> PersonName {
    PersonName::parse(name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_again_is_not_read_again() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let token = desk.house.token("portal").await;
        let ask = async |ask| desk.post_with(&token, "/v1/citizens/lookup", &ask).await.json()["outcome"].clone();
        // Wait until the showcase's own changes have been followed.
        within(SOON, async || {
            ask(an()).await;
            let before = desk.counted("citizens_loads_total");
            ask(an()).await;
            desk.counted("citizens_loads_total") == before
        })
        .await;
        let before = desk.counted("citizens_loads_total");
        for _ in 0..5 {
            assert_eq!(ask(an()).await, "found");
        }
        assert_eq!(desk.counted("citizens_loads_total"), before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_another_process_is_seen_within_moments() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let other = desk.twin(&backend).await;
        let token = desk.house.token("portal").await;
        let found = async |ask| desk.post_with(&token, "/v1/citizens/lookup", &ask).await.json();
        let renamed = but(an(), json!({ "full_name": "Nguyễn Văn Mới" }));
        assert_eq!(found(an()).await["outcome"], "found");
        assert_eq!(found(renamed.clone()).await["outcome"], "no_match");
        let mut citizen = people().remove(0);
        citizen.full_name = named("Nguyễn Văn Mới");
        other.put(&citizen).await;
        let took = within(SOON, async || found(renamed.clone()).await["outcome"] == "found").await;
        eprintln!("seen after {} ms", took.as_millis());
        assert_eq!(found(an()).await["outcome"], "no_match");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_nobody_held_is_found_once_somebody_does() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let other = desk.twin(&backend).await;
        let token = desk.house.token("portal").await;
        let found = async |ask| desk.post_with(&token, "/v1/citizens/lookup", &ask).await.json();
        let by_new = but(an(), json!({ "id_number": "097099555555" }));
        assert_eq!(found(by_new.clone()).await["outcome"], "no_match");
        assert_eq!(found(an()).await["warnings"], json!(["number_prefix_unknown"]));
        let mut citizen = people().remove(0);
        citizen.id_number = number("097099555555");
        other.put(&citizen).await;
        within(SOON, async || found(by_new.clone()).await["outcome"] == "found").await;
        assert_eq!(found(an()).await["warnings"], json!(["number_cancelled"]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_changes_at_once_neither_is_missed_whichever_commits_first() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let token = desk.house.token("portal").await;
        let changed = people();
        let asks: Vec<_> = changed[..2]
            .iter()
            .map(|citizen| {
                json!({
                    "id_number": citizen.id_number, "full_name": citizen.full_name,
                    "date_of_birth": citizen.date_of_birth, "purpose": an()["purpose"], "attributes": ["email"],
                })
            })
            .collect();
        let email = async |ask| {
            let body = desk.post_with(&token, "/v1/citizens/lookup", ask).await.json();
            body["citizen"]["email"]["value"].as_str().unwrap_or_default().to_owned()
        };
        for ask in &asks {
            assert_eq!(email(ask).await, "");
        }
        // The first begins first and would commit last.
        let (slow, quick) = (desk.twin(&backend).await, desk.twin(&backend).await);
        let write = |by: &Desk, index: usize, pause: u64| {
            let (store, sealing, at) = (by.house.store.clone(), by.sealing.clone(), by.house.clock.now());
            let mut citizen = changed[index].clone();
            citizen.email = Some("new@example.vn".to_owned());
            async move {
                let written = store.write(move |tx| {
                    let upserted = upsert(tx, &sealing, &citizen, None, at)?;
                    std::thread::sleep(Duration::from_millis(pause));
                    Ok::<_, dancu::citizens::WriteError>(upserted)
                });
                written.await.unwrap();
            }
        };
        let first = tokio::spawn(write(&slow, 0, 600));
        tokio::time::sleep(Duration::from_millis(150)).await;
        let second = tokio::spawn(write(&quick, 1, 0));
        for ask in asks.iter().rev() {
            within(SOON, async || email(ask).await == "new@example.vn").await;
        }
        first.await.unwrap();
        second.await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_that_cannot_follow_is_not_asked() {
    for_each_backend(async |backend| {
        let first = Desk::open(&backend).await;
        let cache = CacheConfig { trust: Duration::from_millis(600), ..CacheConfig::default() };
        let desk = first.twin_with(&backend, GuardConfig::default(), cache).await;
        let token = desk.house.token("portal").await;
        let reads = async || {
            let before = desk.counted("citizens_loads_total");
            let answer = desk.post_with(&token, "/v1/citizens/lookup", &an()).await;
            assert_eq!(answer.json()["outcome"], "found", "{answer:?}");
            desk.counted("citizens_loads_total") > before
        };
        within(SOON, async || !reads().await).await;
        backend.execute("ALTER TABLE citizen_changes RENAME TO citizen_changes_away");
        let took = within(SOON, async || reads().await && reads().await && reads().await).await;
        eprintln!("not trusted after {} ms", took.as_millis());
        backend.execute("ALTER TABLE citizen_changes_away RENAME TO citizen_changes");
        within(SOON, async || !reads().await).await;
    })
    .await;
}
