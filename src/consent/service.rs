//! Consents given, found and withdrawn.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::model::{Consent, NewConsent};
use super::store::{self, ConsentRow};
use crate::audit::{Audit, AuditError, Entry, Outcome, Receipt};
use crate::crypto::aead::{pad_to_64, unpad};
use crate::crypto::{KeyUse, Keyring};
use crate::kernel::{Causes, CitizenId, ClientId, Clock, ConsentId, Entropy, Instant, TransactionId};
use crate::storage::{Db, Reach, StorageError, Store, Tx};

const TABLE: &str = "consents";
/// How often old proofs are sealed anew, and how many rows at once.
const TEND: Duration = Duration::from_secs(60);
const TEND_ROWS: i64 = 100;

/// What the room is built from.
pub struct ConsentsParts {
    pub store: Store,
    pub audit: Audit,
    pub keyring: Keyring,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

/// What citizens have consented to. Cheap to clone.
#[derive(Clone)]
pub struct Consents(Arc<ConsentsParts>);

/// A withdrawal, on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    pub at: Instant,
    pub receipt: Receipt,
}

impl Consents {
    /// Begins to tend what is stored until the last holder lets go.
    pub fn open(parts: ConsentsParts) -> Self {
        let parts = Arc::new(parts);
        tokio::spawn(tend(Arc::downgrade(&parts)));
        Self(parts)
    }

    /// Stores a consent in the running transaction, which also records in the audit log how it was
    /// given.
    pub fn give(&self, tx: &mut Tx<'_>, new: &NewConsent) -> Result<ConsentId, StorageError> {
        let id = ConsentId::random(&*self.0.entropy);
        let (key_version, proof) = self.0.seal(id, &new.proof);
        let row = ConsentRow {
            consent_id: id.as_bytes().to_vec(),
            citizen_id: new.citizen.as_bytes().to_vec(),
            client_id: new.client.to_string(),
            procedure: new.procedure.as_ref().map(ToString::to_string),
            attributes: serde_json::to_string(&new.attributes)
                .map_err(|_| StorageError::BrokenInvariant("attributes cannot be written as JSON"))?,
            given_at: new.given_at.as_micros(),
            until: new.until.as_micros(),
            withdrawn_at: None,
            key_version,
            proof,
        };
        store::insert(tx.db()?, &row)?;
        Ok(id)
    }

    /// The consent as it stands now, for whoever relies on it.
    pub async fn find(&self, id: ConsentId) -> Result<Option<Consent>, StorageError> {
        self.0.store.read(Reach::Key, move |db| store::find(db, id)).await
    }

    /// What the citizen signed.
    pub async fn proof(&self, id: ConsentId) -> Result<Option<Vec<u8>>, StorageError> {
        let row = self.0.store.read(Reach::Key, move |db| store::find_row(db, id)).await?;
        row.map(|row| self.0.open(&row)).transpose()
    }

    /// Every consent of the citizen, newest first, those that are over included.
    pub async fn of_citizen(&self, citizen: CitizenId) -> Result<Vec<Consent>, StorageError> {
        self.0.store.read(Reach::Key, move |db| store::of_citizen(db, citizen)).await
    }

    /// Withdraws a consent of `citizen`, who asks `through` a client. Done again it changes nothing.
    /// `None` if the citizen has given no such consent.
    ///
    /// # Errors
    /// If it cannot be stored and recorded: then it still holds.
    pub async fn withdraw(
        &self,
        citizen: CitizenId,
        id: ConsentId,
        through: &ClientId,
    ) -> Result<Option<Withdrawn>, AuditError> {
        let (parts, through) = (self.0.clone(), through.clone());
        let transaction = TransactionId::random(&*self.0.entropy);
        let done = self.0.store.write(move |tx| -> Result<_, StorageError> {
            let now = parts.clock.now();
            let Some(consent) = store::find(tx.db()?, id)?.filter(|consent| consent.citizen == citizen) else {
                return Ok(None);
            };
            let first = store::withdraw(tx.db()?, id, now)?;
            let entry = Entry {
                transaction,
                at: now,
                client: Some(through.clone()),
                officer: None,
                subjects: vec![citizen],
                operation: "consent.withdraw",
                attributes: consent.attributes,
                procedure: consent.procedure,
                legal_basis: None,
                consent: Some(id.0),
                outcome: if first { Outcome::Answered } else { Outcome::Replayed },
                reason: "",
            };
            Ok(Some((consent.withdrawn_at.unwrap_or(now), parts.audit.append(tx, &entry))))
        });
        done.await?.map(|(at, pending)| Ok(Withdrawn { at, receipt: pending.receipt()? })).transpose()
    }

    /// Deletes what was kept long enough and seals old proofs anew: what the room does by itself
    /// once a minute. Returns how many rows it touched.
    pub async fn tend_now(&self) -> Result<usize, StorageError> {
        self.0.tend().await
    }
}

impl ConsentsParts {
    /// The proof under the active key, bound to its table, its consent and the key's version.
    fn seal(&self, id: ConsentId, proof: &[u8]) -> (i32, Vec<u8>) {
        let (version, key) = self.keyring.active_sealing_key(TABLE);
        let mut plain = proof.to_vec();
        pad_to_64(&mut plain);
        (version as i32, key.seal(&*self.entropy, &binding(id, version), &plain))
    }

    fn open(&self, row: &ConsentRow) -> Result<Vec<u8>, StorageError> {
        let fault = || StorageError::inconsistent(TABLE, "proof");
        let (id, version) = (ConsentId::from_slice(&row.consent_id).ok_or_else(fault)?, row.key_version as u32);
        let key = self.keyring.sealing_key(TABLE, version).ok_or(StorageError::seal_key_missing(version))?;
        let plain = key.open(&binding(id, version), &row.proof).map_err(|_| fault())?;
        unpad(&plain).map(<[u8]>::to_vec).ok_or_else(fault)
    }

    async fn tend(self: &Arc<Self>) -> Result<usize, StorageError> {
        if self.keyring.versions(KeyUse::Seal).len() < 2 {
            return Ok(0);
        }
        let parts = self.clone();
        self.store.bulk(move |db| parts.reseal(db)).await
    }

    fn reseal(&self, db: &mut Db) -> Result<usize, StorageError> {
        let rows = store::under_older(db, self.keyring.active(KeyUse::Seal) as i32, TEND_ROWS)?;
        for row in &rows {
            let fault = || StorageError::inconsistent(TABLE, "consent_id");
            let id = ConsentId::from_slice(&row.consent_id).ok_or_else(fault)?;
            let (version, proof) = self.seal(id, &self.open(row)?);
            store::replace_proof(db, &row.consent_id, version, &proof)?;
        }
        Ok(rows.len())
    }
}

fn binding(id: ConsentId, key_version: u32) -> [u8; 28] {
    let mut bound = [0; 28];
    bound[..8].copy_from_slice(TABLE.as_bytes());
    bound[8..24].copy_from_slice(id.as_bytes());
    bound[24..].copy_from_slice(&key_version.to_be_bytes());
    bound
}

/// How many proofs are sealed under a version of the key; `keys retire` refuses while there are any.
pub async fn proofs_under(store: &Store, version: u32) -> Result<u64, StorageError> {
    let rows = store.read(Reach::Scan, move |db| store::count_under(db, version as i32)).await?;
    Ok(rows.cast_unsigned())
}

async fn tend(parts: Weak<ConsentsParts>) {
    loop {
        tokio::time::sleep(TEND).await;
        let Some(parts) = parts.upgrade() else { return };
        loop {
            match parts.tend().await {
                Ok(rows) if rows as i64 >= TEND_ROWS => tokio::task::yield_now().await,
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(error = %Causes(&error), "consents cannot be tended");
                    break;
                }
            }
        }
    }
}
