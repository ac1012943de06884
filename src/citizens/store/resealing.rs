//! Brings rows from old keys to the active ones.

use std::time::{Duration, Instant};

use diesel::prelude::*;

use super::apply::lock_change_log;
use super::rows::{CitizenRow, IdentifierRow};
use crate::citizens::sealing::Sealing;
use crate::sealing::Renewed;
use crate::storage::schema::{citizens, identifiers};
use crate::storage::{Db, StorageError, per_arm};

/// Rows looked at in one slice at most.
const PAGE: i64 = 256;

/// Re-seals records that stand under an older key than `active`, until `budget` is spent.
pub fn reseal(
    db: &mut Db,
    sealing: &Sealing,
    active: u32,
    after: &[u8],
    budget: Duration,
) -> Result<Renewed, StorageError> {
    let began = Instant::now();
    let (mut last, mut rows) = (after.to_vec(), 0);
    let page: Vec<(Vec<u8>, i32)> = citizens::table
        .filter(citizens::citizen_id.gt(after))
        .order(citizens::citizen_id)
        .select((citizens::citizen_id, citizens::key_version))
        .limit(PAGE)
        .load(db)?;
    let whole = (page.len() as i64) < PAGE;
    for (index, (id, version)) in page.iter().enumerate() {
        if *version < column(active) && reseal_one(db, sealing, id)? {
            rows += 1;
        }
        last.clone_from(id);
        if began.elapsed() >= budget {
            let finished = whole && index + 1 == page.len();
            return Ok(Renewed { next: (!finished).then_some(last), rows });
        }
    }
    Ok(Renewed { next: (!whole).then_some(last), rows })
}

/// `false` if another writer was faster: what it wrote stands under the active key.
fn reseal_one(db: &mut Db, sealing: &Sealing, id: &[u8]) -> Result<bool, StorageError> {
    let found: Option<CitizenRow> =
        per_arm!(db, conn => citizens::table.find(id).select(CitizenRow::as_select()).get_result(conn).optional())?;
    let Some(old) = found else { return Ok(false) };
    let new = sealing.seal(&sealing.open(&old)?, old.row_version)?;
    let unchanged = citizens::table
        .filter(citizens::citizen_id.eq(&old.citizen_id))
        .filter(citizens::row_version.eq(old.row_version))
        .filter(citizens::key_version.eq(old.key_version));
    let written = diesel::update(unchanged)
        .set((citizens::key_version.eq(new.key_version), citizens::sealed.eq(new.sealed)))
        .execute(db)?;
    Ok(written == 1)
}

/// Hashes identifiers of one kind anew that stand under `old`, until `budget` is spent. Rows whose
/// record does not know them are passed over and stay.
pub fn rehash(
    db: &mut Db,
    sealing: &Sealing,
    (kind, old): (i16, u32),
    after: &[u8],
    budget: Duration,
) -> Result<Renewed, StorageError> {
    let began = Instant::now();
    // Nobody may change a person between the reading of the record and the writing of its hashes.
    lock_change_log(db)?;
    let (mut last, mut rows) = (after.to_vec(), 0);
    let page: Vec<IdentifierRow> = identifiers::table
        .filter(identifiers::kind.eq(kind))
        .filter(identifiers::key_version.eq(column(old)))
        .filter(identifiers::hash.gt(after))
        .order(identifiers::hash)
        .select(IdentifierRow::as_select())
        .limit(PAGE)
        .load(db)?;
    let whole = (page.len() as i64) < PAGE;
    for (index, row) in page.iter().enumerate() {
        if rehash_one(db, sealing, old, row)? {
            rows += 1;
        }
        last.clone_from(&row.hash);
        // People who share a hash are done together, or the next slice would begin after them.
        let shared = page.get(index + 1).is_some_and(|next| next.hash == row.hash);
        if began.elapsed() >= budget && !shared {
            let finished = whole && index + 1 == page.len();
            return Ok(Renewed { next: (!finished).then_some(last), rows });
        }
    }
    Ok(Renewed { next: (!whole).then_some(last), rows })
}

fn rehash_one(db: &mut Db, sealing: &Sealing, old: u32, row: &IdentifierRow) -> Result<bool, StorageError> {
    let record: Option<CitizenRow> = per_arm!(db, conn => citizens::table
        .find(&row.citizen_id)
        .select(CitizenRow::as_select())
        .get_result(conn)
        .optional())?;
    let Some(record) = record else { return Ok(false) };
    let citizen = sealing.open(&record)?;
    let before = sealing.identifiers(old, &citizen)?;
    let Some(place) = before.iter().position(|known| (known.kind, &known.hash) == (row.kind, &row.hash)) else {
        return Ok(false);
    };
    // Both lists name the same identifiers in the same order.
    let mut after = sealing.identifiers(sealing.index_version(), &citizen)?;
    let new = after.swap_remove(place);
    per_arm!(db, conn => diesel::insert_into(identifiers::table).values(&new).on_conflict_do_nothing().execute(conn))?;
    diesel::delete(identifiers::table.find((row.kind, row.key_version, &row.hash, row.holder))).execute(db)?;
    Ok(true)
}

/// Records sealed under a version.
pub fn sealed_under(db: &mut Db, version: i32) -> Result<i64, StorageError> {
    Ok(citizens::table.filter(citizens::key_version.eq(version)).count().get_result(db)?)
}

/// Identifiers that are found by hashes under a version.
pub fn hashed_under(db: &mut Db, version: i32) -> Result<i64, StorageError> {
    Ok(identifiers::table.filter(identifiers::key_version.eq(version)).count().get_result(db)?)
}

fn column(version: u32) -> i32 {
    i32::try_from(version).unwrap_or(i32::MAX)
}
