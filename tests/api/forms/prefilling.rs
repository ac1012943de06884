use dancu::audit::Outcome;
use dancu::citizens::model::{Membership, RelationToHead};
use dancu::consent::{Consent, NewConsent};
use dancu::kernel::{Attribute, AttributeSet, ProcedureCode};
use serde_json::{Value, json};

use super::{CT01, about, as_far_as_it_goes, family, leaves, shipped};
use crate::api::citizens::desk::{Desk, an, but, people};
use crate::support::for_each_backend;

fn reason(body: &Value, field: &str) -> String {
    let missing = body["missing"].as_array().unwrap();
    let found = missing.iter().find(|missing| missing["field"] == field);
    found.map_or_else(String::new, |missing| missing["reason"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_gets_ct01_filled_with_the_household_and_every_source() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let [head, ..] = &family()[..] else { panic!("five people") };
        let body = desk.post("portal", CT01, &about(head)).await.json();
        assert_eq!((&body["outcome"], &body["form"]), (&json!("filled"), &json!("ct01")), "{body}");
        let values = &body["values"];
        assert_eq!(values["full_name"], "Bùi Quang Hải");
        assert_eq!((&values["sex"], &values["phone"]), (&json!("Nam"), &json!("0000999999")));
        assert_eq!(values["head"]["relation"], "Chủ hộ");
        let rows: Vec<_> = values["members"].as_array().unwrap().iter().collect();
        let told: Vec<_> = rows.iter().map(|row| (row["full_name"].as_str(), row["relation"].as_str())).collect();
        assert_eq!(
            told,
            [
                (Some("Đỗ Thị Thanh Hà"), Some("Vợ/chồng")),
                (Some("Ngô Thị Lan"), Some("Cha/mẹ")),
                (Some("Bùi Ngọc Linh"), Some("Con")),
                (Some("Bùi Gia Bảo"), Some("Con")),
            ]
        );
        assert_eq!((&rows[2]["id_number"], &rows[2]["date_of_birth"]), (&json!("097312000014"), &json!("2012-03-08")));
        let check = as_far_as_it_goes(shipped("ct01").schema);
        assert!(check.is_valid(values), "{values}");
        let mut given = Vec::new();
        leaves(values, "", &mut given);
        let provenance = body["provenance"].as_object().unwrap();
        for at in &given {
            assert_eq!(provenance[at]["source"], "population", "{at}");
            assert!(provenance[at]["as_of"].is_string() && provenance[at]["classification"].is_string());
        }
        assert_eq!(provenance.len(), given.len() + 1, "and the table itself");
        assert_eq!(
            body["missing"],
            json!([
                { "field": "/addressee", "reason": "ask_citizen" },
                { "field": "/email", "reason": "not_held" },
                { "field": "/request", "reason": "ask_citizen" },
            ])
        );
        let count = given.len() as u64;
        assert_eq!(
            (body["prefilled"]["count"].as_u64(), body["prefilled"]["of"].as_u64()),
            (Some(count), Some(count + 3))
        );
        let entry = desk.entry_of(&body).await;
        assert_eq!((entry.entry.operation.as_str(), entry.entry.outcome), ("forms.prefill", Outcome::Answered));
        assert_eq!((entry.subjects.len(), entry.subjects[0]), (5, head.citizen_id));
        assert!(desk.metrics.encode().contains(r#"dancu_forms_prefilled_ratio_count{form="ct01"} 1"#));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_citizens_own_session_needs_no_anchor_and_gives_what_was_approved() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let [head, wife, ..] = &family()[..] else { panic!("five people") };
        let ask = json!({ "purpose": { "procedure": "1.004222", "legal_basis": "STATE_DUTY" } });
        let cookie = desk.session(wife.citizen_id, AttributeSet::all(), None).await;
        let body = desk.page_post(&cookie, CT01, &ask).await.json();
        assert_eq!(body["values"]["full_name"], "Đỗ Thị Thanh Hà", "{body}");
        assert_eq!(
            body["values"]["head"],
            json!({
                "full_name": head.full_name, "relation": "Vợ/chồng", "id_number": head.id_number
            })
        );
        let entry = desk.entry_of(&body).await;
        assert_eq!((entry.subjects[0], entry.entry.officer), (wife.citizen_id, None));
        // Only what she approved.
        let few: AttributeSet = [Attribute::FullName, Attribute::Sex].into_iter().collect();
        let cookie = desk.session(wife.citizen_id, few, None).await;
        let body = desk.page_post(&cookie, CT01, &ask).await.json();
        assert_eq!(body["values"], json!({ "full_name": "Đỗ Thị Thanh Hà", "sex": "Nữ" }), "{body}");
        assert_eq!(
            (reason(&body, "/members"), reason(&body, "/head/full_name")),
            ("not_agreed".into(), "not_agreed".into())
        );
        // Nobody else.
        let other = but(about(head), json!({ "purpose": ask["purpose"] }));
        assert_eq!(desk.page_post(&cookie, CT01, &other).await.json()["outcome"], "no_match");
        // An officer names somebody.
        let officer = json!({ "purpose": about(head)["purpose"] });
        let faults = desk.post("portal", CT01, &officer).await.faults();
        assert_eq!(faults, [("/id_number".to_owned(), "missing".to_owned())]);
        assert_eq!(desk.post("portal", CT01, &ask).await.problem().0, 422);
        let without = but(about(head), json!({ "purpose": ask["purpose"] }));
        assert_eq!(desk.post("portal", CT01, &without).await.problem(), (403, "officer-missing".to_owned()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_consent_the_form_holds_what_the_consent_names() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let an_id = people()[0].citizen_id;
        let now = desk.house.now();
        let consent = NewConsent {
            citizen: an_id,
            client: "portal".parse().unwrap(),
            procedure: Some(ProcedureCode::parse("1.004222").unwrap()),
            attributes: [Attribute::FullName, Attribute::DateOfBirth].into_iter().collect(),
            given_at: now,
            until: now.plus(Consent::LASTS),
            proof: Vec::new(),
        };
        let id = desk.consent(consent).await;
        let cookie = desk.session(an_id, AttributeSet::all(), Some(id)).await;
        let ask = json!({ "purpose": { "procedure": "1.004222", "legal_basis": "CONSENT" } });
        let body = desk.page_post(&cookie, CT01, &ask).await.json();
        assert_eq!(body["values"], json!({ "full_name": "Nguyễn Văn An", "date_of_birth": "1999-03-15" }), "{body}");
        assert_eq!(desk.entry_of(&body).await.entry.consent.unwrap().0, id.0);
        desk.consents.withdraw(an_id, id, &"portal".parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(desk.page_post(&cookie, CT01, &ask).await.problem(), (403, "consent-missing".to_owned()));
        // Nor under another basis: what the citizen withdrew, their session lets out no more.
        let ask = json!({ "purpose": { "procedure": "1.004222", "legal_basis": "STATE_DUTY" } });
        assert_eq!(desk.page_post(&cookie, CT01, &ask).await.json()["values"], json!({}));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_the_dead_another_procedure_and_poor_data() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let an = but(an(), json!({ "attributes": null }));
        let mut same = Vec::new();
        for change in [json!({ "id_number": "097099000099" }), json!({ "full_name": "Trần Văn Khác" })] {
            let answer = desk.post("portal", CT01, &but(an.clone(), change)).await;
            assert!(answer.took_ms >= 20, "negative answers wait");
            same.push(but(answer.json(), json!({ "transaction_id": null, "audit": null })));
        }
        assert_eq!(same[0], same[1]);
        assert_eq!(same[0]["outcome"], "no_match");
        let dead = people().into_iter().find(|citizen| citizen.id_number.expose() == "097048000003").unwrap();
        let body = desk.post("portal", CT01, &about(&dead)).await.json();
        assert_eq!((&body["outcome"], &body["values"]), (&json!("not_alive"), &json!({})));
        assert_eq!(desk.entry_of(&body).await.subjects, [dead.citizen_id]);
        let mut confirmation = an.clone();
        confirmation["purpose"]["procedure"] = json!("1.004222");
        let answer = desk.post("portal", "/v1/forms/ct07-request/prefill", &confirmation).await;
        assert_eq!(answer.faults(), [("/purpose/procedure".to_owned(), "other_procedure".to_owned())]);
        assert_eq!(desk.last_entry().await.entry.reason, "form_of_other_procedure");
        assert_eq!(desk.post("portal", "/v1/forms/none/prefill", &an).await.problem().0, 404);
        assert_eq!(desk.post("hotel", CT01, &an).await.status, 403);
        let alone = but(an.clone(), json!({ "full_name": null }));
        assert_eq!(desk.post("portal", CT01, &alone).await.faults(), [("/full_name".to_owned(), "missing".to_owned())]);
        let year = people().into_iter().find(|citizen| citizen.id_number.expose() == "098145000005").unwrap();
        let body = desk.post("portal", CT01, &about(&year)).await.json();
        assert_eq!(reason(&body, "/date_of_birth"), "poor_quality", "{body}");
        assert_eq!(reason(&body, "/members"), "not_held");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lodger_and_the_family_are_not_shown_to_each_other() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        let [head, wife, ..] = &family()[..] else { panic!("five people") };
        // Where the procedure does not need the members, nobody else is named.
        desk.client("alone", "portal", |agreement| agreement.household_members.clear()).await;
        let alone = desk.post("alone", CT01, &about(wife)).await.json();
        assert_eq!(
            (&alone["values"]["members"], &alone["values"]["head"]),
            (&Value::Null, &json!({ "relation": "Vợ/chồng" }))
        );
        assert_eq!(reason(&alone, "/members"), "not_agreed", "{alone}");
        assert_eq!(desk.entry_of(&alone).await.subjects, [wife.citizen_id]);
        let mut lodger = people()[0].clone();
        let household_id = head.household.as_ref().unwrap().household_id;
        lodger.household = Some(Membership { household_id, relation_to_head: RelationToHead::Lodger });
        desk.put(&lodger).await;
        let family = desk.post("portal", CT01, &about(head)).await.json();
        assert_eq!(family["values"]["members"].as_array().unwrap().len(), 4);
        assert_eq!(reason(&family, "/members"), "not_agreed", "somebody is hidden, and that is said");
        assert!(!family.to_string().contains("Nguyễn Văn An"));
        assert!(!desk.entry_of(&family).await.subjects.contains(&lodger.citizen_id));
        let own = desk.post("portal", CT01, &about(&lodger)).await.json();
        assert_eq!(own["values"]["members"], json!([]), "{own}");
        assert_eq!(reason(&own, "/head/full_name"), "not_agreed");
        assert!(!own.to_string().contains("Bùi"), "{own}");
    })
    .await;
}
