//! Decides an event together with all that depends on it, and writes what comes of it.

use std::collections::BTreeMap;

use super::apply::apply;
use super::contradiction::Contradiction;
use super::model::{EventId, EventState, LifeEvent, Stamp};
use super::patch::{Patch, note_sources};
use super::rows::{open_event, open_patch, row_of, stamp_of, state_of, subject_of, subject_rows, told_of};
use super::scene::{Halt, Person, Scene, Snapshot};
use crate::citizens::sealing::Sealing;
use crate::citizens::store::apply::lock_change_log;
use crate::citizens::store::events::{self, EventRow};
use crate::citizens::store::write::{WriteError, upsert_in};
use crate::kernel::{CitizenId, Instant};
use crate::storage::{Db, StorageError};

/// Events decided together at most.
const MOST_EVENTS: usize = 512;

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
        let last =
            person.kept.restore(now).ok_or(StorageError::BrokenInvariant("a record cannot be written as JSON"))?;
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
        events::replace_subjects(db, part.event.event_id.as_str(), &subject_rows(sealing, stamp, &went.subjects)?)?;
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
    let subjects: Vec<_> = subjects.iter().map(|subject| (*subject, None)).collect();
    events::replace_subjects(db, id, &subject_rows(sealing, &event.stamp(), &subjects)?)?;
    Ok(Processed::Parked { reason, about })
}
