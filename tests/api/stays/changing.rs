use dancu::kernel::Instant;
use serde_json::{Value, json};

use super::{STAYS, an, foreigner, hai, hotel, notice};
use crate::api::citizens::desk::{but, people, read};
use crate::support::for_each_backend;

fn kinds(stay: &Value) -> Vec<&str> {
    stay["history"].as_array().unwrap().iter().map(|line| line["change"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stay_is_amended_extended_and_ended_with_history() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let body = desk.report(&notice(facility, json!([an()]))).await;
        let amended = desk.changed(&body, "amend", json!({ "room": "305", "reason": "work" })).await;
        assert_eq!((&amended["room"], &amended["reason"]), (&json!("305"), &json!("work")));
        assert_eq!(amended["receipt"], body["receipt"], "the receipt says nothing of that");
        assert_eq!(
            amended["history"][1]["changes"],
            json!([{ "field": "room", "from": "204", "to": "305" },
                { "field": "reason", "from": "tourism", "to": "work" }])
        );
        assert_eq!(amended["history"][1]["officer"], "le-tan-01");
        let extended = desk.changed(&body, "extend", json!({ "planned_departure": "2026-11-25" })).await;
        assert_eq!(extended["planned_departure"], "2026-11-25T16:59:00Z");
        let same = desk.changed(&body, "extend", json!({ "planned_departure": "2026-11-25" })).await;
        assert_eq!(kinds(&same), ["reported", "amended", "extended"], "said twice, nothing changes");
        let left = desk.changed(&body, "check-out", json!({})).await;
        assert_eq!((&left["state"], &left["left_at"]), (&json!("left"), &json!("2026-11-21T03:00:00Z")));
        assert_eq!(desk.changed(&body, "check-out", json!({})).await["history"], left["history"]);
        let over = desk.change(&body, "extend", json!({ "planned_departure": "2026-11-26" })).await;
        assert_eq!(over.problem(), (409, "conflict".to_owned()));
        let cancelled = desk.changed(&body, "cancel", json!({})).await;
        assert_eq!(cancelled["state"], "cancelled");
        assert_eq!(kinds(&cancelled), ["reported", "amended", "extended", "checked_out", "cancelled"]);
        assert_eq!(desk.changed(&body, "cancel", json!({})).await["history"], cancelled["history"]);
        assert_eq!(desk.change(&body, "amend", json!({ "room": "1" })).await.problem(), (409, "conflict".to_owned()));
        // What was taken back can be reported anew.
        let anew = desk.report(&notice(facility, json!([an()]))).await;
        assert_eq!(anew["repeated"], false);
        assert_ne!(anew["stay_id"], body["stay_id"]);
        let entry = desk.last_entry().await;
        assert_eq!(entry.subjects, [people()[0].citizen_id]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_are_added_exchanged_and_taken_back() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let jean = foreigner("Jean Martin", "12AB34567");
        let ask = notice(facility, json!([an(), jean]));
        let body = desk.report(&ask).await;
        let change =
            json!({ "guests": [{ "exchange": hai(), "number": 2 }, { "add": foreigner("Zoé Petit", "99ZZ") }] });
        let amended = desk.changed(&body, "amend", change).await;
        let numbers: Vec<i64> =
            amended["guests"].as_array().unwrap().iter().map(|guest| guest["number"].as_i64().unwrap()).collect();
        assert_eq!(numbers, [1, 3, 4], "numbers are never given twice");
        assert_eq!(amended["guests"][1]["verdict"], "verified");
        assert_eq!(amended["history"][1]["changes"], json!([{ "field": "guests", "from": "1 2", "to": "1 3 4" }]));
        assert_eq!(desk.entry_of(&amended).await.subjects.len(), 2);
        // Who is in the stay now is known by nature; who was taken back is not.
        assert_eq!(desk.report(&but(ask.clone(), json!({ "guests": [hai()] }))).await["stay_id"], body["stay_id"]);
        let back = desk.report(&but(ask.clone(), json!({ "guests": [foreigner("Jean Martin", "12AB34567")] }))).await;
        assert_eq!(back["repeated"], false);
        for (guests, pointer, code) in [
            (json!([{ "remove": 2 }]), "/guests/0/number", "no_such_guest"),
            (json!([{ "add": an() }]), "/guests/0", "guest_twice"),
            (json!([{ "remove": 1 }, { "remove": 3 }, { "remove": 4 }]), "/guests", "nobody_left"),
            (json!([{ "add": an(), "remove": 1 }]), "/guests/0", "one_of"),
            (json!([{ "add": { "qr": "x" } }]), "/guests/0/qr", "too_few_fields"),
        ] {
            let answer = desk.change(&body, "amend", json!({ "guests": guests })).await;
            assert_eq!(answer.faults(), [(pointer.to_owned(), code.to_owned())], "{}", answer.text);
        }
        let nothing = desk.change(&body, "amend", json!({ "room": "204" })).await;
        assert_eq!(nothing.faults(), [(String::new(), "nothing_changed".to_owned())]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_arrival_has_another_deadline_and_nature() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let ask = notice(facility, json!([an()]));
        let body = desk.report(&ask).await;
        let amended = desk.changed(&body, "amend", json!({ "arrival": "2026-11-20T21:00:00+07:00" })).await;
        assert_eq!((&amended["deadline"], &amended["on_time"]), (&json!("2026-11-20T16:00:00Z"), &json!(false)));
        assert_eq!(amended["receipt"]["document"]["on_time"], false);
        let same = but(ask.clone(), json!({ "arrival": "2026-11-20T21:00:00+07:00" }));
        assert_eq!(desk.report(&same).await["stay_id"], body["stay_id"]);
        assert_eq!(desk.report(&ask).await["repeated"], false, "the old arrival is free again");
        // Moving back would make two stays one.
        let back = desk.change(&body, "amend", json!({ "arrival": "2026-11-21T09:30:00+07:00" })).await;
        assert_eq!(back.faults(), [("/arrival".to_owned(), "guest_reported".to_owned())], "{}", back.text);
        let late = desk.change(&body, "amend", json!({ "planned_departure": "2026-11-19" })).await;
        assert_eq!(late.faults(), [("/planned_departure".to_owned(), "departure_before_arrival".to_owned())]);
        for (left, code) in
            [("2026-11-20T20:00:00+07:00", "departure_before_arrival"), ("2026-11-22T00:00:00Z", "departure_ahead")]
        {
            let answer = desk.change(&body, "check-out", json!({ "left_at": left })).await;
            assert_eq!(answer.faults(), [("/left_at".to_owned(), code.to_owned())]);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amendment_brings_nobody_back_on_time() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let body = desk.report(&notice(facility, json!([an()]))).await;
        assert!(body["receipt"]["document"].get("amended_at").is_none());
        let more =
            desk.changed(&body, "amend", json!({ "guests": [{ "add": foreigner("Jean Martin", "12AB") }] })).await;
        assert_eq!(more["on_time"], true, "added before the deadline");
        desk.house.clock.set(Instant::parse_rfc3339("2026-11-21T23:30:00+07:00").unwrap());
        let fewer = desk.changed(&body, "amend", json!({ "guests": [{ "remove": 2 }] })).await;
        assert_eq!(fewer["on_time"], true, "who is left was reported in time");
        let added = desk.changed(&body, "amend", json!({ "guests": [{ "exchange": hai(), "number": 1 }] })).await;
        let document = &added["receipt"]["document"];
        assert_eq!((&added["on_time"], &document["on_time"]), (&json!(false), &json!(false)));
        assert_eq!(document["received_at"], "2026-11-21T03:00:00Z");
        assert_eq!(document["amended_at"], "2026-11-21T16:30:00Z");
        let page = json!({ "jws": added["receipt"]["jws"] });
        let page = read(desk.request("/v1/stays/receipts/page").json(&page)).await;
        assert!(page.text.contains("23:30 21/11/2026"), "{}", page.text);
        // An arrival whose deadline is still ahead.
        let moved = desk.changed(&body, "amend", json!({ "arrival": "2026-11-21T23:10:00+07:00" })).await;
        assert_eq!((&moved["deadline"], &moved["on_time"]), (&json!("2026-11-22T01:00:00Z"), &json!(false)));
        let late = desk.report(&notice(facility, json!([an()]))).await;
        let moved = desk.changed(&late, "amend", json!({ "arrival": "2026-11-21T23:20:00+07:00" })).await;
        assert_eq!((&late["on_time"], &moved["on_time"]), (&json!(false), &json!(false)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_repeats_an_amendment() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let ask = notice(facility, json!([an()]));
        let body = desk.report(&ask).await;
        let path = format!("{STAYS}/{}/amend", body["stay_id"].as_str().unwrap());
        let change = json!({ "guests": [{ "add": hai() }], "purpose": ask["purpose"] });
        let first = desk.keyed("hotel", &path, &change, "amend-0001").await.json();
        let again = desk.keyed("hotel", &path, &change, "amend-0001").await.json();
        assert_eq!((&again["history"], &again["receipt"]), (&first["history"], &first["receipt"]));
        let other = but(change, json!({ "room": "7" }));
        let other = desk.keyed("hotel", &path, &other, "amend-0001").await;
        assert_eq!(other.problem(), (409, "idempotency-conflict".to_owned()));
    })
    .await;
}
