use dancu::audit::Outcome;
use serde_json::{Value, json};

use super::{STAYS, an, foreigner, hai, hotel, notice};
use crate::api::citizens::desk::but;
use crate::support::for_each_backend;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_twice_is_one_stay_and_says_so() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let ask = notice(facility, json!([an(), foreigner("Jean Martin", "12AB34567")]));
        let first = desk.report(&ask).await;
        // By nature: however it is spelled, and whatever else it says.
        let spelled =
            json!([but(an(), json!({ "full_name": "NGUYỄN VĂN AN" })), foreigner("JEAN MARTIN", "12 AB 34567")]);
        let again = but(notice(facility, spelled), json!({ "room": "305", "arrival": "2026-11-21T02:30:59Z" }));
        let again = desk.report(&again).await;
        assert_eq!((&again["repeated"], &again["stay_id"]), (&json!(true), &first["stay_id"]));
        assert_eq!(again["receipt"], first["receipt"], "the receipt is the same, letter for letter");
        assert_ne!(again["audit"], first["audit"]);
        let entry = desk.entry_of(&again).await;
        assert_eq!((entry.entry.outcome, entry.subjects.len()), (Outcome::Replayed, 1));
        // Another minute or another place is another stay.
        let minute = but(ask.clone(), json!({ "arrival": "2026-11-21T09:31:00+07:00" }));
        assert_eq!(desk.report(&minute).await["repeated"], false);
        let other = desk.facility("hotel", super::OTHER_COMMUNE).await;
        assert_eq!(desk.report(&but(ask.clone(), json!({ "facility_id": other }))).await["repeated"], false);
        // A notice of known and new guests says which are known.
        let mixed = desk.post("hotel", STAYS, &but(ask, json!({ "guests": [hai(), an()] }))).await;
        assert_eq!(mixed.faults(), [("/guests/1".to_owned(), "guest_reported".to_owned())], "{}", mixed.text);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_repeats_the_first_answer_and_no_other_request() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let ask = notice(facility, json!([an()]));
        let first = desk.keyed("hotel", STAYS, &ask, "notice-0001").await.json();
        let again = desk.keyed("hotel", STAYS, &ask, "notice-0001").await.json();
        let without_audit = |body: &Value| but(body.clone(), json!({ "audit": null }));
        assert_eq!(without_audit(&again), without_audit(&first));
        assert_eq!(again["repeated"], false, "it is the first answer itself");
        let other = desk.keyed("hotel", STAYS, &but(ask.clone(), json!({ "room": "1" })), "notice-0001").await;
        assert_eq!(other.problem(), (409, "idempotency-conflict".to_owned()));
        // Another key, the same notice: known by its nature.
        let third = desk.keyed("hotel", STAYS, &ask, "notice-0002").await.json();
        assert_eq!((&third["repeated"], &third["stay_id"]), (&json!(true), &first["stay_id"]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_comes_with_a_known_notice_is_kept_too() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let ask = notice(facility, json!([an()]));
        let first = desk.report(&ask).await;
        let known = desk.keyed("hotel", STAYS, &ask, "notice-0003").await.json();
        assert_eq!((&known["repeated"], &known["stay_id"]), (&json!(true), &first["stay_id"]));
        // By its nature it would be told how much time is left now.
        desk.house.clock.advance(std::time::Duration::from_secs(300));
        let again = desk.keyed("hotel", STAYS, &ask, "notice-0003").await.json();
        let without_audit = |body: &Value| but(body.clone(), json!({ "audit": null }));
        assert_eq!(without_audit(&again), without_audit(&known));
        let entry = desk.entry_of(&again).await;
        assert_eq!((entry.entry.outcome, entry.subjects.len()), (Outcome::Replayed, 1));
        let other = desk.keyed("hotel", STAYS, &but(ask, json!({ "room": "1" })), "notice-0003").await;
        assert_eq!(other.problem(), (409, "idempotency-conflict".to_owned()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_make_one_stay() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let twin = desk.twin(&backend).await;
        let ask = notice(facility, json!([an(), hai()]));
        let token = desk.house.token("hotel").await;
        let asking = (0..12).map(|turn| {
            let (desk, ask, token) = (if turn % 2 == 0 { &desk } else { &twin }, &ask, &token);
            async move { desk.post_with(token, STAYS, ask).await.json() }
        });
        let bodies = futures_util::future::join_all(asking).await;
        let first = &bodies[0];
        assert!(bodies.iter().all(|body| body["stay_id"] == first["stay_id"]), "{bodies:?}");
        assert!(bodies.iter().all(|body| body["receipt"] == first["receipt"]));
        assert_eq!(bodies.iter().filter(|body| body["repeated"] == false).count(), 1);
    })
    .await;
}
