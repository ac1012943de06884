//! Asking about QR codes.

use dancu::crypto::KeyUse;
use dancu::qr::credential::TrustedIssuer;
use serde_json::{Value, json};

use crate::api::citizens::desk::{Answer, BANK, Desk, PORTAL, but, purpose, read};
use crate::support::house::ISSUER;

pub const VERIFY: &str = "/v1/qr/verify";
pub const ISSUE: &str = "/v1/qr/credentials";
/// An's card as the showcase records it: issued on 1 August 2024.
pub const AN_CARD: &str =
    "097099000001|970000001|Nguyễn Văn An|15031999|Nam|Số 1, đường Bà Triệu, Phường Ba Đình, Hà Nội|01082024||||";

pub fn about(payload: &str) -> Value {
    json!({ "payload": payload, "purpose": purpose(PORTAL) })
}

pub fn issue(changes: Value) -> Value {
    let ask = json!({
        "id_number": "097099000001", "full_name": "Nguyễn Văn An", "date_of_birth": "1999-03-15",
        "purpose": purpose(PORTAL), "attributes": ["full_name", "id_number", "date_of_birth", "sex"],
        "kind": "static", "lifetime_seconds": 86_400 * 30,
    });
    but(ask, changes)
}

pub fn dynamic(audience: &str) -> Value {
    issue(json!({ "kind": "dynamic", "lifetime_seconds": 60, "audience": audience }))
}

impl Desk {
    pub async fn show(&self, payload: &str) -> Answer {
        self.post("portal", VERIFY, &about(payload)).await
    }

    pub async fn show_at_bank(&self, payload: &str) -> Answer {
        self.post("bank", VERIFY, &json!({ "payload": payload, "purpose": purpose(BANK) })).await
    }

    #[track_caller]
    pub fn issued(&self, answer: &Answer) -> (String, String) {
        let body = answer.json();
        assert_eq!((answer.status, &body["outcome"]), (200, &json!("issued")), "{body}");
        (body["credential_id"].as_str().unwrap().to_owned(), body["payload"].as_str().unwrap().to_owned())
    }

    pub async fn give(&self, ask: &Value) -> (String, String) {
        let answer = self.post("portal", ISSUE, ask).await;
        self.issued(&answer)
    }

    pub async fn keyed(&self, client: &str, path: &str, body: &Value, key: &str) -> Answer {
        let token = self.house.token(client).await;
        read(self.request(path).bearer_auth(token).header("idempotency-key", key).json(body)).await
    }

    /// Whom a reader without a connection trusts.
    pub fn trusted(&self) -> Vec<TrustedIssuer> {
        let keys = self.house.keyring.verifying_keys(KeyUse::Qr).into_iter();
        let keys = keys.map(|(kid, key)| (kid.as_bytes()[..11].to_vec(), key)).collect();
        vec![TrustedIssuer { issuer: ISSUER.into(), keys }]
    }
}

/// `(status, verified)` of an answer.
#[track_caller]
pub fn verdict(answer: &Answer) -> (String, bool) {
    let body = answer.json();
    assert_eq!(answer.status, 200, "{body}");
    (body["status"].as_str().unwrap_or("null").to_owned(), body["match"]["verified"].as_bool().unwrap())
}
