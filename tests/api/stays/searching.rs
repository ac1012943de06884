use dancu::clients::Operation;
use dancu::kernel::{CitizenId, UnitCode};
use serde_json::{Value, json};

use super::{COMMUNE, OTHER_COMMUNE, SEARCH, STAYS, an, foreigner, hai, hotel, notice};
use crate::api::citizens::desk::{but, people, purpose};
use crate::support::for_each_backend;

fn person(name: &str) -> CitizenId {
    people().into_iter().find(|person| person.full_name.expose() == name).unwrap().citizen_id
}

fn rooms(found: &Value) -> Vec<&str> {
    found["stays"].as_array().unwrap().iter().map(|stay| stay["room"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commune_finds_its_own_stays_and_each_guest_sees_that() {
    for_each_backend(async |backend| {
        let (mut desk, own) = hotel(&backend).await;
        let other = desk.facility("hotel", OTHER_COMMUNE).await;
        desk.report(&but(notice(own, json!([an(), foreigner("Jean Martin", "12AB34567")])), json!({ "room": "A" })))
            .await;
        desk.report(&but(notice(other, json!([hai()])), json!({ "room": "B" }))).await;
        let found = desk.found(json!({})).await;
        assert_eq!(rooms(&found), ["A"], "{found}");
        let guest = &found["stays"][0]["guests"][0];
        assert_eq!((&guest["document_number"], &guest["full_name"]), (&json!("097099000001"), &json!("Nguyễn Văn An")));
        assert_eq!(found["stays"][0]["facility"]["commune"], "00070");
        let entry = desk.entry_of(&found).await;
        assert_eq!((entry.entry.operation.as_str(), entry.subjects), ("stays.search", vec![person("Nguyễn Văn An")]));
        let looks = desk.looks(person("Nguyễn Văn An")).await;
        assert_eq!((&looks[0]["operation"], &looks[0]["client"]["id"]), (&json!("stays.search"), &json!("commune")));
        assert!(desk.looks(person("Bùi Quang Hải")).await.iter().all(|look| look["operation"] != "stays.search"));
        for units in [json!([OTHER_COMMUNE]), json!(["00070", OTHER_COMMUNE]), json!(["01"])] {
            let answer = desk.search(json!({ "units": units })).await;
            assert_eq!(answer.problem(), (403, "forbidden".to_owned()), "{units}");
            assert_eq!(desk.last_entry().await.entry.reason, "unit_not_agreed");
        }
        // A province's police see all its communes.
        desk.client("province", "commune", |agreement| agreement.units = [UnitCode::parse("01").unwrap()].into()).await;
        for (units, expected) in [(json!(null), 2), (json!(["01"]), 2), (json!([OTHER_COMMUNE]), 1)] {
            let ask = but(json!({ "purpose": purpose(COMMUNE) }), json!({ "units": units }));
            let found = desk.post("province", SEARCH, &ask).await.json();
            assert_eq!(found["stays"].as_array().unwrap().len(), expected, "{found}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_not_verified_sees_the_search_too() {
    for_each_backend(async |backend| {
        let (mut desk, _) = hotel(&backend).await;
        let silent = desk
            .hotelier("silent", |agreement| agreement.operations = [Operation::StaysReport].into_iter().collect())
            .await;
        let typed = |name: &str, kind: &str, number: &str| {
            json!({ "typed": { "full_name": name, "date_of_birth": "1989-07-02",
                "document": { "kind": kind, "number": number } } })
        };
        // Twelve digits of a personal number's shape are whosever they are; nine are a citizen's under the name of a CMND.
        let guests = json!([
            an(),
            typed("Trần Thị Bình", "cmnd", "970000002"),
            typed("Lê Văn Lái", "driving_licence", "097084000012"),
            foreigner("Jean Martin", "12AB34567"),
        ]);
        let body = desk.post("silent", STAYS, &notice(silent, guests)).await.json();
        assert_eq!(body["guests"][0]["reason"], "not_agreed", "{body}");
        assert!(desk.entry_of(&body).await.subjects.is_empty());
        let found = desk.found(json!({})).await;
        let (an, binh, hai) = (person("Nguyễn Văn An"), person("Trần Thị Bình"), person("Bùi Quang Hải"));
        assert_eq!(desk.entry_of(&found).await.subjects, [an, binh, hai]);
        for citizen in [an, binh, hai] {
            assert_eq!(desk.looks(citizen).await[0]["operation"], "stays.search");
        }
        // Only who is on the page.
        let none = desk.found(json!({ "until": "2026-11-01T00:00:00Z" })).await;
        assert!(desk.entry_of(&none).await.subjects.is_empty());
        let by_cmnd = json!({ "guest": { "number": "970000002" }, "until": "2026-11-01T00:00:00Z" });
        let none = desk.found(by_cmnd).await;
        assert_eq!(desk.entry_of(&none).await.subjects, [binh]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stays_are_found_by_facility_time_and_guest() {
    for_each_backend(async |backend| {
        let (desk, own) = hotel(&backend).await;
        let second = desk.facility("hotel", super::OWN_COMMUNE).await;
        let at = |facility, room: &str, arrival: &str, guest: Value| {
            but(
                notice(facility, json!([guest])),
                json!({ "room": room, "arrival": arrival, "planned_departure": null }),
            )
        };
        let first = desk.report(&at(own, "A", "2026-11-19T09:00:00+07:00", an())).await;
        desk.report(&at(own, "B", "2026-11-20T09:00:00+07:00", hai())).await;
        desk.report(&at(second, "C", "2026-11-21T09:00:00+07:00", foreigner("Jean Martin", "12AB34567"))).await;
        let found = async |ask: Value| rooms(&desk.found(ask).await).join("");
        assert_eq!(found(json!({})).await, "CBA", "newest first");
        assert_eq!(found(json!({ "facility_id": own })).await, "BA");
        assert_eq!(found(json!({ "until": "2026-11-20T09:00:00+07:00" })).await, "A");
        assert_eq!(found(json!({ "guest": { "number": "097084000012" } })).await, "B");
        assert_eq!(found(json!({ "guest": { "number": "12 ab 34567" } })).await, "C");
        let by_name = json!({ "full_name": "JEAN MARTIN", "date_of_birth": "1980-05-17" });
        assert_eq!(found(json!({ "guest": by_name })).await, "C");
        assert_eq!(
            found(json!({ "guest": { "full_name": "Nguyễn Văn An", "date_of_birth": "1999-03-15" } })).await,
            "A"
        );
        desk.changed(&first, "check-out", json!({ "left_at": "2026-11-20T12:00:00+07:00" })).await;
        assert_eq!(found(json!({ "from": "2026-11-20T13:00:00+07:00" })).await, "CB", "A had ended");
        assert_eq!(found(json!({ "from": "2026-11-20T11:00:00+07:00" })).await, "CBA");
        // Whoever was sought by number stands in the entry, found or not.
        let binh = json!({ "guest": { "number": "097084000012" }, "until": "2026-11-01T00:00:00Z" });
        let nothing = desk.found(binh).await;
        assert!(nothing["stays"].as_array().unwrap().is_empty());
        assert_eq!(desk.entry_of(&nothing).await.subjects, [person("Bùi Quang Hải")]);
        for (ask, pointer, code) in [
            (json!({ "from": "2026-11-21T00:00:00Z", "until": "2026-11-20T00:00:00Z" }), "/until", "period"),
            (json!({ "guest": { "full_name": "An" } }), "/guest", "one_of"),
            (json!({ "units": ["99999"] }), "/units/0", "unit_unknown"),
            (json!({ "cursor": "x" }), "/cursor", "cursor"),
            (json!({ "limit": 501 }), "/limit", "out_of_range"),
            (json!({ "format": "pdf" }), "/format", "format_unknown"),
        ] {
            assert_eq!(desk.search(ask).await.faults(), [(pointer.to_owned(), code.to_owned())]);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_and_days_are_counted() {
    for_each_backend(async |backend| {
        let (desk, own) = hotel(&backend).await;
        for turn in 0..7 {
            // Some arrive in the same minute.
            let arrival = format!("2026-11-21T0{}:00:00+07:00", turn / 2 + 4);
            let guest = foreigner("Jean Martin", &format!("12AB3456{turn}"));
            desk.report(&but(notice(own, json!([guest])), json!({ "room": format!("{turn}"), "arrival": arrival })))
                .await;
        }
        let wrong = but(an(), json!({ "full_name": "Lê Thị Cúc" }));
        let late = json!({ "room": "L", "arrival": "2026-11-20T12:00:00+07:00" });
        let late = desk.report(&but(notice(own, json!([wrong, hai()])), late)).await;
        let (mut seen, mut cursor, mut pages) = (Vec::new(), json!(null), 0);
        loop {
            let page = desk.found(but(json!({ "limit": 3 }), json!({ "cursor": cursor }))).await;
            seen.extend(rooms(&page).into_iter().map(str::to_owned));
            pages += 1;
            cursor = page["next"].clone();
            if cursor.is_null() {
                break;
            }
        }
        seen.sort();
        assert_eq!((pages, seen.join("").as_str()), (3, "0123456L"));
        let counts = desk.found(json!({ "limit": 1 })).await["counts"].clone();
        assert_eq!(counts, json!({ "day": "2026-11-21", "stays": 7, "guests": 7, "late": 0, "marked": 0, "open": 8 }));
        let yesterday = desk.found(json!({ "day": "2026-11-20" })).await["counts"].clone();
        assert_eq!(
            yesterday,
            json!({ "day": "2026-11-20", "stays": 1, "guests": 2, "late": 1, "marked": 1, "open": 8 })
        );
        desk.changed(&late, "cancel", json!({})).await;
        let yesterday = desk.found(json!({ "day": "2026-11-20" })).await["counts"].clone();
        assert_eq!((&yesterday["stays"], &yesterday["open"]), (&json!(0), &json!(7)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_is_a_table_too() {
    for_each_backend(async |backend| {
        let (desk, own) = hotel(&backend).await;
        desk.report(&notice(own, json!([an(), hai()]))).await;
        let csv = desk.search(json!({ "format": "csv" })).await;
        assert!(csv.status == 200 && csv.header("content-type").starts_with("text/csv"));
        assert_eq!(csv.text.trim_end().lines().count(), 3, "{}", csv.text);
        assert!(csv.text.contains("097099000001") && csv.text.contains("Bùi Quang Hải"));
        let sheet = desk.search(json!({ "format": "xlsx" })).await;
        assert!(sheet.status == 200 && sheet.header("content-disposition").contains("stays.xlsx"));
        assert_eq!(desk.last_entry().await.subjects.len(), 2);
    })
    .await;
}
