use std::time::Duration;

use dancu::audit::Outcome;
use dancu::citizens::{CacheConfig, GuardConfig};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::desk::{Desk, an, but};
use crate::support::for_each_backend;
use crate::support::house::within;

const LOOK_UP: &str = "/v1/citizens/lookup";

fn strict() -> GuardConfig {
    GuardConfig { per_number: 3, per_person: 5, ..GuardConfig::default() }
}

/// A guess at An's birth date.
fn guess(day: u32) -> Value {
    but(an(), json!({ "date_of_birth": format!("1999-04-{day:02}") }))
}

/// A guess at the number of somebody with An's name and birth date.
fn guess_number(last: u32) -> Value {
    but(an(), json!({ "id_number": format!("0970997{last:05}") }))
}

/// A question that fails for a reason of its own.
fn stray(last: u32) -> Value {
    but(
        guess_number(last),
        json!({ "full_name": format!("Người {}", "abcdefghijklmnopqrstuvwxyz".chars().nth(last as usize % 26).unwrap()) }),
    )
}

async fn outcome(desk: &Desk, token: &str, ask: &Value) -> String {
    let answer = desk.post_with(token, LOOK_UP, ask).await;
    match answer.status {
        200 => answer.json()["outcome"].as_str().unwrap().to_owned(),
        _ => answer.problem().1,
    }
}

const BLOCKED: &str = "too-many-failed-anchors";

#[tokio::test(flavor = "multi_thread")]
async fn guessing_at_a_number_ends_for_the_client_that_guesses_and_for_no_other() {
    for_each_backend(async |backend| {
        let desk = Desk::open_with(&backend, strict()).await;
        let (portal, other) = (desk.house.token("portal").await, desk.house.token("loadtest").await);
        for day in 1..=3 {
            assert_eq!(outcome(&desk, &portal, &guess(day)).await, "no_match");
        }
        assert_eq!(outcome(&desk, &portal, &guess(4)).await, BLOCKED);
        // The right answer is not told either, or the guess would have succeeded.
        let right = desk.post_with(&portal, LOOK_UP, &an()).await;
        assert_eq!(right.problem(), (429, BLOCKED.to_owned()));
        assert!(right.header("retry-after").parse::<u64>().unwrap() > 60, "{right:?}");
        assert!(right.took_ms >= 25, "{right:?}");
        let entry = desk.last_entry().await.entry;
        assert_eq!((entry.outcome, entry.reason.as_str()), (Outcome::Refused, "failed_anchors_of_number"));
        // Another client, and another citizen, are not touched.
        assert_eq!(outcome(&desk, &other, &an()).await, "found");
        let child = json!({ "id_number": "099220000017", "full_name": "Lý Khánh An", "date_of_birth": "2020-10-10" });
        assert_eq!(outcome(&desk, &portal, &but(an(), child)).await, "found");
        desk.house.clock.advance(Duration::from_secs(2 * 86_400));
        let portal = desk.house.token("portal").await;
        assert_eq!(outcome(&desk, &portal, &an()).await, "found");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_at_the_number_of_a_known_person_ends_too() {
    for_each_backend(async |backend| {
        let desk = Desk::open_with(&backend, strict()).await;
        let portal = desk.house.token("portal").await;
        for last in 1..=4 {
            assert_eq!(outcome(&desk, &portal, &guess_number(last)).await, "no_match");
        }
        // The same name, written in another way, is the same name.
        let shouted = but(guess_number(5), json!({ "full_name": "NGUYEN VAN AN" }));
        assert_eq!(outcome(&desk, &portal, &shouted).await, "no_match");
        assert_eq!(outcome(&desk, &portal, &guess_number(6)).await, BLOCKED);
        assert_eq!(desk.last_entry().await.entry.reason, "failed_anchors_of_person");
        assert_eq!(outcome(&desk, &portal, &an()).await, BLOCKED);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_most_of_whose_questions_fail_is_stopped() {
    for_each_backend(async |backend| {
        let guards = GuardConfig { share_from: 5, share_percent: 50, ..GuardConfig::default() };
        let desk = Desk::open_with(&backend, guards).await;
        let (portal, other) = (desk.house.token("portal").await, desk.house.token("loadtest").await);
        for last in 0..5 {
            assert_eq!(outcome(&desk, &portal, &stray(last)).await, "no_match");
        }
        assert_eq!(outcome(&desk, &portal, &stray(6)).await, BLOCKED);
        assert_eq!(outcome(&desk, &portal, &an()).await, BLOCKED);
        assert_eq!(desk.last_entry().await.entry.reason, "failed_anchors_share");
        // Where most questions are right, as many failures are borne.
        for last in 0..5 {
            for _ in 0..2 {
                assert_eq!(outcome(&desk, &other, &an()).await, "found");
            }
            assert_eq!(outcome(&desk, &other, &stray(last + 10)).await, "no_match");
        }
        assert_eq!(outcome(&desk, &other, &stray(20)).await, "no_match");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_at_the_same_time_do_not_slip_through_together() {
    for_each_backend(async |backend| {
        let desk = Desk::open_with(&backend, strict()).await;
        let portal = &desk.house.token("portal").await;
        let asks: Vec<Value> = (1..=28).map(guess).collect();
        let outcomes = join_all(asks.iter().map(|ask| outcome(&desk, portal, ask))).await;
        assert_eq!(outcomes.iter().filter(|outcome| *outcome == "no_match").count(), 3, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|outcome| *outcome == BLOCKED).count(), 25, "{outcomes:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_outlive_the_process_and_reach_the_other_replicas() {
    for_each_backend(async |backend| {
        let desk = Desk::open_with(&backend, strict()).await;
        let early = desk.twin_with(&backend, strict(), CacheConfig::default()).await;
        let portal = desk.house.token("portal").await;
        for day in 1..=3 {
            assert_eq!(outcome(&desk, &portal, &guess(day)).await, "no_match");
        }
        let late = desk.twin_with(&backend, strict(), CacheConfig::default()).await;
        assert_eq!(outcome(&late, &portal, &an()).await, BLOCKED, "a process that began later");
        if backend.is_postgres() {
            let took = within(Duration::from_secs(10), async || outcome(&early, &portal, &an()).await == BLOCKED).await;
            eprintln!("the other replica knew after {} ms", took.as_millis());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_are_shared_by_replicas_and_outlive_the_process() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("few", "portal", |agreement| agreement.per_day = 20).await;
        let other = desk.twin(&backend).await;
        let token = desk.house.token("few").await;
        for _ in 0..12 {
            assert_eq!(outcome(&desk, &token, &an()).await, "found");
        }
        let left = async |desk: &Desk| {
            let answer = desk.post_with(&token, LOOK_UP, &an()).await;
            answer.header("ratelimit").rsplit("r=").next().and_then(|rest| rest.split(';').next()?.parse::<u64>().ok())
        };
        let took = within(Duration::from_secs(10), async || left(&other).await.is_some_and(|left| left < 8)).await;
        eprintln!("the other replica knew after {} ms", took.as_millis());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_under_attack_from_many_clients_raises_an_alarm_once() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open_with(&backend, GuardConfig { alarm: 4, ..strict() }).await;
        for id in ["one", "two", "three"] {
            desk.client(id, "portal", |_| ()).await;
            let token = desk.house.token(id).await;
            for day in 1..=2 {
                assert_eq!(outcome(&desk, &token, &guess(day)).await, "no_match");
            }
        }
        assert_eq!(desk.counted("numbers_under_attack_total"), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_memory_has_no_room_for_is_read_from_the_database() {
    for_each_backend(async |backend| {
        let desk = Desk::open_with(&backend, GuardConfig { capacity: 4, ..strict() }).await;
        let portal = desk.house.token("portal").await;
        for last in 0..6 {
            assert_eq!(outcome(&desk, &portal, &stray(last)).await, "no_match");
        }
        for day in 1..=3 {
            assert_eq!(outcome(&desk, &portal, &guess(day)).await, "no_match");
        }
        assert_eq!(outcome(&desk, &portal, &an()).await, BLOCKED);
    })
    .await;
}
