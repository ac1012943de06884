//! Somebody whom a room above knows by key: the holder of a credential.

use std::sync::Arc;

use super::cache::OpenRecord;
use super::model::Citizen;
use super::sealing::Sealing;
use super::service::Citizens;
use super::store::read;
use crate::kernel::{CitizenId, HouseholdId};
use crate::storage::{StorageError, Tx};

impl Citizens {
    /// The record as it stands, for a question that was admitted and is recorded.
    pub async fn holder(&self, id: CitizenId) -> Result<Option<Arc<OpenRecord>>, StorageError> {
        self.0.records.by_id(id).await
    }

    /// The members of a household, under the same condition.
    pub async fn members(&self, id: HouseholdId) -> Result<Vec<Arc<OpenRecord>>, StorageError> {
        self.0.records.household(id).await
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

/// The record as a running transaction sees it.
pub fn current(tx: &mut Tx<'_>, sealing: &Sealing, id: CitizenId) -> Result<Option<Citizen>, StorageError> {
    let row = read::record(tx.db()?, id)?;
    Ok(row.map(|row| sealing.open(&row)).transpose()?)
}

/// Whether the record is still at this version, and stays so until the transaction ends.
pub fn is_still_at(tx: &mut Tx<'_>, id: CitizenId, row_version: i64) -> Result<bool, StorageError> {
    Ok(read::version_held(tx.db()?, id)? == Some(row_version))
}
