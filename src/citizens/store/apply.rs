//! Writes plans: the same steps for one citizen and for thousands.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::kernel::Instant;
use crate::storage::schema::{citizen_changes, citizens, household_members, households, identifiers};
use crate::storage::{Db, StorageError};

use super::plan::Plan;
use super::rows::{CitizenRow, HouseholdMemberRow, HouseholdRow, IdentifierRow, NewChangeRow};

/// Rows per INSERT: six columns stay far below SQLite's limit of 32,766 parameters, and the text of
/// the statement small.
const ROWS_PER_INSERT: usize = 500;
/// From how many rows on COPY is worth its round trips.
const COPY_FROM: usize = 32;

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
pub(super) fn lock_change_log(db: &mut Db) -> Result<(), StorageError> {
    if let Db::Pg(pg) = db {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<diesel::sql_types::BigInt, _>(CHANGE_LOG_LOCK)
            .execute(pg)?;
    }
    Ok(())
}

/// Inserts rows in batches: multi-row INSERT, or COPY where PostgreSQL gets many.
macro_rules! insert_rows {
    ($db:expr, $table:expr, $rows:expr) => {{
        let rows: Vec<_> = $rows;
        match $db {
            Db::Pg(pg) if rows.len() >= COPY_FROM => {
                diesel::copy_from($table).from_insertable(rows).execute(pg)?;
            }
            Db::Pg(pg) => {
                for batch in rows.chunks(ROWS_PER_INSERT) {
                    diesel::insert_into($table).values(batch.to_vec()).execute(pg)?;
                }
            }
            Db::Lite(lite) => {
                for batch in rows.chunks(ROWS_PER_INSERT) {
                    diesel::insert_into($table).values(batch.to_vec()).execute(lite)?;
                }
            }
        }
    }};
}

/// Writes every plan, or fails: with `Conflict` if a number is taken or a record has moved on.
/// Plans of one call name each citizen once.
pub(super) fn apply(db: &mut Db, plans: &[Plan], at: Instant) -> Result<(), StorageError> {
    lock_change_log(db)?;
    let new: Vec<&CitizenRow> = plans.iter().filter(|plan| plan.is_new()).map(|plan| &plan.row).collect();
    insert_rows!(db, citizens::table, new);
    let changed: Vec<(&CitizenRow, i64)> = plans.iter().filter_map(|plan| Some((&plan.row, plan.follows?))).collect();
    replace_records(db, &changed)?;
    let added: Vec<&IdentifierRow> = plans.iter().flat_map(|plan| &plan.added).collect();
    insert_rows!(db, identifiers::table, added);
    retire_identifiers(db, plans)?;
    move_members(db, plans)?;
    let changes: Vec<NewChangeRow> = plans.iter().map(|plan| change_row(plan, at)).collect();
    insert_rows!(db, citizen_changes::table, changes.iter().collect());
    Ok(())
}

fn change_row(plan: &Plan, at: Instant) -> NewChangeRow {
    NewChangeRow {
        citizen_id: plan.row.citizen_id.clone(),
        row_version: plan.row.row_version,
        kinds: plan.kinds.bits(),
        changed_at: at.as_micros(),
    }
}

fn replace_records(db: &mut Db, changed: &[(&CitizenRow, i64)]) -> Result<(), StorageError> {
    if changed.is_empty() {
        return Ok(());
    }
    let replaced = match db {
        Db::Pg(pg) => replace_by_arrays(pg, changed)?,
        Db::Lite(lite) => {
            let mut replaced = 0;
            for (row, follows) in changed {
                let current = citizens::table
                    .filter(citizens::citizen_id.eq(&row.citizen_id))
                    .filter(citizens::row_version.eq(follows));
                let values = (
                    citizens::row_version.eq(row.row_version),
                    citizens::key_version.eq(row.key_version),
                    citizens::sealed.eq(&row.sealed),
                );
                replaced += diesel::update(current).set(values).execute(lite)?;
            }
            replaced
        }
    };
    if replaced == changed.len() { Ok(()) } else { Err(StorageError::Conflict("citizens.row_version".to_owned())) }
}

fn replace_by_arrays(pg: &mut PgConnection, changed: &[(&CitizenRow, i64)]) -> QueryResult<usize> {
    use diesel::sql_types::{Array, BigInt, Binary, Integer};
    let column = |of: fn(&CitizenRow) -> &[u8]| changed.iter().map(|(row, _)| of(row)).collect::<Vec<_>>();
    diesel::sql_query(
        "UPDATE citizens SET row_version = new.row_version, key_version = new.key_version, sealed = new.sealed \
         FROM unnest($1, $2, $3, $4, $5) AS new (citizen_id, follows, row_version, key_version, sealed) \
         WHERE citizens.citizen_id = new.citizen_id AND citizens.row_version = new.follows",
    )
    .bind::<Array<Binary>, _>(column(|row| &row.citizen_id))
    .bind::<Array<BigInt>, _>(changed.iter().map(|(_, follows)| *follows).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(changed.iter().map(|(row, _)| row.row_version).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(changed.iter().map(|(row, _)| row.key_version).collect::<Vec<_>>())
    .bind::<Array<Binary>, _>(column(|row| &row.sealed))
    .execute(pg)
}

fn retire_identifiers(db: &mut Db, plans: &[Plan]) -> Result<(), StorageError> {
    for row in plans.iter().flat_map(|plan| &plan.cancelled) {
        diesel::update(identifiers::table.find((row.kind, row.key_version, &row.hash, row.holder)))
            .set(identifiers::active.eq(false))
            .execute(db)?;
    }
    for row in plans.iter().flat_map(|plan| &plan.dropped) {
        diesel::delete(identifiers::table.find((row.kind, row.key_version, &row.hash, row.holder))).execute(db)?;
    }
    Ok(())
}

fn move_members(db: &mut Db, plans: &[Plan]) -> Result<(), StorageError> {
    let touched: BTreeSet<[u8; 16]> =
        plans.iter().flat_map(|plan| [plan.leaves, plan.joins]).flatten().map(|household| household.0).collect();
    let touched: Vec<HouseholdRow> =
        touched.into_iter().map(|id| HouseholdRow { household_id: id.to_vec(), version: 1 }).collect();
    for batch in touched.chunks(ROWS_PER_INSERT) {
        macro_rules! count_up {
            ($connection:expr) => {
                diesel::insert_into(households::table)
                    .values(batch)
                    .on_conflict(households::household_id)
                    .do_update()
                    .set(households::version.eq(households::version + 1))
                    .execute($connection)?
            };
        }
        match db {
            Db::Pg(pg) => count_up!(pg),
            Db::Lite(lite) => count_up!(lite),
        };
    }
    for plan in plans {
        if let Some(left) = plan.leaves {
            diesel::delete(household_members::table.find((left.0.to_vec(), &plan.row.citizen_id))).execute(db)?;
        }
    }
    let joined: Vec<HouseholdMemberRow> = plans
        .iter()
        .filter_map(|plan| {
            let household_id = plan.joins?.0.to_vec();
            Some(HouseholdMemberRow { household_id, citizen_id: plan.row.citizen_id.clone() })
        })
        .collect();
    insert_rows!(db, household_members::table, joined.iter().collect());
    Ok(())
}
