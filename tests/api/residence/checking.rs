use dancu::audit::Outcome;
use dancu::clients::Detail;
use dancu::kernel::Attribute;
use serde_json::{Value, json};

use super::{CHECK, about, an, ask, hai, linh, without_members};
use crate::api::citizens::desk::{Desk, people};
use crate::support::for_each_backend;

fn id_of(name: &str) -> dancu::kernel::CitizenId {
    people().iter().find(|person| person.full_name.expose() == name).unwrap().citizen_id
}

fn answers(body: &Value) -> Vec<(Value, String)> {
    let told = body["predicates"].as_array().unwrap().iter();
    told.map(|one| (one["answer"].clone(), one["reason"].as_str().unwrap().to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_told_and_predicates_answered_without_telling() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let predicates = json!([
            { "predicate": "resides_in", "unit": "01" },
            { "predicate": "resides_in", "place": "Phường Ba Đình, Hà Nội", "kind": "permanent", "for_months": 12 },
            { "predicate": "resides_in", "unit": "79", "kind": "any" },
            { "predicate": "resides_in", "unit": "00004", "since": "2010-01-01" },
            { "predicate": "is_household_head" },
            about("same_household_as", hai(), json!({})),
            about("relation_to", hai(), json!({ "relation": "child" })),
            { "predicate": "age_at_least", "years": 14 },
            { "predicate": "age_at_least", "years": 15 },
        ]);
        let all = json!(["permanent_residence", "temporary_residence", "current_residence", "household"]);
        let body = desk.check(&ask(linh(), json!({ "questions": all, "predicates": predicates }))).await;
        assert_eq!((&body["outcome"], &body["status"]), (&json!("found"), &json!("alive")), "{body}");
        let said = |answer: Value, reason: &str| (answer, reason.to_owned());
        assert_eq!(
            answers(&body),
            [
                said(json!(true), "recorded"),
                said(json!(true), "recorded"),
                said(json!(false), "recorded"),
                said(json!(false), "registered_later"),
                said(json!(false), "recorded"),
                said(json!(true), "recorded"),
                said(json!(true), "recorded"),
                said(json!(true), "recorded"),
                said(json!(false), "recorded"),
            ]
        );
        assert_eq!(body["answers"]["permanent_residence"]["value"]["unit"], "00004");
        assert_eq!(body["answers"]["household"]["value"]["members"].as_array().unwrap().len(), 5);
        assert_eq!(body["answers"]["household"]["value"]["head"]["full_name"], "Bùi Quang Hải");
        assert_eq!(body["withheld"], json!([{ "attribute": "temporary_residence", "reason": "not_recorded" }]));
        assert_eq!(body["hidden"], json!([]));
        let entry = desk.entry_of(&body).await;
        assert_eq!((entry.entry.outcome, entry.entry.operation.as_str()), (Outcome::Answered, "residence.check"));
        assert_eq!((entry.subjects.len(), entry.subjects[0]), (5, id_of("Bùi Ngọc Linh")));
        assert!(entry.entry.attributes.contains(Attribute::DateOfBirth), "ages were told of");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_members_stay_hidden_unless_agreement_and_procedure_say_otherwise() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        let asked = json!({ "questions": ["household"], "purpose": without_members() });
        let body = desk.check(&ask(linh(), asked)).await;
        let household = &body["answers"]["household"]["value"];
        assert_eq!(household["relation_to_head"], "child");
        assert!(household.get("members").is_none() && household.get("head").is_none(), "{body}");
        assert_eq!(
            body["hidden"],
            json!([
                { "part": "household.head", "reason": "members_not_agreed" },
                { "part": "household.members", "reason": "members_not_agreed" },
            ])
        );
        assert_eq!(desk.entry_of(&body).await.subjects, [id_of("Bùi Ngọc Linh")]);
        assert!(!body.to_string().contains("Hải"));
        desk.client("narrow", "portal", |agreement| agreement.household_members.clear()).await;
        let answer = desk.post("narrow", CHECK, &ask(hai(), json!({ "questions": ["household"] }))).await;
        assert_eq!(answer.json()["hidden"], json!([{ "part": "household.members", "reason": "members_not_agreed" }]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn agreements_for_yes_and_no_get_predicates_only() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("yes-no", "portal", |agreement| {
            agreement.detail = Detail::Boolean;
            agreement.attributes = [Attribute::PermanentResidence].into_iter().collect();
        })
        .await;
        let predicates =
            json!([{ "predicate": "resides_in", "unit": "01" }, { "predicate": "age_at_least", "years": 18 }]);
        let asked = ask(an(), json!({ "questions": ["permanent_residence"], "predicates": predicates }));
        let body = desk.post("yes-no", CHECK, &asked).await.json();
        assert_eq!((&body["status"], &body["answers"]), (&json!(null), &json!({})), "{body}");
        assert_eq!(body["withheld"], json!([{ "attribute": "permanent_residence", "reason": "boolean_detail" }]));
        assert_eq!(answers(&body), [(json!(true), "recorded".to_owned()), (json!(null), "not_agreed".to_owned())]);
        let entry = desk.entry_of(&body).await;
        assert_eq!(entry.entry.attributes, [Attribute::PermanentResidence].into_iter().collect());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_person_is_anchored_counted_and_named_in_the_entry() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let failed = desk.counted("failed_anchors_total");
        let mut wrong = hai();
        wrong["full_name"] = json!("Bùi Quang Hùng");
        let predicates = json!([
            about("same_household_as", wrong, json!({})),
            about("relation_to", an(), json!({ "relation": "sibling" }))
        ]);
        let body = desk.check(&ask(linh(), json!({ "predicates": predicates }))).await;
        assert_eq!(answers(&body)[0], (json!(null), "other_no_match".to_owned()));
        assert_eq!(answers(&body)[1].1, "not_recorded");
        assert_eq!(desk.counted("failed_anchors_total"), failed + 1);
        let entry = desk.entry_of(&body).await;
        let named = ["Bùi Ngọc Linh", "Bùi Quang Hải", "Nguyễn Văn An"].map(id_of);
        assert_eq!(entry.subjects, named, "also whom the failed anchor was about");
        let nobody = ask(an(), json!({ "full_name": "Lê Thị Cúc", "questions": ["household"] }));
        let body = desk.check(&nobody).await;
        assert_eq!(
            (&body["outcome"], &body["predicates"], &body["hidden"]),
            (&json!("no_match"), &json!([]), &json!([]))
        );
        let entry = desk.entry_of(&body).await;
        assert_eq!(entry.entry.outcome, Outcome::NoMatch);
        // Enough wrong ones, and the client is told no more of that person.
        let mut wrong = hai();
        wrong["full_name"] = json!("Bùi Quang Hùng");
        let asked = ask(linh(), json!({ "predicates": [about("same_household_as", wrong, json!({}))] }));
        let mut blocked = None;
        for _ in 0..40 {
            let answer = desk.post("portal", CHECK, &asked).await;
            if answer.status == 429 {
                blocked = Some(answer);
                break;
            }
        }
        assert_eq!(blocked.expect("the guard blocks").problem().1, "too-many-failed-anchors");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_told_all_at_once_and_refusals_are_those_of_every_operation() {
    let desk = Desk::open(&crate::support::Backend::sqlite()).await;
    for (change, expected) in [
        (json!({ "questions": ["religion"] }), ("/questions", "not_a_question")),
        (json!({}), ("/questions", "nothing_asked")),
        (json!({ "predicates": [{ "predicate": "is_rich" }] }), ("/predicates/0/predicate", "predicate_unknown")),
        (json!({ "predicates": [{ "predicate": "resides_in" }] }), ("/predicates/0/unit", "missing")),
        (
            json!({ "predicates": [{ "predicate": "resides_in", "unit": "99" }] }),
            ("/predicates/0/unit", "unit_unknown"),
        ),
        (
            json!({ "predicates": [{ "predicate": "resides_in", "place": "Xã Tân Thành" }] }),
            ("/predicates/0/place", "unit_ambiguous"),
        ),
        (
            json!({ "predicates": [{ "predicate": "is_household_head", "years": 3 }] }),
            ("/predicates/0/years", "not_together"),
        ),
        (
            json!({ "predicates": [{ "predicate": "age_at_least", "years": 151 }] }),
            ("/predicates/0/years", "out_of_range"),
        ),
        (
            json!({ "predicates": [{ "predicate": "same_household_as", "id_number": "097084000012", "full_name": "Bùi Quang Hải" }] }),
            ("/predicates/0/date_of_birth", "missing"),
        ),
    ] {
        let faults = desk.post("portal", CHECK, &ask(an(), change)).await.faults();
        assert_eq!(faults, [(expected.0.to_owned(), expected.1.to_owned())]);
    }
    let good = ask(an(), json!({ "questions": ["household"] }));
    let anonymous = crate::api::citizens::desk::read(desk.request(CHECK).json(&good)).await;
    assert_eq!(anonymous.problem(), (401, "unauthorised".to_owned()));
    assert_eq!(desk.post("bank", CHECK, &good).await.status, 403);
    let mut other = good.clone();
    other["purpose"]["procedure"] = json!("9.999999");
    assert_eq!(desk.post("portal", CHECK, &other).await.problem(), (403, "procedure-not-agreed".to_owned()));
}
