use serde_json::{Value, json};

use super::{STAYS, an, hotel, notice};
use crate::api::citizens::desk::but;
use crate::support::for_each_backend;

fn fault(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_notice_is_told_at_once() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let faulty = but(
            notice(facility, json!([
                { "id_number": "1234", "full_name": "An 2" },
                { "qr": "x", "eid": "y" },
                { "typed": { "full_name": "Anna", "date_of_birth": "2022-02-31", "nationality": "fr", "nickname": "x",
                    "document": { "kind": "cccd", "number": "12" }, "mrz": "P<UTO" } },
                7,
            ])),
            json!({ "arrival": "2026-11-21T09:30:00+07:00", "planned_departure": "2026-11-20", "reason": "fun",
                "room": "", "colour": "red" }),
        );
        let answer = desk.post("hotel", STAYS, &faulty).await;
        assert_eq!(answer.problem(), (422, "invalid-fields".to_owned()));
        assert_eq!(
            answer.faults(),
            [
                fault("/colour", "unknown"),
                fault("/guests/0/date_of_birth", "missing"),
                fault("/guests/0/full_name", "name_character"),
                fault("/guests/0/id_number", "id_number_format"),
                fault("/guests/1", "one_of"),
                fault("/guests/2/typed/date_of_birth", "date_impossible"),
                fault("/guests/2/typed/document/number", "id_number_format"),
                fault("/guests/2/typed/mrz", "mrz_shape"),
                fault("/guests/2/typed/nationality", "nationality_format"),
                fault("/guests/2/typed/nickname", "unknown"),
                fault("/guests/3", "not_object"),
                fault("/planned_departure", "departure_before_arrival"),
                fault("/reason", "reason_unknown"),
                fault("/room", "text_empty"),
            ],
            "{}",
            answer.text
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_shows_only_when_looked_at_is_told_at_once_too() {
    for_each_backend(async |backend| {
        let (desk, _) = hotel(&backend).await;
        let elsewhere = desk.facility("loadtest", super::OWN_COMMUNE).await;
        let ask = but(
            notice(elsewhere, json!([{ "qr": "hello" }, { "eid": "a.b.c" }])),
            json!({ "arrival": "2026-11-23T09:30:00+07:00", "planned_departure": null }),
        );
        let answer = desk.post("hotel", STAYS, &ask).await;
        assert_eq!(
            answer.faults(),
            [
                fault("/arrival", "arrival_ahead"),
                fault("/facility_id", "facility_not_own"),
                fault("/guests/0/qr", "too_few_fields"),
                fault("/guests/1/eid", "approval_unknown"),
            ],
            "{}",
            answer.text
        );
        assert_eq!(desk.last_entry().await.entry.reason, "faulty");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn single_faults_are_named() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let good = notice(facility, json!([an()]));
        let guests = |count: usize| Value::from(vec![an(); count]);
        for (change, expected) in [
            (
                json!({ "planned_departure": "2026-11-21T09:30:00+07:00" }),
                fault("/planned_departure", "departure_before_arrival"),
            ),
            (json!({ "planned_departure": "21/11/2026" }), fault("/planned_departure", "departure_format")),
            (json!({ "arrival": "21/11/2026 09:30" }), fault("/arrival", "instant_format")),
            (json!({ "arrival": "2025-11-01T09:30:00+07:00" }), fault("/arrival", "arrival_long_ago")),
            (json!({ "guests": [] }), fault("/guests", "no_guests")),
            (json!({ "guests": guests(51) }), fault("/guests", "list_too_long")),
            (json!({ "guests": [an(), an()] }), fault("/guests/1", "guest_twice")),
            (json!({ "facility_id": "12" }), fault("/facility_id", "id_format")),
        ] {
            let answer = desk.post("hotel", STAYS, &but(good.clone(), change)).await;
            assert_eq!(answer.faults(), [expected], "{}", answer.text);
        }
    })
    .await;
}
