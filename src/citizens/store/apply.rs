//! Writes plans: the same steps for one citizen and for thousands.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::kernel::{HouseholdId, Instant};
use crate::storage::schema::{citizen_changes, citizens, household_members, households, identifiers};
use crate::storage::{Db, SQLITE_VALUES, StorageError, insert_rows, per_arm};

use super::plan::Plan;
use super::rows::{CitizenRow, HouseholdMemberRow, HouseholdRow, IdentifierRow, NewChangeRow};

/// The key of the advisory lock of the change log ("citizens" read as a number).
const CHANGE_LOG_LOCK: i64 = 0x6369_7469_7a65_6e73;

/// Serialises writers of the change log on PostgreSQL until the transaction ends; SQLite has one
/// writer anyway.
///
/// An identity column hands out numbers when rows are inserted, not when they are committed: of two
/// concurrent transactions the later number could be visible first, and a follower that has read
/// past it would never see the earlier one. Whoever appends therefore takes this lock before
/// anything else (so that it never waits for it while holding rows another needs) and keeps it
/// through the commit: order of numbers is order of commits.
pub(in crate::citizens) fn lock_change_log(db: &mut Db) -> Result<(), StorageError> {
    if let Db::Pg(pg) = db {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<diesel::sql_types::BigInt, _>(CHANGE_LOG_LOCK)
            .execute(pg)?;
    }
    Ok(())
}

/// The rows of many plans, table by table, laid out before the transaction begins.
#[derive(Debug, Default)]
pub(super) struct Batch {
    new: Vec<CitizenRow>,
    /// With the version each replaces.
    replaced: Vec<(CitizenRow, i64)>,
    added: Vec<IdentifierRow>,
    cancelled: Vec<IdentifierRow>,
    dropped: Vec<IdentifierRow>,
    households: BTreeSet<[u8; 16]>,
    left: Vec<HouseholdMemberRow>,
    joined: Vec<HouseholdMemberRow>,
    changes: Vec<NewChangeRow>,
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How many citizens it changes.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Adds a plan; a batch names each citizen once.
    pub fn push(&mut self, plan: Plan, at: Instant) {
        let member = |household: HouseholdId| HouseholdMemberRow {
            household_id: household.0.to_vec(),
            citizen_id: plan.row.citizen_id.clone(),
        };
        self.households.extend([plan.leaves, plan.joins].into_iter().flatten().map(|household| household.0));
        self.left.extend(plan.leaves.map(member));
        self.joined.extend(plan.joins.map(member));
        self.changes.push(NewChangeRow {
            citizen_id: plan.row.citizen_id.clone(),
            row_version: plan.row.row_version,
            kinds: plan.kinds.bits(),
            changed_at: at.as_micros(),
        });
        self.added.extend(plan.added);
        self.cancelled.extend(plan.cancelled);
        self.dropped.extend(plan.dropped);
        match plan.follows {
            None => self.new.push(plan.row),
            Some(follows) => self.replaced.push((plan.row, follows)),
        }
    }

    /// Writes everything, or fails: with `Conflict` if a number is taken or a record has moved on.
    pub fn apply(&self, db: &mut Db) -> Result<(), StorageError> {
        lock_change_log(db)?;
        insert_rows!(db, citizens::table, &self.new, columns = 4)?;
        self.replace_records(db)?;
        insert_rows!(db, identifiers::table, &self.added, columns = 6)?;
        self.retire_identifiers(db)?;
        self.move_members(db)?;
        insert_rows!(db, citizen_changes::table, &self.changes, columns = 4)?;
        Ok(())
    }

    fn replace_records(&self, db: &mut Db) -> Result<(), StorageError> {
        if self.replaced.is_empty() {
            return Ok(());
        }
        let replaced = match db {
            Db::Pg(pg) => replace_by_arrays(pg, &self.replaced)?,
            Db::Lite(lite) => replace_one_by_one(lite, &self.replaced)?,
        };
        if replaced == self.replaced.len() { Ok(()) } else { Err(StorageError::conflict("citizens.row_version")) }
    }

    fn retire_identifiers(&self, db: &mut Db) -> Result<(), StorageError> {
        for row in &self.cancelled {
            diesel::update(identifiers::table.find((row.kind, row.key_version, &row.hash, row.holder)))
                .set(identifiers::active.eq(false))
                .execute(db)?;
        }
        for row in &self.dropped {
            diesel::delete(identifiers::table.find((row.kind, row.key_version, &row.hash, row.holder))).execute(db)?;
        }
        Ok(())
    }

    fn move_members(&self, db: &mut Db) -> Result<(), StorageError> {
        let touched: Vec<HouseholdRow> =
            self.households.iter().map(|id| HouseholdRow { household_id: id.to_vec(), version: 1 }).collect();
        for rows in touched.chunks(SQLITE_VALUES / 2) {
            per_arm!(db, connection => diesel::insert_into(households::table)
                .values(rows)
                .on_conflict(households::household_id)
                .do_update()
                .set(households::version.eq(households::version + 1))
                .execute(connection)?);
        }
        for row in &self.left {
            diesel::delete(household_members::table.find((&row.household_id, &row.citizen_id))).execute(db)?;
        }
        insert_rows!(db, household_members::table, &self.joined, columns = 2)?;
        Ok(())
    }
}

fn replace_one_by_one(lite: &mut SqliteConnection, replaced: &[(CitizenRow, i64)]) -> QueryResult<usize> {
    let mut count = 0;
    for (row, follows) in replaced {
        let current =
            citizens::table.filter(citizens::citizen_id.eq(&row.citizen_id)).filter(citizens::row_version.eq(follows));
        let values = (
            citizens::row_version.eq(row.row_version),
            citizens::key_version.eq(row.key_version),
            citizens::sealed.eq(&row.sealed),
        );
        count += diesel::update(current).set(values).execute(lite)?;
    }
    Ok(count)
}

fn replace_by_arrays(pg: &mut PgConnection, replaced: &[(CitizenRow, i64)]) -> QueryResult<usize> {
    use diesel::sql_types::{Array, BigInt, Binary, Integer};
    let rows = || replaced.iter().map(|(row, _)| row);
    diesel::sql_query(
        "UPDATE citizens SET row_version = new.row_version, key_version = new.key_version, sealed = new.sealed \
         FROM unnest($1, $2, $3, $4, $5) AS new (citizen_id, follows, row_version, key_version, sealed) \
         WHERE citizens.citizen_id = new.citizen_id AND citizens.row_version = new.follows",
    )
    .bind::<Array<Binary>, _>(rows().map(|row| row.citizen_id.as_slice()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(replaced.iter().map(|(_, follows)| *follows).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(rows().map(|row| row.row_version).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(rows().map(|row| row.key_version).collect::<Vec<_>>())
    .bind::<Array<Binary>, _>(rows().map(|row| row.sealed.as_slice()).collect::<Vec<_>>())
    .execute(pg)
}
