//! Refresh tokens.

use diesel::prelude::*;

use crate::kernel::Instant;
use crate::storage::schema::oidc_refresh_tokens;
use crate::storage::{Db, StorageError, per_arm};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = oidc_refresh_tokens, treat_none_as_default_value = false)]
pub struct RefreshRow {
    pub digest: Vec<u8>,
    pub client_id: String,
    pub grant_id: Vec<u8>,
    pub expires_at: i64,
    pub spent_at: Option<i64>,
}

pub fn insert(db: &mut Db, row: &RefreshRow) -> Result<(), StorageError> {
    diesel::insert_into(oidc_refresh_tokens::table).values(row).execute(db)?;
    Ok(())
}

pub fn find(db: &mut Db, digest: &[u8; 32]) -> Result<Option<RefreshRow>, StorageError> {
    Ok(per_arm!(db, conn => oidc_refresh_tokens::table
        .find(digest.as_slice())
        .select(RefreshRow::as_select())
        .get_result(conn)
        .optional())?)
}

/// Spends a token; `false` if another request did first.
pub fn spend(db: &mut Db, digest: &[u8; 32], now: Instant) -> Result<bool, StorageError> {
    let fresh = oidc_refresh_tokens::table.find(digest.as_slice()).filter(oidc_refresh_tokens::spent_at.is_null());
    Ok(diesel::update(fresh).set(oidc_refresh_tokens::spent_at.eq(now.as_micros())).execute(db)? == 1)
}

pub fn sweep(db: &mut Db, now: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<Vec<u8>> = oidc_refresh_tokens::table
        .filter(oidc_refresh_tokens::expires_at.lt(now.as_micros()))
        .order(oidc_refresh_tokens::expires_at)
        .limit(limit)
        .select(oidc_refresh_tokens::digest)
        .load(db)?;
    Ok(diesel::delete(oidc_refresh_tokens::table.filter(oidc_refresh_tokens::digest.eq_any(over))).execute(db)?)
}
