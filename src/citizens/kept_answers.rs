//! First answers to requests with an `Idempotency-Key`: kept sealed for some time, and repeated under an
//! entry of their own, as far as the agreement still lets them out.
//!
//! A service admits the question, then repeats what [`Citizens::repeat`] finds; else it does the
//! work, and writes what [`Citizens::keep`] made in the transaction that changes something. If that
//! ends in `Conflict`, the same request was faster elsewhere: it asks [`Citizens::repeat`] again.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::draft::Draft;
use super::guard::meter::Standing;
use super::service::{Citizens, CitizensError};
use super::store::kept_answers::{self, KeptAnswerRow};
use crate::access::Caller;
use crate::audit::Receipt;
use crate::clients::{Agreement, Client, Detail};
use crate::crypto::{KeyUse, Keyring};
use crate::kernel::{AttributeSet, CitizenId, Entropy, Instant, TransactionId};
use crate::sealing::{SealedTable, tag};
use crate::storage::{Reach, StorageError, Tx};

const TABLE: &str = "kept_answers";

/// An answer, given for the first time or once more.
pub enum Body<T> {
    First(T),
    Again(Value),
}

/// An answer that is recorded.
pub struct Answer<T> {
    pub body: Body<T>,
    pub receipt: Receipt,
    pub standing: Standing,
    /// Leaves at the time of negative answers.
    pub negative: bool,
}

/// One client's key, and the request it came with.
#[derive(Clone)]
pub struct Keyed {
    client: Arc<Client>,
    /// Under each version of the index key, newest first.
    tags: Vec<Tag>,
}

#[derive(Clone, Copy)]
struct Tag {
    version: u32,
    key: [u8; 32],
    request: [u8; 32],
}

/// A first answer on its way into the store.
pub struct KeptAnswer {
    row: KeptAnswerRow,
    at: Instant,
}

impl KeptAnswer {
    /// Keeps it, in the transaction that makes it true.
    ///
    /// # Errors
    /// `Conflict` if another answer was kept under the key meanwhile.
    pub fn write(&self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        kept_answers::insert(tx.db()?, &self.row, self.at)
    }
}

/// What came of looking for a first answer.
#[allow(clippy::large_enum_variant, reason = "lives for one match, on the path of every keyed request")]
pub enum Repeated {
    /// It is given again, and that is recorded.
    Again(Value, Receipt),
    /// There is none.
    No(Draft),
}

/// An answer as it was given.
#[derive(Serialize, Deserialize)]
struct First {
    transaction: TransactionId,
    subjects: Vec<CitizenId>,
    /// What it told.
    attributes: AttributeSet,
    /// What the agreement said then.
    detail: Detail,
    /// Whether it names other members of the household.
    members_named: bool,
    body: Value,
}

impl First {
    /// Whether the agreement, and the consent that the repeated question rests on, let out all that
    /// it tells as they stand.
    fn is_let_out_by(&self, agreement: &Agreement, draft: &Draft) -> bool {
        let detail = agreement.detail == Detail::Full || self.detail == Detail::Boolean;
        let readable = match self.subjects.first() {
            Some(subject) => draft.allowance(agreement, *subject).readable(),
            None => agreement.attributes,
        };
        let members = !self.members_named || draft.names_members(agreement);
        detail && members && self.attributes.is_subset(readable)
    }
}

/// Seals and finds answers with the installation's keys.
pub(super) struct Keeper {
    keyring: Keyring,
    table: SealedTable<First>,
    /// How long an answer is repeated.
    kept: Duration,
}

impl Keeper {
    pub(super) fn new(keyring: Keyring, entropy: Arc<dyn Entropy>, kept: Duration) -> Self {
        Self { table: SealedTable::new(TABLE, keyring.clone(), entropy), keyring, kept }
    }

    fn tag(&self, version: u32, who: &[&[u8]], request: &[&[u8]]) -> Option<Tag> {
        let key = tag(&self.keyring, "kept_answers.key", version, who).ok()?;
        let request = tag(&self.keyring, "kept_answers.request", version, request).ok()?;
        Some(Tag { version, key, request })
    }

    fn seal(&self, tag: &Tag, first: &First, now: Instant) -> Result<KeptAnswerRow, StorageError> {
        let mut row = KeptAnswerRow {
            key: tag.key.to_vec(),
            request: tag.request.to_vec(),
            index_version: tag.version.cast_signed(),
            key_version: 0,
            sealed: Vec::new(),
            expires_at: now.plus(self.kept).as_micros(),
        };
        let sealed = self.table.seal(&[&row.bound_to()], first)?;
        (row.key_version, row.sealed) = (sealed.key_version, sealed.bytes);
        Ok(row)
    }

    fn open(&self, row: &KeptAnswerRow) -> Result<First, StorageError> {
        self.table.open(&[&row.bound_to()], row.key_version, &row.sealed)
    }
}

impl Citizens {
    /// Who asks under an `Idempotency-Key`, and for what; `None` without a key. Two requests are the
    /// same if all parts of `request` are; the first part names the operation. Only keyed hashes are
    /// kept of either.
    pub fn keyed(&self, caller: &Caller, key: Option<&str>, request: &[&[u8]]) -> Option<Keyed> {
        let key = key?;
        let (client, citizen) = (caller.client.id.as_str(), caller.citizen.as_ref().map(|grant| grant.citizen_id));
        // Citizens who come through one client do not share its keys.
        let citizen = citizen.as_ref().map_or(&[][..], |id| id.as_bytes().as_slice());
        let who = [client.as_bytes(), b"\n", citizen, b"\n", key.as_bytes()];
        let lengths: Vec<u8> = request.iter().flat_map(|part| (part.len() as u64).to_be_bytes()).collect();
        let parts: Vec<&[u8]> = std::iter::once(lengths.as_slice()).chain(request.iter().copied()).collect();
        let versions = self.0.keeper.keyring.versions(KeyUse::Index).into_iter();
        let tags = versions.filter_map(|version| self.0.keeper.tag(version, &who, &parts)).collect();
        Some(Keyed { client: Arc::clone(&caller.client), tags })
    }

    /// Gives the first answer to an admitted request once more, recorded.
    ///
    /// # Errors
    /// [`CitizensError::KeyReused`] if the key came with another request before, and
    /// [`CitizensError::AgreementNarrowed`] if the answer tells more than the agreement lets out by
    /// now; both are recorded.
    pub async fn repeat(&self, keyed: &Keyed, draft: Draft) -> Result<Repeated, CitizensError> {
        let keys: Vec<_> = keyed.tags.iter().map(|tag| tag.key).collect();
        let now = draft.at();
        let Some(row) = self.0.store.read(Reach::Key, move |db| kept_answers::find(db, &keys, now)).await? else {
            return Ok(Repeated::No(draft));
        };
        if !keyed.tags.iter().any(|tag| tag.request.as_slice() == row.request) {
            return self.refuse_repeat(CitizensError::KeyReused, draft).await;
        }
        let first = self.0.keeper.open(&row)?;
        if !first.is_let_out_by(&keyed.client.agreement, &draft) {
            return self.refuse_repeat(CitizensError::AgreementNarrowed, draft.about(first.subjects)).await;
        }
        let receipt = self.conclude(draft.repeated(first.transaction, first.subjects, first.attributes)).await?;
        Ok(Repeated::Again(first.body, receipt))
    }

    async fn refuse_repeat(&self, refusal: CitizensError, draft: Draft) -> Result<Repeated, CitizensError> {
        self.conclude(draft.refused(refusal.reason())).await?;
        Err(refusal)
    }

    /// What has to be written with the change that `done` records, so that `told` can be repeated.
    pub fn keep(&self, keyed: &Keyed, done: &Draft, told: &impl Serialize) -> Result<KeptAnswer, StorageError> {
        let entry = done.entry();
        let first = First {
            transaction: entry.transaction,
            subjects: entry.subjects.clone(),
            attributes: entry.attributes,
            detail: keyed.client.agreement.detail,
            members_named: done.members_named,
            body: serde_json::to_value(told).map_err(|_| StorageError::BrokenInvariant("an answer cannot be kept"))?,
        };
        let at = self.0.clock.now();
        let row = self.0.keeper.seal(
            keyed.tags.first().ok_or(StorageError::BrokenInvariant("an answer cannot be kept"))?,
            &first,
            at,
        )?;
        Ok(KeptAnswer { row, at })
    }
}
