//! Accounts.

use diesel::prelude::*;

use crate::eid::model::Channel;
use crate::kernel::{CitizenId, Instant};
use crate::storage::schema::eid_accounts;
use crate::storage::{Db, StorageError, per_arm};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = eid_accounts, treat_none_as_default_value = false)]
pub struct AccountRow {
    pub citizen_id: Vec<u8>,
    pub level: i16,
    pub scanned_only: bool,
    pub page_rejections: i16,
    pub page_quiet_until: i64,
    pub counter_rejections: i16,
    pub counter_quiet_until: i64,
    pub activated_at: i64,
    pub confirmed_at: Option<i64>,
    pub closed_at: Option<i64>,
}

impl AccountRow {
    /// Rejections in a row of a channel, and until when only scanned requests of it are shown.
    pub fn quiet(&self, channel: Channel) -> (i16, i64) {
        match channel {
            Channel::Page => (self.page_rejections, self.page_quiet_until),
            Channel::Counter => (self.counter_rejections, self.counter_quiet_until),
        }
    }
}

pub fn find(db: &mut Db, citizen: CitizenId) -> Result<Option<AccountRow>, StorageError> {
    let found = per_arm!(db, conn => eid_accounts::table
        .find(citizen.as_bytes().as_slice())
        .select(AccountRow::as_select())
        .get_result(conn)
        .optional())?;
    Ok(found)
}

/// The account, held until the transaction ends: what is counted about it stays true.
pub fn hold(db: &mut Db, citizen: CitizenId) -> Result<Option<AccountRow>, StorageError> {
    let account = eid_accounts::table.find(citizen.as_bytes().as_slice());
    // Only PostgreSQL has several writers.
    let found = match db {
        Db::Pg(conn) => account.select(AccountRow::as_select()).for_update().get_result(conn).optional(),
        Db::Lite(conn) => account.select(AccountRow::as_select()).get_result(conn).optional(),
    };
    Ok(found?)
}

/// # Errors
/// `Conflict` if there is an account already.
pub fn insert(db: &mut Db, row: &AccountRow) -> Result<(), StorageError> {
    diesel::insert_into(eid_accounts::table).values(row).execute(db)?;
    Ok(())
}

/// Raises an account to `level`; one that was closed by mistake is open again.
pub fn confirm(db: &mut Db, citizen: CitizenId, level: i16, now: Instant) -> Result<(), StorageError> {
    diesel::update(eid_accounts::table.find(citizen.as_bytes().as_slice()))
        .set((
            eid_accounts::level.eq(level),
            eid_accounts::confirmed_at.eq(now.as_micros()),
            eid_accounts::closed_at.eq(None::<i64>),
        ))
        .execute(db)?;
    Ok(())
}

pub fn close(db: &mut Db, citizen: CitizenId, now: Instant) -> Result<bool, StorageError> {
    let open = eid_accounts::table.find(citizen.as_bytes().as_slice()).filter(eid_accounts::closed_at.is_null());
    Ok(diesel::update(open).set(eid_accounts::closed_at.eq(now.as_micros())).execute(db)? == 1)
}

pub fn set_scanned_only(db: &mut Db, citizen: CitizenId, scanned_only: bool) -> Result<(), StorageError> {
    diesel::update(eid_accounts::table.find(citizen.as_bytes().as_slice()))
        .set(eid_accounts::scanned_only.eq(scanned_only))
        .execute(db)?;
    Ok(())
}

/// Notes how many rejections of a channel in a row there were, and until when nothing of it that was not
/// scanned is shown.
pub fn set_quiet(
    db: &mut Db,
    citizen: CitizenId,
    channel: Channel,
    (rejections, until): (i16, Instant),
) -> Result<(), StorageError> {
    let theirs = eid_accounts::table.find(citizen.as_bytes().as_slice());
    let until = until.as_micros();
    match channel {
        Channel::Page => diesel::update(theirs)
            .set((eid_accounts::page_rejections.eq(rejections), eid_accounts::page_quiet_until.eq(until)))
            .execute(db)?,
        Channel::Counter => diesel::update(theirs)
            .set((eid_accounts::counter_rejections.eq(rejections), eid_accounts::counter_quiet_until.eq(until)))
            .execute(db)?,
    };
    Ok(())
}
