//! Browser sessions and the links that open them.

use diesel::prelude::*;

use crate::kernel::{CitizenId, DeviceId, Instant};
use crate::storage::schema::{page_links, sessions};
use crate::storage::{Db, StorageError, per_arm};

/// A session: what it stands for, whom it ends with, and until when.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
pub struct SessionRow {
    pub digest: Vec<u8>,
    pub body: String,
    pub citizen_id: Option<Vec<u8>>,
    pub device_id: Option<Vec<u8>>,
    pub client_id: String,
    pub officer_id: Option<String>,
    pub unit: Option<String>,
    pub expires_at: i64,
}

pub fn insert(db: &mut Db, row: &SessionRow) -> Result<(), StorageError> {
    diesel::insert_into(sessions::table).values(row).execute(db)?;
    Ok(())
}

/// The session under any of the digests.
pub fn find(db: &mut Db, digests: &[[u8; 32]]) -> Result<Option<SessionRow>, StorageError> {
    for digest in digests {
        let found = per_arm!(db, conn => sessions::table
            .find(digest.as_slice())
            .select(SessionRow::as_select())
            .get_result(conn)
            .optional())?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

pub fn delete(db: &mut Db, digests: &[[u8; 32]]) -> Result<(), StorageError> {
    let digests: Vec<&[u8]> = digests.iter().map(<[u8; 32]>::as_slice).collect();
    diesel::delete(sessions::table.filter(sessions::digest.eq_any(digests))).execute(db)?;
    Ok(())
}

/// Ends every session of a citizen; how many there were.
pub fn delete_of_citizen(db: &mut Db, citizen: CitizenId) -> Result<usize, StorageError> {
    let theirs = sessions::table.filter(sessions::citizen_id.eq(citizen.as_bytes().as_slice()));
    Ok(diesel::delete(theirs).execute(db)?)
}

/// Ends the sessions that one device of a citizen approved; how many there were.
pub fn delete_of_device(db: &mut Db, citizen: CitizenId, device: DeviceId) -> Result<usize, StorageError> {
    let theirs = sessions::table
        .filter(sessions::citizen_id.eq(citizen.as_bytes().as_slice()))
        .filter(sessions::device_id.eq(device.as_bytes().as_slice()));
    Ok(diesel::delete(theirs).execute(db)?)
}

/// A link to a session: what it stands for, and until when it may be used.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = page_links, treat_none_as_default_value = false)]
pub struct LinkRow {
    pub digest: Vec<u8>,
    pub body: String,
    pub client_id: String,
    pub officer_id: Option<String>,
    pub unit: Option<String>,
    pub expires_at: i64,
}

pub fn insert_link(db: &mut Db, row: &LinkRow) -> Result<(), StorageError> {
    diesel::insert_into(page_links::table).values(row).execute(db)?;
    Ok(())
}

/// What a link under any of the digests stands for, if it may still be used.
pub fn find_link(db: &mut Db, digests: &[[u8; 32]], now: Instant) -> Result<Option<String>, StorageError> {
    let digests: Vec<&[u8]> = digests.iter().map(<[u8; 32]>::as_slice).collect();
    Ok(page_links::table
        .filter(page_links::digest.eq_any(digests))
        .filter(page_links::expires_at.gt(now.as_micros()))
        .select(page_links::body)
        .first(db)
        .optional()?)
}

/// Takes a link away: of two that take it, one gets it.
pub fn take_link(db: &mut Db, digests: &[[u8; 32]], now: Instant) -> Result<Option<String>, StorageError> {
    for digest in digests {
        let taken: Option<(String, i64)> = diesel::delete(page_links::table.find(digest.as_slice()))
            .returning((page_links::body, page_links::expires_at))
            .get_result(db)
            .optional()?;
        if let Some((body, expires_at)) = taken {
            return Ok((now.as_micros() < expires_at).then_some(body));
        }
    }
    Ok(None)
}

pub fn sweep(db: &mut Db, now: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<Vec<u8>> = sessions::table
        .filter(sessions::expires_at.lt(now.as_micros()))
        .order(sessions::expires_at)
        .limit(limit)
        .select(sessions::digest)
        .load(db)?;
    Ok(diesel::delete(sessions::table.filter(sessions::digest.eq_any(over))).execute(db)?)
}

pub fn sweep_links(db: &mut Db, now: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<Vec<u8>> = page_links::table
        .filter(page_links::expires_at.lt(now.as_micros()))
        .order(page_links::expires_at)
        .limit(limit)
        .select(page_links::digest)
        .load(db)?;
    Ok(diesel::delete(page_links::table.filter(page_links::digest.eq_any(over))).execute(db)?)
}
