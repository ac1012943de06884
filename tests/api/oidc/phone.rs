//! A citizen's device, enrolled at the portal's desk, that approves what a sign-in page shows.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dancu::crypto::Algorithm;
use dancu::crypto::digest::sha256;
use dancu::crypto::jose::PrivateJwk;
use serde_json::{Value, json};

use super::rig::{Answer, Rig, form, read, sign, unique};
use crate::support::house::ISSUER;

const PASSCODE: &str = "735914";

pub struct Phone {
    key: PrivateJwk,
    device_id: Option<String>,
}

impl Phone {
    /// A phone of whoever holds the number.
    pub async fn enrolled(rig: &Rig, number: &str) -> Self {
        let citizen = rig.people.iter().find(|citizen| citizen.id_number.expose() == number).unwrap();
        let token = rig.token_by_key("portal", &form(&[("grant_type", "client_credentials")])).await;
        let asked = json!({
            "id_number": citizen.id_number, "full_name": citizen.full_name, "date_of_birth": citizen.date_of_birth,
            "action": "enrol",
            "purpose": { "procedure": "1.004222", "legal_basis": "STATE_DUTY",
                "officer": { "id": "canbo-01", "unit": "mot-cua" } },
        });
        let request = reqwest::Client::new().post(rig.url("/v1/eid/desk")).json(&asked);
        let told = read(request.bearer_auth(token.text_of("access_token"))).await.json();
        let enrolment = &told["enrolment"];
        assert!(enrolment["code"].is_string(), "{told}");
        let mut phone = Self { key: PrivateJwk::generate(Algorithm::P256).unwrap(), device_id: None };
        let body = json!({
            "activation_id": enrolment["activation_id"], "code": enrolment["code"],
            "passcode": PASSCODE, "device_name": "Máy của tôi",
        });
        let answer = phone.call(rig, "/v1/eid/accounts/activate", &body, None).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        phone.device_id = answer.json()["device_id"].as_str().map(str::to_owned);
        phone
    }

    async fn call(&self, rig: &Rig, path: &str, body: &Value, approval: Option<Value>) -> Answer {
        let text = body.to_string();
        let header = match &self.device_id {
            Some(id) => json!({ "typ": "dancu-device+jwt", "alg": "ES256", "kid": id }),
            None => json!({ "typ": "dancu-device+jwt", "alg": "ES256", "jwk": self.key.public() }),
        };
        let mut claims = json!({
            "aud": ISSUER, "htm": "POST", "htp": path, "bsh": URL_SAFE_NO_PAD.encode(sha256(&[text.as_bytes()])),
            "iat": rig.now().as_seconds(), "jti": unique(),
        });
        if let Some(approval) = approval {
            claims["approval"] = approval;
        }
        let request = reqwest::Client::new().post(rig.url(path)).header("content-type", "application/json").body(text);
        let signed = sign(&self.key, &header, &claims);
        read(request.header("accept-language", "en").header("authorization", format!("Device {signed}"))).await
    }

    /// Scans the page and types its digits; the answer to the approval.
    pub async fn approve(&self, rig: &Rig, page: &str) -> Answer {
        let statement = self.scan(rig, page).await;
        self.approve_scanned(rig, page, &statement).await
    }

    /// Scans the page; the statement, for this citizen from now on.
    pub async fn scan(&self, rig: &Rig, page: &str) -> String {
        let scan = between(page, "data-scan>", "<");
        let claimed = self.call(rig, "/v1/eid/transactions/claim", &json!({ "scan": scan }), None).await;
        assert_eq!(claimed.status, 200, "{claimed:?}");
        claimed.text_of("statement")
    }

    pub async fn approve_scanned(&self, rig: &Rig, page: &str, statement: &str) -> Answer {
        let shown: Value = serde_json::from_str(statement).unwrap();
        let id = shown["transaction_id"].as_str().unwrap();
        let approval = json!({
            "transaction": id, "statement": URL_SAFE_NO_PAD.encode(sha256(&[statement.as_bytes()])),
            "decision": "approve", "digits": between(page, "<b>", "</b>"),
        });
        let path = format!("/v1/eid/transactions/{id}/approve");
        self.call(rig, &path, &json!({ "passcode": PASSCODE }), Some(approval)).await
    }
}

fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = page.split_once(before).unwrap_or_else(|| panic!("no {before} in {page}"));
    rest.split_once(after).unwrap().0
}
