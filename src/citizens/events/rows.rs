//! Events and what they changed, as rows: sealed, opened, sealed anew.

use super::model::{EventId, EventState, LifeEvent, Stamp};
use super::patch::Patch;
use crate::citizens::sealing::Sealing;
use crate::citizens::store::events::{self, EventRow, SubjectRow};
use crate::citizens::store::read;
use crate::citizens::store::write::WriteError;
use crate::kernel::{CitizenId, Instant};
use crate::storage::{Db, StorageError};

const EVENTS: &str = "life_events";
const PATCHES: &str = "life_event_subjects";

/// The people an event of the store is about.
pub fn told_of(db: &mut Db, row: &EventRow) -> Result<Vec<CitizenId>, WriteError> {
    let mut people = Vec::new();
    for subject in events::subjects_of(db, &row.event_id)? {
        // Households and awaited numbers are subjects, too.
        let id = CitizenId(subject_of(&subject.subject)?);
        if read::record(db, id)?.is_some() {
            people.push(id);
        }
    }
    Ok(people)
}

/// The row of an event that is new in the store.
pub fn row_of(
    sealing: &Sealing,
    event: &LifeEvent,
    (state, reason): (EventState, &str),
    at: Instant,
) -> Result<EventRow, WriteError> {
    let stamp = event.stamp();
    let sealed = sealing.table(EVENTS).seal(&[stamp.id.as_str().as_bytes()], event)?;
    Ok(EventRow {
        event_id: stamp.id.to_string(),
        effective: stamp.day,
        rank: stamp.rank,
        state: state as i16,
        reason: reason.to_owned(),
        key_version: sealed.key_version,
        sealed: sealed.bytes,
        received_at: at.as_micros(),
        recorded: true,
    })
}

/// The rows of whom an event is about, with what it changed of them.
pub fn subject_rows(
    sealing: &Sealing,
    stamp: &Stamp,
    subjects: &[([u8; 16], Option<Patch>)],
) -> Result<Vec<SubjectRow>, WriteError> {
    let patches = sealing.table::<Patch>(PATCHES);
    let row = |(subject, patch): &([u8; 16], Option<Patch>)| -> Result<SubjectRow, WriteError> {
        let (key_version, sealed) = match patch {
            Some(patch) => {
                let sealed = patches.seal(&[subject, stamp.id.as_str().as_bytes()], patch)?;
                (sealed.key_version, sealed.bytes)
            }
            None => (i32::MAX, Vec::new()),
        };
        let (subject, event_id) = (subject.to_vec(), stamp.id.to_string());
        Ok(SubjectRow { subject, event_id, effective: stamp.day, rank: stamp.rank, key_version, sealed })
    };
    subjects.iter().map(row).collect()
}

/// The event a row holds.
pub fn open_event(sealing: &Sealing, row: &EventRow) -> Result<LifeEvent, WriteError> {
    Ok(sealing.table(EVENTS).open(&[row.event_id.as_bytes()], row.key_version, &row.sealed)?)
}

/// What the event changed of one subject.
pub fn open_patch(sealing: &Sealing, row: &SubjectRow) -> Result<Patch, WriteError> {
    Ok(sealing.table(PATCHES).open(&[&row.subject, row.event_id.as_bytes()], row.key_version, &row.sealed)?)
}

/// Seals up to `limit` events anew that stand under a key older than `active`; how many.
pub fn renew_events(db: &mut Db, sealing: &Sealing, active: i32, limit: i64) -> Result<usize, StorageError> {
    let (table, rows) = (sealing.table::<LifeEvent>(EVENTS), events::sealed_before(db, active, limit)?);
    for row in &rows {
        let sealed = table.renew(&[row.event_id.as_bytes()], row.key_version, &row.sealed)?;
        events::replace_sealed(db, &row.event_id, &sealed)?;
    }
    Ok(rows.len())
}

/// The same of what events changed.
pub fn renew_patches(db: &mut Db, sealing: &Sealing, active: i32, limit: i64) -> Result<usize, StorageError> {
    let (table, rows) = (sealing.table::<Patch>(PATCHES), events::subjects_sealed_before(db, active, limit)?);
    for row in &rows {
        let sealed = table.renew(&[&row.subject, row.event_id.as_bytes()], row.key_version, &row.sealed)?;
        events::replace_sealed_patch(db, (&row.subject, &row.event_id), &sealed)?;
    }
    Ok(rows.len())
}

/// Its state, as its column has it.
pub fn state_of(row: &EventRow) -> Result<EventState, WriteError> {
    Ok(EventState::of_column(row.state).ok_or_else(|| fault("state"))?)
}

/// Its place among all events.
pub fn stamp_of(row: &EventRow) -> Result<Stamp, WriteError> {
    let id = EventId::parse(&row.event_id).map_err(|_| fault("event_id"))?;
    Ok(Stamp { day: row.effective, rank: row.rank, id })
}

/// A subject as its column has it.
pub fn subject_of(bytes: &[u8]) -> Result<[u8; 16], WriteError> {
    Ok(bytes.try_into().map_err(|_| fault("subject"))?)
}

fn fault(column: &'static str) -> StorageError {
    StorageError::inconsistent(EVENTS, column)
}
