//! Decides an event together with all that depends on it, and writes what comes of it.

use std::collections::BTreeMap;

use super::apply::apply;
use super::contradiction::Contradiction;
use super::model::{EventId, EventState, LifeEvent, Stamp};
use super::patch::{Patch, note_sources};
use super::scene::{Halt, Person, Scene, Snapshot};
use crate::citizens::sealing::{Sealing, SealingError};
use crate::citizens::store::apply::lock_change_log;
use crate::citizens::store::events::{self, EventRow, SubjectRow};
use crate::citizens::store::read;
use crate::citizens::store::write::{WriteError, upsert_in};
use crate::kernel::{CitizenId, Instant};
use crate::storage::{Db, StorageError};

/// Events decided together at most.
const MOST_EVENTS: usize = 512;
const EVENTS: &str = "life_events";
const PATCHES: &str = "life_event_subjects";

/// What is done with an event that contradicts the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnContradiction {
    /// Nothing is kept of it.
    Refuse,
    /// It is kept, parked, and tried again when what it concerns changes. One that waits for somebody
    /// unknown is parked in either case.
    Park,
}

/// How an event is taken in.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    pub otherwise: OnContradiction,
    pub at: Instant,
    /// Whether the same transaction writes the audit entry; if not, the event owes one, and the
    /// serving process writes it.
    pub recorded: bool,
}

/// What came of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Processed {
    Applied {
        /// Whose record changed, in the order of their keys.
        changed: Vec<CitizenId>,
        /// Events that no longer hold because of it.
        parked: Vec<EventId>,
        /// Events that had waited for it.
        released: Vec<EventId>,
    },
    /// It was given before, with the same content.
    Known {
        state: EventState,
        about: Vec<CitizenId>,
    },
    /// Another event was given under this id.
    OtherContent {
        /// Whom that one is about.
        about: Vec<CitizenId>,
    },
    Parked {
        reason: Contradiction,
        about: Vec<CitizenId>,
    },
    Refused {
        reason: Contradiction,
        about: Vec<CitizenId>,
    },
}

/// An event that takes part.
struct Part {
    event: LifeEvent,
    /// Its state in the store; `None` for one that is new there.
    state: Option<EventState>,
}

type Cast = BTreeMap<Stamp, Part>;

/// How one event went.
struct Went {
    result: Result<(), Contradiction>,
    /// Whom it concerns, and what it changed of them.
    subjects: Vec<([u8; 16], Option<Patch>)>,
}

/// How all went.
struct Played {
    went: BTreeMap<Stamp, Went>,
    people: BTreeMap<CitizenId, Person>,
    /// Events that have to take part as well.
    joining: Vec<EventRow>,
}

/// Takes an event in. All of it happens in the running transaction.
///
/// # Errors
/// If the store fails; a contradiction is no error.
pub fn process(db: &mut Db, sealing: &Sealing, event: &LifeEvent, manner: Manner) -> Result<Processed, WriteError> {
    let Manner { otherwise, at, .. } = manner;
    lock_change_log(db)?;
    let held = events::find(db, event.event_id.as_str())?;
    if let Some(row) = &held {
        let state = state_of(row)?;
        if open_event(sealing, row)? != *event {
            return Ok(Processed::OtherContent { about: told_of(db, row)? });
        }
        if state != EventState::Parked {
            return Ok(Processed::Known { state, about: told_of(db, row)? });
        }
    }
    let stamp = event.stamp();
    let part = Part { event: event.clone(), state: held.as_ref().map(|_| EventState::Parked) };
    let mut cast = Cast::from([(stamp.clone(), part)]);
    let played = loop {
        let played = play(db, sealing, &cast)?;
        if played.joining.is_empty() {
            break played;
        }
        for row in &played.joining {
            let (event, state) = (open_event(sealing, row)?, state_of(row)?);
            cast.insert(event.stamp(), Part { event, state: Some(state) });
        }
        if cast.len() > MOST_EVENTS {
            let about = people_of(&played, &stamp);
            if held.is_none() && otherwise == OnContradiction::Refuse {
                return Ok(Processed::Refused { reason: Contradiction::TooManyEvents, about });
            }
            return set_aside(db, sealing, event, (Contradiction::TooManyEvents, about, at), &[]);
        }
    };
    let about = people_of(&played, &stamp);
    let reason = match played.went.get(&stamp).map(|went| went.result) {
        Some(Err(reason)) => Some(reason),
        _ if unmakes_somebody(&played) => Some(Contradiction::ContradictsLaterEvents),
        _ => None,
    };
    match reason {
        None => write_all(db, sealing, &cast, played, (&stamp, manner)),
        Some(reason)
            if held.is_none() && otherwise == OnContradiction::Refuse && reason != Contradiction::UnknownPerson =>
        {
            Ok(Processed::Refused { reason, about })
        }
        Some(reason) => {
            let subjects: Vec<[u8; 16]> = played
                .went
                .get(&stamp)
                .map(|went| went.subjects.iter().map(|(subject, _)| *subject).collect())
                .unwrap_or_default();
            set_aside(db, sealing, event, (reason, about, at), &subjects)
        }
    }
}

/// Undoes what was applied of the cast, and applies all of it in order.
fn play(db: &mut Db, sealing: &Sealing, cast: &Cast) -> Result<Played, WriteError> {
    let mut scene = Scene::new(db, sealing);
    cast.values().for_each(|part| scene.expect(&part.event));
    let mut joining = BTreeMap::new();
    for (stamp, part) in cast.iter().rev().filter(|(_, part)| part.state == Some(EventState::Applied)) {
        for row in events::subjects_of(scene.db, part.event.event_id.as_str())? {
            let subject = subject_of(&row.subject)?;
            seek_joining(&mut scene, &subject, (stamp, cast), &mut joining)?;
            if !row.sealed.is_empty() {
                let patch = open_patch(sealing, &row)?;
                scene.undo(CitizenId(subject), &patch)?;
            }
        }
    }
    let mut went = BTreeMap::new();
    for (stamp, part) in cast {
        let before = scene.snapshot();
        scene.touched.clear();
        let result = match apply(&mut scene, &part.event) {
            Ok(()) => Ok(()),
            Err(Halt::Contradiction(reason)) => Err(reason),
            Err(Halt::Fault(error)) => return Err(error),
        };
        if result.is_err() {
            scene.restore(before.clone());
        }
        let subjects = changes(&mut scene, &before, &part.event);
        for (subject, _) in &subjects {
            seek_joining(&mut scene, subject, (stamp, cast), &mut joining)?;
        }
        went.insert(stamp.clone(), Went { result, subjects });
    }
    Ok(Played { went, people: scene.people, joining: joining.into_values().collect() })
}

/// Notes events about a subject that have to take part and do not yet.
fn seek_joining(
    scene: &mut Scene<'_>,
    subject: &[u8; 16],
    (stamp, cast): (&Stamp, &Cast),
    joining: &mut BTreeMap<Stamp, EventRow>,
) -> Result<(), WriteError> {
    for row in events::joining(scene.db, subject, stamp)? {
        let its = stamp_of(&row)?;
        let belongs = row.state == EventState::Parked as i16 || its > *stamp;
        if belongs && !cast.contains_key(&its) {
            joining.insert(its, row);
        }
    }
    Ok(())
}

/// What the event changed, by subject; where values come from is noted on the way.
fn changes(scene: &mut Scene<'_>, before: &Snapshot, event: &LifeEvent) -> Vec<([u8; 16], Option<Patch>)> {
    let touched: Vec<[u8; 16]> = scene.touched.iter().copied().collect();
    let mut changes = Vec::with_capacity(touched.len());
    for subject in touched {
        let Some(person) = scene.people.get_mut(&CitizenId(subject)) else {
            changes.push((subject, None));
            continue;
        };
        // Who came into the scene with this event stood as stored.
        let old = before.get(&CitizenId(subject)).unwrap_or(&person.stored).clone();
        if let (Some(old), Some(now)) = (&old, &mut person.now) {
            note_sources(old, now, &event.source, event.effective);
        }
        let patch = person.now.as_ref().and_then(|now| Patch::between(old.as_ref(), now));
        changes.push((subject, patch));
    }
    changes
}

/// The people an event concerns.
fn people_of(played: &Played, stamp: &Stamp) -> Vec<CitizenId> {
    let subjects = played.went.get(stamp).map(|went| went.subjects.as_slice()).unwrap_or_default();
    let people = subjects.iter().map(|(subject, _)| CitizenId(*subject));
    people.filter(|id| played.people.get(id).is_some_and(|person| person.stored.is_some())).collect()
}

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

fn unmakes_somebody(played: &Played) -> bool {
    played.people.values().any(|person| person.stored.is_some() && person.now.is_none())
}

/// Writes every changed record, and how each event went.
fn write_all(
    db: &mut Db,
    sealing: &Sealing,
    cast: &Cast,
    played: Played,
    (own, Manner { at, recorded, .. }): (&Stamp, Manner),
) -> Result<Processed, WriteError> {
    let mut changed = Vec::new();
    for (id, person) in &played.people {
        let Some(now) = &person.now else { continue };
        let last = person.kept.restore(now).ok_or_else(lost)?;
        if person.stored.as_ref() != Some(&last) {
            upsert_in(db, sealing, &last, Some(person.row_version), at)?;
            changed.push(*id);
        }
    }
    let (mut parked, mut released) = (Vec::new(), Vec::new());
    for (stamp, part) in cast {
        let Some(went) = played.went.get(stamp) else { continue };
        let (state, reason) = match went.result {
            Ok(()) => (EventState::Applied, ""),
            Err(reason) => (EventState::Parked, reason.code()),
        };
        match part.state {
            None => events::insert(db, &row_of(sealing, &part.event, (state, reason), at)?)?,
            Some(_) => events::set_state(db, part.event.event_id.as_str(), state, reason)?,
        }
        if !recorded && part.state != Some(state) {
            events::owe_entry(db, part.event.event_id.as_str())?;
        }
        events::replace_subjects(db, part.event.event_id.as_str(), &subject_rows(sealing, stamp, went)?)?;
        match (part.state, state) {
            _ if stamp == own => {}
            (Some(EventState::Applied), EventState::Parked) => parked.push(stamp.id.clone()),
            (Some(EventState::Parked), EventState::Applied) => released.push(stamp.id.clone()),
            _ => {}
        }
    }
    Ok(Processed::Applied { changed, parked, released })
}

/// Keeps an event that cannot be applied (yet).
fn set_aside(
    db: &mut Db,
    sealing: &Sealing,
    event: &LifeEvent,
    (reason, about, at): (Contradiction, Vec<CitizenId>, Instant),
    subjects: &[[u8; 16]],
) -> Result<Processed, WriteError> {
    let id = event.event_id.as_str();
    match events::find(db, id)? {
        None => events::insert(db, &row_of(sealing, event, (EventState::Parked, reason.code()), at)?)?,
        Some(_) => events::set_state(db, id, EventState::Parked, reason.code())?,
    }
    let went = Went { result: Err(reason), subjects: subjects.iter().map(|subject| (*subject, None)).collect() };
    events::replace_subjects(db, id, &subject_rows(sealing, &event.stamp(), &went)?)?;
    Ok(Processed::Parked { reason, about })
}

fn row_of(
    sealing: &Sealing,
    event: &LifeEvent,
    (state, reason): (EventState, &str),
    at: Instant,
) -> Result<EventRow, WriteError> {
    let stamp = event.stamp();
    let content = serde_json::to_vec(event).map_err(|_| SealingError::NotWritable)?;
    let (key_version, sealed) = sealing.seal_content(EVENTS, stamp.id.as_str().as_bytes(), &content);
    Ok(EventRow {
        event_id: stamp.id.to_string(),
        effective: stamp.day,
        rank: stamp.rank,
        state: state as i16,
        reason: reason.to_owned(),
        key_version,
        sealed,
        received_at: at.as_micros(),
        recorded: true,
    })
}

fn subject_rows(sealing: &Sealing, stamp: &Stamp, went: &Went) -> Result<Vec<SubjectRow>, WriteError> {
    let row = |(subject, patch): &([u8; 16], Option<Patch>)| -> Result<SubjectRow, WriteError> {
        let (key_version, sealed) = match patch {
            Some(patch) => {
                let content = serde_json::to_vec(patch).map_err(|_| SealingError::NotWritable)?;
                sealing.seal_content(PATCHES, &patch_binding(subject, stamp.id.as_str()), &content)
            }
            None => (i32::MAX, Vec::new()),
        };
        let (subject, event_id) = (subject.to_vec(), stamp.id.to_string());
        Ok(SubjectRow { subject, event_id, effective: stamp.day, rank: stamp.rank, key_version, sealed })
    };
    went.subjects.iter().map(row).collect()
}

fn patch_binding(subject: &[u8], event_id: &str) -> Vec<u8> {
    [subject, event_id.as_bytes()].concat()
}

/// The event a row holds.
pub fn open_event(sealing: &Sealing, row: &EventRow) -> Result<LifeEvent, WriteError> {
    let content = sealing.open_content(EVENTS, (row.key_version, &row.sealed), row.event_id.as_bytes())?;
    Ok(serde_json::from_slice(&content).map_err(|_| fault("sealed"))?)
}

fn open_patch(sealing: &Sealing, row: &SubjectRow) -> Result<Patch, WriteError> {
    let bound = patch_binding(&row.subject, &row.event_id);
    let content = sealing.open_content(PATCHES, (row.key_version, &row.sealed), &bound)?;
    Ok(serde_json::from_slice(&content).map_err(|_| fault("sealed"))?)
}

/// Seals what stands under a key older than `active` anew, up to `limit` rows of each table; how many.
pub fn reseal(db: &mut Db, sealing: &Sealing, active: i32, limit: i64) -> Result<u64, StorageError> {
    let mut done = 0;
    for mut row in events::sealed_before(db, active, limit)? {
        let content = sealing.open_content(EVENTS, (row.key_version, &row.sealed), row.event_id.as_bytes())?;
        (row.key_version, row.sealed) = sealing.seal_content(EVENTS, row.event_id.as_bytes(), &content);
        events::reseal(db, &row)?;
        done += 1;
    }
    for mut row in events::subjects_sealed_before(db, active, limit)? {
        let bound = patch_binding(&row.subject, &row.event_id);
        let content = sealing.open_content(PATCHES, (row.key_version, &row.sealed), &bound)?;
        (row.key_version, row.sealed) = sealing.seal_content(PATCHES, &bound, &content);
        events::reseal_subject(db, &row)?;
        done += 1;
    }
    Ok(done)
}

pub fn state_of(row: &EventRow) -> Result<EventState, WriteError> {
    Ok(EventState::of_column(row.state).ok_or_else(|| fault("state"))?)
}

fn stamp_of(row: &EventRow) -> Result<Stamp, WriteError> {
    let id = EventId::parse(&row.event_id).map_err(|_| fault("event_id"))?;
    Ok(Stamp { day: row.effective, rank: row.rank, id })
}

fn subject_of(bytes: &[u8]) -> Result<[u8; 16], WriteError> {
    Ok(bytes.try_into().map_err(|_| fault("subject"))?)
}

fn fault(column: &'static str) -> StorageError {
    StorageError::Inconsistent { table: EVENTS, column, row: String::new() }
}

fn lost() -> StorageError {
    StorageError::Other("a record cannot be written as JSON".to_owned())
}
