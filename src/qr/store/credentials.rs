//! Credentials and their places in status lists.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::kernel::{CitizenId, Instant};
use crate::storage::schema::{qr_credentials, qr_revocations, qr_status_lists};
use crate::storage::{Db, StorageError, per_arm};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = qr_credentials, treat_none_as_default_value = false)]
pub struct CredentialRow {
    pub credential_id: Vec<u8>,
    pub citizen_id: Vec<u8>,
    pub client_id: String,
    pub dynamic: bool,
    pub status_list: Option<i32>,
    pub status_index: Option<i32>,
    pub attributes: String,
    pub said: Vec<u8>,
    pub said_key: i32,
    pub issued_at: i64,
    pub expires_at: i64,
    pub revoked_at: Option<i64>,
    pub spent_at: Option<i64>,
    /// [`CREDENTIAL`] or [`CONFIRMATION`].
    pub kind: i16,
}

/// A credential of this room.
pub const CREDENTIAL: i16 = 1;
/// A confirmation of residence information; the room above knows what makes it void.
pub const CONFIRMATION: i16 = 2;

impl CredentialRow {
    pub fn citizen(&self) -> Result<CitizenId, StorageError> {
        citizen_of(&self.citizen_id)
    }
}

fn citizen_of(bytes: &[u8]) -> Result<CitizenId, StorageError> {
    CitizenId::from_slice(bytes).ok_or(StorageError::inconsistent_row("qr_credentials", "citizen_id", String::new()))
}

pub fn find(db: &mut Db, id: &[u8]) -> Result<Option<CredentialRow>, StorageError> {
    let found = per_arm!(db, conn => qr_credentials::table
        .find(id)
        .select(CredentialRow::as_select())
        .get_result(conn)
        .optional())?;
    Ok(found)
}

/// What a showing needs to know of a credential that was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issued {
    pub id: [u8; 16],
    pub citizen: CitizenId,
    /// [`CREDENTIAL`] or [`CONFIRMATION`].
    pub kind: i16,
    /// To be shown once.
    pub dynamic: bool,
    /// Its status list; none if it is to be shown once.
    pub list: Option<i32>,
    pub spent: bool,
    pub revoked: bool,
}

pub fn issued(db: &mut Db, id: [u8; 16]) -> Result<Option<Issued>, StorageError> {
    let row = qr_credentials::table.find(id.as_slice()).select((
        qr_credentials::citizen_id,
        qr_credentials::kind,
        qr_credentials::dynamic,
        qr_credentials::status_list,
        qr_credentials::spent_at.is_not_null(),
        qr_credentials::revoked_at.is_not_null(),
    ));
    let found: Option<(Vec<u8>, i16, bool, Option<i32>, bool, bool)> =
        per_arm!(db, conn => row.get_result(conn).optional())?;
    let issued = found.map(|(citizen, kind, dynamic, list, spent, revoked)| {
        Ok(Issued { id, citizen: citizen_of(&citizen)?, kind, dynamic, list, spent, revoked })
    });
    issued.transpose()
}

/// # Errors
/// `Conflict` if its place in the status list was taken meanwhile.
pub fn insert(db: &mut Db, row: &CredentialRow) -> Result<(), StorageError> {
    if let Some(list) = row.status_list {
        let counted = diesel::update(qr_status_lists::table.find(list))
            .set(qr_status_lists::taken.eq(qr_status_lists::taken + 1))
            .execute(db)?;
        if counted == 0 {
            let first = (qr_status_lists::list.eq(list), qr_status_lists::taken.eq(1));
            diesel::insert_into(qr_status_lists::table).values(first).execute(db)?;
            let none = (qr_revocations::list.eq(list), qr_revocations::revoked.eq(0));
            diesel::insert_into(qr_revocations::table).values(none).execute(db)?;
        }
    }
    diesel::insert_into(qr_credentials::table).values(row).execute(db)?;
    Ok(())
}

/// The newest list and how many places it has given away.
pub fn newest_list(db: &mut Db) -> Result<Option<(i32, i32)>, StorageError> {
    let newest = qr_status_lists::table
        .order(qr_status_lists::list.desc())
        .select((qr_status_lists::list, qr_status_lists::taken))
        .first(db)
        .optional()?;
    Ok(newest)
}

pub fn has_list(db: &mut Db, list: i32) -> Result<bool, StorageError> {
    let found: Option<i32> =
        qr_status_lists::table.find(list).select(qr_status_lists::taken).get_result(db).optional()?;
    Ok(found.is_some())
}

/// Which of the places are taken.
pub fn taken_among(db: &mut Db, list: i32, indexes: &[i32]) -> Result<Vec<i32>, StorageError> {
    let taken: Vec<Option<i32>> = qr_credentials::table
        .filter(qr_credentials::status_list.eq(list))
        .filter(qr_credentials::status_index.eq_any(indexes))
        .select(qr_credentials::status_index)
        .load(db)?;
    Ok(taken.into_iter().flatten().collect())
}

/// The places of revoked credentials.
pub fn revoked_in(db: &mut Db, list: i32) -> Result<Vec<i32>, StorageError> {
    let revoked: Vec<Option<i32>> = qr_credentials::table
        .filter(qr_credentials::status_list.eq(list))
        .filter(qr_credentials::revoked_at.is_not_null())
        .select(qr_credentials::status_index)
        .load(db)?;
    Ok(revoked.into_iter().flatten().collect())
}

/// Spends a dynamic credential; `false` if it was spent before, by any process. One statement: of
/// two transactions the later waits for the earlier and then finds nothing to spend.
pub fn spend(db: &mut Db, id: &[u8], now: Instant) -> Result<bool, StorageError> {
    let unspent = qr_credentials::table.find(id).filter(qr_credentials::spent_at.is_null());
    Ok(diesel::update(unspent).set(qr_credentials::spent_at.eq(now.as_micros())).execute(db)? == 1)
}

/// Revokes; when it was revoked first. The list's count comes before the credential everywhere, so that within
/// one list no two transactions wait for each other; of two that revoke in several lists, each in another
/// order, the database undoes one, and the writer runs its jobs again.
pub fn revoke(db: &mut Db, id: &[u8], now: Instant) -> Result<Instant, StorageError> {
    let credential = qr_credentials::table.find(id);
    let (list, revoked_at): (Option<i32>, Option<i64>) =
        credential.select((qr_credentials::status_list, qr_credentials::revoked_at)).get_result(db)?;
    if let Some(first) = revoked_at {
        return Ok(Instant::from_micros(first));
    }
    if let Some(list) = list {
        let count = diesel::update(qr_revocations::table.find(list));
        count.set(qr_revocations::revoked.eq(qr_revocations::revoked + 1)).execute(db)?;
    }
    let valid = credential.filter(qr_credentials::revoked_at.is_null());
    diesel::update(valid).set(qr_credentials::revoked_at.eq(now.as_micros())).execute(db)?;
    // Another process may have been quicker.
    let first: Option<i64> = credential.select(qr_credentials::revoked_at).get_result(db)?;
    Ok(Instant::from_micros(first.unwrap_or(now.as_micros())))
}

/// How many of each list were revoked.
pub fn revocations(db: &mut Db) -> Result<HashMap<i32, i64>, StorageError> {
    let counts: Vec<(i32, i64)> = qr_revocations::table.load(db)?;
    Ok(counts.into_iter().collect())
}

/// The citizen's credentials that are neither revoked nor over; confirmations are not among them.
pub fn in_force_of(db: &mut Db, citizen: CitizenId, now: Instant) -> Result<Vec<CredentialRow>, StorageError> {
    Ok(qr_credentials::table
        .filter(qr_credentials::citizen_id.eq(citizen.as_bytes().as_slice()))
        .filter(qr_credentials::kind.eq(CREDENTIAL))
        .filter(qr_credentials::revoked_at.is_null())
        .filter(qr_credentials::expires_at.gt(now.as_micros()))
        .select(CredentialRow::as_select())
        .load(db)?)
}

/// Credentials in force whose tag was made with an index key before `version`.
pub fn tagged_before(db: &mut Db, version: i32, now: Instant, limit: i64) -> Result<Vec<CredentialRow>, StorageError> {
    Ok(qr_credentials::table
        .filter(qr_credentials::said_key.lt(version))
        .filter(qr_credentials::kind.eq(CREDENTIAL))
        .filter(qr_credentials::revoked_at.is_null())
        .filter(qr_credentials::expires_at.gt(now.as_micros()))
        .select(CredentialRow::as_select())
        .limit(limit)
        .load(db)?)
}

/// How many credentials in force need the index key `version`.
pub fn tagged_under(db: &mut Db, version: i32, now: Instant) -> Result<i64, StorageError> {
    Ok(qr_credentials::table
        .filter(qr_credentials::said_key.eq(version))
        .filter(qr_credentials::kind.eq(CREDENTIAL))
        .filter(qr_credentials::revoked_at.is_null())
        .filter(qr_credentials::expires_at.gt(now.as_micros()))
        .count()
        .get_result(db)?)
}

/// Gives a credential the same tag under another index key.
pub fn retag(db: &mut Db, id: &[u8], said: &[u8], version: i32) -> Result<(), StorageError> {
    diesel::update(qr_credentials::table.find(id))
        .set((qr_credentials::said.eq(said), qr_credentials::said_key.eq(version)))
        .execute(db)?;
    Ok(())
}

/// Deletes up to `limit` credentials that ended before `before`; how many there were.
pub fn sweep(db: &mut Db, before: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<Vec<u8>> = qr_credentials::table
        .filter(qr_credentials::expires_at.lt(before.as_micros()))
        .order(qr_credentials::expires_at)
        .limit(limit)
        .select(qr_credentials::credential_id)
        .load(db)?;
    Ok(diesel::delete(qr_credentials::table.filter(qr_credentials::credential_id.eq_any(over))).execute(db)?)
}
