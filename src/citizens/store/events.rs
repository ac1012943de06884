//! Events as they were given, and whom each is about.

use diesel::prelude::*;

use crate::citizens::events::{EventState, Stamp};
use crate::sealing::Sealed;
use crate::storage::schema::{life_event_subjects, life_events};
use crate::storage::{Db, StorageError, insert_rows, per_arm};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = life_events, treat_none_as_default_value = false)]
pub struct EventRow {
    pub event_id: String,
    pub effective: i32,
    pub rank: i16,
    /// [`EventState`].
    pub state: i16,
    /// Why it is parked; empty if it is not.
    pub reason: String,
    pub key_version: i32,
    pub sealed: Vec<u8>,
    pub received_at: i64,
    /// Whether the audit log has an entry of what it did.
    pub recorded: bool,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = life_event_subjects, treat_none_as_default_value = false)]
pub struct SubjectRow {
    pub subject: Vec<u8>,
    pub event_id: String,
    pub effective: i32,
    pub rank: i16,
    pub key_version: i32,
    /// The sealed patch; empty where a record was read and not changed.
    pub sealed: Vec<u8>,
}

pub fn find(db: &mut Db, id: &str) -> Result<Option<EventRow>, StorageError> {
    let found = per_arm!(db, conn => life_events::table
        .find(id)
        .select(EventRow::as_select())
        .get_result(conn)
        .optional())?;
    Ok(found)
}

pub fn insert(db: &mut Db, row: &EventRow) -> Result<(), StorageError> {
    diesel::insert_into(life_events::table).values(row).execute(db)?;
    Ok(())
}

pub fn set_state(db: &mut Db, id: &str, state: EventState, reason: &str) -> Result<(), StorageError> {
    diesel::update(life_events::table.find(id))
        .set((life_events::state.eq(state as i16), life_events::reason.eq(reason)))
        .execute(db)?;
    Ok(())
}

/// Notes that what the event did has no entry in the audit log yet.
pub fn owe_entry(db: &mut Db, id: &str) -> Result<(), StorageError> {
    diesel::update(life_events::table.find(id)).set(life_events::recorded.eq(false)).execute(db)?;
    Ok(())
}

/// Events without an entry, oldest first.
pub fn owing(db: &mut Db, limit: i64) -> Result<Vec<EventRow>, StorageError> {
    Ok(life_events::table
        .filter(life_events::recorded.eq(false))
        .order((life_events::received_at, life_events::event_id))
        .limit(limit)
        .select(EventRow::as_select())
        .load(db)?)
}

/// Takes over an event's entry; `false` if somebody else was quicker.
pub fn take_entry(db: &mut Db, id: &str) -> Result<bool, StorageError> {
    let owing = life_events::table.find(id).filter(life_events::recorded.eq(false));
    Ok(diesel::update(owing).set(life_events::recorded.eq(true)).execute(db)? == 1)
}

/// Whom the event is about now, in place of whom it was about.
pub fn replace_subjects(db: &mut Db, id: &str, rows: &[SubjectRow]) -> Result<(), StorageError> {
    diesel::delete(life_event_subjects::table.filter(life_event_subjects::event_id.eq(id))).execute(db)?;
    insert_rows!(db, life_event_subjects::table, rows, columns = 6)?;
    Ok(())
}

pub fn subjects_of(db: &mut Db, id: &str) -> Result<Vec<SubjectRow>, StorageError> {
    Ok(life_event_subjects::table
        .filter(life_event_subjects::event_id.eq(id))
        .order(life_event_subjects::subject)
        .select(SubjectRow::as_select())
        .load(db)?)
}

/// Events about a subject that have to be decided together with one at `stamp`: applied ones that may
/// come after it (the caller compares the ids, whose order is not the database's), and all parked.
pub fn joining(db: &mut Db, subject: &[u8], stamp: &Stamp) -> Result<Vec<EventRow>, StorageError> {
    let same_day = life_events::effective.eq(stamp.day).and(life_events::rank.ge(stamp.rank));
    let later = life_events::effective.gt(stamp.day).or(same_day);
    let applied = life_events::state.eq(EventState::Applied as i16).and(later);
    let wanted = life_events::state.eq(EventState::Parked as i16).or(applied);
    Ok(life_event_subjects::table
        .inner_join(life_events::table.on(life_events::event_id.eq(life_event_subjects::event_id)))
        .filter(life_event_subjects::subject.eq(subject))
        .filter(wanted)
        .select(EventRow::as_select())
        .load(db)?)
}

/// Parked events, oldest first.
pub fn parked(db: &mut Db, limit: i64) -> Result<Vec<EventRow>, StorageError> {
    Ok(life_events::table
        .filter(life_events::state.eq(EventState::Parked as i16))
        .order((life_events::received_at, life_events::event_id))
        .limit(limit)
        .select(EventRow::as_select())
        .load(db)?)
}

/// Events that stand under a version of the sealing key.
pub fn sealed_under(db: &mut Db, version: i32) -> Result<i64, StorageError> {
    Ok(life_events::table.filter(life_events::key_version.eq(version)).count().get_result(db)?)
}

/// Patches that do.
pub fn subjects_sealed_under(db: &mut Db, version: i32) -> Result<i64, StorageError> {
    Ok(life_event_subjects::table.filter(life_event_subjects::key_version.eq(version)).count().get_result(db)?)
}

/// Events that stand under a key older than `active`.
pub fn sealed_before(db: &mut Db, active: i32, limit: i64) -> Result<Vec<EventRow>, StorageError> {
    Ok(life_events::table
        .filter(life_events::key_version.lt(active))
        .limit(limit)
        .select(EventRow::as_select())
        .load(db)?)
}

/// Patches that stand under a key older than `active`.
pub fn subjects_sealed_before(db: &mut Db, active: i32, limit: i64) -> Result<Vec<SubjectRow>, StorageError> {
    Ok(life_event_subjects::table
        .filter(life_event_subjects::key_version.lt(active))
        .limit(limit)
        .select(SubjectRow::as_select())
        .load(db)?)
}

pub fn replace_sealed(db: &mut Db, event: &str, sealed: &Sealed) -> Result<(), StorageError> {
    diesel::update(life_events::table.find(event))
        .set((life_events::key_version.eq(sealed.key_version), life_events::sealed.eq(&sealed.bytes)))
        .execute(db)?;
    Ok(())
}

pub fn replace_sealed_patch(db: &mut Db, key: (&[u8], &str), sealed: &Sealed) -> Result<(), StorageError> {
    diesel::update(life_event_subjects::table.find(key))
        .set((life_event_subjects::key_version.eq(sealed.key_version), life_event_subjects::sealed.eq(&sealed.bytes)))
        .execute(db)?;
    Ok(())
}
