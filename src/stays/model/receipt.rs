//! What proves that a stay was reported, and when.

use serde::{Deserialize, Serialize};

use crate::kernel::{FacilityId, Instant, StayId, TransactionId};

/// How far a notice has got. Later states come when notices are handed on to other registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The installation that signs has it.
    Received,
}

/// The audit entry that the notice stands in. The receipt is signed in the transaction of its entry,
/// before that has its index; `POST /v1/audit/proof` proves the transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReceiptPosition {
    pub log: String,
    #[schema(value_type = String)]
    pub transaction_id: TransactionId,
}

/// What a receipt says, word for word what is signed. It names no guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReceiptDocument {
    #[schema(value_type = String)]
    pub stay_id: StayId,
    /// 1 for the notice itself; an amendment of arrival or guests makes the next, and the one before
    /// is superseded.
    pub revision: u32,
    #[schema(value_type = String)]
    pub facility_id: FacilityId,
    pub facility_name: String,
    #[schema(value_type = String)]
    pub arrival: Instant,
    #[schema(value_type = String)]
    pub deadline: Instant,
    #[schema(value_type = String)]
    pub received_at: Instant,
    /// When what it says was last amended; missing on the receipt of the notice itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub amended_at: Option<Instant>,
    /// Whether every guest was reported before the deadline. A receipt that was late stays so.
    pub on_time: bool,
    /// How many guests were reported.
    pub guests: u32,
    pub delivery: Delivery,
    pub audit: ReceiptPosition,
}

/// A receipt and its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SignedReceipt {
    pub document: ReceiptDocument,
    /// The same, signed as JWS (ES256, keys at `/.well-known/dancu-document-keys`).
    pub jws: String,
}
