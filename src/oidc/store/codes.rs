//! Authorization codes.

use diesel::dsl::{count_star, max};
use diesel::prelude::*;

use crate::kernel::Instant;
use crate::storage::schema::oidc_codes;
use crate::storage::{Db, StorageError, per_arm};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = oidc_codes, treat_none_as_default_value = false)]
pub struct CodeRow {
    pub digest: Vec<u8>,
    pub client_id: String,
    pub grant_id: Vec<u8>,
    pub key_version: i32,
    pub sealed: Vec<u8>,
    pub expires_at: i64,
    pub spent_at: Option<i64>,
    pub kept_until: i64,
}

pub fn insert(db: &mut Db, row: &CodeRow) -> Result<(), StorageError> {
    diesel::insert_into(oidc_codes::table).values(row).execute(db)?;
    Ok(())
}

pub fn find(db: &mut Db, digest: &[u8; 32]) -> Result<Option<CodeRow>, StorageError> {
    Ok(per_arm!(db, conn => oidc_codes::table
        .find(digest.as_slice())
        .select(CodeRow::as_select())
        .get_result(conn)
        .optional())?)
}

/// Spends a code; `false` if another request did first. One statement: of two transactions the later
/// waits for the earlier and then finds nothing to spend.
pub fn spend(db: &mut Db, digest: &[u8; 32], now: Instant) -> Result<bool, StorageError> {
    let fresh = oidc_codes::table.find(digest.as_slice()).filter(oidc_codes::spent_at.is_null());
    Ok(diesel::update(fresh).set(oidc_codes::spent_at.eq(now.as_micros())).execute(db)? == 1)
}

/// How many codes that may still be turned into tokens are sealed under a version of the key, and when the last expires.
pub fn sealed_under(db: &mut Db, version: i32, now: Instant) -> Result<(i64, Option<i64>), StorageError> {
    Ok(oidc_codes::table
        .filter(oidc_codes::key_version.eq(version))
        .filter(oidc_codes::spent_at.is_null())
        .filter(oidc_codes::expires_at.gt(now.as_micros()))
        .select((count_star(), max(oidc_codes::expires_at)))
        .get_result(db)?)
}

pub fn sweep(db: &mut Db, now: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<Vec<u8>> = oidc_codes::table
        .filter(oidc_codes::kept_until.lt(now.as_micros()))
        .order(oidc_codes::kept_until)
        .limit(limit)
        .select(oidc_codes::digest)
        .load(db)?;
    Ok(diesel::delete(oidc_codes::table.filter(oidc_codes::digest.eq_any(over))).execute(db)?)
}
