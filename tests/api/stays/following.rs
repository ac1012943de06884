//! Whether somebody can be followed from house to house: a lodging is told nothing of other houses, whatever it types,
//! and the authority is told by who the guests are, of notices that stand.

use dancu::citizens::GuardConfig;
use dancu::kernel::{CitizenId, FacilityId};
use serde_json::{Value, json};

use super::{OTHER_COMMUNE, OWN_COMMUNE, STAYS, an, foreigner, hai, hotel, notice, verdict};
use crate::api::citizens::desk::{Desk, but, people};
use crate::support::for_each_backend;

const BINHS_CMND: &str = "970000002";

fn person(name: &str) -> CitizenId {
    people().into_iter().find(|person| person.full_name.expose() == name).unwrap().citizen_id
}

/// A stranger under somebody's number.
fn stranger(kind: &str, number: &str, nationality: &str) -> Value {
    json!({ "typed": { "full_name": "Chu Văn Lạ", "date_of_birth": "1960-01-01", "nationality": nationality,
        "document": { "kind": kind, "number": number } } })
}

/// The operations that stand in somebody's history.
async fn looks(desk: &Desk, name: &str) -> usize {
    desk.looks(person(name)).await.len()
}

/// Without what is new in every answer.
fn comparable(mut answer: Value) -> Value {
    for name in ["transaction_id", "stay_id", "facility_id", "arrival", "receipt", "audit", "history"] {
        answer.as_object_mut().unwrap().remove(name);
    }
    answer
}

/// Whether the authority is told that the guests are elsewhere, by room.
async fn elsewhere(desk: &Desk) -> Vec<(String, Vec<bool>)> {
    let found = desk.found(json!({})).await;
    let marks = |stay: &Value| {
        let guests = stay["guests"].as_array().unwrap().iter();
        let marks = guests.map(|guest| guest["elsewhere"].as_bool().unwrap()).collect();
        (stay["room"].as_str().unwrap().to_owned(), marks)
    };
    let mut rooms: Vec<_> = found["stays"].as_array().unwrap().iter().map(marks).collect();
    rooms.sort();
    rooms
}

fn room(name: &str, marks: &[bool]) -> (String, Vec<bool>) {
    (name.to_owned(), marks.to_vec())
}

fn at(facility: FacilityId, room: &str, guests: Value) -> Value {
    but(notice(facility, guests), json!({ "room": room }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lodging_is_told_the_same_wherever_else_its_guest_is_reported() {
    for_each_backend(async |backend| {
        let (mut desk, facility) = hotel(&backend).await;
        let inn = desk.hotelier("inn", |_| {}).await;
        let guests = || json!([an(), foreigner("Jean Martin", "12AB34567"), stranger("passport", "B1234567", "VNM")]);
        let told = async |arrival: &str| {
            let ask = but(notice(inn, guests()), json!({ "arrival": arrival }));
            let first = desk.post("inn", STAYS, &ask).await.json();
            let mut told = vec![comparable(first.clone())];
            for (change, body) in [
                ("amend", json!({ "room": "9" })),
                ("extend", json!({ "planned_departure": "2026-11-24" })),
                ("check-out", json!({ "left_at": "2026-11-21T09:50:00+07:00" })),
            ] {
                let path = format!("{STAYS}/{}/{change}", first["stay_id"].as_str().unwrap());
                let body = but(body, json!({ "purpose": ask["purpose"] }));
                let answer = desk.post("inn", &path, &body).await;
                assert_eq!(answer.status, 200, "{}", answer.text);
                told.push(comparable(answer.json()));
            }
            told
        };
        let alone = told("2026-11-21T09:30:00+07:00").await;
        desk.report(&notice(facility, guests())).await;
        let also_elsewhere = told("2026-11-21T09:31:00+07:00").await;
        assert!(!json!(also_elsewhere).to_string().contains("elsewhere"));
        assert_eq!(alone, also_elsewhere);
        let marks: Vec<bool> = elsewhere(&desk).await.into_iter().flat_map(|(_, marks)| marks).collect();
        assert!(marks.contains(&true), "while the authority is told");
    })
    .await;
}

/// The cards of two people, and who is a stranger to them.
#[tokio::test(flavor = "multi_thread")]
async fn a_citizens_number_is_an_anchor_whatever_it_is_called() {
    for_each_backend(async |backend| {
        let guards = GuardConfig { per_number: 5, ..GuardConfig::default() };
        let desk = Desk::open_with(&backend, guards).await;
        let facility = desk.facility("hotel", OWN_COMMUNE).await;
        let (failed, seen) = (desk.counted("failed_anchors_total"), looks(&desk, "Nguyễn Văn An").await);
        let kinds = ["passport", "driving_licence", "birth_certificate", "other"];
        for (minute, kind) in kinds.into_iter().enumerate() {
            let arrival = json!({ "arrival": format!("2026-11-21T08:{minute:02}:00+07:00") });
            let guests = json!([stranger(kind, "097099000001", "FRA")]);
            let body = desk.report(&but(notice(facility, guests), arrival)).await;
            assert_eq!(verdict(&body), ("mismatch", "no_match"), "{kind}");
        }
        // A file's rows are typed guests too; its fourth kind of paper is a passport.
        let mut row = super::batch::row(0);
        row[7] = "097099000001".to_owned();
        let told = desk.taken("text/csv", &super::batch::at(facility), super::sheets::csv(&[row])).await;
        assert_eq!(verdict(&told["stays"][0]), ("mismatch", "no_match"), "{told}");
        assert_eq!(desk.counted("failed_anchors_total"), failed + 5);
        assert_eq!(looks(&desk, "Nguyễn Văn An").await, seen + 5, "the holder sees each");
        let blocked = desk.report(&notice(facility, json!([stranger("passport", "097099000001", "GBR")]))).await;
        assert_eq!(verdict(&blocked), ("unverified", "too_many_failed_anchors"));
        // Their own data under another paper's name are theirs.
        let own = json!({ "typed": { "full_name": "Bùi Quang Hải", "date_of_birth": "1984-02-10",
            "document": { "kind": "passport", "number": "097084000012" } } });
        let body = desk.report(&notice(facility, json!([own]))).await;
        assert_eq!(verdict(&body), ("verified", "matched"));
    })
    .await;
}

/// The CMND of a citizen is the number of somebody's passport, too.
#[tokio::test(flavor = "multi_thread")]
async fn nine_digits_of_a_foreign_passport_are_compared_with_nobody() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let (failed, seen) = (desk.counted("failed_anchors_total"), looks(&desk, "Trần Thị Bình").await);
        let told = async |minute: u8, guest: Value| {
            let arrival = json!({ "arrival": format!("2026-11-21T08:{minute:02}:00+07:00") });
            desk.report(&but(at(facility, &minute.to_string(), json!([guest])), arrival)).await
        };
        let briton = stranger("passport", BINHS_CMND, "GBR");
        let with_holder = told(1, briton).await;
        let with_nobody = told(2, stranger("passport", "970099999", "GBR")).await;
        assert_eq!(verdict(&with_holder), ("unverified", "foreign_document"));
        assert_eq!(comparable(with_holder), comparable(with_nobody));
        let found = desk.found(json!({ "guest": { "number": BINHS_CMND } })).await;
        assert_eq!(found["stays"][0]["room"], "1", "the police find the Briton, and ask about nobody else: {found}");
        assert_eq!(looks(&desk, "Trần Thị Bình").await, seen);
        assert_eq!(desk.counted("failed_anchors_total"), failed);
        for (minute, kind, nationality) in [(3, "cmnd", "GBR"), (4, "passport", "VNM"), (5, "other", "VNM")] {
            let body = told(minute, stranger(kind, BINHS_CMND, nationality)).await;
            assert_eq!(verdict(&body), ("mismatch", "no_match"), "{kind} {nationality}");
        }
        assert_eq!(looks(&desk, "Trần Thị Bình").await, seen + 3);
        assert_eq!(desk.counted("failed_anchors_total"), failed + 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authority_is_told_who_is_at_two_houses_as_the_notices_stand() {
    for_each_backend(async |backend| {
        let (desk, first) = hotel(&backend).await;
        let second = desk.facility("hotel", OWN_COMMUNE).await;
        let abroad = desk.facility("hotel", OTHER_COMMUNE).await;
        // The same passport, and the number of a citizen under another name: nobody who is known.
        let unknown = || [foreigner("Jean Martin", "12AB34567"), stranger("passport", "097084000012", "FRA")];
        let [martin, la] = unknown();
        let a = desk.report(&at(first, "A", json!([an(), martin.clone(), la.clone()]))).await;
        assert_eq!(elsewhere(&desk).await, [room("A", &[false, false, false])]);
        let evening = json!({ "arrival": "2026-11-21T09:45:00+07:00" });
        let b = desk.report(&but(at(second, "B", json!([hai(), an(), martin, la])), evening)).await;
        let both = [room("A", &[true, false, false]), room("B", &[false, true, false, false])];
        assert_eq!(elsewhere(&desk).await, both);
        let csv = desk.search(json!({ "format": "csv" })).await.text;
        let marked = |name: &str| {
            let rows = csv.lines().filter(|line| line.contains(name));
            rows.map(|line| line.split(',').nth_back(2) == Some("có")).collect::<Vec<_>>()
        };
        assert_eq!((marked("Nguyễn Văn An"), marked("Jean Martin")), (vec![true, true], vec![false, false]), "{csv}");
        // One mark goes with each way in which a notice ceases to stand or to overlap, and comes back with it.
        let apart = [room("A", &[false, false, false]), room("B", &[false, false, false, false])];
        desk.changed(&b, "amend", json!({ "arrival": "2026-11-21T08:00:00+07:00" })).await;
        desk.changed(&b, "amend", json!({ "planned_departure": "2026-11-21T09:00:00+07:00" })).await;
        assert_eq!(elsewhere(&desk).await, apart, "amended");
        desk.changed(&b, "extend", json!({ "planned_departure": "2026-11-21T09:31:00+07:00" })).await;
        assert_eq!(elsewhere(&desk).await, both, "extended");
        desk.changed(&b, "check-out", json!({ "left_at": "2026-11-21T09:00:00+07:00" })).await;
        assert_eq!(elsewhere(&desk).await, apart, "checked out early");
        let c = desk.report(&at(abroad, "C", json!([an()]))).await;
        assert_eq!(elsewhere(&desk).await[0], both[0], "in whichever commune");
        desk.changed(&c, "cancel", json!({})).await;
        assert_eq!(elsewhere(&desk).await, apart, "cancelled");
        let d = desk.report(&at(second, "D", json!([an(), hai()]))).await;
        assert_eq!(elsewhere(&desk).await[2], room("D", &[true, false]));
        desk.changed(&d, "amend", json!({ "guests": [{ "remove": 1 }] })).await;
        assert_eq!(elsewhere(&desk).await[0], apart[0], "taken back");
        desk.changed(&a, "cancel", json!({})).await;
        assert!(elsewhere(&desk).await.iter().all(|(_, marks)| !marks.contains(&true)));
    })
    .await;
}

/// Two processes that take a guest at two houses at the same moment stand in nobody's way, and the authority is told.
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_to_two_houses_at_the_same_moment_is_at_both() {
    for_each_backend(async |backend| {
        let (desk, first) = hotel(&backend).await;
        let second = desk.facility("hotel", OWN_COMMUNE).await;
        let twin = desk.twin(&backend).await;
        let token = desk.house.token("hotel").await;
        for minute in 0..12 {
            let arrival = json!({ "arrival": format!("2026-11-21T08:{minute:02}:00+07:00") });
            let one = but(at(first, "A", json!([an(), hai()])), arrival.clone());
            let two = but(at(second, "B", json!([hai(), an()])), arrival);
            let (one, two, again) = futures_util::join!(
                desk.post_with(&token, STAYS, &one),
                twin.post_with(&token, STAYS, &two),
                twin.post_with(&token, STAYS, &one)
            );
            assert_eq!((one.status, two.status, again.status), (200, 200, 200), "{} {}", one.text, two.text);
            assert_eq!(one.json()["stay_id"], again.json()["stay_id"], "sent twice, it is one stay");
        }
        let told = elsewhere(&desk).await;
        assert!(told.len() == 24 && told.iter().all(|(_, marks)| marks == &[true, true]), "{told:?}");
    })
    .await;
}
