//! The e-ID app, as an app developer would write it from docs/eid.md.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dancu::crypto::jose::PrivateJwk;
use dancu::crypto::{Algorithm, SystemEntropy, digest::sha256};
use dancu::kernel::TransactionId;
use serde_json::{Value, json};

use super::rig::{Rig, person};
use crate::api::citizens::desk::{Answer, read};
use crate::support::house::{ISSUER, unsigned};
use dancu::citizens::Citizen;

#[derive(Clone)]
pub struct Phone {
    pub key: PrivateJwk,
    pub device_id: Option<String>,
}

pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn random() -> String {
    TransactionId::random(&SystemEntropy::default()).to_string()
}

impl Phone {
    pub fn new() -> Self {
        Self { key: PrivateJwk::generate(Algorithm::P256).expect("a key"), device_id: None }
    }

    pub fn header(&self) -> Value {
        let alg = if self.key.key.algorithm() == Algorithm::P256 { "ES256" } else { "EdDSA" };
        match &self.device_id {
            Some(id) => json!({ "typ": "dancu-device+jwt", "alg": alg, "kid": id }),
            None => json!({ "typ": "dancu-device+jwt", "alg": alg, "jwk": self.key.public() }),
        }
    }

    pub fn claims(&self, rig: &Rig, method: &str, path: &str, body: &str) -> Value {
        json!({
            "aud": ISSUER, "htm": method, "htp": path, "bsh": base64url(&sha256(&[body.as_bytes()])),
            "iat": rig.desk.house.now().as_seconds(), "jti": random(),
        })
    }

    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        format!("Device {signed}.{}", base64url(&self.key.key.sign(signed.as_bytes())))
    }

    /// Sends a body under whatever `Authorization` field.
    pub async fn send(&self, rig: &Rig, method: &str, path: &str, body: &str, authorization: &str) -> Answer {
        let url = format!("{}{path}", rig.base_url());
        let request = match method {
            "GET" => rig.web.get(url),
            _ => rig.web.post(url).header("content-type", "application/json").body(body.to_owned()),
        };
        read(request.header("accept-language", "en").header("authorization", authorization)).await
    }

    pub async fn call(&self, rig: &Rig, method: &str, path: &str, body: &Value) -> Answer {
        self.call_with(rig, method, path, body, None).await
    }

    async fn call_with(&self, rig: &Rig, method: &str, path: &str, body: &Value, approval: Option<Value>) -> Answer {
        let text = if method == "GET" { String::new() } else { body.to_string() };
        let mut claims = self.claims(rig, method, path, &text);
        if let Some(approval) = approval {
            claims["approval"] = approval;
        }
        self.send(rig, method, path, &text, &self.sign(&self.header(), &claims)).await
    }

    pub async fn begin(&self, rig: &Rig, citizen: &Citizen) -> Answer {
        self.call(rig, "POST", "/v1/eid/accounts", &person(citizen)).await
    }

    /// Ends an activation; from then on the phone is a device.
    pub async fn activate(&mut self, rig: &Rig, id: &Value, code: &Value, passcode: &str) -> Answer {
        let body = json!({ "activation_id": id, "code": code, "passcode": passcode, "device_name": "Máy của tôi" });
        let answer = self.call(rig, "POST", "/v1/eid/accounts/activate", &body).await;
        if answer.status == 201 {
            self.device_id = answer.json()["device_id"].as_str().map(str::to_owned);
        }
        answer
    }

    /// What waits: ids and statements.
    pub async fn pending(&self, rig: &Rig) -> Vec<(TransactionId, String)> {
        let answer = self.call(rig, "POST", "/v1/eid/transactions", &json!({})).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let told = answer.json();
        let transactions = told["transactions"].as_array().expect("a list").clone();
        assert!(transactions.iter().all(|one| one.get("digits").is_none()), "only a demo tells the digits");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        transactions
            .iter()
            .map(|one| (text(&one["transaction_id"]).parse().unwrap(), text(&one["statement"])))
            .collect()
    }

    /// Signs and sends a decision about a statement.
    pub async fn decide(&self, rig: &Rig, statement: &str, digits: Option<&str>, passcode: Option<&str>) -> Answer {
        let shown: Value = serde_json::from_str(statement).expect("a statement is JSON");
        let id = shown["transaction_id"].as_str().expect("a statement names its request");
        let mut approval = json!({
            "transaction": id, "statement": base64url(&sha256(&[statement.as_bytes()])),
            "decision": if digits.is_some() { "approve" } else { "reject" },
        });
        if let Some(digits) = digits {
            approval["digits"] = digits.into();
        }
        self.decide_as(rig, id, digits.is_some(), passcode, approval).await
    }

    /// Sends whatever approval to a request.
    pub async fn decide_as(
        &self,
        rig: &Rig,
        id: &str,
        approve: bool,
        passcode: Option<&str>,
        approval: Value,
    ) -> Answer {
        let path = format!("/v1/eid/transactions/{id}/{}", if approve { "approve" } else { "reject" });
        let body = passcode.map_or(json!({}), |passcode| json!({ "passcode": passcode }));
        self.call_with(rig, "POST", &path, &body, Some(approval)).await
    }

    /// The one request that waits, approved with its digits.
    pub async fn approve(&self, rig: &Rig, digits: &str, passcode: Option<&str>) -> Answer {
        let (_, statement) = self.pending(rig).await.pop().expect("a request waits");
        self.decide(rig, &statement, Some(digits), passcode).await
    }
}
