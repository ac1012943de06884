//! Revokes what a change of the record makes untrue.

use std::sync::Arc;

use super::store::credentials::{self, CredentialRow};
use super::{say, service::said_tag};
use crate::citizens::change::ChangeKinds;
use crate::citizens::model::Status;
use crate::citizens::sealing::Sealing;
use crate::citizens::{Change, Citizen, Reactor, current};
use crate::crypto::Keyring;
use crate::kernel::Clock;
use crate::storage::{StorageError, Tx};

/// Sees every change of a record that already existed.
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
            if !citizen.as_ref().is_some_and(|citizen| self.is_true_of(&row, citizen)) {
                credentials::revoke(tx.db()?, &row.credential_id, now)?;
            }
        }
        Ok(())
    }
}

impl Revoker {
    /// Whether the credential would be issued with the same words today. What cannot be told is not
    /// true.
    fn is_true_of(&self, row: &CredentialRow, citizen: &Citizen) -> bool {
        let Ok(attributes) = serde_json::from_str(&row.attributes) else { return false };
        let said = say(citizen, attributes);
        let tag = said_tag(&self.keyring, row.said_key as u32, &said);
        citizen.status == Status::Alive && tag.is_some_and(|tag| tag == row.said.as_slice())
    }
}
