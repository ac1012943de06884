//! Revokes what a change of the record makes untrue.

use std::sync::Arc;

use super::store::credentials::{self, CredentialRow};
use super::{Said, say, service::said_tag};
use crate::citizens::change::ChangeKinds;
use crate::citizens::model::Status;
use crate::citizens::sealing::Sealing;
use crate::citizens::{Change, Citizen, Reactor, current};
use crate::crypto::{KeyUse, Keyring};
use crate::kernel::Clock;
use crate::storage::{StorageError, Tx};

/// Sees every change of a record that already existed, and every rotation of the index key.
pub struct Revoker {
    pub sealing: Sealing,
    pub keyring: Keyring,
    pub clock: Arc<dyn Clock>,
}

impl Reactor for Revoker {
    fn name(&self) -> &'static str {
        "qr.credentials"
    }

    fn wants(&self) -> ChangeKinds {
        ChangeKinds::STATUS | ChangeKinds::NUMBER | ChangeKinds::IDENTITY | ChangeKinds::RESIDENCE | ChangeKinds::OTHER
    }

    fn react(&self, tx: &mut Tx<'_>, change: &Change) -> Result<(), StorageError> {
        let now = self.clock.now();
        let held = credentials::in_force_of(tx.db()?, change.citizen_id, now)?;
        if held.is_empty() {
            return Ok(());
        }
        let citizen = current(tx, &self.sealing, change.citizen_id)?;
        for row in held {
            let said = citizen.as_ref().map(|citizen| self.said_today(&row, citizen)).transpose()?;
            if said.flatten().is_none() {
                credentials::revoke(tx.db()?, &row.credential_id, now)?;
            }
        }
        Ok(())
    }
}

impl Revoker {
    /// Brings up to `limit` credentials from old index keys to the active one, so that the old can
    /// be retired; how many were looked at. One that is not true any more is revoked instead.
    pub fn renew_tags(&self, tx: &mut Tx<'_>, limit: i64) -> Result<usize, StorageError> {
        let (now, active) = (self.clock.now(), self.keyring.active(KeyUse::Index));
        let version = i32::try_from(active).unwrap_or(i32::MAX);
        let rows = credentials::tagged_before(tx.db()?, version, now, limit)?;
        let mut renewed = Vec::with_capacity(rows.len());
        for row in &rows {
            let citizen = current(tx, &self.sealing, row.citizen()?)?;
            let said = citizen.as_ref().map(|citizen| self.said_today(row, citizen)).transpose()?;
            match said.flatten() {
                Some(said) => renewed.push((
                    row,
                    said_tag(&self.keyring, active, &said).ok_or(StorageError::index_key_missing(active))?,
                )),
                None => drop(credentials::revoke(tx.db()?, &row.credential_id, now)?),
            }
        }
        // Afterwards: who revokes takes the list's count before any credential.
        for (row, tag) in renewed {
            credentials::retag(tx.db()?, &row.credential_id, &tag, version)?;
        }
        Ok(rows.len())
    }

    /// What the credential says, if it would be issued with the same words today.
    ///
    /// # Errors
    /// `KeyMissing` if this process does not have the key yet under which it was issued: it is tried
    /// again.
    fn said_today(&self, row: &CredentialRow, citizen: &Citizen) -> Result<Option<Said>, StorageError> {
        let Ok(asked) = serde_json::from_str(&row.attributes) else { return Ok(None) };
        let said = say(citizen, asked);
        let version = row.said_key.cast_unsigned();
        let tag = said_tag(&self.keyring, version, &said).ok_or(StorageError::index_key_missing(version))?;
        Ok((citizen.status == Status::Alive && tag == row.said.as_slice()).then_some(said))
    }
}
