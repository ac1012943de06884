use std::time::Duration;

use dancu::audit::Outcome;
use dancu::citizens::model::{Photo, Status};
use dancu::clients::Detail;
use dancu::crypto::{Algorithm, SigningKey, cose};
use dancu::kernel::{Attribute, Instant};
use dancu::qr::credential::{Claim169, CwtClaims, pack};
use serde_json::json;

use super::shown::{ISSUE, VERIFY, about, dynamic, issue, verdict};
use crate::api::citizens::desk::{Desk, people};
use crate::support::for_each_backend;
use crate::support::house::{ISSUER, within};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_issued_is_valid_and_says_what_was_asked() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let all = json!(["full_name", "id_number", "date_of_birth", "sex", "permanent_residence", "nationality", "marital_status", "religion", "household"]);
        let answer = desk.post("portal", ISSUE, &issue(json!({ "attributes": all, "image": "svg" }))).await;
        let (_, payload) = desk.issued(&answer);
        let body = answer.json();
        assert!(body["image"].as_str().unwrap().starts_with("<svg"));
        assert_eq!(
            body["omitted"],
            json!([{ "attribute": "religion", "reason": "not_recorded" }, { "attribute": "household", "reason": "not_recorded" }])
        );
        let entry = desk.entry_of(&body).await;
        assert_eq!((entry.entry.outcome, entry.entry.operation.as_str()), (Outcome::Answered, "qr.issue"));
        let answer = desk.show(&payload).await;
        assert_eq!(verdict(&answer), ("valid".to_owned(), true), "{}", answer.text);
        let body = answer.json();
        assert_eq!((&body["kind"], &body["proof"]), (&json!("credential"), &json!("signature")));
        assert_eq!(body["fields"]["permanent_residence"], "Số 1, đường Bà Triệu, Phường Ba Đình, Thành phố Hà Nội");
        assert_eq!((&body["fields"]["marital_status"], &body["fields"]["sex"]), (&json!("single"), &json!("male")));
        // A static one may be shown again; a client for yes and no is told no more.
        let body = desk.show_at_bank(&payload).await.json();
        assert_eq!((&body["status"], &body["match"]["verified"], &body["fields"]), (&json!("valid"), &json!(true), &json!({})));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_said_is_left_out() {
    let desk = Desk::open(&crate::support::Backend::sqlite()).await;
    let dao = json!({ "id_number": "098145000005", "full_name": "Vũ Thị Đào", "date_of_birth": "1945", "attributes": ["full_name", "date_of_birth"] });
    let body = desk.post("portal", ISSUE, &issue(dao)).await.json();
    assert_eq!(body["omitted"], json!([{ "attribute": "date_of_birth", "reason": "not_in_format" }]), "{body}");
    let lan = json!({ "id_number": "097155000016", "full_name": "Ngô Thị Lan", "date_of_birth": "1955-05-05", "attributes": ["full_name", "marital_status"] });
    let body = desk.post("portal", ISSUE, &issue(lan)).await.json();
    assert_eq!(body["omitted"], json!([{ "attribute": "marital_status", "reason": "not_in_format" }]), "{body}");
    let mut an = people()[0].clone();
    use base64::Engine;
    let photo = |bytes: usize| Photo {
        media_type: "image/webp".into(),
        data: base64::engine::general_purpose::STANDARD.encode(vec![7; bytes]),
    };
    an.photo = Some(photo(1_500));
    desk.put(&an).await;
    let with_photo = issue(json!({ "attributes": ["full_name", "photo"], "image": "png" }));
    let body = desk.post("portal", ISSUE, &with_photo).await.json();
    assert_eq!(body["omitted"], json!([]), "{body}");
    assert!(body["image"].as_str().unwrap().starts_with("data:image/png;base64,"));
    let shown = desk.show(body["payload"].as_str().unwrap()).await.json();
    assert_eq!(shown["fields"]["photo"]["media_type"], "image/webp");
    an.photo = Some(photo(5_000));
    desk.put(&an).await;
    within(Duration::from_secs(5), async || {
        let body = desk.post("portal", ISSUE, &with_photo).await.json();
        body["omitted"] == json!([{ "attribute": "photo", "reason": "too_large" }])
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_what_is_not_theirs_to_have() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        let body = desk.post("portal", ISSUE, &issue(json!({ "full_name": "Lê Thị Cúc" }))).await.json();
        assert_eq!((&body["outcome"], &body["payload"]), (&json!("no_match"), &json!(null)));
        let chien = json!({ "id_number": "097048000003", "full_name": "Lê Văn Chiến", "date_of_birth": "1948-11-20" });
        let body = desk.post("portal", ISSUE, &issue(chien)).await.json();
        assert_eq!(body["outcome"], "not_alive", "{body}");
        desk.client("narrow", "portal", |agreement| {
            agreement.attributes = [Attribute::FullName].into_iter().collect();
        })
        .await;
        let body = desk.post("narrow", ISSUE, &issue(json!({ "attributes": ["full_name", "sex"] }))).await.json();
        assert_eq!(body["omitted"], json!([{ "attribute": "sex", "reason": "not_agreed" }]), "{body}");
        desk.client("yes-no", "portal", |agreement| agreement.detail = Detail::Boolean).await;
        let refused = desk.post("yes-no", ISSUE, &issue(json!({}))).await;
        assert_eq!(refused.problem(), (403, "forbidden".to_owned()));
        let refused = desk.post("bank", ISSUE, &issue(json!({}))).await;
        assert_eq!(refused.status, 403);
        for (change, pointer) in [
            (json!({ "lifetime_seconds": 60 }), "/lifetime_seconds"),
            (json!({ "kind": "dynamic", "lifetime_seconds": 61 }), "/lifetime_seconds"),
            (json!({ "kind": "eternal" }), "/kind"),
            (json!({ "attributes": [] }), "/attributes"),
            (json!({ "image": "gif" }), "/image"),
        ] {
            let faults = desk.post("portal", ISSUE, &issue(change)).await.faults();
            assert_eq!(faults.iter().map(|(pointer, _)| pointer.as_str()).collect::<Vec<_>>(), [pointer]);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_status_there_is() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let (_, for_bank) = desk.give(&dynamic("bank")).await;
        assert_eq!(verdict(&desk.show(&for_bank).await).0, "wrong_audience");
        assert_eq!(verdict(&desk.show_at_bank(&for_bank).await), ("valid".to_owned(), true));
        assert_eq!(verdict(&desk.show_at_bank(&for_bank).await).0, "replayed");
        let (_, late) = desk.give(&dynamic("portal")).await;
        desk.house.clock.advance(Duration::from_secs(60));
        let answer = desk.show(&late).await;
        assert_eq!(verdict(&answer).0, "expired");
        let entry = desk.entry_of(&answer.json()).await;
        assert_eq!((entry.entry.outcome, entry.entry.reason.as_str()), (Outcome::Refused, "expired"));
        assert_eq!(entry.subjects, [people()[0].citizen_id]);
        let (_, early) = desk.give(&issue(json!({}))).await;
        let now = desk.house.now();
        desk.house.clock.set(now.minus(Duration::from_secs(45)));
        assert_eq!(verdict(&desk.show(&early).await).0, "not_yet_valid");
        desk.house.clock.set(now);
        assert_eq!(verdict(&desk.show(&forged(&desk, ISSUER, now)).await).0, "bad_signature");
        assert_eq!(verdict(&desk.show(&strange(now)).await).0, "unknown_issuer");
        // Well signed, and never issued.
        let (kid, key) = desk.house.keyring.signing_key(dancu::crypto::KeyUse::Qr);
        let invented = pack(&cose::sign(&key, &kid.as_bytes()[..11], &claims(ISSUER, now).to_payload()));
        assert_eq!(verdict(&desk.show(&invented).await).0, "revoked");
        let elsewhere =
            pack(&cose::sign(&key, &kid.as_bytes()[..11], &claims("https://else.example", now).to_payload()));
        assert_eq!(verdict(&desk.show(&elsewhere).await).0, "unknown_issuer");
        // Signed codes never count as failed anchors.
        for _ in 0..40 {
            desk.show(&elsewhere).await;
        }
        assert_eq!(desk.post("portal", VERIFY, &about(super::shown::AN_CARD)).await.status, 200);
    })
    .await;
}

fn claims(issuer: &str, now: Instant) -> CwtClaims {
    CwtClaims {
        issuer: Some(issuer.into()),
        expires: Some(now.plus(Duration::from_secs(600))),
        issued: Some(now),
        id: Some(vec![9; 16]),
        person: Claim169 { full_name: Some("Nguyễn Văn An".into()), ..Claim169::default() },
        ..CwtClaims::default()
    }
}

fn other_key() -> SigningKey {
    SigningKey::from_pkcs8(Algorithm::Ed25519, &SigningKey::generate_pkcs8(Algorithm::Ed25519).unwrap()).unwrap()
}

fn forged(desk: &Desk, issuer: &str, now: Instant) -> String {
    let (kid, _) = desk.house.keyring.signing_key(dancu::crypto::KeyUse::Qr);
    pack(&cose::sign(&other_key(), &kid.as_bytes()[..11], &claims(issuer, now).to_payload()))
}

fn strange(now: Instant) -> String {
    pack(&cose::sign(&other_key(), b"strange", &claims(ISSUER, now).to_payload()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_a_number_or_another_name_revokes_and_nothing_else_does() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let mut an = people()[0].clone();
        let (_, named) = desk.give(&issue(json!({ "attributes": ["full_name"] }))).await;
        let (_, numbered) = desk.give(&issue(json!({ "attributes": ["full_name", "id_number"] }))).await;
        let status = async |payload: &str| verdict(&desk.show(payload).await).0;
        an.cancelled_id_numbers.push(an.id_number.clone());
        an.id_number = crate::api::citizens::desk::number("097299000001");
        desk.put(&an).await;
        let took = within(Duration::from_secs(10), async || status(&numbered).await == "revoked").await;
        eprintln!("{}: revoked {} ms after the change", backend.name(), took.as_millis());
        assert_eq!(status(&named).await, "valid");
        an.phone = Some("+84000999998".into());
        desk.put(&an).await;
        an.status = Status::Deceased;
        desk.put(&an).await;
        within(Duration::from_secs(10), async || status(&named).await == "revoked").await;
    })
    .await;
}
