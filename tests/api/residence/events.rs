use std::time::Duration;

use dancu::audit::Outcome;
use serde_json::{Value, json};

use super::{EVENTS, an, ask, confirmation, hai, linh};
use crate::api::citizens::desk::{Desk, but, purpose};
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
            (but(death.clone(), json!({ "event_id": "ev-d-4", "effective": "2026-10-01" })), "already_deceased"),
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
    assert!(
        pointers.contains(&"/event_id") && pointers.contains(&"/person") || pointers.contains(&"/residence_kind"),
        "{faults:?}"
    );
    let correction = json!({ "event_id": "ev-f-2", "kind": "correction", "effective": "2026-11-10", "id_number": "097084000012",
        "changes": { "id_number": "097084000013", "full_name": null, "sex": "x", "shoe_size": 4 } });
    let faults = desk.tell(&correction).await.faults();
    assert!(
        faults.iter().any(|(pointer, code)| pointer == "/changes/id_number" && code == "not_correctable"),
        "{faults:?}"
    );
}
