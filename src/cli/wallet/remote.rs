//! The service, as the wallet speaks to it: every request signed by the device's key.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::Wallet;
use super::WalletError;
use crate::crypto::digest::sha256;
use crate::crypto::jose::{JwtFault, PrivateJwk, Signer};
use crate::eid::model::Decision;
use crate::eid::request::{ApprovalClaim, TYPE, Unsigned, base64url};
use crate::kernel::{Clock, Entropy, TransactionId};

/// Longer than the longest wait for news.
const TIMEOUT: Duration = Duration::from_secs(45);

#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    #[error("{url}: {source} (is the server running?)")]
    Http { url: String, source: Box<ureq::Error> },
    #[error("the request cannot be signed: {0}")]
    Signature(#[from] JwtFault),
    /// What the service refuses, by its problem's type and title.
    #[error("the service refused: {0}")]
    Refused(String),
    #[error("the service answered what no service should")]
    Unreadable,
}

/// A request that waits, as the service tells it.
#[derive(Debug, Clone, Deserialize)]
pub struct Waiting {
    pub transaction_id: TransactionId,
    /// JSON as text.
    pub statement: String,
    /// Told by demos only.
    pub digits: Option<String>,
}

/// The service and the key that signs.
pub struct Remote<'a> {
    agent: ureq::Agent,
    url: String,
    issuer: String,
    key: PrivateJwk,
    kid: Option<String>,
    clock: &'a dyn Clock,
    entropy: &'a dyn Entropy,
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT)).build().new_agent()
}

/// The issuer that the service at `url` says it is.
pub fn issuer_of(url: &str) -> Result<String, RemoteError> {
    let url = format!("{}/.well-known/openid-configuration", url.trim_end_matches('/'));
    let failed = |source| RemoteError::Http { url: url.clone(), source: Box::new(source) };
    let told: Value = agent().get(&url).call().map_err(failed)?.body_mut().read_json().map_err(failed)?;
    told["issuer"].as_str().map(str::to_owned).ok_or(RemoteError::Unreadable)
}

impl<'a> Remote<'a> {
    pub fn of(wallet: &Wallet, clock: &'a dyn Clock, entropy: &'a dyn Entropy) -> Result<Self, WalletError> {
        Ok(Self {
            agent: agent(),
            url: wallet.url.clone(),
            issuer: wallet.issuer.clone(),
            key: wallet.key()?,
            kid: wallet.device_id.map(|id| id.to_string()),
            clock,
            entropy,
        })
    }

    /// Asks, signed by the device, or by the key alone before there is one.
    pub fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        approval: Option<ApprovalClaim>,
    ) -> Result<Value, RemoteError> {
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let signer = match &self.kid {
            Some(kid) => Signer::new(self.key.key.clone(), Some(kid), Some(TYPE)),
            None => Signer::with_embedded_key(self.key.key.clone(), TYPE),
        };
        let unsigned = Unsigned { issuer: &self.issuer, method, path, body: &bytes };
        let jti = TransactionId::random(self.entropy);
        let authorization = unsigned.sign(&signer, self.clock.now(), jti, approval)?;
        let url = format!("{}{path}", self.url);
        let failed = |source| RemoteError::Http { url: url.clone(), source: Box::new(source) };
        let answered = match method {
            "GET" => self.agent.get(&url).header("authorization", authorization).header("accept-language", "en").call(),
            _ => self
                .agent
                .post(&url)
                .header("authorization", authorization)
                .header("accept-language", "en")
                .header("content-type", "application/json")
                .send(&bytes[..]),
        };
        let mut response = answered.map_err(failed)?;
        let told: Value = response.body_mut().read_json().map_err(failed)?;
        if response.status().is_success() { Ok(told) } else { Err(RemoteError::Refused(refusal(&told))) }
    }

    /// What waits for a decision and is not among `known`, or comes within `seconds`.
    pub fn pending(&self, known: &[TransactionId], seconds: u64) -> Result<Vec<Waiting>, RemoteError> {
        let body = serde_json::json!({ "wait_seconds": seconds, "known": known });
        let mut told = self.call("POST", "/v1/eid/transactions", Some(&body), None)?;
        serde_json::from_value(told["transactions"].take()).map_err(|_| RemoteError::Unreadable)
    }

    /// Decides; the outcome's word. `digits`: an approval.
    pub fn decide(
        &self,
        waiting: &Waiting,
        digits: Option<&str>,
        passcode: Option<&str>,
    ) -> Result<String, RemoteError> {
        let (decision, verb) = match digits {
            Some(_) => (Decision::Approve, "approve"),
            None => (Decision::Reject, "reject"),
        };
        let approval = ApprovalClaim {
            transaction: waiting.transaction_id,
            statement: base64url(&sha256(&[waiting.statement.as_bytes()])),
            digits: digits.map(str::to_owned),
            decision,
        };
        let body = match (digits, passcode) {
            (Some(_), Some(passcode)) => serde_json::json!({ "passcode": passcode }),
            _ => serde_json::json!({}),
        };
        let path = format!("/v1/eid/transactions/{}/{verb}", waiting.transaction_id);
        let told = self.call("POST", &path, Some(&body), Some(approval))?;
        told["outcome"].as_str().map(str::to_owned).ok_or(RemoteError::Unreadable)
    }
}

/// The problem's type and title, and each fault.
fn refusal(problem: &Value) -> String {
    let slug = problem["type"].as_str().and_then(|uri| uri.rsplit('/').next()).unwrap_or("unknown");
    let mut text = format!("{slug}: {}", problem["title"].as_str().unwrap_or_default());
    for fault in problem["errors"].as_array().into_iter().flatten() {
        text.push_str(&format!(
            "\n  {}: {}",
            fault["pointer"].as_str().unwrap_or_default(),
            fault["detail"].as_str().unwrap_or_default()
        ));
    }
    text
}
