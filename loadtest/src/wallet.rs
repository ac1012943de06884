//! A citizen's device: scans a sign-in page and approves it with the page's digits.

use std::path::Path;

use bytes::Bytes;
use dancu::cli::wallet::Wallet;
use dancu::crypto::SystemEntropy;
use dancu::crypto::digest::sha256;
use dancu::crypto::jose::Signer;
use dancu::eid::model::Decision;
use dancu::eid::request::{ApprovalClaim, TYPE, Unsigned, base64url};
use dancu::kernel::clock::SystemClock;
use dancu::kernel::{Clock, TransactionId};
use serde_json::{Value, json};

use crate::Error;
use crate::connection::Connection;
use crate::party::{refusal, said};

pub struct Device {
    issuer: String,
    signer: Signer,
    entropy: SystemEntropy,
}

impl Device {
    /// The device of a wallet's folder.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let wallet = Wallet::load(folder)?;
        let id = wallet.device_id.ok_or_else(|| Error::new("the wallet is not enrolled"))?;
        let signer = Signer::new(wallet.key()?.key, Some(&id.to_string()), Some(TYPE));
        Ok(Self { issuer: wallet.issuer, signer, entropy: SystemEntropy::default() })
    }

    /// Approves at level 1 what the page asks.
    pub async fn approve(&self, connection: &mut Connection, page: &[u8]) -> Result<(), String> {
        let page = String::from_utf8_lossy(page);
        let shown = |before, after| between(&page, before, after).ok_or_else(|| "no sign-in page".to_owned());
        let (scan, digits) = (shown("data-scan>", "<")?, shown("<b>", "</b>")?);
        let claimed = self.call(connection, "/v1/eid/transactions/claim", &json!({ "scan": scan }), None).await?;
        let statement = claimed["statement"].as_str().unwrap_or_default();
        let id = claimed["transaction_id"].as_str().unwrap_or_default();
        let approval = ApprovalClaim {
            transaction: id.parse().map_err(|_| "a claim without its request".to_owned())?,
            statement: base64url(&sha256(&[statement.as_bytes()])),
            digits: Some(digits.to_owned()),
            decision: Decision::Approve,
        };
        let path = format!("/v1/eid/transactions/{id}/approve");
        let decided = self.call(connection, &path, &json!({}), Some(approval)).await?;
        if decided["outcome"] == "approved" { Ok(()) } else { Err("the approval was not taken".to_owned()) }
    }

    async fn call(
        &self,
        connection: &mut Connection,
        path: &str,
        body: &Value,
        approval: Option<ApprovalClaim>,
    ) -> Result<Value, String> {
        let body = Bytes::from(body.to_string());
        let unsigned = Unsigned { issuer: &self.issuer, method: "POST", path, body: &body };
        let signed = unsigned.sign(&self.signer, SystemClock.now(), TransactionId::random(&self.entropy), approval);
        let signed = signed.map_err(|error| error.to_string())?;
        let fields = [("content-type", "application/json"), ("authorization", signed.as_str())];
        let answer = connection.post(path, &fields, body).await.map_err(said)?;
        if !answer.status.is_success() {
            return Err(format!("device: {}", refusal(&answer)));
        }
        serde_json::from_slice(&answer.body).map_err(|error| error.to_string())
    }
}

fn between<'a>(page: &'a str, before: &str, after: &str) -> Option<&'a str> {
    page.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}
