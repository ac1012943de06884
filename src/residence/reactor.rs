//! Makes confirmations void when what they state is no longer so.

use std::sync::Arc;

use super::model::Statement;
use super::service::said_tag;
use super::store::confirmations::{self, ConfirmationRow};
use crate::citizens::change::ChangeKinds;
use crate::citizens::model::Status;
use crate::citizens::sealing::Sealing;
use crate::citizens::{Change, Citizen, Reactor, current, current_members};
use crate::crypto::{KeyUse, Keyring};
use crate::kernel::{AttributeSet, Clock};
use crate::qr::{VOIDER, void_confirmation};
use crate::storage::{StorageError, Tx};

/// Sees every change: of the person, of other members that are named, of who is a member.
pub struct Voider {
    pub sealing: Sealing,
    pub keyring: Keyring,
    pub clock: Arc<dyn Clock>,
}

impl Reactor for Voider {
    fn name(&self) -> &'static str {
        VOIDER
    }

    fn wants(&self) -> ChangeKinds {
        ChangeKinds::CREATED
            | ChangeKinds::STATUS
            | ChangeKinds::RESIDENCE
            | ChangeKinds::NUMBER
            | ChangeKinds::IDENTITY
            | ChangeKinds::HOUSEHOLD
    }

    fn react(&self, tx: &mut Tx<'_>, change: &Change) -> Result<(), StorageError> {
        let now = self.clock.now();
        let mut touched = confirmations::touching(tx.db()?, change.citizen_id.as_bytes(), now)?;
        // Who joins a household changes what is stated of it, and is named nowhere yet.
        let may_join = change.kinds.intersects(ChangeKinds::CREATED | ChangeKinds::HOUSEHOLD);
        if may_join
            && confirmations::any_with_members(tx.db()?, now)?
            && let Some(citizen) = current(tx, &self.sealing, change.citizen_id)?
            && let Some(household) = &citizen.household
        {
            touched.extend(confirmations::touching(tx.db()?, household.household_id.as_bytes(), now)?);
        }
        for row in touched {
            if self.stated_today(tx, &row)?.is_none() {
                void_confirmation(tx, &row.confirmation_id, now)?;
            }
        }
        Ok(())
    }
}

impl Voider {
    /// Brings up to `limit` confirmations from old index keys to the active one, so that the old can be
    /// retired; how many were looked at. One that is not true any more becomes void instead.
    pub fn renew_tags(&self, tx: &mut Tx<'_>, limit: i64) -> Result<usize, StorageError> {
        let (now, active) = (self.clock.now(), self.keyring.active(KeyUse::Index));
        let version = i32::try_from(active).unwrap_or(i32::MAX);
        let rows = confirmations::tagged_before(tx.db()?, version, now, limit)?;
        for row in &rows {
            match self.stated_today(tx, row)? {
                Some(statement) => {
                    let tag =
                        said_tag(&self.keyring, active, &statement).ok_or(StorageError::index_key_missing(active))?;
                    confirmations::retag(tx.db()?, &row.confirmation_id, &tag, version)?;
                }
                None => {
                    void_confirmation(tx, &row.confirmation_id, now)?;
                    confirmations::retag(tx.db()?, &row.confirmation_id, &[], version)?;
                }
            }
        }
        Ok(rows.len())
    }

    /// What the confirmation states, if it would be issued with the same words today.
    ///
    /// # Errors
    /// `KeyMissing` if this process does not have the key yet under which it was issued: it is tried
    /// again, and meanwhile the reactor stands still and no confirmation is called good for long.
    fn stated_today(&self, tx: &mut Tx<'_>, row: &ConfirmationRow) -> Result<Option<Statement>, StorageError> {
        let Ok(attributes) = serde_json::from_str::<AttributeSet>(&row.attributes) else { return Ok(None) };
        let Some(citizen) = current(tx, &self.sealing, row.citizen()?)? else { return Ok(None) };
        let members = self.members(tx, &citizen, row.members)?;
        let statement = Statement::of(&citizen, attributes, members.as_deref());
        let version = row.said_key.cast_unsigned();
        let tag = said_tag(&self.keyring, version, &statement).ok_or(StorageError::index_key_missing(version))?;
        let is_true = citizen.status == Status::Alive && tag == row.said.as_slice();
        Ok(is_true.then_some(statement))
    }

    fn members(&self, tx: &mut Tx<'_>, citizen: &Citizen, named: bool) -> Result<Option<Vec<Citizen>>, StorageError> {
        match (&citizen.household, named) {
            (Some(household), true) => current_members(tx, &self.sealing, household.household_id).map(Some),
            (None, true) => Ok(Some(Vec::new())),
            (_, false) => Ok(None),
        }
    }
}
