//! The one thread that changes the database.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant as Moment};

use super::follow::Pulse;
use super::gather::Gathering;
use super::job::Job;
use super::session::Session;
use super::{Record, Trailer, dialect};

/// Jobs that wait, at most; the next is told that the database is unavailable.
pub(super) const QUEUE: usize = 8192;
/// How often the commits of other processes are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(super) type Alone = Box<dyn FnOnce(&mut Writer) + Send>;

pub(super) enum Message {
    Job(Box<dyn Job>),
    /// Has the writer to itself, outside of any group.
    Alone(Alone),
    Stop,
}

/// What the writer has done since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriterStats {
    pub commits: u64,
    pub jobs: u64,
    /// Groups whose jobs had to run one by one.
    pub groups_apart: u64,
    /// Commits of unknown outcome.
    pub in_doubt: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    commits: AtomicU64,
    jobs: AtomicU64,
    groups_apart: AtomicU64,
    in_doubt: AtomicU64,
}

impl Counters {
    pub(super) fn note_commit(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }
    pub(super) fn note_jobs(&self, jobs: usize) {
        self.jobs.fetch_add(jobs as u64, Ordering::Relaxed);
    }
    pub(super) fn note_apart(&self) {
        self.groups_apart.fetch_add(1, Ordering::Relaxed);
    }
    pub(super) fn note_doubt(&self) {
        self.in_doubt.fetch_add(1, Ordering::Relaxed);
    }
    pub(super) fn told(&self) -> WriterStats {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        WriterStats {
            commits: of(&self.commits),
            jobs: of(&self.jobs),
            groups_apart: of(&self.groups_apart),
            in_doubt: of(&self.in_doubt),
        }
    }
}

pub(super) struct Writer {
    pub(super) session: Session,
    pub(super) trailer: Option<Box<dyn Trailer>>,
    /// The records of the group that is being run, and how many each of its jobs gave.
    pub(super) records: Vec<Record>,
    pub(super) spans: Vec<usize>,
    /// The trailer has written and not yet heard how it ended.
    pub(super) trailing: bool,
    pub(super) pulse: Arc<Pulse>,
    pub(super) channel: Arc<str>,
    pub(super) stats: Arc<Counters>,
    gathering: Gathering,
    last_look: Moment,
    data_version: Option<i64>,
}

impl Writer {
    pub(super) fn new(session: Session, pulse: Arc<Pulse>, channel: Arc<str>, stats: Arc<Counters>) -> Self {
        Self {
            session,
            trailer: None,
            records: Vec::new(),
            spans: Vec::new(),
            trailing: false,
            pulse,
            channel,
            stats,
            gathering: Gathering::default(),
            last_look: Moment::now(),
            data_version: None,
        }
    }

    /// Until `Stop`, or until the store is gone.
    pub(super) fn work(mut self, queue: &Receiver<Message>) {
        self.look_for_others();
        let mut next = None;
        loop {
            let message = match next.take() {
                Some(message) => message,
                None => match queue.recv_timeout(LOOK_EVERY) {
                    Ok(message) => message,
                    Err(RecvTimeoutError::Timeout) => {
                        self.look_for_others();
                        continue;
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                },
            };
            match message {
                Message::Stop => return,
                Message::Alone(work) => self.guarded(|writer| work(writer)),
                Message::Job(first) => {
                    let (jobs, after) = self.gathering.gather(first, queue);
                    next = after;
                    self.guarded(|writer| writer.run_group(jobs));
                    self.gathering.ended();
                }
            }
            if self.last_look.elapsed() >= LOOK_EVERY {
                self.look_for_others();
            }
        }
    }

    /// A panic that got past the group's own guards (a trailer's, a poisoned row): whoever waits
    /// hears that the database is unavailable, and the thread lives on with a new connection.
    fn guarded(&mut self, work: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            tracing::error!("the writer panicked; it goes on with a new connection");
            self.session.discard();
            self.records.clear();
            self.spans.clear();
            if std::mem::take(&mut self.trailing) {
                let trailer = self.trailer.as_deref_mut();
                let told = catch_unwind(AssertUnwindSafe(|| trailer.map(Trailer::in_doubt)));
                if told.is_err() {
                    tracing::error!("the trailer panicked on being told of doubt");
                }
            }
        }
    }

    /// Whether another process has committed to this SQLite file since the last look.
    fn look_for_others(&mut self) {
        self.last_look = Moment::now();
        if self.session.ensure().is_err() {
            self.data_version = None;
            return;
        }
        let Ok(db) = self.session.db() else { return };
        let Ok(Some(version)) = dialect::data_version(db) else { return };
        if self.data_version.replace(version) != Some(version) {
            self.pulse.tick();
        }
        self.pulse.heard();
    }
}
