use dancu::audit::Outcome;
use dancu::clients::Detail;
use dancu::kernel::{Attribute, AttributeSet};
use serde_json::{Value, json};

use super::desk::{BANK, Desk, an_claimed, but, people, purpose};
use crate::support::for_each_backend;

const VERIFY: &str = "/v1/citizens/verify";

/// Claims about An, beside the three that anchor.
fn claiming(more: Value) -> Value {
    let claims = but(json!({ "full_name": "Nguyễn Văn An", "date_of_birth": "1999-03-15" }), more);
    but(an_claimed(), json!({ "claims": claims }))
}

fn check(verdict: &str, reason: &str) -> Value {
    json!({ "verdict": verdict, "reason": reason })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_verdict_with_its_reason() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let ask = claiming(json!({
            "full_name": "NGUYEN VAN AN",
            "sex": "female",
            "religion": "Phật giáo",
            "nationality": "vnm",
            "other_name": "Bé An",
            "legacy_id_number": "970000001",
            "id_number": "097099000001",
            "status": "alive",
            "permanent_residence": { "unit": "00004", "detail": "Số 1, đường Bà Triệu" },
        }));
        let answer = desk.verify(&ask).await;
        let body = answer.json();
        assert_eq!(
            (answer.status, &body["verified"], &body["status"]),
            (200, &json!(false), &json!("alive")),
            "{body}"
        );
        let checks = &body["checks"];
        assert_eq!(checks["full_name"]["verdict"], "equivalent");
        assert_eq!(checks["full_name"]["reason"], "no_diacritics");
        assert!(checks["full_name"]["score"].as_f64().unwrap() > 0.5);
        for (name, expected) in [
            ("date_of_birth", check("exact", "same")),
            ("sex", check("mismatch", "differs")),
            ("religion", check("not_recorded", "not_recorded")),
            ("nationality", check("exact", "same")),
            ("other_name", check("not_recorded", "not_recorded")),
            ("legacy_id_number", check("exact", "same")),
            ("id_number", check("exact", "same")),
            ("status", check("exact", "same")),
            ("permanent_residence", check("exact", "same")),
        ] {
            assert_eq!(checks[name], expected, "{name}");
        }
        assert_eq!(body["warnings"], json!(["number_prefix_unknown"]));
        let entry = desk.entry_of(&body).await;
        assert_eq!((entry.entry.outcome, entry.entry.operation.as_str()), (Outcome::Answered, "citizens.verify"));
        assert_eq!(entry.subjects, [people()[0].citizen_id]);
        assert_eq!(entry.entry.attributes.len(), 10);
        // Without what differs or is not recorded, all of it is verified.
        let ask = claiming(json!({ "nationality": "VNM", "sex": "male" }));
        let body = desk.verify(&ask).await.json();
        assert_eq!((&body["verified"], &body["status"]), (&json!(true), &json!("alive")), "{body}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_anchored_is_no_and_nothing_more() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let mut shapes = Vec::new();
        for ask in [
            claiming(json!({ "full_name": "Nguyễn Văn Ân" })),
            claiming(json!({ "date_of_birth": "1999-03-16" })),
            claiming(json!({ "date_of_birth": "1999" })),
            claiming(json!({ "full_name": "Trần Văn Bảy", "sex": "male" })),
            but(claiming(json!({})), json!({ "id_number": "097099777777" })),
            but(claiming(json!({})), json!({ "id_number": null, "legacy_id_number": "970000009" })),
        ] {
            let answer = desk.verify(&ask).await;
            assert!(answer.took_ms >= 25, "{answer:?}");
            let mut body = answer.json();
            let entry = desk.entry_of(&body).await;
            assert_eq!(entry.entry.outcome, Outcome::NoMatch, "{ask}");
            (body["transaction_id"], body["audit"]) = (json!("-"), json!("-"));
            shapes.push(body);
        }
        let nothing = json!({ "transaction_id": "-", "verified": false, "warnings": [], "audit": "-" });
        assert!(shapes.iter().all(|shape| *shape == nothing), "{shapes:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn yes_and_no_is_all_that_an_agreement_for_it_gets() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let verified = async |more: Value| {
            let answer = desk.post("bank", VERIFY, &but(claiming(more), json!({ "purpose": purpose(BANK) }))).await;
            let body = answer.json();
            let members: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
            assert_eq!(members, ["audit", "transaction_id", "verified", "warnings"], "{body}");
            assert_eq!(body["warnings"], json!([]), "{body}");
            assert!(body["verified"] == true || answer.took_ms >= 25, "{answer:?}");
            body["verified"] == true
        };
        assert!(verified(json!({})).await);
        assert!(verified(json!({ "sex": "male" })).await);
        assert!(!verified(json!({ "sex": "female" })).await);
        assert!(!verified(json!({ "full_name": "Trần Văn Bảy" })).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_numbers_are_said_to_be_one_persons_or_not() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let with = |cmnd: &str| but(claiming(json!({})), json!({ "legacy_id_number": cmnd }));
        let body = desk.verify(&with("970000001")).await.json();
        assert_eq!((&body["verified"], &body["checks"]["legacy_id_number"]), (&json!(true), &check("exact", "same")));
        let body = desk.verify(&with("970000002")).await.json();
        assert_eq!(
            (&body["verified"], &body["checks"]["legacy_id_number"]),
            (&json!(false), &check("mismatch", "differs"))
        );
        // By the CMND alone.
        let by_cmnd = but(claiming(json!({})), json!({ "id_number": null, "legacy_id_number": "970000001" }));
        assert_eq!(desk.verify(&by_cmnd).await.json()["verified"], true);
        // By a number that was cancelled.
        let cancelled = but(
            claiming(json!({ "full_name": "Trần Thị Bình", "date_of_birth": "1989-07-02" })),
            json!({ "id_number": "097188000002" }),
        );
        let body = desk.verify(&cancelled).await.json();
        assert_eq!((&body["verified"], &body["warnings"]), (&json!(true), &json!(["number_cancelled"])));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn part_of_an_anchor_is_yes_or_no_and_a_no_is_a_failed_anchor() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let claims = |claims: Value| but(an_claimed(), json!({ "claims": claims }));
        let verified = async |ask: Value| {
            let body = desk.verify(&ask).await.json();
            assert!(body["checks"].is_null() && body["status"].is_null(), "{body}");
            (body["verified"] == true, desk.entry_of(&body).await.entry.outcome)
        };
        assert_eq!(verified(claims(json!({ "full_name": "Nguyễn Văn An" }))).await, (true, Outcome::Answered));
        assert_eq!(verified(claims(json!({ "date_of_birth": "1999-03-15" }))).await, (true, Outcome::Answered));
        assert_eq!(verified(claims(json!({ "date_of_birth": "1999" }))).await, (false, Outcome::NoMatch));
        assert_eq!(verified(claims(json!({ "full_name": "Trần Văn Bảy" }))).await, (false, Outcome::NoMatch));
        let by_cmnd = json!({ "id_number": null, "legacy_id_number": "970000002" });
        let by_cmnd = but(claims(json!({ "full_name": "Trần Thị Bình" })), by_cmnd);
        assert_eq!(verified(by_cmnd).await, (false, Outcome::NoMatch));
        assert_eq!(desk.counted("failed_anchors_total"), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_near_a_claim_came_is_told_of_what_may_be_read_only() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        let anchor: AttributeSet = [Attribute::DateOfBirth].into_iter().collect();
        desk.client("narrow", "portal", |agreement| {
            agreement.attributes = anchor;
            assert_eq!(agreement.detail, Detail::Full);
        })
        .await;
        let near = claiming(json!({ "permanent_residence": { "unit": "00004", "detail": "Số 2, đường Bà Triệu" } }));
        let wide = desk.verify(&near).await.json();
        assert_eq!(wide["checks"]["permanent_residence"], check("close", "detail_differs"));
        assert_eq!(wide["checks"]["full_name"]["score"], 1.0);
        let narrow = desk.post("narrow", VERIFY, &near).await.json();
        assert_eq!(narrow["checks"]["permanent_residence"], check("mismatch", "differs"));
        assert_eq!(narrow["checks"]["full_name"], check("exact", "same"));
    })
    .await;
}
