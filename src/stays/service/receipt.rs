//! Receipts: signed, shown, verified by anybody.

use serde::{Deserialize, Serialize};

use super::{Stays, StaysError};
use crate::access::Caller;
use crate::audit::{InclusionProof, Receipt};
use crate::citizens::CitizensError;
use crate::clients::Operation;
use crate::crypto::KeyUse;
use crate::crypto::jose::jws::TOKEN_LIMIT;
use crate::crypto::jose::{Signer, Typ, Unverified};
use crate::kernel::{Instant, StayId};
use crate::stays::model::{ReceiptDocument, SignedReceipt, StayState};
use crate::stays::store::stays;
use crate::storage::{Reach, StorageError};

/// `typ` of the JWS.
pub const RECEIPT_TYPE: &str = "dancu-stay-receipt+jwt";
/// The operation's name in audit entries, of refusals.
pub const RECEIPT: &str = "stays.receipt";

/// The claims of the JWS: those every reader of JWTs knows, and the document.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    iat: i64,
    document: ReceiptDocument,
}

/// A receipt with the proof that its notice stands in the audit log.
pub struct ProvenReceipt {
    pub receipt: SignedReceipt,
    pub state: StayState,
    /// Where the entry stands; `None` once it has expired.
    pub audit: Option<Receipt>,
    /// `None` until the next checkpoint covers the entry, about a second after the notice.
    pub inclusion: Option<InclusionProof>,
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
}

impl VerifiedReceipt {
    const fn none(status: ReceiptStatus) -> Self {
        Self { status, document: None }
    }
}

impl Stays {
    pub(super) fn sign(&self, document: ReceiptDocument, now: Instant) -> Result<SignedReceipt, StorageError> {
        let (kid, key) = self.0.keyring.signing_key(KeyUse::Document);
        let claims = Claims { iss: self.0.issuer.clone(), iat: now.as_seconds(), document };
        let payload =
            serde_json::to_vec(&claims).map_err(|_| StorageError::BrokenInvariant("a receipt cannot be written"))?;
        let jws = Signer::new(key, Some(&kid), Some(RECEIPT_TYPE)).sign(&payload);
        Ok(SignedReceipt { document: claims.document, jws })
    }

    /// The receipt of a stay the caller may report for. It names nobody.
    pub async fn receipt(&self, caller: &Caller, stay: StayId) -> Result<SignedReceipt, StaysError> {
        Ok(self.receipt_of(caller, stay).await?.0)
    }

    /// The same, proven as far as the log is published.
    pub async fn prove_receipt(&self, caller: &Caller, stay: StayId) -> Result<ProvenReceipt, StaysError> {
        let (receipt, state) = self.receipt_of(caller, stay).await?;
        // The first entry of the transaction is the notice's own; later ones are repetitions.
        let transaction = receipt.document.audit.transaction_id;
        let entry = self.0.audit.find_transaction(transaction).await?.into_iter().next();
        let audit = entry.map(|entry| entry.receipt);
        let inclusion = match &audit {
            Some(audit) => self.0.audit.prove_all(vec![audit.clone()]).await?.into_iter().next().flatten(),
            None => None,
        };
        Ok(ProvenReceipt { receipt, state, audit, inclusion })
    }

    async fn receipt_of(&self, caller: &Caller, stay: StayId) -> Result<(SignedReceipt, StayState), StaysError> {
        self.0.citizens.require(caller, Operation::StaysReport, RECEIPT).await?;
        caller.client.allows(Operation::StaysReport, self.0.clock.now()).map_err(CitizensError::from)?;
        self.0.citizens.charge(&caller.client)?;
        let (_, loaded) = self.own(caller, stay).await?.ok_or(StaysError::NoSuchStay)?;
        Ok((loaded.stay.receipt, loaded.stay.state))
    }

    /// Says what a receipt (its JWS) is worth.
    pub async fn verify_receipt(&self, presented: &str) -> Result<VerifiedReceipt, StaysError> {
        let document = match self.read_receipt(presented) {
            Ok(document) => document,
            Err(status) => return Ok(VerifiedReceipt::none(status)),
        };
        let id = document.stay_id;
        let row = self.0.store.read(Reach::Key, move |db| stays::find(db, id.as_bytes())).await?;
        // Signed here and not known: its stay was not entered after all.
        let Some(row) = row else { return Ok(VerifiedReceipt::none(ReceiptStatus::Unknown)) };
        let status = if row.state == StayState::Cancelled.number() {
            ReceiptStatus::Cancelled
        } else if row.revision.unsigned_abs() != document.revision {
            ReceiptStatus::Superseded
        } else {
            ReceiptStatus::Valid
        };
        Ok(VerifiedReceipt { status, document: Some(document) })
    }

    /// A receipt as a page to print, from its JWS alone; `None` if nobody here signed it.
    ///
    /// # Errors
    /// If the page cannot be written.
    pub fn receipt_page(&self, jws: &str) -> Result<Option<String>, StaysError> {
        let Ok(document) = self.read_receipt(jws) else { return Ok(None) };
        let page = crate::stays::printed::receipt(&document, jws.trim());
        let lost = |_| StorageError::BrokenInvariant("the page cannot be written");
        Ok(Some(page.map_err(lost)?))
    }

    fn read_receipt(&self, token: &str) -> Result<ReceiptDocument, ReceiptStatus> {
        let token = Unverified::parse(token.trim(), TOKEN_LIMIT).map_err(|_| ReceiptStatus::Tampered)?;
        let kid = token.header().kid.clone().unwrap_or_default();
        let keys = self.0.keyring.verifying_keys(KeyUse::Document);
        let (_, key) = keys.into_iter().find(|(id, _)| *id == kid).ok_or(ReceiptStatus::Unknown)?;
        let payload = token.verify(&key, Typ::Exactly(RECEIPT_TYPE)).map_err(|_| ReceiptStatus::Tampered)?;
        let claims: Claims = serde_json::from_slice(&payload).map_err(|_| ReceiptStatus::Unknown)?;
        Ok(claims.document)
    }
}
