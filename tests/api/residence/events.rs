use std::time::Duration;

use dancu::audit::Outcome;
use dancu::citizens::events::import::EventImporter;
use dancu::citizens::model::Status;
use dancu::kernel::PartialDate;
use serde_json::{Value, json};

use super::{EVENTS, an, ask, confirmation, hai, linh};
use crate::api::citizens::desk::{Desk, but, people, purpose};
use crate::support::for_each_backend;
use crate::support::house::within;

fn moved(id: &str, effective: &str, more: Value) -> Value {
    let event = json!({
        "event_id": id, "kind": "move", "effective": effective, "id_number": "097084000012",
        "residence_kind": "permanent", "unit": "26740", "detail": "Số 5, đường Lê Lợi", "whole_household": true,
    });
    but(event, more)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_household_moves_and_its_confirmation_is_void() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let body = desk.confirm(&confirmation(linh(), json!({}))).await;
        let jws = json!({ "jws": body["jws"] });
        assert_eq!(desk.status_of(&jws).await, "valid");
        let answer = desk.tell(&moved("ev-move-1", "2026-11-10", json!({}))).await;
        let told = answer.json();
        assert_eq!((answer.status, &told["outcome"], &told["changed"]), (200, &json!("applied"), &json!(5)), "{told}");
        let entry = desk.entry_of(&told).await;
        assert_eq!((entry.entry.operation.as_str(), entry.subjects.len()), ("population.event", 5));
        within(Duration::from_secs(20), async || desk.status_of(&jws).await == "void").await;
        within(Duration::from_secs(10), async || {
            let body =
                desk.check(&ask(linh(), json!({ "questions": ["permanent_residence", "current_residence"] }))).await;
            let at = &body["answers"]["permanent_residence"];
            at["value"]["unit"] == "26740" && at["source"] == "civil_registry" && at["as_of"] == "2026-11-10"
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_counts_once_and_its_id_is_its_own() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let event = moved("ev-once-1", "2026-11-10", json!({}));
        desk.tell(&event).await;
        let again = desk.tell(&event).await.json();
        assert_eq!((&again["outcome"], &again["changed"]), (&json!("already_applied"), &json!(0)));
        let other = desk.tell(&moved("ev-once-1", "2026-11-11", json!({}))).await;
        assert_eq!(other.problem(), (409, "conflict".to_owned()));
        assert_eq!(desk.last_entry().await.entry.reason, "event_conflict");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contradiction_is_refused_or_parked_and_changes_nothing() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let death = json!({ "event_id": "ev-d-1", "kind": "death", "effective": "2026-11-01", "id_number": "097099000001" });
        assert_eq!(desk.tell(&death).await.status, 200);
        let late = moved("ev-d-2", "2026-11-05", json!({ "id_number": "097099000001", "whole_household": null }));
        for (event, code) in [
            (late.clone(), "deceased"),
            (but(death.clone(), json!({ "event_id": "ev-d-3", "effective": "1990-01-01" })), "before_birth"),
            (but(death.clone(), json!({ "event_id": "ev-d-4", "effective": "2026-11-09" })), "already_deceased"),
            (json!({ "event_id": "ev-d-5", "kind": "new_number", "effective": "2026-11-05", "id_number": "097186000013", "new_id_number": "097099000001" }), "number_taken"),
            (json!({ "event_id": "ev-d-6", "kind": "found", "effective": "2026-11-05", "id_number": "097186000013" }), "not_missing"),
            (json!({ "event_id": "ev-d-7", "kind": "household_change", "effective": "2026-11-05", "household_id": "a".repeat(32), "members": [{ "id_number": "097186000013", "relation_to_head": "head" }] }), "in_another_household"),
        ] {
            let answer = desk.tell(&event).await;
            assert_eq!(answer.problem(), (409, "event-contradicts".to_owned()), "{}", answer.text);
            assert_eq!(answer.faults()[0].1, code);
            let entry = desk.last_entry().await.entry;
            assert_eq!((entry.outcome, entry.reason.as_str()), (Outcome::Refused, code));
        }
        let parked = desk.tell(&but(late, json!({ "park": true }))).await.json();
        assert_eq!((&parked["outcome"], &parked["reason"]), (&json!("parked"), &json!("deceased")));
        let dead = desk.check(&ask(an(), json!({ "questions": ["permanent_residence"] }))).await;
        assert_eq!(dead["answers"]["permanent_residence"]["value"]["unit"], "00004");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_is_born_into_the_household_and_waits_for_nobody() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let moves = json!({
            "event_id": "ev-b-2", "kind": "move", "effective": "2026-11-15", "id_number": "097326000099",
            "residence_kind": "current", "unit": "26740",
        });
        let waits = desk.tell(&moves).await.json();
        assert_eq!((&waits["outcome"], &waits["reason"]), (&json!("parked"), &json!("unknown_person")), "{waits}");
        let birth = json!({
            "event_id": "ev-b-1", "kind": "birth", "effective": "2026-11-12", "mother": "097186000013", "father": "097084000012",
            "person": { "id_number": "097326000099", "full_name": "Bùi Minh Khang", "date_of_birth": "2026-11-12", "sex": "male" },
        });
        let born = desk.tell(&birth).await.json();
        assert_eq!((&born["outcome"], &born["released"]), (&json!("applied"), &json!(["ev-b-2"])), "{born}");
        let child = json!({ "id_number": "097326000099", "full_name": "Bùi Minh Khang", "date_of_birth": "2026-11-12" });
        let asked = json!({ "questions": ["household", "current_residence", "permanent_residence"] });
        let body = desk.check(&ask(child, asked)).await;
        assert_eq!(body["answers"]["household"]["value"]["relation_to_head"], "child", "{body}");
        assert_eq!(body["answers"]["household"]["value"]["members"].as_array().unwrap().len(), 6);
        assert_eq!(body["answers"]["current_residence"]["value"]["unit"], "26740");
        assert_eq!(body["answers"]["permanent_residence"]["value"]["unit"], "00004");
        let father = super::about("relation_to", json!({ "id_number": "097326000099", "full_name": "Bùi Minh Khang", "date_of_birth": "2026-11-12" }), json!({ "relation": "parent" }));
        within(Duration::from_secs(10), async || {
            let body = desk.check(&ask(hai(), json!({ "predicates": [father] }))).await;
            body["predicates"][0]["answer"] == true
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_registry_writes_and_faults_are_told_at_once() {
    let desk = Desk::open(&crate::support::Backend::sqlite()).await;
    let event = moved("ev-f-1", "2026-11-10", json!({ "purpose": purpose(crate::api::citizens::desk::PORTAL) }));
    assert_eq!(desk.post("portal", EVENTS, &event).await.status, 403);
    let faulty = moved("x", "2030-01-01", json!({ "unit": "99999", "person": {}, "residence_kind": "holiday" }));
    let faults = desk.tell(&faulty).await.faults();
    let pointers: Vec<&str> = faults.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, ["/effective", "/event_id", "/person", "/residence_kind", "/unit"], "{faults:?}");
    let correction = json!({ "event_id": "ev-f-2", "kind": "correction", "effective": "2026-11-10", "id_number": "097084000012",
        "changes": { "id_number": "097084000013", "full_name": null, "sex": "x", "shoe_size": 4 } });
    let faults = desk.tell(&correction).await.faults();
    assert!(
        faults.iter().any(|(pointer, code)| pointer == "/changes/id_number" && code == "not_correctable"),
        "{faults:?}"
    );
}

fn birth(id: &str, day: &str, number: &str) -> Value {
    json!({
        "event_id": id, "kind": "birth", "effective": day, "mother": "097186000013", "father": "097084000012",
        "person": { "id_number": number, "full_name": "Bùi Minh Khang", "date_of_birth": day, "sex": "male" },
    })
}

fn died(name: &str, day: &str) -> dancu::citizens::Citizen {
    let mut citizen = people().into_iter().find(|person| person.full_name.expose() == name).unwrap();
    citizen.status = Status::Deceased;
    citizen.status_date = Some(PartialDate::parse(day).unwrap());
    citizen
}

#[tokio::test(flavor = "multi_thread")]
async fn no_child_is_born_to_a_mother_who_has_died_nor_long_after_its_father() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        // The law counts a child born within three hundred days as its dead father's.
        desk.put(&died("Bùi Quang Hải", "2026-01-01")).await;
        let late = desk.tell(&birth("ev-late", "2026-10-29", "097326000098")).await;
        assert_eq!((late.problem().0, late.faults()[0].1.as_str()), (409, "deceased"), "{late:?}");
        assert_eq!(desk.tell(&birth("ev-due", "2026-10-28", "097326000098")).await.json()["outcome"], "applied");
        desk.put(&died("Đỗ Thị Thanh Hà", "2026-11-01")).await;
        let after = but(birth("ev-after", "2026-11-02", "097326000097"), json!({ "father": null }));
        let refused = desk.tell(&after).await;
        assert_eq!((refused.problem().0, refused.faults()[0].1.as_str()), (409, "deceased"), "{refused:?}");
        let same_day = but(birth("ev-same-day", "2026-11-01", "097326000097"), json!({ "father": null }));
        assert_eq!(desk.tell(&same_day).await.json()["outcome"], "applied");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_household_moves_without_its_dead_and_those_not_yet_born() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        // As an import brings them: the dead still in the book, and a child of the week after.
        desk.put(&died("Ngô Thị Lan", "2026-05-01")).await;
        let mut child = people().into_iter().find(|person| person.full_name.expose() == "Bùi Gia Bảo").unwrap();
        child.citizen_id.0[15] ^= 1;
        child.id_number = crate::api::citizens::desk::number("097326000096");
        child.date_of_birth = PartialDate::parse("2026-11-17").unwrap();
        desk.put(&child).await;
        let told = desk.tell(&moved("ev-whole", "2026-11-10", json!({}))).await.json();
        assert_eq!(told["changed"], 4, "{told}");
        let entry = desk.entry_of(&told).await;
        let lan = died("Ngô Thị Lan", "2026-05-01").citizen_id;
        assert!(!entry.subjects.contains(&lan) && !entry.subjects.contains(&child.citizen_id));
        let gone = desk.citizens.holder(lan).await.unwrap().unwrap();
        assert_eq!(gone.citizen.permanent_residence.as_ref().unwrap().unit, "00004");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_events_at_once_are_refused_unless_parking_was_asked_for() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let clock = desk.house.clock.clone();
        let importer = EventImporter::new(desk.house.store.clone(), desk.sealing.clone(), clock);
        let later: Vec<_> = (0..512)
            .map(|n| {
                let line = json!({ "event_id": format!("ev-many-{n:04}"), "kind": "correction", "effective": "2026-10-01",
                    "id_number": "097099000001", "changes": { "email": format!("a{n}@example.vn") } });
                importer.read(line.to_string().as_bytes()).unwrap()
            })
            .collect();
        for some in later.chunks(64) {
            importer.take_in(some.to_vec()).await.unwrap();
        }
        let early = json!({ "event_id": "ev-early", "kind": "correction", "effective": "2026-01-01",
            "id_number": "097099000001", "changes": { "phone": "+84000999001" } });
        let refused = desk.tell(&early).await;
        assert_eq!(refused.problem(), (409, "event-contradicts".to_owned()), "{refused:?}");
        assert_eq!(refused.faults()[0].1, "too_many_events");
        assert!(importer.parked(10).await.unwrap().is_empty(), "nothing is kept of it");
        let parked = desk.tell(&but(early, json!({ "park": true }))).await.json();
        assert_eq!((&parked["outcome"], &parked["reason"]), (&json!("parked"), &json!("too_many_events")));
    })
    .await;
}

/// Who gives a file has no log of their own: the serving process writes what the file's events owe.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_files_events_did_is_recorded_once_by_whoever_serves() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let twin = if backend.is_postgres() { Some(desk.twin(&backend).await) } else { None };
        let importer = EventImporter::new(desk.house.store.clone(), desk.sealing.clone(), desk.house.clock.clone());
        let read = |event: Value| importer.read(event.to_string().as_bytes()).unwrap();
        let waits = json!({ "event_id": "ev-file-1", "kind": "move", "effective": "2026-11-15",
            "id_number": "097326000099", "residence_kind": "current", "unit": "26740" });
        importer.take_in(vec![read(moved("ev-file-2", "2026-11-10", json!({}))), read(waits)]).await.unwrap();
        let linh = people().into_iter().find(|person| person.full_name.expose() == "Bùi Ngọc Linh").unwrap();
        let looks = async || desk.looks(linh.citizen_id).await;
        within(Duration::from_secs(10), async || !looks().await.is_empty()).await;
        let look = &looks().await[0];
        assert_eq!((&look["operation"], &look["client"]), (&json!("population.event"), &Value::Null), "{look}");
        // Released by another of a file, it changes a record, and owes an entry, too.
        importer.take_in(vec![read(birth("ev-file-3", "2026-11-12", "097326000099"))]).await.unwrap();
        let born = desk.citizens.holder_of_number(&crate::api::citizens::desk::number("097326000099")).await.unwrap();
        let born = born.unwrap().citizen.citizen_id;
        within(Duration::from_secs(10), async || desk.looks(born).await.len() == 2).await;
        importer.take_in(vec![read(moved("ev-file-2", "2026-11-10", json!({})))]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(2500)).await;
        assert_eq!(looks().await.len(), 1, "each once");
        drop(twin);
    })
    .await;
}
