//! A file of events, one JSON object a line, taken in slice by slice. An event that is there already
//! is passed over, so a file can be given again after it was cut off wherever.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::contradiction::Contradiction;
use super::engine::{Manner, OnContradiction, Processed, process};
use super::model::{EventId, EventState, LifeEvent, born_key};
use super::read::EventRequest;
use super::record::storage_error;
use super::rows::open_event;
use crate::audit::{Operator, OperatorAct};
use crate::citizens::import::rejects::{Refused, Rejects};
use crate::citizens::sealing::Sealing;
use crate::citizens::store::events;
use crate::citizens::store::mark::{Mixed, claim};
use crate::citizens::store::write::WriteError;
use crate::http::Json;
use crate::kernel::{CivilDate, Clock, Faults, Text};
use crate::storage::{Db, Reach, StorageError, Store, Tx};

/// Lines taken in by one transaction; each holds SQLite's write lock.
const AT_ONCE: usize = 16;
const LONGEST_LINE: u64 = 1 << 20;

#[derive(Debug, thiserror::Error)]
pub enum EventsError {
    #[error("{path}: cannot be read or written")]
    File { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Mixed(#[from] Mixed),
    #[error("the events could not be stored")]
    Storage(#[from] StorageError),
    #[error("no parked event has this id")]
    NotParked,
}

/// What came of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventTally {
    pub lines: u64,
    pub applied: u64,
    /// Applied by an earlier run, or discarded.
    pub known: u64,
    pub parked: u64,
    /// Parked before, by this file or another, and applied now.
    pub released: u64,
    /// Not in the form of an event, or another under the same id.
    pub refused: u64,
}

/// A parked event, for an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedEvent {
    pub event_id: EventId,
    pub kind: &'static str,
    pub effective: CivilDate,
    pub reason: Option<Contradiction>,
}

/// Takes events in without a server.
#[derive(Clone)]
pub struct EventImporter {
    store: Store,
    sealing: Sealing,
    clock: Arc<dyn Clock>,
}

impl EventImporter {
    pub fn new(store: Store, sealing: Sealing, clock: Arc<dyn Clock>) -> Self {
        Self { store, sealing, clock }
    }

    /// Takes a file in; `-` is standard input. Lines that are no events go to `rejects`.
    ///
    /// # Errors
    /// If the file cannot be read, its people do not belong into this store, or the store fails.
    pub async fn import(&self, file: &Path, rejects: &Path, synthetic: bool) -> Result<EventTally, EventsError> {
        self.store.bulk(move |db| claim(db, synthetic)).await??;
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| EventsError::File { path, source }
        };
        let input: Box<dyn Read + Send> = match file.as_os_str() == "-" {
            true => Box::new(io::stdin()),
            false => Box::new(std::fs::File::open(file).map_err(failed(file))?),
        };
        let mut refused = Rejects::open(rejects, 0).map_err(failed(rejects))?;
        let mut lines = BufReader::new(input);
        let mut tally = EventTally::default();
        loop {
            let slice = read_slice(&mut lines, &mut tally.lines).map_err(failed(file))?;
            if slice.is_empty() {
                return Ok(tally);
            }
            let found = self.take_slice(slice, &mut tally).await?;
            tally.refused += found.len() as u64;
            refused.append(found.iter()).map_err(failed(rejects))?;
        }
    }

    async fn take_slice(
        &self,
        lines: Vec<(u64, Vec<u8>)>,
        tally: &mut EventTally,
    ) -> Result<Vec<Refused>, EventsError> {
        let (mut refused, mut events) = (Vec::new(), Vec::new());
        for (line, row) in lines {
            match self.read(&row) {
                Ok(event) => events.push((line, row, event)),
                Err(faults) => refused.push(Refused { line, row, faults }),
            }
        }
        let given: Vec<LifeEvent> = events.iter().map(|(_, _, event)| event.clone()).collect();
        let went = self.take_in(given).await?;
        for ((line, row, _), went) in events.into_iter().zip(went) {
            match went {
                Processed::Applied { released, parked, .. } => {
                    tally.applied += 1;
                    tally.released += released.len() as u64;
                    tally.parked += parked.len() as u64;
                }
                Processed::Known { .. } => tally.known += 1,
                Processed::Parked { .. } | Processed::Refused { .. } => tally.parked += 1,
                Processed::OtherContent { .. } => {
                    let mut faults = Faults::default();
                    faults.push("/event_id", "event_conflict", CONFLICT);
                    refused.push(Refused { line, row, faults });
                }
            }
        }
        Ok(refused)
    }

    /// Takes events in, in one transaction.
    pub async fn take_in(&self, given: Vec<LifeEvent>) -> Result<Vec<Processed>, EventsError> {
        let (sealing, at) = (self.sealing.clone(), self.clock.now());
        let taken = self.store.bulk(move |db: &mut Db| -> Result<Vec<Processed>, WriteError> {
            let manner = Manner { otherwise: OnContradiction::Park, at, recorded: false };
            given.iter().map(|event| process(db, &sealing, event, manner)).collect()
        });
        Ok(taken.await.map_err(storage_error)?)
    }

    /// Reads one line.
    pub fn read(&self, line: &[u8]) -> Result<LifeEvent, Faults> {
        let key = |event: &EventId| born_key(&self.store.identity(), event);
        let today = self.clock.now().date_in_viet_nam();
        let unreadable = || {
            let mut faults = Faults::default();
            faults.push("", "row_unreadable", UNREADABLE);
            faults
        };
        let told = |problem: crate::http::Problem| match problem.faults().is_empty() {
            true => unreadable(),
            false => problem.faults().clone(),
        };
        Json::<EventRequest>::parse(line)
            .and_then(|json| json.read(|request, faults| request.read(key, today, faults)))
            .map_err(told)
    }

    /// Parked events, oldest first.
    pub async fn parked(&self, limit: i64) -> Result<Vec<ParkedEvent>, EventsError> {
        let sealing = self.sealing.clone();
        let found = self.store.read(Reach::Scan, move |db| -> Result<Vec<ParkedEvent>, WriteError> {
            let rows = events::parked(db, limit)?;
            let read = rows.iter().map(|row| {
                let event = open_event(&sealing, row)?;
                Ok(ParkedEvent {
                    kind: event.happening.kind(),
                    effective: event.effective,
                    reason: Contradiction::of_code(&row.reason),
                    event_id: event.event_id,
                })
            });
            read.collect()
        });
        Ok(found.await.map_err(storage_error)?)
    }

    /// Tries a parked event again.
    ///
    /// # Errors
    /// [`EventsError::NotParked`] if there is none of this id.
    pub async fn retry(&self, id: &EventId) -> Result<Processed, EventsError> {
        let event = self.parked_event(id).await?;
        self.take_in(vec![event]).await?.pop().ok_or(EventsError::NotParked)
    }

    /// Gives a parked event up for good.
    ///
    /// # Errors
    /// [`EventsError::NotParked`] if there is none of this id.
    pub async fn discard(&self, id: &EventId, by: &Operator) -> Result<(), EventsError> {
        self.parked_event(id).await?;
        let id = id.to_string();
        let act = OperatorAct { operation: "events.discard", target: id.clone(), concerned: Vec::new() };
        let discard = move |tx: &mut Tx<'_>| -> Result<(), StorageError> {
            events::set_state(tx.db()?, &id, EventState::Discarded, "")?;
            events::replace_subjects(tx.db()?, &id, &[])
        };
        Ok(by.change(act, discard).await?)
    }

    async fn parked_event(&self, id: &EventId) -> Result<LifeEvent, EventsError> {
        let (sealing, id) = (self.sealing.clone(), id.to_string());
        let found = self.store.read(Reach::Key, move |db| -> Result<Option<LifeEvent>, WriteError> {
            let row = events::find(db, &id)?.filter(|row| row.state == EventState::Parked as i16);
            row.map(|row| open_event(&sealing, &row)).transpose()
        });
        found.await.map_err(storage_error)?.ok_or(EventsError::NotParked)
    }
}

const UNREADABLE: Text =
    Text::new("Không đọc được dòng này.", "The line cannot be read: no JSON object, or not UTF-8.");
const CONFLICT: Text = Text::new("Mã sự kiện đã dùng cho một sự kiện khác.", "Another event was given under this id.");

/// The next lines that are not empty, with their numbers; none at the file's end.
fn read_slice(lines: &mut impl BufRead, number: &mut u64) -> io::Result<Vec<(u64, Vec<u8>)>> {
    let mut slice = Vec::with_capacity(AT_ONCE);
    while slice.len() < AT_ONCE {
        let mut line = Vec::new();
        if lines.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        *number += 1;
        let row = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line).trim_ascii();
        if !row.is_empty() {
            slice.push((*number, row.to_vec()));
        }
    }
    Ok(slice)
}
