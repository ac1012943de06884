//! From an activation to an approval that is taken.

use std::time::Duration;

use dancu::eid::{BeginError, TransactionState};
use dancu::kernel::{Attribute, Level};
use serde_json::{Value, json};

use super::phone::Phone;
use super::rig::{PASSCODE, Rig, an, binh, request};
use crate::support::for_each_backend;

#[tokio::test(flavor = "multi_thread")]
async fn a_citizen_activates_is_asked_approves_and_the_approval_is_taken_once() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let mut phone = Phone::new();
        let begun = phone.begin(&rig, &an()).await;
        assert_eq!(begun.status, 202, "{begun:?}");
        let code = rig.code_after(0).await;
        let message = rig.codes().pop().unwrap();
        assert_eq!(message["phone"], json!(an().phone));
        assert!(message["text"].as_str().unwrap().contains(&code));
        let enrolled = phone.activate(&rig, &begun.json()["activation_id"], &json!(code), PASSCODE).await;
        assert_eq!((enrolled.status, &enrolled.json()["account_level"]), (201, &json!("level1")), "{enrolled:?}");
        let account = phone.call(&rig, "GET", "/v1/eid/accounts", &Value::Null).await.json();
        assert_eq!(account["scanned_only"], false);

        let asked = rig.ask(an().citizen_id, Level::L1).await;
        assert!(asked.scan.starts_with("DANCU-EID:"));
        let (id, statement) = phone.pending(&rig).await.pop().expect("it is shown");
        assert_eq!(id, asked.transaction);
        let shown: Value = serde_json::from_str(&statement).unwrap();
        assert_eq!(shown["client"], json!({ "id": "portal", "name": "Cổng dịch vụ công (mẫu)" }));
        assert_eq!(shown["attributes"], json!(["full_name", "date_of_birth"]));
        assert_eq!((&shown["place"], &shown["message"]), (&json!("Một cửa"), &json!("Hồ sơ 12")));
        assert!(!statement.contains(&format!("\"{}\"", asked.digits)), "the digits are not told");

        assert_eq!(rig.take(id).await, None, "nothing is approved yet");
        let waiting = rig.eid.clone();
        let waiter = tokio::spawn(async move { waiting.wait(id, Duration::from_secs(20)).await.unwrap() });
        let decided = phone.decide(&rig, &statement, Some(&asked.digits.to_string()), None).await;
        assert_eq!(decided.json()["outcome"], "approved", "{decided:?}");
        assert_eq!(waiter.await.unwrap(), TransactionState::Approved);
        let approval = rig.take(id).await.expect("an approval");
        assert_eq!((approval.citizen_id, approval.level), (an().citizen_id, Level::L1));
        assert_eq!((approval.amr, approval.client.as_str()), (vec!["pop"], "portal"));
        assert_eq!(rig.take(id).await, None, "an approval is taken once");
        let entry = rig.desk.last_entry().await.entry;
        assert_eq!((entry.operation.as_str(), entry.client.unwrap().as_str()), ("eid.approve", "portal"));
        let again = phone.decide(&rig, &statement, Some(&asked.digits.to_string()), None).await;
        assert_eq!(again.problem(), (409, "transaction-over".to_owned()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn level_two_takes_the_passcode_and_a_consent_is_kept_with_its_proof() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let asked = rig
            .begin(dancu::eid::ApprovalRequest {
                consent_for: Some(Duration::from_secs(3_600)),
                ..request(Some(an().citizen_id), Level::L2)
            })
            .await
            .unwrap();
        let digits = asked.digits.to_string();
        let missing = phone.approve(&rig, &digits, None).await;
        assert_eq!(missing.faults(), [("/passcode".to_owned(), "missing".to_owned())]);
        let wrong = phone.approve(&rig, &digits, Some("735915")).await;
        assert_eq!(wrong.problem(), (403, "passcode-refused".to_owned()));
        assert_eq!(rig.state(asked.transaction).await, TransactionState::Pending);
        let right = phone.approve(&rig, &digits, Some(PASSCODE)).await;
        assert_eq!(right.json()["outcome"], "approved", "{right:?}");
        let approval = rig.take(asked.transaction).await.unwrap();
        assert_eq!((approval.level, approval.amr), (Level::L2, vec!["pop", "pin", "mfa"]));

        let consent = rig.desk.consents.find(approval.consent.unwrap()).await.unwrap().expect("it is on record");
        assert_eq!((consent.citizen, consent.client.as_str()), (an().citizen_id, "portal"));
        assert!(consent.attributes.contains(Attribute::DateOfBirth) && !consent.attributes.contains(Attribute::Sex));
        let proof = rig.desk.consents.proof(approval.consent.unwrap()).await.unwrap().unwrap();
        let proof: Value = serde_json::from_slice(&proof).unwrap();
        let key = dancu::crypto::jose::PublicJwk::parse(proof["key"].to_string().as_bytes()).unwrap();
        assert_eq!(key.key, phone.key.public().key);
        let token = dancu::crypto::jose::Unverified::parse(proof["request"].as_str().unwrap(), 8192).unwrap();
        let signed = token.verify(&key.key, dancu::crypto::jose::Typ::Any).expect("the device signed it");
        let signed: Value = serde_json::from_slice(&signed).unwrap();
        assert_eq!(signed["approval"]["digits"], digits.as_str());
        let statement = dancu::crypto::digest::sha256(&[proof["statement"].as_str().unwrap().as_bytes()]);
        assert_eq!(signed["approval"]["statement"], super::phone::base64url(&statement).as_str());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_end_by_rejection_other_digits_and_time() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let wrong_digits = rig.ask(an().citizen_id, Level::L1).await;
        let other = if wrong_digits.digits.number() == 10 { "11" } else { "10" };
        let outcome = phone.approve(&rig, other, None).await.json()["outcome"].clone();
        assert_eq!((outcome, rig.take(wrong_digits.transaction).await), (json!("mismatch"), None));
        assert_eq!(rig.state(wrong_digits.transaction).await, TransactionState::Mismatch);

        let rejected = rig.ask(an().citizen_id, Level::L1).await;
        let (_, statement) = phone.pending(&rig).await.pop().unwrap();
        assert_eq!(phone.decide(&rig, &statement, None, None).await.json()["outcome"], "rejected");
        assert_eq!(rig.state(rejected.transaction).await, TransactionState::Rejected);
        // Now the citizen is left alone; what they scan is theirs all the same.
        let quiet = rig.ask(an().citizen_id, Level::L1).await;
        assert!(phone.pending(&rig).await.is_empty(), "nothing is shown after a rejection");
        let claimed = phone.call(&rig, "POST", "/v1/eid/transactions/claim", &json!({ "scan": quiet.scan })).await;
        assert_eq!(claimed.json()["transaction_id"], json!(quiet.transaction), "{claimed:?}");
        assert_eq!(phone.approve(&rig, &quiet.digits.to_string(), None).await.json()["outcome"], "approved");

        let late = rig.ask(an().citizen_id, Level::L1).await;
        let (_, statement) = phone.pending(&rig).await.pop().expect("an approval ends the quiet");
        rig.advance(Duration::from_secs(301));
        assert_eq!(rig.state(late.transaction).await, TransactionState::Expired);
        let over = phone.decide(&rig, &statement, Some(&late.digits.to_string()), None).await;
        assert_eq!(over.problem(), (409, "transaction-over".to_owned()));
        assert!(phone.pending(&rig).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_nobody_is_scanned_or_addressed_and_bound_ones_are_nobody_elses() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let (phone, other) = (rig.enrolled(&an()).await, rig.enrolled(&binh()).await);
        let open = rig.begin(request(None, Level::L1)).await.unwrap();
        assert!(phone.pending(&rig).await.is_empty());
        use dancu::eid::Addressed;
        for (number, seen) in [("097099000001", (1, 0)), ("099999999998", (0, 0)), ("097189000002", (0, 1))] {
            let number = dancu::kernel::IdNumber::parse(number).unwrap();
            assert_eq!(rig.eid.address(open.transaction, &number).await.unwrap(), Addressed::Asked);
            assert_eq!((phone.pending(&rig).await.len(), other.pending(&rig).await.len()), seen);
        }
        let number = an().id_number;
        assert_eq!(rig.eid.address(open.transaction, &number).await.unwrap(), Addressed::TooMany);
        let scanned = |scan: &str| json!({ "scan": scan });
        let path = "/v1/eid/transactions/claim";
        assert_eq!(phone.call(&rig, "POST", path, &scanned(&open.scan)).await.status, 200, "whoever scans has it");
        assert_eq!((phone.pending(&rig).await.len(), other.pending(&rig).await.len()), (1, 0));
        let taken = other.call(&rig, "POST", path, &scanned(&open.scan)).await;
        assert_eq!(taken.problem(), (409, "transaction-over".to_owned()));
        assert_eq!(rig.eid.address(open.transaction, &number).await.unwrap(), Addressed::Over);

        let bound = rig.ask(an().citizen_id, Level::L1).await;
        assert_eq!(other.call(&rig, "POST", path, &scanned(&bound.scan)).await.status, 409);
        let unknown = dancu::eid::ApprovalRequest { unknown: true, ..request(None, Level::L1) };
        let unknown = rig.begin(unknown).await.unwrap();
        assert_eq!(phone.call(&rig, "POST", path, &scanned(&unknown.scan)).await.status, 409);
        assert_eq!(rig.eid.address(unknown.transaction, &number).await.unwrap(), Addressed::Over);
        assert_eq!(rig.state(unknown.transaction).await, TransactionState::Pending);
        for nonsense in ["DANCU-EID:AAAA", "x", "DANCU-EID:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert_eq!(phone.call(&rig, "POST", path, &scanned(nonsense)).await.status, 409);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_reached_or_lasts_too_long_does_not_begin() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        for level in [Level::L3, Level::L4] {
            let refused = rig.begin(request(Some(an().citizen_id), level)).await;
            assert!(matches!(refused, Err(BeginError::LevelUnreachable(found)) if found == level));
        }
        let long = dancu::eid::ApprovalRequest { lifetime: Duration::from_secs(301), ..request(None, Level::L1) };
        assert!(matches!(rig.begin(long).await, Err(BeginError::LifetimeTooLong)));
        let nobody = dancu::eid::ApprovalRequest { client: "nobody".parse().unwrap(), ..request(None, Level::L1) };
        assert!(matches!(rig.begin(nobody).await, Err(BeginError::UnknownClient)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_citizen_sees_so_many_requests_at_once_and_may_want_scanned_ones_only() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        for _ in 0..5 {
            rig.ask(an().citizen_id, Level::L1).await;
        }
        assert_eq!(phone.pending(&rig).await.len(), 3);
        rig.advance(Duration::from_secs(301));
        let settings = phone.call(&rig, "POST", "/v1/eid/accounts/settings", &json!({ "scanned_only": true })).await;
        assert_eq!(settings.json()["scanned_only"], true, "{settings:?}");
        let asked = rig.ask(an().citizen_id, Level::L1).await;
        assert!(phone.pending(&rig).await.is_empty());
        let claimed = phone.call(&rig, "POST", "/v1/eid/transactions/claim", &json!({ "scan": asked.scan })).await;
        assert_eq!((claimed.status, phone.pending(&rig).await.len()), (200, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_hears_of_a_request_while_it_waits() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let first = rig.ask(an().citizen_id, Level::L1).await;
        let body = json!({ "wait_seconds": 20, "known": [first.transaction] });
        let (answer, second) = tokio::join!(phone.call(&rig, "POST", "/v1/eid/transactions", &body), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            rig.ask(an().citizen_id, Level::L1).await
        });
        let told = answer.json()["transactions"].clone();
        let told = told.as_array().unwrap();
        assert_eq!(told.len(), 2);
        assert!(told.iter().any(|one| one["transaction_id"] == json!(second.transaction)), "{told:?}");
        assert!((300..15_000).contains(&answer.took_ms), "{} ms", answer.took_ms);
    })
    .await;
}
