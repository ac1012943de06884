//! Backchannel requests.

use std::time::Duration;

use diesel::prelude::*;

use crate::kernel::{Instant, TransactionId};
use crate::oidc::model::Backchannel;
use crate::storage::schema::oidc_backchannel;
use crate::storage::{Db, StorageError, per_arm};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = oidc_backchannel, treat_none_as_default_value = false)]
pub struct BackchannelRow {
    pub digest: Vec<u8>,
    pub client_id: String,
    pub transaction_id: Vec<u8>,
    pub scope: String,
    pub details: String,
    pub wait_s: i16,
    pub polled_at: i64,
    pub expires_at: i64,
}

impl BackchannelRow {
    pub fn into_request(self) -> Result<Backchannel, StorageError> {
        let wrong = |column| StorageError::inconsistent("oidc_backchannel", column);
        Ok(Backchannel {
            client: self.client_id.parse().map_err(|_| wrong("client_id"))?,
            transaction: TransactionId::from_slice(&self.transaction_id).ok_or_else(|| wrong("transaction_id"))?,
            scope: self.scope,
            details: self.details,
            wait: Duration::from_secs(u64::try_from(self.wait_s).map_err(|_| wrong("wait_s"))?),
            polled_at: Instant::from_micros(self.polled_at),
            expires_at: Instant::from_micros(self.expires_at),
        })
    }
}

pub fn insert(db: &mut Db, row: &BackchannelRow) -> Result<(), StorageError> {
    diesel::insert_into(oidc_backchannel::table).values(row).execute(db)?;
    Ok(())
}

pub fn find(db: &mut Db, digest: &[u8; 32]) -> Result<Option<BackchannelRow>, StorageError> {
    Ok(per_arm!(db, conn => oidc_backchannel::table
        .find(digest.as_slice())
        .select(BackchannelRow::as_select())
        .get_result(conn)
        .optional())?)
}

/// Notes a poll, and how long the client waits until the next.
pub fn note_poll(db: &mut Db, digest: &[u8; 32], wait: Duration, now: Instant) -> Result<(), StorageError> {
    let wait = i16::try_from(wait.as_secs()).unwrap_or(i16::MAX);
    diesel::update(oidc_backchannel::table.find(digest.as_slice()))
        .set((oidc_backchannel::wait_s.eq(wait), oidc_backchannel::polled_at.eq(now.as_micros())))
        .execute(db)?;
    Ok(())
}

pub fn sweep(db: &mut Db, before: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<Vec<u8>> = oidc_backchannel::table
        .filter(oidc_backchannel::expires_at.lt(before.as_micros()))
        .order(oidc_backchannel::expires_at)
        .limit(limit)
        .select(oidc_backchannel::digest)
        .load(db)?;
    Ok(diesel::delete(oidc_backchannel::table.filter(oidc_backchannel::digest.eq_any(over))).execute(db)?)
}
