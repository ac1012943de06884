//! Requests as single browsers have them open.

use diesel::prelude::*;

use crate::kernel::{Instant, TransactionId};
use crate::storage::schema::oidc_interactions;
use crate::storage::{Db, StorageError, per_arm};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = oidc_interactions, treat_none_as_default_value = false)]
pub struct InteractionRow {
    pub digest: Vec<u8>,
    pub request: Vec<u8>,
    pub transaction_id: Vec<u8>,
    pub digits: i16,
    pub scan: String,
    pub named: bool,
    pub expires_at: i64,
}

pub fn insert(db: &mut Db, row: &InteractionRow) -> Result<(), StorageError> {
    diesel::insert_into(oidc_interactions::table).values(row).execute(db)?;
    Ok(())
}

pub fn find(db: &mut Db, digests: &[[u8; 32]]) -> Result<Option<InteractionRow>, StorageError> {
    for digest in digests {
        let found = per_arm!(db, conn => oidc_interactions::table
            .find(digest.as_slice())
            .select(InteractionRow::as_select())
            .get_result(conn)
            .optional())?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// What every browser that has a request open asks its citizen.
pub fn of_request(db: &mut Db, request: &[u8; 32]) -> Result<Vec<TransactionId>, StorageError> {
    let rows: Vec<Vec<u8>> = oidc_interactions::table
        .filter(oidc_interactions::request.eq(request.as_slice()))
        .select(oidc_interactions::transaction_id)
        .load(db)?;
    let wrong = || StorageError::inconsistent("oidc_interactions", "transaction_id");
    rows.iter().map(|id| TransactionId::from_slice(id).ok_or_else(wrong)).collect()
}

/// Notes that a number was typed in.
pub fn set_named(db: &mut Db, digest: &[u8]) -> Result<(), StorageError> {
    diesel::update(oidc_interactions::table.find(digest)).set(oidc_interactions::named.eq(true)).execute(db)?;
    Ok(())
}

pub fn sweep(db: &mut Db, before: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<Vec<u8>> = oidc_interactions::table
        .filter(oidc_interactions::expires_at.lt(before.as_micros()))
        .order(oidc_interactions::expires_at)
        .limit(limit)
        .select(oidc_interactions::digest)
        .load(db)?;
    Ok(diesel::delete(oidc_interactions::table.filter(oidc_interactions::digest.eq_any(over))).execute(db)?)
}
