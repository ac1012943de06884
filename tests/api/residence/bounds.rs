//! What answers may not tell: of others, of who has died, by how long they take.

use dancu::clients::Detail;
use dancu::kernel::{Attribute, AttributeSet};
use serde_json::{Value, json};

use super::{CHECK, CONFIRM, EVENTS, REGISTRY, about, an, ask, confirmation, hai, linh};
use crate::api::citizens::desk::{Desk, PORTAL, but, people, purpose};
use crate::api::forms::CT01;
use crate::support::for_each_backend;

fn id_of(name: &str) -> dancu::kernel::CitizenId {
    people().iter().find(|person| person.full_name.expose() == name).unwrap().citizen_id
}

fn chien() -> Value {
    json!({ "id_number": "097048000003", "full_name": "Lê Văn Chiến", "date_of_birth": "1948-11-20" })
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_looked_for_where_nothing_will_be_told() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("places", "portal", |agreement| {
            agreement.attributes = [Attribute::PermanentResidence].into_iter().collect();
        })
        .await;
        let wrong = but(hai(), json!({ "full_name": "Bùi Quang Hùng" }));
        let predicates =
            json!([about("same_household_as", wrong, json!({})), { "predicate": "resides_in", "unit": "01" }]);
        let failed = desk.counted("failed_anchors_total");
        let body = desk.post("places", CHECK, &ask(linh(), json!({ "predicates": predicates }))).await.json();
        let told = |place: usize| (&body["predicates"][place]["answer"], &body["predicates"][place]["reason"]);
        assert_eq!(told(0), (&Value::Null, &json!("not_agreed")), "{body}");
        assert_eq!(told(1), (&json!(true), &json!("recorded")));
        assert_eq!(desk.counted("failed_anchors_total"), failed);
        assert_eq!(desk.entry_of(&body).await.subjects, [id_of("Bùi Ngọc Linh")]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_further_person_counts_against_the_quota() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("three", "portal", |agreement| agreement.per_minute = 3).await;
        let two = json!({ "predicates": [
            about("same_household_as", hai(), json!({})),
            about("relation_to", hai(), json!({ "relation": "child" })),
            about("same_household_as", an(), json!({})),
        ] });
        assert_eq!(desk.post("three", CHECK, &ask(linh(), two.clone())).await.status, 200);
        let more = desk.post("three", CHECK, &ask(linh(), json!({ "questions": ["household"] }))).await;
        assert_eq!(more.problem(), (429, "rate-limited".to_owned()));
        desk.client("two", "portal", |agreement| agreement.per_minute = 2).await;
        let refused = desk.post("two", CHECK, &ask(linh(), two)).await;
        assert_eq!(refused.problem(), (429, "rate-limited".to_owned()));
        let entry = desk.last_entry().await;
        // Before anybody is looked for, so that the refusal does not say who was found.
        assert_eq!((entry.entry.reason.as_str(), entry.subjects), ("over_quota", vec![]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_somebody_has_died_is_told_to_those_alone_who_may_read_the_status() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        let asked = ask(chien(), json!({ "predicates": [{ "predicate": "resides_in", "unit": "01" }] }));
        let told = async |desk: &Desk, client: &str| {
            let body = desk.post(client, CHECK, &asked).await.json();
            if body["outcome"] == "no_match" {
                return (json!(null), json!("no_match"), body["status"].clone());
            }
            (body["predicates"][0]["answer"].clone(), body["predicates"][0]["reason"].clone(), body["status"].clone())
        };
        assert_eq!(told(&desk, "portal").await, (json!(false), json!("deceased"), json!("deceased")));
        let without = |attributes: AttributeSet| attributes.difference([Attribute::Status].into_iter().collect());
        desk.client("no-status", "portal", |agreement| agreement.attributes = without(agreement.attributes)).await;
        desk.client("yes-no", "portal", |agreement| agreement.detail = Detail::Boolean).await;
        for client in ["no-status", "yes-no"] {
            assert_eq!(told(&desk, client).await, (json!(null), json!("no_match"), json!(null)), "{client}");
        }
        let confirm = desk.post("no-status", CONFIRM, &confirmation(chien(), json!({}))).await.json();
        assert_eq!(confirm["outcome"], "no_match", "{confirm}");
        let officer = but(chien(), json!({ "purpose": purpose(PORTAL) }));
        for client in ["no-status", "yes-no"] {
            assert_eq!(desk.post(client, CT01, &officer).await.json()["outcome"], "no_match", "{client}");
        }
        // The registry writes; one that may not read the status is told no more than that it does not fit.
        desk.client("writer", "loadtest", |agreement| agreement.detail = Detail::Boolean).await;
        let moved = json!({
            "event_id": "ev-died", "kind": "move", "effective": "2026-11-10", "id_number": "097048000003",
            "residence_kind": "permanent", "unit": "26740", "purpose": purpose(REGISTRY),
        });
        for (client, code) in [("loadtest", "deceased"), ("writer", "contradicts_record")] {
            assert_eq!(desk.post(client, EVENTS, &moved).await.faults()[0].1, code);
        }
        assert_eq!(desk.last_entry().await.entry.reason, "deceased");
    })
    .await;
}

/// By their own session a citizen sees their household, in an answer as in a form; a consent, which
/// is one person's, lets out nobody else in either.
#[tokio::test(flavor = "multi_thread")]
async fn forms_and_residence_name_members_by_one_rule() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let child = id_of("Bùi Ngọc Linh");
        let consent = desk
            .consent(dancu::consent::NewConsent {
                citizen: child,
                client: "portal".parse().unwrap(),
                procedure: None,
                attributes: AttributeSet::all(),
                ..crate::api::consent::to_shop(&desk)
            })
            .await;
        let own = json!({ "procedure": "1.004222", "legal_basis": "STATE_DUTY" });
        let consented = json!({ "procedure": "1.004222", "legal_basis": "CONSENT", "consent": consent });
        let few: AttributeSet = [Attribute::Household, Attribute::PermanentResidence].into_iter().collect();
        for (attributes, purpose, named) in
            [(AttributeSet::all(), &own, 5), (AttributeSet::all(), &consented, 0), (few, &own, 0)]
        {
            let cookie = desk.session(child, attributes, None).await;
            let asked = json!({ "questions": ["household"], "purpose": purpose });
            let body = desk.page_post(&cookie, CHECK, &but(linh(), asked)).await.json();
            let members = body["answers"]["household"]["value"]["members"].as_array().map_or(0, Vec::len);
            let form = desk.page_post(&cookie, CT01, &json!({ "purpose": purpose })).await.json();
            let rows = form["values"]["members"].as_array().map_or(0, |rows| rows.len() + 1);
            assert_eq!((members, rows), (named, named), "{body} {form}");
            assert_eq!(body["hidden"].as_array().unwrap().is_empty(), named > 0);
            let ask = but(confirmation(linh(), json!({})), json!({ "purpose": purpose }));
            if attributes == AttributeSet::all() {
                let paper = desk.page_post(&cookie, CONFIRM, &ask).await.json();
                let stated = paper["document"]["household"]["members"].as_array().map_or(0, |rows| rows.len() + 1);
                assert_eq!(stated, named, "{paper}");
            }
        }
    })
    .await;
}
