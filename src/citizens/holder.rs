//! Somebody whom a room above knows by key: the holder of a credential.

use std::sync::Arc;

use super::anchor::named;
use super::cache::OpenRecord;
use super::guard::{AnchorOutcome, Failure, GuardError};
use super::matching::Anchor;
use super::model::Citizen;
use super::sealing::Sealing;
use super::service::Citizens;
use super::store::{apply::lock_change_log, read};
use crate::kernel::{CitizenId, HouseholdId, IdNumber};
use crate::storage::{StorageError, Tx};

/// What came of somebody naming themselves.
#[derive(Clone)]
pub struct Identified {
    /// `None`: nobody, or too many failures came from there; which of them is not told.
    pub person: Option<Arc<OpenRecord>>,
    /// Whose number it was, whatever else was wrong.
    pub about: Option<CitizenId>,
    /// To be stored with the entry.
    pub failure: Option<Failure>,
    /// Stable code of the limit that was reached.
    pub refusal: Option<&'static str>,
}

impl Citizens {
    /// The record as it stands, for a question that was admitted and is recorded.
    pub async fn holder(&self, id: CitizenId) -> Result<Option<Arc<OpenRecord>>, StorageError> {
        self.0.records.by_id(id).await
    }

    /// The members of a household, for a question that was admitted and is recorded.
    pub async fn household(&self, id: HouseholdId) -> Result<Vec<Arc<OpenRecord>>, StorageError> {
        self.0.records.household(id).await
    }

    /// Whoever holds the number, or held it, for a question that the caller limits and records.
    pub async fn holder_of_number(&self, number: &IdNumber) -> Result<Option<Arc<OpenRecord>>, StorageError> {
        self.0.records.by_number(number).await
    }

    /// Everybody whose record names the citizen as parent of a child or as legal representative, by a
    /// number they have or had; for a question that the caller limits and records.
    pub async fn wards_of(&self, guardian: &Citizen) -> Result<Vec<Arc<OpenRecord>>, StorageError> {
        let mut numbers = guardian.cancelled_id_numbers.clone();
        numbers.push(guardian.id_number.clone());
        self.0.records.naming_guardian(&numbers).await
    }

    /// The one person an anchor holds for, where citizens speak of themselves: no client asks. Failed
    /// anchors count against the network address they came `from` (its keyed hash) and towards the alarm
    /// over the number. The caller records it together with the failure by
    /// [`write_entries`](Self::write_entries), and answers the same whatever is found.
    ///
    /// # Errors
    /// If the store cannot answer.
    pub async fn identify(&self, anchor: &Anchor, from: &[u8]) -> Result<Identified, StorageError> {
        let (person, about) = self.seek(anchor).await?;
        let outcome = if person.is_some() { AnchorOutcome::Holds } else { AnchorOutcome::Fails };
        let settled = self.0.guards.settle_anonymous(from, named(anchor), outcome, self.0.clock.now()).await;
        let about = person.as_ref().map(|person| person.record.citizen.citizen_id).or(about);
        let (person, failure, refusal) = match settled {
            Ok(failure) => (person.map(|person| person.record), failure, None),
            Err(GuardError::Blocked(blocked)) => (None, None, Some(blocked.limit.code())),
            Err(GuardError::Storage(error)) => return Err(error),
        };
        Ok(Identified { person, about, failure, refusal })
    }
}

/// The members of a household as a running transaction sees them.
pub fn current_members(tx: &mut Tx<'_>, sealing: &Sealing, id: HouseholdId) -> Result<Vec<Citizen>, StorageError> {
    let ids = read::household_members(tx.db()?, id)?;
    let mut members = Vec::with_capacity(ids.len());
    for member in ids {
        members.extend(current(tx, sealing, member)?);
    }
    members.retain(|member| member.household.as_ref().is_some_and(|held| held.household_id == id));
    Ok(members)
}

/// Whether the household has these members and no others, and has them until the transaction ends:
/// who joins has to wait. Asked before anything else of the transaction, in the order of the change
/// log.
pub fn are_its_members(tx: &mut Tx<'_>, id: HouseholdId, members: &[CitizenId]) -> Result<bool, StorageError> {
    lock_change_log(tx.db()?)?;
    let held = read::household_members(tx.db()?, id)?;
    Ok(held.len() == members.len() && held.iter().all(|member| members.contains(member)))
}

/// The record as a running transaction sees it.
pub fn current(tx: &mut Tx<'_>, sealing: &Sealing, id: CitizenId) -> Result<Option<Citizen>, StorageError> {
    let row = read::record(tx.db()?, id)?;
    row.map(|row| sealing.open(&row)).transpose()
}

/// Whether the record is still at this version, and stays so until the transaction ends.
pub fn is_still_at(tx: &mut Tx<'_>, id: CitizenId, row_version: i64) -> Result<bool, StorageError> {
    Ok(read::version_held(tx.db()?, id)? == Some(row_version))
}
