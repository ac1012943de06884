//! Consents given, found and withdrawn.

use std::sync::Arc;

use super::model::{Consent, NewConsent};
use super::store::{self, ConsentRow};
use crate::audit::{Audit, AuditError, Entry, Outcome, Receipt};
use crate::crypto::Keyring;
use crate::kernel::{CitizenId, ClientId, Clock, ConsentId, Entropy, Instant, TransactionId};
use crate::sealing::SealedTable;
use crate::storage::{Reach, StorageError, Store, Tx};

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
pub struct Consents(Arc<Inner>);

struct Inner {
    parts: ConsentsParts,
    proofs: SealedTable<Vec<u8>>,
}

/// A withdrawal, on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    pub at: Instant,
    pub receipt: Receipt,
}

impl Consents {
    pub fn new(parts: ConsentsParts) -> Self {
        let proofs = proofs(&parts.keyring, &parts.entropy);
        Self(Arc::new(Inner { parts, proofs }))
    }

    /// Stores a consent in the running transaction, which also records in the audit log how it was
    /// given.
    pub fn give(&self, tx: &mut Tx<'_>, new: &NewConsent) -> Result<ConsentId, StorageError> {
        let id = ConsentId::random(&*self.0.parts.entropy);
        let sealed = self.0.proofs.seal_bytes(&[id.as_bytes()], &new.proof);
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
            key_version: sealed.key_version,
            proof: sealed.bytes,
        };
        store::insert(tx.db()?, &row)?;
        Ok(id)
    }

    /// The consent as it stands now, for whoever relies on it.
    pub async fn find(&self, id: ConsentId) -> Result<Option<Consent>, StorageError> {
        self.0.parts.store.read(Reach::Key, move |db| store::find(db, id)).await
    }

    /// What the citizen signed.
    pub async fn proof(&self, id: ConsentId) -> Result<Option<Vec<u8>>, StorageError> {
        let row = self.0.parts.store.read(Reach::Key, move |db| store::find_row(db, id)).await?;
        let open = |row: ConsentRow| self.0.proofs.open_bytes(&[&row.consent_id], row.key_version, &row.proof);
        row.map(open).transpose()
    }

    /// Every consent of the citizen, newest first, those that are over included.
    pub async fn of_citizen(&self, citizen: CitizenId) -> Result<Vec<Consent>, StorageError> {
        self.0.parts.store.read(Reach::Key, move |db| store::of_citizen(db, citizen)).await
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
        let (inner, through) = (self.0.clone(), through.clone());
        let transaction = TransactionId::random(&*self.0.parts.entropy);
        let done = self.0.parts.store.write(move |tx| -> Result<_, StorageError> {
            let parts = &inner.parts;
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
}

/// What citizens signed, bound to their consents.
pub(super) fn proofs(keyring: &Keyring, entropy: &Arc<dyn Entropy>) -> SealedTable<Vec<u8>> {
    SealedTable::of_column("consents", "proof", "consents", keyring.clone(), entropy.clone())
}
