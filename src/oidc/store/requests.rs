//! Authorization requests that wait for their answer.

use diesel::dsl::{count_star, max};
use diesel::prelude::*;

use crate::kernel::Instant;
use crate::oidc::model::GRACE;
use crate::storage::schema::oidc_requests;
use crate::storage::{Db, StorageError, per_arm};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = oidc_requests, treat_none_as_default_value = false)]
pub struct RequestRow {
    pub digest: Vec<u8>,
    pub client_id: String,
    pub key_version: i32,
    pub sealed: Vec<u8>,
    pub browsers: i16,
    pub completed_at: Option<i64>,
    pub expires_at: i64,
}

pub fn insert(db: &mut Db, row: &RequestRow) -> Result<(), StorageError> {
    diesel::insert_into(oidc_requests::table).values(row).execute(db)?;
    Ok(())
}

pub fn find(db: &mut Db, digest: &[u8; 32]) -> Result<Option<RequestRow>, StorageError> {
    Ok(per_arm!(db, conn => oidc_requests::table
        .find(digest.as_slice())
        .select(RequestRow::as_select())
        .get_result(conn)
        .optional())?)
}

/// Counts one more browser that opens the request; `false` if `most` have, or it is over.
pub fn open_in_browser(db: &mut Db, digest: &[u8; 32], most: i16, now: Instant) -> Result<bool, StorageError> {
    let open = oidc_requests::table
        .find(digest.as_slice())
        .filter(oidc_requests::browsers.lt(most))
        .filter(oidc_requests::completed_at.is_null())
        .filter(oidc_requests::expires_at.gt(now.as_micros()));
    Ok(diesel::update(open).set(oidc_requests::browsers.eq(oidc_requests::browsers + 1)).execute(db)? == 1)
}

/// Spends the request; `false` if another answer came first.
pub fn complete(db: &mut Db, digest: &[u8; 32], now: Instant) -> Result<bool, StorageError> {
    let open = oidc_requests::table.find(digest.as_slice()).filter(oidc_requests::completed_at.is_null());
    Ok(diesel::update(open).set(oidc_requests::completed_at.eq(now.as_micros())).execute(db)? == 1)
}

/// How many requests that may still be answered are sealed under a version of the key.
pub fn sealed_under(db: &mut Db, version: i32, now: Instant) -> Result<(i64, Option<i64>), StorageError> {
    Ok(oidc_requests::table
        .filter(oidc_requests::key_version.eq(version))
        .filter(oidc_requests::completed_at.is_null())
        .filter(oidc_requests::expires_at.gt(now.minus(GRACE).as_micros()))
        .select((count_star(), max(oidc_requests::expires_at)))
        .get_result(db)?)
}

pub fn sweep(db: &mut Db, before: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<Vec<u8>> = oidc_requests::table
        .filter(oidc_requests::expires_at.lt(before.as_micros()))
        .order(oidc_requests::expires_at)
        .limit(limit)
        .select(oidc_requests::digest)
        .load(db)?;
    Ok(diesel::delete(oidc_requests::table.filter(oidc_requests::digest.eq_any(over))).execute(db)?)
}
