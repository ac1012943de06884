use dancu::audit::Outcome;
use dancu::clients::Operation;
use serde_json::{Value, json};

use super::{COMMUNE, SEARCH, STAYS, an, hotel, notice};
use crate::api::citizens::desk::{but, purpose, read};
use crate::support::for_each_backend;

/// Every operation that is asked with a purpose: path, body, and its name in audit entries.
fn operations(stay: &str, notice: &Value) -> Vec<(String, Value, &'static str)> {
    let purpose = &notice["purpose"];
    let with = |body: Value| but(body, json!({ "purpose": purpose }));
    vec![
        (STAYS.to_owned(), notice.clone(), "stays.report"),
        (format!("{STAYS}/{stay}/amend"), with(json!({ "room": "9" })), "stays.amend"),
        (format!("{STAYS}/{stay}/extend"), with(json!({ "planned_departure": "2026-12-01" })), "stays.extend"),
        (format!("{STAYS}/{stay}/check-out"), with(json!({})), "stays.check_out"),
        (format!("{STAYS}/{stay}/cancel"), with(json!({})), "stays.cancel"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_operation_refuses_whom_it_must_and_records_the_refusal() {
    for_each_backend(async |backend| {
        let (mut desk, facility) = hotel(&backend).await;
        let ask = notice(facility, json!([an()]));
        let stay = desk.report(&ask).await["stay_id"].as_str().unwrap().to_owned();
        desk.client("idle", "hotel", |agreement| {
            agreement.operations = [Operation::CitizensVerify].into_iter().collect();
        })
        .await;
        desk.client("poor", "hotel", |agreement| (agreement.per_minute, agreement.per_day) = (1, 1)).await;
        let mut operations = operations(&stay, &ask);
        let search = json!({ "purpose": purpose(COMMUNE) });
        for (path, body, _) in operations.iter().chain([&(SEARCH.to_owned(), search.clone(), "stays.search")]) {
            let anonymous = read(desk.request(path).json(body)).await;
            assert_eq!(anonymous.problem(), (401, "unauthorised".to_owned()), "{path}");
        }
        operations.push((SEARCH.to_owned(), but(ask.clone(), json!({})), "stays.search"));
        let mut poor = false;
        for (path, body, name) in &operations {
            let answer = desk.post("idle", path, body).await;
            assert_eq!(answer.problem(), (403, "insufficient-scope".to_owned()), "{path}");
            let entry = desk.last_entry().await.entry;
            assert_eq!((entry.operation.as_str(), entry.reason.as_str()), (*name, "insufficient_scope"));
            // Whether a body is faulty is not told to those who may not ask.
            let answer = desk.post("idle", path, &json!({ "purpose": 1 })).await;
            assert_eq!(answer.problem(), (403, "insufficient-scope".to_owned()), "{path}");
            if *name == "stays.search" {
                continue;
            }
            for (change, problem) in [
                (json!({ "procedure": "9.999" }), "procedure-not-agreed"),
                (json!({ "legal_basis": "STATE_DUTY" }), "legal-basis-not-agreed"),
                (json!({ "officer": null }), "officer-missing"),
            ] {
                let body = but(body.clone(), json!({ "purpose": but(body["purpose"].clone(), change) }));
                let answer = desk.post("hotel", path, &body).await;
                assert_eq!(answer.problem(), (403, problem.to_owned()), "{path}");
                let entry = desk.last_entry().await;
                assert_eq!((entry.entry.outcome, entry.entry.operation.as_str()), (Outcome::Refused, *name));
                assert!(entry.subjects.is_empty());
            }
            let answer = desk.post("poor", path, body).await;
            if poor {
                assert_eq!(answer.problem(), (429, "over-quota".to_owned()), "{path}");
                assert_eq!(desk.last_entry().await.entry.reason, "over_quota");
            }
            poor = true;
        }
        // The commune reads, and reports nothing; the hotel reads no commune.
        assert_eq!(desk.post("commune", STAYS, &ask).await.problem(), (403, "insufficient-scope".to_owned()));
        let answer = desk.post("hotel", SEARCH, &json!({ "purpose": ask["purpose"] })).await;
        assert_eq!(answer.problem(), (403, "forbidden".to_owned()));
        assert_eq!(answer.faults(), [("/units".to_owned(), "unit_not_agreed".to_owned())]);
        assert_eq!(desk.last_entry().await.entry.reason, "unit_not_agreed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reports_for_or_touches_what_is_anothers() {
    for_each_backend(async |backend| {
        let (mut desk, facility) = hotel(&backend).await;
        let own = desk.hotelier("other", |_| ()).await;
        let answer = desk.post("other", STAYS, &notice(facility, json!([an()]))).await;
        assert_eq!(answer.problem(), (422, "invalid-fields".to_owned()));
        assert_eq!(answer.faults(), [("/facility_id".to_owned(), "facility_not_own".to_owned())]);
        let entry = desk.last_entry().await;
        assert_eq!((entry.entry.outcome, entry.entry.reason.as_str()), (Outcome::Refused, "faulty"));
        let unknown = but(notice(own, json!([an()])), json!({ "facility_id": "a".repeat(32) }));
        assert_eq!(desk.post("other", STAYS, &unknown).await.faults(), answer.faults(), "unknown looks the same");
        let stay = desk.report(&notice(facility, json!([an()]))).await;
        let id = stay["stay_id"].as_str().unwrap();
        for (path, body, _) in operations(id, &notice(own, json!([an()]))).into_iter().skip(1) {
            let answer = desk.post("other", &path, &body).await;
            assert_eq!(answer.problem(), (404, "not-found".to_owned()), "{path}");
            assert_eq!(desk.last_entry().await.entry.reason, "stay_not_own");
        }
        let token = desk.house.token("other").await;
        let (_, status, _) = desk.get_with(&token, &format!("{STAYS}/{id}/receipt")).await;
        assert_eq!(status, 404);
        let (_, status, _) = desk.get_with(&token, &format!("{STAYS}/nonsense/receipt")).await;
        assert_eq!(status, 404);
    })
    .await;
}
