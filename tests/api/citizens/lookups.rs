use dancu::audit::Outcome;
use dancu::clients::Detail;
use dancu::kernel::{Attribute, AttributeSet};
use serde_json::{Value, json};

use super::desk::{Desk, an, but, people};
use crate::support::for_each_backend;

/// Somebody of the showcase, by number, name and birth date.
fn somebody(number: &str, name: &str, birth: &str) -> Value {
    but(an(), json!({ "id_number": number, "full_name": name, "date_of_birth": birth }))
}

fn all_attributes() -> Vec<&'static str> {
    Attribute::ALL.iter().map(|attribute| attribute.name()).collect()
}

/// The answer without what differs each time.
fn steady(mut answer: Value) -> Value {
    answer["transaction_id"] = json!("-");
    answer["audit"] = json!("-");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_and_agreed_is_told_with_its_source_and_recorded() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let answer = desk.look_up(&but(an(), json!({ "attributes": ["sex", "full_name", "religion"] }))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.header("ratelimit").starts_with(r#""minute";r=59999;t="#), "{answer:?}");
        assert!(answer.header("ratelimit-policy").starts_with(r#""minute";q=60000;w=60, "day";q="#), "{answer:?}");
        let body = answer.json();
        let basic =
            |value| json!({ "value": value, "source": "population", "as_of": "2026-10-01", "classification": "basic" });
        assert_eq!(
            steady(body.clone()),
            json!({
                "transaction_id": "-",
                "outcome": "found",
                "status": "alive",
                "citizen": { "full_name": basic("Nguyễn Văn An"), "sex": basic("male") },
                "withheld": [{ "attribute": "religion", "reason": "not_recorded" }],
                "warnings": ["number_prefix_unknown"],
                "audit": "-",
            })
        );
        let entry = desk.entry_of(&body).await;
        let [an, ..] = &people()[..] else { panic!() };
        assert_eq!(entry.subjects, [an.citizen_id]);
        assert_eq!((entry.entry.outcome, entry.entry.operation.as_str()), (Outcome::Answered, "citizens.lookup"));
        let told: AttributeSet = [Attribute::FullName, Attribute::Sex, Attribute::Status].into_iter().collect();
        assert_eq!(entry.entry.attributes, told);
        assert_eq!(entry.entry.officer.unwrap().standing, dancu::audit::OfficerStanding::Registered);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_attribute_is_told_or_withheld() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let ask = somebody("097084000012", "Bùi Quang Hải", "1984-02-10");
        let body = desk.look_up(&but(ask, json!({ "attributes": all_attributes() }))).await.json();
        let told = body["citizen"].as_object().unwrap();
        let withheld = body["withheld"].as_array().unwrap();
        assert_eq!(told.len() + withheld.len(), Attribute::ALL.len());
        assert!(withheld.iter().all(|withheld| withheld["reason"] == "not_recorded"), "{withheld:?}");
        insta::assert_json_snapshot!("all_attributes", steady(body));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_tolerance_anchors_and_nothing_beyond() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let found = async |ask: Value| desk.look_up(&ask).await.json()["outcome"] == "found";
        for (number, name, birth) in [
            ("097099000001", "NGUYỄN VĂN AN", "1999-03-15"),
            ("097099000001", "nguyễn  văn an", "1999-03-15"),
            ("097099000001", "Nguye\u{302}\u{303}n Va\u{306}n An", "1999-03-15"),
            ("097099000001", "NGUYEN VAN AN", "1999-03-15"),
            ("099195000010", "Hoàng Thuý Mĩ Hoà", "1995-04-30"),
            ("099190000008", "H’ Linh Êban", "1990-09-09"),
            ("099087000009", "K'Brêu", "1987-12-01"),
            ("098190000007", "HLỚP", "1990-05-19"),
            // The record knows less of the date than was given.
            ("098145000005", "Vũ Thị Đào", "1945"),
            ("098145000005", "Vũ Thị Đào", "1945-08"),
            ("098145000005", "Vũ Thị Đào", "1945-08-19"),
            ("098051000006", "Võ Văn Em", "1951-09-02"),
        ] {
            assert!(found(somebody(number, name, birth)).await, "{name} {birth}");
        }
        for (number, name, birth) in [
            ("097099000001", "Nguyễn An", "1999-03-15"),
            ("097099000001", "Văn An Nguyễn", "1999-03-15"),
            ("097099000001", "Nguyễn Văn Ân", "1999-03-15"),
            ("097099000001", "Nguyễn Văn An", "1999-03-16"),
            ("097099000001", "Nguyễn Văn An", "1999-03"),
            ("097099000001", "Nguyễn Văn An", "1999"),
            ("098145000005", "Võ Thị Đào", "1945"),
            ("098051000006", "Võ Văn Em", "1951"),
            ("099195000010", "Huỳnh Thúy Mỹ Hòa", "1995-04-30"),
            ("097099000002", "Nguyễn Văn An", "1999-03-15"),
        ] {
            assert!(!found(somebody(number, name, birth)).await, "{name} {birth}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cmnd_anchors_when_one_person_fits() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let by = |cmnd: &str, name: &str| {
            but(
                an(),
                json!({ "id_number": null, "legacy_id_number": cmnd, "full_name": name, "attributes": ["id_number"] }),
            )
        };
        // Two people share the number; each is found by their own name.
        for (name, number) in [("Nguyễn Văn An", "097099000001"), ("Hồ Ngọc Hà", "097099900003")] {
            let body = desk.look_up(&by("970000001", name)).await.json();
            assert_eq!(body["citizen"]["id_number"]["value"], number, "{body}");
            assert_eq!(body["warnings"], json!([]));
        }
        // Two people share number, name and birth date.
        let body = desk.look_up(&by("970000009", "Nguyễn Văn An")).await.json();
        assert_eq!(body["outcome"], "no_match");
        assert!(desk.entry_of(&body).await.subjects.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_number_finds_its_citizen_with_a_warning() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("narrow", "portal", |agreement| {
            agreement.attributes = [Attribute::FullName].into_iter().collect();
        })
        .await;
        let by_old = but(
            somebody("097188000002", "Trần Thị Bình", "1989-07-02"),
            json!({ "attributes": ["id_number", "full_name"] }),
        );
        let body = desk.look_up(&by_old).await.json();
        assert_eq!(body["warnings"], json!(["number_cancelled"]));
        assert_eq!(body["citizen"]["id_number"]["value"], "097189000002");
        // Not asked for: not told.
        let text = desk.look_up(&but(by_old.clone(), json!({ "attributes": ["full_name"] }))).await.text;
        assert!(text.contains("number_cancelled") && !text.contains("097189000002"), "{text}");
        // Not agreed: not told.
        let answer = desk.post("narrow", "/v1/citizens/lookup", &by_old).await;
        assert!(!answer.text.contains("097189000002"), "{answer:?}");
        assert_eq!(answer.json()["withheld"], json!([{ "attribute": "id_number", "reason": "not_agreed" }]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dead_and_the_missing_are_told_as_such() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        for (number, name, birth, status) in [
            ("097048000003", "Lê Văn Chiến", "1948-11-20", "deceased"),
            ("098085000004", "Phạm Minh Dũng", "1985-01-30", "missing"),
        ] {
            let ask = but(somebody(number, name, birth), json!({ "attributes": ["status", "status_date"] }));
            let body = desk.look_up(&ask).await.json();
            assert_eq!((&body["outcome"], &body["status"]), (&json!("found"), &json!(status)));
            assert_eq!(body["citizen"]["status"]["value"], status);
            assert!(body["citizen"]["status_date"]["value"].is_string());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_household_discloses_names_and_relations_and_every_member_is_a_subject() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("nameless", "portal", |agreement| {
            agreement.attributes = [Attribute::Household, Attribute::Parents].into_iter().collect();
        })
        .await;
        let family: Vec<_> = people().into_iter().filter(|person| person.household.is_some()).collect();
        let daughter = somebody("097312000014", "Bùi Ngọc Linh", "2012-03-08");
        let ask = but(daughter, json!({ "attributes": ["household", "parents"] }));
        let answer = desk.look_up(&ask).await;
        let body = answer.json();
        let household = &body["citizen"]["household"]["value"];
        assert_eq!(household["relation_to_head"], "child");
        assert_eq!(household["head"], json!({ "full_name": "Bùi Quang Hải", "relation_to_head": "head" }));
        assert_eq!(household["members"].as_array().unwrap().len(), family.len());
        assert_eq!(
            body["citizen"]["parents"]["value"],
            json!([{ "full_name": "Bùi Quang Hải" }, { "full_name": "Đỗ Thị Thanh Hà" }])
        );
        for member in &family {
            assert!(!answer.text.contains(member.id_number.expose()), "a number of somebody else");
        }
        let entry = desk.entry_of(&body).await;
        let mut subjects = entry.subjects.clone();
        assert_eq!(subjects[0], family[2].citizen_id);
        subjects.sort();
        let mut expected: Vec<_> = family.iter().map(|member| member.citizen_id).collect();
        expected.sort();
        assert_eq!(subjects, expected);
        // Where names are not agreed, nothing is told of the others.
        let nameless = desk.post("nameless", "/v1/citizens/lookup", &ask).await;
        assert!(!nameless.text.contains("Bùi"), "{nameless:?}");
        let told = nameless.json();
        assert_eq!(told["citizen"]["household"]["value"]["relation_to_head"], "child", "{told}");
        assert!(told["citizen"]["household"]["value"].get("members").is_none(), "{told}");
        let hidden = json!({ "attribute": "household", "reason": "members_not_agreed" });
        assert!(told["withheld"].as_array().unwrap().contains(&hidden), "{told}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn relatives_who_are_named_are_subjects_though_they_live_elsewhere() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let grandmother = somebody("097155000016", "Ngô Thị Lan", "1955-05-05");
        let body = desk.look_up(&but(grandmother, json!({ "attributes": ["children"] }))).await.json();
        let son = people().into_iter().find(|person| person.id_number.expose() == "097084000012").unwrap();
        assert_eq!(desk.entry_of(&body).await.subjects[1..], [son.citizen_id]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_for_yes_and_no_gets_no_more() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("yesno", "portal", |agreement| agreement.detail = Detail::Boolean).await;
        let body = desk.post("yesno", "/v1/citizens/lookup", &an()).await.json();
        assert_eq!(
            steady(body),
            json!({
                "transaction_id": "-", "outcome": "found", "status": null, "citizen": {},
                "withheld": [
                    { "attribute": "full_name", "reason": "boolean_detail" },
                    { "attribute": "sex", "reason": "boolean_detail" },
                ],
                "warnings": [], "audit": "-",
            })
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_match_looks_the_same_and_leaves_late_whatever_the_cause() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let token = desk.house.token("portal").await;
        let causes = [
            ("nobody has the number", but(an(), json!({ "id_number": "097099777777" }))),
            ("another name", but(an(), json!({ "full_name": "Trần Văn Bảy" }))),
            ("another date", but(an(), json!({ "date_of_birth": "1999-03-16" }))),
            ("a coarser date", but(an(), json!({ "date_of_birth": "1999" }))),
            ("somebody dead", but(an(), json!({ "id_number": "097048000003" }))),
            ("nobody has the CMND", but(an(), json!({ "id_number": null, "legacy_id_number": "970000099" }))),
            ("too many have the CMND", but(an(), json!({ "id_number": null, "legacy_id_number": "970000009" }))),
        ];
        // Again, when the cache knows.
        for (cause, ask) in causes.iter().chain(&causes) {
            let answer = desk.post_with(&token, "/v1/citizens/lookup", ask).await;
            assert_eq!(answer.status, 200, "{cause}: {answer:?}");
            assert!(answer.took_ms >= 25, "{cause}: after {} ms", answer.took_ms);
            let body = answer.json();
            let index = body["audit"]["log_index"].as_u64().unwrap();
            assert_eq!(
                answer.text.replacen(&index.to_string(), "0", 1).len(),
                // Ids have one length; the index alone may have more digits.
                answer.text.len() - (index.to_string().len() - 1),
            );
            assert_eq!(
                steady(body.clone()),
                json!({
                    "transaction_id": "-", "outcome": "no_match", "status": null, "citizen": {},
                    "withheld": [], "warnings": [], "audit": "-",
                }),
                "{cause}"
            );
            let entry = desk.entry_of(&body).await;
            assert_eq!(entry.entry.outcome, Outcome::NoMatch);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_anchor_is_recorded_about_whom_it_was() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let body = desk.look_up(&but(an(), json!({ "full_name": "Trần Văn Bảy" }))).await.json();
        assert_eq!(desk.entry_of(&body).await.subjects, [people()[0].citizen_id]);
        let body = desk.look_up(&but(an(), json!({ "id_number": "097099777777" }))).await.json();
        assert!(desk.entry_of(&body).await.subjects.is_empty());
    })
    .await;
}
