use dancu::audit::Outcome;
use dancu::clients::{Operation, Stoppable};
use dancu::kernel::{Attribute, LegalBasis};
use serde_json::{Value, json};

use super::desk::{BANK, Desk, PORTAL, an, an_claimed, but, purpose, read};
use crate::support::for_each_backend;

const LOOK_UP: &str = "/v1/citizens/lookup";
const VERIFY: &str = "/v1/citizens/verify";
const BATCH: &str = "/v1/citizens/verify/batch";

fn with_purpose(body: Value, change: Value) -> Value {
    but(body, json!({ "purpose": but(purpose(PORTAL), change) }))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_operation_refuses_whom_it_must_and_records_the_refusal() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("ended", "portal", |agreement| agreement.valid_until = agreement.valid_from).await;
        desk.client("idle", "portal", |agreement| {
            agreement.operations = [Operation::QrVerify].into_iter().collect();
        })
        .await;
        let (portal, shop) = (desk.house.token("portal").await, desk.house.token("shop").await);
        let consent = purpose(r#"{"procedure":"SHOP","legal_basis":"CONSENT","officer":{"id":"nv","unit":"q1"}}"#);
        for (path, body) in [(LOOK_UP, an()), (VERIFY, an_claimed())] {
            for (token, change, problem, reason) in [
                (&portal, json!({ "procedure": "9.999" }), "procedure-not-agreed", "procedure_not_agreed"),
                (&portal, json!({ "legal_basis": "CURIOSITY" }), "legal-basis-not-agreed", "legal_basis_not_agreed"),
                (&portal, json!({ "officer": null }), "officer-missing", "officer_missing"),
                (&portal, json!({ "legal_basis": "CONSENT" }), "consent-missing", "consent_missing"),
                (&shop, consent.clone(), "consent-missing", "consent_missing"),
            ] {
                let answer = desk.post_with(token, path, &with_purpose(body.clone(), change)).await;
                assert_eq!(answer.problem(), (403, problem.to_owned()), "{path}");
                let entry = desk.last_entry().await;
                assert_eq!((entry.entry.outcome, entry.entry.reason.as_str()), (Outcome::Refused, reason), "{path}");
                assert!(entry.subjects.is_empty(), "nobody was looked at");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_or_another_token_opens_nothing() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let before = desk.entries().await;
        let portal = desk.house.token("portal").await;
        for (path, body) in [(LOOK_UP, an()), (VERIFY, an_claimed()), (BATCH, an_claimed())] {
            let anonymous = read(desk.request(path).json(&body)).await;
            assert_eq!(anonymous.problem(), (401, "unauthorised".to_owned()), "{path}");
            let forged = desk.post_with("a.b.c", path, &body).await;
            assert_eq!(forged.problem(), (401, "token-invalid".to_owned()), "{path}");
            desk.house.clock.advance(std::time::Duration::from_secs(700));
            let expired = desk.post_with(&portal, path, &body).await;
            assert_eq!(expired.problem(), (401, "token-expired".to_owned()), "{path}");
        }
        let bank = desk.house.token("bank").await;
        assert_eq!(desk.entries().await, before, "what is anonymous is only counted");
        // The bank's token does not cover look-ups.
        let answer = desk.post_with(&bank, LOOK_UP, &with_purpose(an(), purpose(BANK))).await;
        assert_eq!(answer.problem(), (403, "insufficient-scope".to_owned()));
        assert_eq!(desk.last_entry().await.entry.reason, "insufficient_scope");
        // Whether a body is faulty is not told to those who may not ask.
        let before = desk.entries().await;
        let answer = desk.post_with(&bank, LOOK_UP, &json!({})).await;
        assert_eq!(answer.problem(), (403, "insufficient-scope".to_owned()));
        assert_eq!(desk.entries().await, before + 1, "and this is recorded as well");
        assert_eq!(desk.last_entry().await.entry.reason, "insufficient_scope");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_that_changed_holds_at_once_whatever_the_token_says() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("briefly", "portal", |_| ()).await;
        let token = desk.house.token("briefly").await;
        assert_eq!(desk.post_with(&token, LOOK_UP, &an()).await.status, 200);
        let id = crate::support::house::id("briefly");
        let agreed = desk.house.clients.find(&id).unwrap().agreement.clone();
        let mut amended = agreed.clone();
        amended.operations = [Operation::QrVerify].into_iter().collect();
        desk.house.changes().await.amend(&id, amended).await.unwrap();
        assert_eq!(desk.post_with(&token, LOOK_UP, &an()).await.problem(), (403, "operation-not-agreed".to_owned()));
        assert_eq!(desk.last_entry().await.entry.reason, "operation_not_agreed");
        let mut ended = agreed;
        ended.valid_until = desk.house.now();
        desk.house.changes().await.amend(&id, ended).await.unwrap();
        assert_eq!(desk.post_with(&token, LOOK_UP, &an()).await.problem(), (403, "agreement-not-in-force".to_owned()));
        desk.house.changes().await.stop(&id, Stoppable::Client).await.unwrap();
        assert_eq!(desk.post_with(&token, LOOK_UP, &an()).await.problem(), (403, "client-stopped".to_owned()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_told_at_once() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let told = |answer: super::desk::Answer| {
            assert_eq!(answer.problem(), (422, "invalid-fields".to_owned()));
            answer.faults()
        };
        let fault = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
        let faulty = json!({
            "id_number": "12345", "full_name": "An 2", "date_of_birth": "2022-02-31", "nickname": "x",
            "purpose": { "procedure": "1.004222", "legal_basis": "duty", "officer": { "id": "097099000001" } },
            "attributes": ["full_name", "shoe_size"],
        });
        assert_eq!(
            told(desk.look_up(&faulty).await),
            [
                fault("/attributes/1", "attribute_unknown"),
                fault("/date_of_birth", "date_impossible"),
                fault("/full_name", "name_character"),
                fault("/id_number", "id_number_format"),
                fault("/nickname", "unknown"),
                fault("/purpose/legal_basis", "legal_basis_format"),
                fault("/purpose/officer/id", "officer_format"),
                fault("/purpose/officer/unit", "missing"),
            ]
        );
        let codes: Vec<_> = told(desk.look_up(&json!({})).await).into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(codes, ["/attributes", "/date_of_birth", "/full_name", "/id_number", "/purpose"]);
        let both = but(an(), json!({ "legacy_id_number": "970000001" }));
        assert_eq!(told(desk.look_up(&both).await), [fault("/legacy_id_number", "two_numbers")]);

        let claims = |claims: Value| but(an_claimed(), json!({ "claims": claims }));
        let faulty = json!({ "full_name": "", "date_of_birth": "1999-13", "photo": "x", "shoe_size": 43, "sex": "M" });
        assert_eq!(
            told(desk.verify(&claims(faulty)).await),
            [
                fault("/claims/date_of_birth", "date_impossible"),
                fault("/claims/full_name", "name_empty"),
                fault("/claims/photo", "claim_not_comparable"),
                fault("/claims/sex", "claim_value"),
                fault("/claims/shoe_size", "attribute_unknown"),
            ]
        );
        assert_eq!(told(desk.verify(&claims(json!({}))).await), [fault("/claims", "claims_empty")]);
        assert_eq!(told(desk.verify(&claims(json!({ "sex": "male" }))).await), [fault("/claims", "anchor_incomplete")]);
        let twice = but(
            claims(json!({ "full_name": "A", "date_of_birth": "1999", "legacy_id_number": "970000001" })),
            json!({ "legacy_id_number": "970000001" }),
        );
        assert_eq!(told(desk.verify(&twice).await), [fault("/claims/legacy_id_number", "given_twice")]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_by_the_minute_and_by_the_day_refuse_and_are_recorded() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("few", "portal", |agreement| (agreement.per_minute, agreement.per_day) = (2, 3)).await;
        let token = desk.house.token("few").await;
        let ask = async || desk.post_with(&token, LOOK_UP, &an()).await;
        assert!(ask().await.header("ratelimit").starts_with(r#""minute";r=1;t="#));
        assert_eq!(ask().await.status, 200);
        let limited = ask().await;
        assert_eq!(limited.problem(), (429, "rate-limited".to_owned()));
        assert!((1..=60).contains(&limited.header("retry-after").parse::<u64>().unwrap()), "{limited:?}");
        assert!(limited.header("ratelimit").starts_with(r#""minute";r=0;t="#), "{limited:?}");
        let entry = desk.last_entry().await;
        assert_eq!((entry.entry.outcome, entry.entry.reason.as_str()), (Outcome::Refused, "over_quota"));
        desk.house.clock.advance(std::time::Duration::from_secs(60));
        assert_eq!(ask().await.status, 200);
        let over = ask().await;
        assert_eq!(over.problem(), (429, "over-quota".to_owned()));
        assert!(over.header("retry-after").parse::<u64>().unwrap() > 60, "{over:?}");
        // The day is Viet Nam's.
        desk.house.clock.advance(std::time::Duration::from_secs(14 * 3600));
        let token = desk.house.token("few").await;
        assert_eq!(desk.post_with(&token, LOOK_UP, &an()).await.status, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sensitive_attribute_that_is_not_agreed_cannot_be_probed() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("narrow", "portal", |agreement| {
            agreement.attributes = [Attribute::FullName, Attribute::DateOfBirth].into_iter().collect();
            agreement.legal_bases = [LegalBasis::parse(LegalBasis::STATE_DUTY).unwrap()].into_iter().collect();
        })
        .await;
        let claims = json!({ "full_name": "Nguyễn Văn An", "date_of_birth": "1999-03-15", "religion": "Không" });
        let answer = desk.post("narrow", VERIFY, &but(an_claimed(), json!({ "claims": claims }))).await;
        assert_eq!(answer.problem(), (403, "forbidden".to_owned()));
        assert_eq!(answer.faults(), [("/claims/religion".to_owned(), "attribute_not_agreed".to_owned())]);
        assert_eq!(desk.last_entry().await.entry.reason, "attribute_not_agreed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_json_are_refused() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let token = desk.house.token("portal").await;
        let send = async |path: &str, kind: &str, body: Vec<u8>| {
            let request = desk.request(path).bearer_auth(&token).header("content-type", kind).body(body);
            read(request).await.problem()
        };
        let problem = |status: u16, slug: &str| (status, slug.to_owned());
        for path in [LOOK_UP, VERIFY] {
            assert_eq!(send(path, "application/json", b"{".to_vec()).await, problem(400, "invalid-json"));
            assert_eq!(
                send(path, "application/json", b"{\"id_number\":\"\xff\"}".to_vec()).await,
                problem(400, "not-utf8")
            );
            assert_eq!(send(path, "text/plain", b"{}".to_vec()).await, problem(415, "unsupported-media-type"));
            assert_eq!(send(path, "application/json", vec![b' '; 70_000]).await, problem(413, "body-too-large"));
        }
        assert_eq!(send(BATCH, "application/json", b"{}".to_vec()).await, problem(415, "unsupported-media-type"));
    })
    .await;
}
