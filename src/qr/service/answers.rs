//! The first answer to a request with an `Idempotency-Key`, kept sealed for a day.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Answer, Body, Qr, QrError};
use crate::access::Caller;
use crate::citizens::Draft;
use crate::citizens::guard::meter::Standing;
use crate::crypto::aead::{pad_to_64, unpad};
use crate::crypto::digest::sha256;
use crate::crypto::{KeyUse, Keyring};
use crate::kernel::{AttributeSet, CitizenId, Entropy, Instant, TransactionId};
use crate::qr::store::answers::{self, AnswerRow};
use crate::storage::{Reach, StorageError};

/// How long an answer is repeated.
const KEPT: Duration = Duration::from_secs(24 * 3600);
const LABEL: &str = "qr_answers";

pub(super) struct Answers {
    pub keyring: Keyring,
    pub entropy: Arc<dyn Entropy>,
}

/// An answer as it was given, and about whom.
#[derive(Serialize, Deserialize)]
pub(super) struct First {
    pub transaction: TransactionId,
    pub subjects: Vec<CitizenId>,
    pub attributes: AttributeSet,
    pub body: Value,
}

/// One client's key, and the request it came with.
#[derive(Clone)]
pub(super) struct Keyed {
    /// Under each version of the index key, newest first.
    keys: Vec<[u8; 32]>,
    request: [u8; 32],
}

impl Answers {
    pub fn keyed(&self, caller: &Caller, key: Option<&str>, request: &[&[u8]]) -> Option<Keyed> {
        let key = key?;
        let versions = self.keyring.versions(KeyUse::Index).into_iter();
        let tag = |version| {
            Some(self.keyring.index_key(LABEL, version)?.tag(&[
                caller.client.id.as_str().as_bytes(),
                b"\n",
                key.as_bytes(),
            ]))
        };
        let lengths: Vec<u8> = request.iter().flat_map(|part| (part.len() as u64).to_be_bytes()).collect();
        let mut parts = vec![lengths.as_slice()];
        parts.extend_from_slice(request);
        Some(Keyed { keys: versions.filter_map(tag).collect(), request: sha256(&parts) })
    }

    /// The row that keeps an answer.
    pub fn seal(&self, keyed: &Keyed, first: &First, now: Instant) -> Result<AnswerRow, StorageError> {
        let lost = || StorageError::Other("an answer cannot be kept".to_owned());
        let key = keyed.keys.first().ok_or_else(lost)?;
        let (version, sealing) = self.keyring.active_sealing_key(LABEL);
        let mut plain = serde_json::to_vec(first).map_err(|_| lost())?;
        pad_to_64(&mut plain);
        Ok(AnswerRow {
            key: key.to_vec(),
            request: keyed.request.to_vec(),
            key_version: version as i32,
            sealed: sealing.seal(&*self.entropy, key, &plain),
            expires_at: now.plus(KEPT).as_micros(),
        })
    }

    fn open(&self, row: &AnswerRow) -> Result<First, StorageError> {
        let fault = || StorageError::Inconsistent { table: LABEL, column: "sealed", row: String::new() };
        let key = self.keyring.sealing_key(LABEL, row.key_version as u32).ok_or_else(fault)?;
        let plain = key.open(&row.key, &row.sealed).map_err(|_| fault())?;
        unpad(&plain).and_then(|json| serde_json::from_slice(json).ok()).ok_or_else(fault)
    }
}

impl Qr {
    /// The first answer to this request.
    ///
    /// # Errors
    /// [`QrError::KeyReused`] if the key came with another request.
    pub(super) async fn first_answer(&self, keyed: &Keyed) -> Result<Option<First>, QrError> {
        let (keys, now) = (keyed.keys.clone(), self.0.clock.now());
        let row = self.0.store.read(Reach::Key, move |db| answers::find(db, &keys)).await?;
        let Some(row) = row.filter(|row| row.expires_at > now.as_micros()) else { return Ok(None) };
        if row.request != keyed.request {
            return Err(QrError::KeyReused);
        }
        Ok(Some(self.0.answers.open(&row)?))
    }

    /// Gives an answer once more, under an entry of its own.
    pub(super) async fn repeat<T>(&self, first: First, standing: Standing, draft: Draft) -> Result<Answer<T>, QrError> {
        let First { transaction, subjects, attributes, body } = first;
        let receipt = self.0.citizens.conclude(draft.repeated(transaction, subjects, attributes)).await?;
        Ok(Answer { body: Body::Again(body), receipt, standing, negative: false })
    }
}
