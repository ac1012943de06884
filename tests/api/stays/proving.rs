use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{STAYS, VERIFY, an, hai, hotel, notice};
use crate::api::citizens::desk::read;
use crate::support::for_each_backend;

#[tokio::test(flavor = "multi_thread")]
async fn anybody_verifies_a_receipt() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let body = desk.report(&notice(facility, json!([an(), hai()]))).await;
        let (document, jws) = (&body["receipt"]["document"], body["receipt"]["jws"].as_str().unwrap());
        assert_eq!(desk.worth(&json!(jws)).await, json!({ "status": "valid", "document": document }));
        // What is signed is what is told.
        let parts: Vec<&str> = jws.split('.').collect();
        let mut payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        assert_eq!((&payload["document"], &payload["iss"]), (document, &json!("https://dancu.test")));
        payload["document"]["on_time"] = json!(false);
        let forged = format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(payload.to_string()), parts[2]);
        assert_eq!(desk.worth(&json!(forged)).await, json!({ "status": "tampered", "document": null }));
        assert_eq!(desk.worth(&json!("a.b")).await["status"], "tampered");
        // A document of another kind, and of another installation.
        let confirmed = desk.confirm(&crate::api::residence::confirmation(an(), json!({}))).await;
        assert_eq!(desk.worth(&confirmed["jws"]).await["status"], "tampered");
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","kid":"other","typ":"dancu-stay-receipt+jwt"}"#);
        let foreign = format!("{header}.{}.{}", parts[1], parts[2]);
        assert_eq!(desk.worth(&json!(foreign)).await["status"], "unknown");
        let faulty = read(desk.request(VERIFY).json(&json!({ "receipt": jws }))).await;
        assert_eq!(faulty.problem(), (422, "invalid-fields".to_owned()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_shown_with_its_proof_and_printed() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let body = desk.report(&notice(facility, json!([an()]))).await;
        let token = desk.house.token("hotel").await;
        let path = format!("{STAYS}/{}/receipt", body["stay_id"].as_str().unwrap());
        let shown = async || {
            let (_, status, bytes) = desk.get_with(&token, &path).await;
            assert_eq!(status, 200);
            serde_json::from_slice::<Value>(&bytes).unwrap()
        };
        let early = shown().await;
        assert_eq!((&early["receipt"], &early["audit"]), (&body["receipt"], &body["audit"]));
        // A repetition has an entry of its own; the receipt's is the first.
        desk.report(&notice(facility, json!([an()]))).await;
        desk.audit.sign_now().await.unwrap();
        let later = shown().await;
        assert_eq!(later["audit"], body["audit"]);
        let inclusion = &later["inclusion"];
        assert!(inclusion["tree_size"].as_u64().unwrap() > body["audit"]["log_index"].as_u64().unwrap());
        assert!(inclusion["checkpoint"].as_str().unwrap().starts_with("dancu.test/audit"));
        let page = json!({ "jws": body["receipt"]["jws"] });
        let page = read(desk.request("/v1/stays/receipts/page").json(&page)).await;
        assert!(page.status == 200 && page.header("content-type").starts_with("text/html"));
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
        for expected in ["Biên nhận thông báo lưu trú", "Khách sạn 00070", "09:30 21/11/2026", "23:00 21/11/2026"]
        {
            assert!(page.text.contains(expected), "{expected}: {}", page.text);
        }
        assert!(!page.text.contains("Nguyễn"));
        let none = read(desk.request("/v1/stays/receipts/page").json(&json!({ "jws": "a.b.c" }))).await;
        assert_eq!(none.faults(), [("/jws".to_owned(), "not_a_receipt".to_owned())]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn amended_and_cancelled_notices_are_told_apart() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let body = desk.report(&notice(facility, json!([an()]))).await;
        let amended = desk.changed(&body, "amend", json!({ "guests": [{ "add": hai() }] })).await;
        let (old, new) = (&body["receipt"]["jws"], &amended["receipt"]["jws"]);
        assert_eq!(desk.worth(old).await["status"], "superseded");
        let worth = desk.worth(new).await;
        assert_eq!((&worth["status"], &worth["document"]["guests"]), (&json!("valid"), &json!(2)));
        assert_eq!(
            (&worth["document"]["revision"], &worth["document"]["received_at"]),
            (&json!(2), &body["receipt"]["document"]["received_at"])
        );
        desk.changed(&body, "cancel", json!({})).await;
        assert_eq!(desk.worth(new).await["status"], "cancelled");
        assert_eq!(desk.worth(old).await["status"], "cancelled");
    })
    .await;
}
