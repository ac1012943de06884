//! The store and its doors.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use diesel::{QueryDsl, RunQueryDsl};
use tokio::sync::{Semaphore, oneshot, watch};

use super::alone::run_alone;
use super::checkpoint::Checkpointer;
use super::connect::{Intent, connect};
use super::follow::{Pulse, follow, listen};
use super::heartbeat::{self, Heartbeat};
use super::job::{Append, AppendOne, Change};
use super::location::Location;
use super::lock::Turn;
use super::log::{Log, LogStats};
use super::pool::{self, PATIENCE, Pools};
use super::relay::Relayed;
use super::schema::store_info;
use super::session::Session;
use super::writer::{Counters, Message, QUEUE, Writer};
use super::{Db, OpenError, Record, StorageError, Trailer, Tx, WriterStats, dialect, migrate};
use crate::kernel::Instant;

/// How far a read reaches; decides where it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// One or a few rows by unique key: may run on the worker itself.
    Key,
    /// Anything else: runs on a blocking thread.
    Scan,
}

#[derive(Clone)]
pub struct StoreConfig {
    /// `sqlite:PATH`, `postgres://…` or `postgresql://…`.
    pub url: String,
    /// Readers (SQLite, 2–4) or connections (PostgreSQL, 4–8).
    pub readers: u32,
}

impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreConfig").field("url", &"…").field("readers", &self.readers).finish()
    }
}

/// What a store is opened for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Serving: readers are opened before anybody asks.
    Service,
    /// One command: each reader is opened when it is needed.
    Command { reads_only: bool },
}

/// How long closing waits for the threads beside the writer, which a database that went silent may hold.
const CLOSING_PATIENCE: Duration = Duration::from_secs(10);

/// Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    location: Location,
    /// Until the store is closed.
    pools: ArcSwapOption<Pools>,
    /// One permit per reader that a blocking thread may hold: threads do not pile up behind the pool.
    reading: Arc<Semaphore>,
    queue: SyncSender<Message>,
    closing: Arc<AtomicBool>,
    /// Whoever holds it may not change anything.
    reads_only: bool,
    pulse: Arc<Pulse>,
    channel: Arc<str>,
    identity: [u8; 16],
    stats: Arc<Counters>,
    /// SQLite's.
    log: Option<Arc<Log>>,
    threads: Mutex<Threads>,
}

/// The threads of a store that nobody closed end by themselves soon after.
impl Drop for Inner {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
    }
}

/// The senders' end tells the helpers' threads that the store is gone.
#[derive(Default)]
struct Threads {
    open: Vec<Sender<()>>,
    handles: Vec<JoinHandle<()>>,
}

impl Threads {
    fn start(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
        let handle = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        self.handles.push(handle.map_err(|e| OpenError::Unavailable(e.to_string()))?);
        Ok(())
    }
}

impl Store {
    /// Opens the database for a service and checks that its schema is this program's (see `migrate`).
    ///
    /// # Errors
    /// What the operator has to do first; see [`OpenError`].
    pub fn open(config: &StoreConfig) -> Result<Self, OpenError> {
        Self::open_for(Purpose::Service, config)
    }

    /// The same for a command that changes something.
    ///
    /// # Errors
    /// What the operator has to do first; see [`OpenError`].
    pub fn open_for_changes(config: &StoreConfig) -> Result<Self, OpenError> {
        Self::open_for(Purpose::Command { reads_only: false }, config)
    }

    /// The same for a command that only reads: whatever would change something is refused.
    ///
    /// # Errors
    /// What the operator has to do first; see [`OpenError`].
    pub fn open_reading(config: &StoreConfig) -> Result<Self, OpenError> {
        Self::open_for(Purpose::Command { reads_only: true }, config)
    }

    fn open_for(purpose: Purpose, config: &StoreConfig) -> Result<Self, OpenError> {
        let location = Location::parse(&config.url)?;
        let mut db = connect(&location, Intent::Write)?;
        migrate::check(&mut db)?;
        let identity = identity(&mut db)?;
        let channel: Arc<str> = format!("dancu_{}", hex(&identity)).into();
        let pulse = Arc::new(Pulse::new());
        let stats = Arc::new(Counters::default());
        let (queue, waiting) = sync_channel(QUEUE);
        let mut threads = Threads::default();
        let mut log = None;
        let turn = match &location {
            Location::Sqlite(path) => {
                let (location, watched) = (location.clone(), Arc::new(Log::of(path)));
                log = Some(watched.clone());
                let (open, is_open) = std::sync::mpsc::channel();
                threads.open.push(open);
                let turn = Turn::of(path)?;
                threads.start("dancu-checkpoint", move || {
                    Checkpointer::new(&location, &watched, turn).work(&is_open);
                })?;
                Some(Turn::of(path)?)
            }
            Location::Postgres(_) => {
                let link = listen(&location, &channel)?;
                let (location, channel, pulse) = (location.clone(), channel.clone(), pulse.clone());
                let (open, is_open) = std::sync::mpsc::channel();
                threads.open.push(open);
                threads.start("dancu-follow", move || follow(&location, &channel, link, &pulse, &is_open))?;
                None
            }
        };
        let session = Session::new(location.clone(), db, turn);
        let writer = Writer::new(session, pulse.clone(), channel.clone(), stats.clone());
        threads.start("dancu-writer", move || writer.work(&waiting))?;
        let readers = config.readers.max(2);
        let at_once = if location.is_sqlite() { readers - 1 } else { readers };
        let idle = if purpose == Purpose::Service { readers } else { 0 };
        let closing = Arc::new(AtomicBool::new(false));
        Ok(Self(Arc::new(Inner {
            pools: ArcSwapOption::from_pointee(Pools::open(&location, readers, idle, &closing)),
            reading: Arc::new(Semaphore::new(at_once as usize)),
            location,
            queue,
            closing,
            reads_only: purpose == (Purpose::Command { reads_only: true }),
            pulse,
            channel,
            identity,
            stats,
            log,
            threads: Mutex::new(threads),
        })))
    }

    /// Sets who writes the records of commit groups; once, before the first `append`.
    ///
    /// # Errors
    /// `Other` if somebody already does.
    pub async fn install_trailer(&self, trailer: Box<dyn Trailer>) -> Result<(), StorageError> {
        self.on_writer(move |writer| {
            if writer.trailer.is_some() {
                return Err(StorageError::BrokenInvariant("the records already have their writer"));
            }
            writer.trailer = Some(trailer);
            Ok(())
        })
        .await
    }

    /// Runs `work` on a reading connection, which refuses to change anything.
    pub async fn read<T, E>(
        &self,
        reach: Reach,
        work: impl FnOnce(&mut Db) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        if reach == Reach::Key
            && self.0.location.is_sqlite()
            && let Some(mut reader) = self.0.pools.load().as_ref().and_then(|pools| pools.readers.try_get())
        {
            return work(&mut reader.db);
        }
        let permit = tokio::time::timeout(PATIENCE, self.0.reading.clone().acquire_owned()).await;
        let Ok(Ok(permit)) = permit else {
            return Err(StorageError::unavailable("no reader came free in time").into());
        };
        let store = self.0.clone();
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let pools = store.pools.load_full().ok_or_else(gone)?;
            let mut reader = pool::take(&pools.readers)?;
            work(&mut reader.db)
        });
        read.await.unwrap_or_else(|e| Err(StorageError::ended_early(&e).into()))
    }

    /// Runs a short change on the writer's thread, in a savepoint of a commit group; resolves once
    /// the group is durable. `work` may run again (another job's fault, a serialisation failure),
    /// so it is `Fn` and keeps its effects in the transaction. `Err` rolls back this job alone.
    ///
    /// A statement that fails fails the job, even if `work` passes over its error, unless a nested
    /// transaction (`db.transaction(…)`) rolled it back. A caller that goes away does not stop it.
    pub async fn write<T, E>(&self, work: impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        let (job, answer) = Change::new(work);
        self.submit(Message::Job(Box::new(job)))?;
        Relayed::new(answer).await.unwrap_or_else(|_| Err(gone().into()))
    }

    /// Makes one record durable that no state change goes with: the cheapest way in. Answers with its
    /// index.
    ///
    /// # Errors
    /// `Unavailable` also if the outcome of the commit is unknown.
    pub async fn append_one(&self, record: Record) -> Result<u64, StorageError> {
        let (job, answer) = AppendOne::new(record);
        self.submit(Message::Job(Box::new(job)))?;
        Relayed::new(answer).await.unwrap_or_else(|_| Err(gone()))
    }

    /// The same for several, in one commit and in order.
    ///
    /// # Errors
    /// `Unavailable` also if the outcome of the commit is unknown.
    pub async fn append(&self, records: Vec<Record>) -> Result<Vec<u64>, StorageError> {
        let (job, answer) = Append::new(records);
        self.submit(Message::Job(Box::new(job)))?;
        Relayed::new(answer).await.unwrap_or_else(|_| Err(gone()))
    }

    /// Runs one slice of bulk work in a transaction of its own. On SQLite a slice should take no
    /// more than 5 ms; on PostgreSQL it has its own connection and may be longer. May run again
    /// after a serialisation failure.
    pub async fn bulk<T, E>(&self, work: impl Fn(&mut Db) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        if let Some(log) = &self.0.log {
            log.room_for_bulk().await;
            return self.on_writer(move |writer| writer.run_alone(&work)).await;
        }
        self.may_change()?;
        let store = self.0.clone();
        let bulk = tokio::task::spawn_blocking(move || {
            let pools = store.pools.load_full().ok_or_else(gone)?;
            let mut connection = pool::take(&pools.bulk)?;
            let pool::Pooled { db, watch } = &mut *connection;
            let done = run_alone((db, watch, None), &store.channel, &work)?;
            store.pulse.tick();
            Ok(done)
        });
        bulk.await.unwrap_or_else(|e| Err(StorageError::ended_early(&e).into()))
    }

    /// Whether the backend is SQLite (operations, metrics; not for choosing SQL: see `dialect`).
    pub fn is_sqlite(&self) -> bool {
        self.0.location.is_sqlite()
    }

    /// Random, given when the schema was made: tells this store from any other.
    pub fn identity(&self) -> [u8; 16] {
        self.0.identity
    }

    /// Ticks when something was changed, by this process or another, and when the link that tells
    /// of others was lost or found again. Records alone do not tick. It is a hint to look, not a count.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.0.pulse.watch()
    }

    /// Whether changes of other processes are being heard of; false within 3 s of a loss. What was
    /// read before and is kept in memory cannot be trusted while it is false.
    pub fn link_ok(&self) -> bool {
        self.0.pulse.link_ok()
    }

    /// The database's own clock.
    pub async fn database_now(&self) -> Result<Instant, StorageError> {
        self.read(Reach::Scan, |db| Ok(Instant::from_micros(dialect::now_micros(db)?))).await
    }

    /// Writes the row of `slot` anew, in a commit group, as any change is written: whether what is written
    /// becomes durable. A slot is a replica's; two that drew the same only wait for each other.
    ///
    /// # Errors
    /// What a change would be told now: a database that is away or takes no writing, a full disk.
    pub async fn write_heartbeat(&self, slot: i16, at: Instant) -> Result<(), StorageError> {
        heartbeat::check_room(&self.0.location)?;
        let (job, answer) = Heartbeat::new(slot, at);
        self.submit(Message::Job(Box::new(job)))?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    pub fn writer_stats(&self) -> WriterStats {
        self.0.stats.told()
    }

    /// Lets the write-ahead log (SQLite) be cut off within minutes: it holds the last images of rows that were
    /// erased because their time was over.
    pub(super) fn note_erased(&self) {
        if let Some(log) = &self.0.log {
            log.note_erased();
        }
    }

    /// How SQLite's write-ahead log stands; `None` on PostgreSQL.
    pub fn log_stats(&self) -> Option<LogStats> {
        self.0.log.as_ref().map(|log| log.stats())
    }

    /// The same for whoever outlives the store: it does not keep it open.
    pub fn log_watch(&self) -> Option<impl Fn() -> LogStats + Clone + Send + 'static> {
        let log = self.0.log.clone()?;
        Some(move || log.stats())
    }

    /// Lets the writer finish what is waiting, and ends the store's threads and pools. Whatever comes later is
    /// told that the database is unavailable.
    ///
    /// Only the writer is waited for however long it takes. A thread that the database holds beyond some seconds
    /// ends later, as do those of the pools, which nobody waits for here.
    pub async fn close(&self) {
        if self.0.closing.swap(true, Ordering::SeqCst) {
            return;
        }
        let store = self.0.clone();
        let written = tokio::task::spawn_blocking(move || {
            store.pools.store(None);
            let _ = store.queue.send(Message::Stop);
            let mut threads = std::mem::take(&mut *store.threads.lock().unwrap_or_else(PoisonError::into_inner));
            // A thread that panicked has said so; the others are waited for all the same. The writer, which
            // started last, ends first: the checkpointer then empties the log that it leaves.
            let _ = threads.handles.pop().map(JoinHandle::join);
            threads
        });
        let Ok(Threads { open, handles }) = written.await else { return };
        drop(open);
        let ended = tokio::task::spawn_blocking(move || {
            for handle in handles {
                let _ = handle.join();
            }
        });
        if tokio::time::timeout(CLOSING_PATIENCE, ended).await.is_err() {
            tracing::warn!("the database holds a thread of the store that closes; it is not waited for any longer");
        }
    }

    fn may_change(&self) -> Result<(), StorageError> {
        match self.0.reads_only {
            true => Err(StorageError::BrokenInvariant("opened for reading: this changes nothing")),
            false => Ok(()),
        }
    }

    fn submit(&self, message: Message) -> Result<(), StorageError> {
        self.may_change()?;
        if self.0.closing.load(Ordering::SeqCst) {
            return Err(gone());
        }
        self.0.queue.try_send(message).map_err(|refused| match refused {
            TrySendError::Full(_) => StorageError::unavailable("too many changes are waiting"),
            TrySendError::Disconnected(_) => gone(),
        })
    }

    async fn on_writer<T, E>(&self, work: impl FnOnce(&mut Writer) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        self.submit(Message::Alone(Box::new(move |writer| {
            let _ = caller.send(work(writer));
        })))?;
        answer.await.unwrap_or_else(|_| Err(gone().into()))
    }
}

fn gone() -> StorageError {
    StorageError::unavailable("the store is shutting down, or a change ended without an answer")
}

fn identity(db: &mut Db) -> Result<[u8; 16], OpenError> {
    let id: Vec<u8> = store_info::table
        .select(store_info::id)
        .get_result(db)
        .map_err(|e| OpenError::Unavailable(format!("store_info: {e}")))?;
    id.try_into().map_err(|_| OpenError::Unavailable("store_info.id is not 16 bytes".to_owned()))
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
