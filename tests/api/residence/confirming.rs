use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dancu::audit::Outcome;
use dancu::citizens::Citizen;
use dancu::clients::Detail;
use dancu::kernel::{Attribute, PersonName};
use serde_json::{Value, json};

use super::{CONFIRM, an, confirmation, hai, linh, without_members};
use crate::api::citizens::desk::{Desk, people, read};
use crate::support::for_each_backend;
use crate::support::house::within;

fn person(name: &str) -> Citizen {
    people().into_iter().find(|person| person.full_name.expose() == name).unwrap()
}

fn by_code(body: &Value) -> Value {
    json!({ "confirmation_id": body["confirmation_id"], "code": body["code"] })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_confirmed_is_signed_and_verified_by_anybody() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let body = desk.confirm(&confirmation(linh(), json!({ "other_content": "Đang học lớp 9" }))).await;
        assert_eq!(body["outcome"], "issued", "{body}");
        let document = &body["document"];
        assert_eq!((&document["form"], &document["recipient"]), (&json!("CT07"), &json!("Trường THPT Mẫu")));
        assert_eq!(document["person"]["full_name"], "Bùi Ngọc Linh");
        assert_eq!(
            document["permanent_residence"]["address"],
            "Số 1, đường Bà Triệu, Phường Ba Đình, Thành phố Hà Nội"
        );
        assert_eq!(document["household"]["head"], "Bùi Quang Hải");
        assert_eq!(document["household"]["members"].as_array().unwrap().len(), 4);
        assert_eq!(document["valid_until"], "2027-11-21T03:00:00Z");
        assert_eq!(body["withheld"], json!([{ "attribute": "temporary_residence", "reason": "not_recorded" }]));
        assert_eq!(document["audit"]["transaction_id"], body["transaction_id"]);
        let entry = desk.entry_of(&body).await;
        assert_eq!(
            (entry.entry.outcome, entry.entry.operation.as_str(), entry.subjects.len()),
            (Outcome::Answered, "residence.confirm", 5)
        );
        // The JWS says the same, and a library that is not ours opens it with the published key.
        let jws = body["jws"].as_str().unwrap();
        let payload: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(jws.split('.').nth(1).unwrap()).unwrap()).unwrap();
        assert_eq!(&payload["document"], document);
        assert_eq!(payload["status"]["status_list"], body["status_list"]);
        for shown in [json!({ "jws": jws }), json!({ "payload": body["qr"]["payload"] }), by_code(&body)] {
            let answer = desk.verify_confirmation(&shown).await.json();
            assert_eq!(answer, json!({ "status": "valid", "since": null, "valid_until": "2027-11-21T03:00:00Z" }));
        }
        let mut heard = by_code(&body);
        heard["code"] = json!(body["code"].as_str().unwrap().to_lowercase().replace('-', " "));
        assert_eq!(desk.status_of(&heard).await, "valid");
        // One more kind that the QR room reads.
        let shown = desk.show(body["qr"]["payload"].as_str().unwrap()).await.json();
        assert_eq!((&shown["kind"], &shown["status"]), (&json!("residence_confirmation"), &json!("valid")), "{shown}");
        assert_eq!(shown["fields"]["household"]["head"], "Bùi Quang Hải");
        let page = read(desk.request("/v1/residence/confirmations/page").json(&json!({ "jws": jws }))).await;
        assert_eq!(page.status, 200);
        assert!(page.header("content-type").starts_with("text/html"));
        for expected in
            ["<svg", "Xác nhận thông tin về cư trú", "Bùi Ngọc Linh", "Ngô Thị Lan", "08/03/2012", "Đang học lớp 9"]
        {
            assert!(page.text.contains(expected), "{expected}: {}", page.text);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_what_is_stated_voids_and_no_other_does() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let whole = desk.confirm(&confirmation(linh(), json!({}))).await;
        let bare = desk.confirm(&confirmation(linh(), json!({ "purpose": without_members() }))).await;
        assert!(bare["document"]["household"].get("members").is_none());
        assert_eq!(bare["hidden"].as_array().unwrap().len(), 2);
        let (whole, bare) = (json!({ "jws": whole["jws"] }), json!({ "jws": bare["jws"] }));
        // The telephone of a member is stated nowhere; a member's name is in one of them.
        let mut grandmother = person("Ngô Thị Lan");
        grandmother.phone = Some("+84000999998".into());
        desk.put(&grandmother).await;
        grandmother.full_name = PersonName::parse("Ngô Thị Lành").unwrap();
        desk.put(&grandmother).await;
        let took = within(Duration::from_secs(20), async || desk.status_of(&whole).await == "void").await;
        eprintln!("{}: void {} ms after the change", backend.name(), took.as_millis());
        assert_eq!(desk.status_of(&bare).await, "valid");
        let answer = desk.verify_confirmation(&whole).await.json();
        assert!(answer["since"].is_string() && answer["valid_until"].is_null(), "{answer}");
        let mut child = person("Bùi Ngọc Linh");
        child.permanent_residence.as_mut().unwrap().detail = Some("Số 2".into());
        desk.put(&child).await;
        within(Duration::from_secs(20), async || desk.status_of(&bare).await == "void").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_joins_the_household_voids_where_members_are_stated() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let body = desk.confirm(&confirmation(hai(), json!({}))).await;
        let jws = json!({ "jws": body["jws"] });
        let mut an = person("Nguyễn Văn An");
        an.household = person("Bùi Quang Hải").household;
        an.household.as_mut().unwrap().relation_to_head = dancu::citizens::model::RelationToHead::Lodger;
        desk.put(&an).await;
        within(Duration::from_secs(20), async || desk.status_of(&jws).await == "void").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_altered_unknown_or_over_is_said_to_be_so() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let body = desk.confirm(&confirmation(an(), json!({}))).await;
        let jws = body["jws"].as_str().unwrap().to_owned();
        let parts: Vec<&str> = jws.split('.').collect();
        let mut payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        payload["document"]["person"]["full_name"] = json!("Nguyễn Văn Anh");
        let forged = format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(payload.to_string()), parts[2]);
        assert_eq!(desk.status_of(&json!({ "jws": forged })).await, "tampered");
        assert_eq!(desk.status_of(&json!({ "jws": "a.b" })).await, "tampered");
        let qr = body["qr"]["payload"].as_str().unwrap();
        let turned: String = qr.chars().rev().collect();
        assert_eq!(desk.status_of(&json!({ "payload": turned })).await, "tampered");
        // A credential of another kind is no confirmation.
        let (_, credential) = desk.give(&crate::api::qr::shown::issue(json!({}))).await;
        assert_eq!(desk.status_of(&json!({ "payload": credential })).await, "unknown");
        let nobody = json!({ "confirmation_id": "a".repeat(32), "code": "ABCD-EFGH" });
        assert_eq!(desk.status_of(&nobody).await, "unknown");
        let mut guessed = by_code(&body);
        guessed["code"] = json!("0000-0000");
        for _ in 0..10 {
            assert_eq!(desk.status_of(&guessed).await, "unknown");
        }
        let stopped = desk.verify_confirmation(&by_code(&body)).await;
        assert_eq!(stopped.problem(), (429, "rate-limited".to_owned()));
        assert_eq!(desk.status_of(&json!({ "jws": jws })).await, "valid");
        desk.house.clock.advance(Duration::from_secs(365 * 24 * 3600));
        assert_eq!(desk.status_of(&json!({ "jws": jws })).await, "expired");
        assert_eq!(desk.status_of(&json!({ "payload": qr })).await, "expired");
        assert_eq!(desk.status_of(&by_code(&body)).await, "expired");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_a_confirmation_that_is_not_theirs_to_have() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        let body = desk.confirm(&confirmation(an(), json!({ "full_name": "Lê Thị Cúc" }))).await;
        assert_eq!((&body["outcome"], &body["jws"]), (&json!("no_match"), &json!(null)));
        let chien = json!({ "id_number": "097048000003", "full_name": "Lê Văn Chiến", "date_of_birth": "1948-11-20" });
        assert_eq!(desk.confirm(&confirmation(chien, json!({}))).await["outcome"], "not_alive");
        desk.client("narrow", "portal", |agreement| {
            agreement.attributes =
                [Attribute::FullName, Attribute::IdNumber, Attribute::DateOfBirth].into_iter().collect();
        })
        .await;
        let body = desk.post("narrow", CONFIRM, &confirmation(linh(), json!({}))).await.json();
        assert!(body["document"].get("permanent_residence").is_none() && body["document"].get("household").is_none());
        assert_eq!(body["withheld"].as_array().unwrap().len(), 5, "{body}");
        desk.client("yes-no", "portal", |agreement| agreement.detail = Detail::Boolean).await;
        assert_eq!(
            desk.post("yes-no", CONFIRM, &confirmation(an(), json!({}))).await.problem(),
            (403, "forbidden".to_owned())
        );
        let faults = desk
            .post("portal", CONFIRM, &confirmation(an(), json!({ "recipient": null, "attributes": ["religion"] })))
            .await
            .faults();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert_eq!(desk.post("bank", CONFIRM, &confirmation(an(), json!({}))).await.status, 403);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_repeats_the_confirmation() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let ask = confirmation(an(), json!({}));
        let first = desk.keyed("portal", CONFIRM, &ask, "khoa-0001").await.json();
        let again = desk.keyed("portal", CONFIRM, &ask, "khoa-0001").await.json();
        assert_eq!((&first["jws"], &first["code"]), (&again["jws"], &again["code"]));
        assert_ne!(first["audit"]["log_index"], again["audit"]["log_index"]);
        let other = confirmation(an(), json!({ "recipient": "Người khác" }));
        assert_eq!(desk.keyed("portal", CONFIRM, &other, "khoa-0001").await.status, 409);
    })
    .await;
}
