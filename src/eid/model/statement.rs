//! What the app shows of a request, and what the device signs.

use serde::{Deserialize, Serialize};

use super::Channel;
use crate::crypto::digest::sha256;
use crate::kernel::{AttributeSet, ClientId, Instant, LegalBasis, Level, ProcedureCode, TransactionId};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asker {
    pub id: ClientId,
    pub name: String,
}

/// Everything about a request that the citizen decides on. Its JSON text is handed to the app as it
/// is, shown from it, and signed by its digest, so that no two sides have to agree on a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    pub transaction_id: TransactionId,
    pub client: Asker,
    pub level: Level,
    pub attributes: AttributeSet,
    pub procedure: Option<ProcedureCode>,
    pub legal_basis: Option<LegalBasis>,
    pub message: Option<String>,
    pub place: Option<String>,
    pub channel: Channel,
    /// Seconds that the consent given with the approval holds.
    pub consent_seconds: Option<u64>,
    /// Random, so that no signature fits another request.
    pub nonce: TransactionId,
    pub requested_at: Instant,
    pub expires_at: Instant,
}

impl Statement {
    /// The digest of a statement's text, as the device signs it.
    pub fn digest(text: &str) -> [u8; 32] {
        sha256(&[text.as_bytes()])
    }
}
