//! Receipts: signed, shown, verified by anybody.

use serde::Serialize;

use super::{Stays, StaysError};
use crate::access::Caller;
use crate::kernel::{Instant, StayId};
use crate::stays::model::ReceiptDocument;

/// A receipt as it is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ReceiptTold {
    pub document: ReceiptDocument,
    /// The same, signed (ES256, keys at `/.well-known/dancu-document-keys`).
    pub jws: String,
}

/// What a receipt is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStatus {
    Valid,
    /// The notice was amended since; there is a later receipt.
    Superseded,
    /// The notice was taken back.
    Cancelled,
    /// It was altered after it was signed.
    Tampered,
    /// Nobody here gave it.
    Unknown,
}

/// What anybody is told of a receipt they hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct VerifiedReceipt {
    pub status: ReceiptStatus,
    /// What it says; `null` where nobody here signed it.
    pub document: Option<ReceiptDocument>,
    /// Since when it is cancelled.
    #[schema(value_type = Option<String>)]
    pub since: Option<Instant>,
}

impl Stays {
    /// The receipt of a stay the caller may report for.
    pub async fn receipt(&self, _caller: &Caller, _stay: StayId) -> Result<ReceiptTold, StaysError> {
        todo!()
    }

    /// Says what a receipt (its JWS) is worth.
    pub async fn verify_receipt(&self, _presented: &str) -> Result<VerifiedReceipt, StaysError> {
        todo!()
    }

    /// A receipt as a page to print, from its JWS alone; `None` if nobody here signed it.
    pub fn receipt_page(&self, _jws: &str) -> Result<Option<String>, StaysError> {
        todo!()
    }
}
