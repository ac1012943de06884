//! The reading side: who holds a number, whose record is this, what changed.

use diesel::prelude::*;

use super::rows::{self, ChangeRow, CitizenRow, IdentifierKind};
use crate::citizens::change::ChangeKinds;
use crate::citizens::reactor::Change;
use crate::citizens::sealing::IdentifierHash;
use crate::kernel::{CitizenId, HouseholdId, Instant};
use crate::storage::schema::{citizen_changes, citizens, household_members, identifiers};
use crate::storage::{Db, StorageError, per_arm};

/// The keyed hash of one identifier under one version of the index key.
pub type Hashed = (i32, IdentifierHash);

/// The record of whoever holds or held a number, looked for under each version of the index key.
pub fn holder_of_number(db: &mut Db, hashes: &[Hashed]) -> Result<Option<CitizenRow>, StorageError> {
    for (version, hash) in hashes {
        let found = per_arm!(db, conn => identifiers::table
            .inner_join(citizens::table.on(citizens::citizen_id.eq(identifiers::citizen_id)))
            .filter(identifiers::kind.eq(IdentifierKind::Number as i16))
            .filter(identifiers::key_version.eq(version))
            .filter(identifiers::hash.eq(hash.as_slice()))
            .filter(identifiers::holder.eq(0))
            .select(CitizenRow::as_select())
            .get_result(conn)
            .optional())?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The records of all who share an identifier. While keys are rotated a person may stand under two
/// versions; each is given once.
pub fn sharing(db: &mut Db, kind: IdentifierKind, hashes: &[Hashed]) -> Result<Vec<CitizenRow>, StorageError> {
    let mut found: Vec<CitizenRow> = Vec::new();
    for (version, hash) in hashes {
        let rows: Vec<CitizenRow> = per_arm!(db, conn => identifiers::table
            .inner_join(citizens::table.on(citizens::citizen_id.eq(identifiers::citizen_id)))
            .filter(identifiers::kind.eq(kind as i16))
            .filter(identifiers::key_version.eq(version))
            .filter(identifiers::hash.eq(hash.as_slice()))
            .select(CitizenRow::as_select())
            .load(conn))?;
        found.extend(rows);
    }
    found.sort_by(|a, b| a.citizen_id.cmp(&b.citizen_id));
    found.dedup_by(|a, b| a.citizen_id == b.citizen_id);
    Ok(found)
}

pub fn record(db: &mut Db, id: CitizenId) -> Result<Option<CitizenRow>, StorageError> {
    let found = per_arm!(db, conn => citizens::table
        .find(id.as_bytes().as_slice())
        .select(CitizenRow::as_select())
        .get_result(conn)
        .optional())?;
    Ok(found)
}

/// The members of a household, in a stable order.
pub fn household_members(db: &mut Db, id: HouseholdId) -> Result<Vec<CitizenId>, StorageError> {
    let members: Vec<Vec<u8>> = household_members::table
        .filter(household_members::household_id.eq(id.as_bytes().as_slice()))
        .order(household_members::citizen_id)
        .select(household_members::citizen_id)
        .load(db)?;
    members.iter().map(|bytes| rows::citizen_id("household_members", bytes)).collect()
}

/// The number of the last change; 0 if there was none.
pub fn last_change(db: &mut Db) -> Result<i64, StorageError> {
    let last: Option<i64> = citizen_changes::table.select(diesel::dsl::max(citizen_changes::seq)).get_result(db)?;
    Ok(last.unwrap_or(0))
}

/// Changes after `cursor`, oldest first. Numbers are given in the order of commits (who appends
/// holds a lock until its commit), so none can appear before one that was read.
pub fn changes_after(db: &mut Db, cursor: i64, page: i64) -> Result<Vec<Change>, StorageError> {
    let found: Vec<ChangeRow> = citizen_changes::table
        .filter(citizen_changes::seq.gt(cursor))
        .order(citizen_changes::seq)
        .limit(page)
        .select(ChangeRow::as_select())
        .load(db)?;
    found.iter().map(change).collect()
}

fn change(row: &ChangeRow) -> Result<Change, StorageError> {
    Ok(Change {
        seq: row.seq,
        citizen_id: rows::citizen_id("citizen_changes", &row.citizen_id)?,
        row_version: row.row_version,
        kinds: ChangeKinds::from_bits(row.kinds),
        changed_at: Instant::from_micros(row.changed_at),
    })
}

/// The version of a record, which nobody changes before the transaction ends.
pub fn version_held(db: &mut Db, id: CitizenId) -> Result<Option<i64>, StorageError> {
    let row = citizens::table.find(id.as_bytes().as_slice()).select(citizens::row_version);
    let found = match db {
        Db::Pg(conn) => row.for_share().get_result(conn).optional()?,
        // The one writer's transaction keeps everybody else out.
        Db::Lite(conn) => row.get_result(conn).optional()?,
    };
    Ok(found)
}
