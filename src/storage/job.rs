//! What waits for the writer: a change, or records to append.

use tokio::sync::oneshot;

use super::session::Session;
use super::{Db, Record, Slot, StorageError};

/// A running transaction of [`Store::write`](super::Store::write).
pub struct Tx<'a> {
    pub(super) session: &'a mut Session,
    pub(super) records: &'a mut Vec<Record>,
    pub(super) savepoint: bool,
}

impl Tx<'_> {
    /// The connection. The first call begins this job's savepoint: a job that only appends
    /// records costs none.
    ///
    /// # Errors
    /// If the transaction cannot begin; the whole group is then run again or refused.
    pub fn db(&mut self) -> Result<&mut Db, StorageError> {
        if !self.savepoint {
            self.session.begin()?;
            self.session.savepoint()?;
            self.savepoint = true;
        }
        self.session.db()
    }

    /// Adds a record to the end of this commit group. The slot is filled once the group is durable,
    /// before [`Store::write`](super::Store::write) returns.
    pub fn append(&mut self, record: Record) -> Slot {
        let slot = record.slot.clone();
        self.records.push(record);
        slot
    }
}

/// Whether a job's work stands, so far.
pub(super) enum Verdict {
    Kept,
    Refused,
}

pub(super) trait Job: Send {
    /// How many records it is known to bring.
    fn weight(&self) -> usize {
        1
    }
    /// Whether others may have to look again because of it.
    fn is_change(&self) -> bool {
        true
    }
    /// Does the work (again) and remembers what came of it.
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict;
    /// Takes back what `run` gave to the group, which was rolled back.
    fn reclaim(&mut self, _records: &mut dyn Iterator<Item = Record>) {}
    /// Puts an error in the place of what `run` remembered.
    fn spoil(&mut self, error: StorageError);
    /// Tells the caller; the group is settled. `written` are this job's records.
    fn answer(self: Box<Self>, written: &[Record]);
}

/// A closure of [`Store::write`](super::Store::write).
pub(super) struct Change<W, T, E> {
    work: W,
    outcome: Option<Result<T, E>>,
    caller: oneshot::Sender<Result<T, E>>,
}

impl<W, T, E> Change<W, T, E> {
    pub(super) fn new(work: W) -> (Self, oneshot::Receiver<Result<T, E>>) {
        let (caller, answer) = oneshot::channel();
        (Self { work, outcome: None, caller }, answer)
    }
}

impl<W, T, E> Job for Change<W, T, E>
where
    W: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StorageError> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict {
        let outcome = (self.work)(tx);
        let verdict = if outcome.is_ok() { Verdict::Kept } else { Verdict::Refused };
        self.outcome = Some(outcome);
        verdict
    }

    fn spoil(&mut self, error: StorageError) {
        self.outcome = Some(Err(error.into()));
    }

    fn answer(self: Box<Self>, _written: &[Record]) {
        if let Some(outcome) = self.outcome {
            // A caller that went away is not told: its change is durable all the same.
            let _ = self.caller.send(outcome);
        }
    }
}

/// One record that no state change goes with: the hot path.
pub(super) struct AppendOne {
    /// `None` while the group has it.
    record: Option<Record>,
    spoilt: Option<StorageError>,
    caller: oneshot::Sender<Result<u64, StorageError>>,
}

impl AppendOne {
    pub(super) fn new(record: Record) -> (Self, oneshot::Receiver<Result<u64, StorageError>>) {
        let (caller, answer) = oneshot::channel();
        (Self { record: Some(record), spoilt: None, caller }, answer)
    }
}

impl Job for AppendOne {
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict {
        self.spoilt = None;
        tx.records.extend(self.record.take());
        Verdict::Kept
    }

    fn reclaim(&mut self, records: &mut dyn Iterator<Item = Record>) {
        self.record = records.next();
    }

    fn spoil(&mut self, error: StorageError) {
        self.spoilt = Some(error);
    }

    fn answer(self: Box<Self>, written: &[Record]) {
        let index = || written.first().and_then(|record| record.slot.index()).ok_or_else(no_index);
        let _ = self.caller.send(self.spoilt.map_or_else(index, Err));
    }
}

fn no_index() -> StorageError {
    StorageError::BrokenInvariant("the trailer left a record without its index")
}

/// Several of them, in one commit and in order.
pub(super) struct Append {
    records: Vec<Record>,
    spoilt: Option<StorageError>,
    caller: oneshot::Sender<Result<Vec<u64>, StorageError>>,
}

impl Append {
    pub(super) fn new(records: Vec<Record>) -> (Self, oneshot::Receiver<Result<Vec<u64>, StorageError>>) {
        let (caller, answer) = oneshot::channel();
        (Self { records, spoilt: None, caller }, answer)
    }
}

impl Job for Append {
    fn weight(&self) -> usize {
        self.records.len()
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict {
        self.spoilt = None;
        tx.records.append(&mut self.records);
        Verdict::Kept
    }

    fn reclaim(&mut self, records: &mut dyn Iterator<Item = Record>) {
        self.records.extend(records);
    }

    fn spoil(&mut self, error: StorageError) {
        self.spoilt = Some(error);
    }

    fn answer(self: Box<Self>, written: &[Record]) {
        let outcome = match self.spoilt {
            Some(error) => Err(error),
            None => {
                let indexes: Option<Vec<u64>> = written.iter().map(|record| record.slot.index()).collect();
                indexes.ok_or_else(no_index)
            }
        };
        let _ = self.caller.send(outcome);
    }
}
