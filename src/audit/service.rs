//! The audit as other slices see it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::error::AuditError;
use super::folder::StateFolder;
use super::notary::Notary;
use super::opening::Opening;
use super::operator::ActEntry;
use super::position::Position;
use super::records::Openers;
use super::shared::{Head, Shared};
use super::store::LogWriterKind;
use super::upkeep::Upkeep;
use super::writer::LogWriter;
use super::{Entry, Receipt};
use crate::crypto::Keyring;
use crate::kernel::{Clock, Entropy};
use crate::storage::{Record, Slot, StorageError, Store, Tx};

#[derive(Debug, Clone)]
pub struct AuditConfig {
    /// The scheme-less URL prefix below which logs are served, e.g. `dancu.vn/audit`.
    pub origin: String,
    /// What is kept outside the database; lasting, and this process's alone.
    pub state: PathBuf,
    /// How often the head is signed, if it grew.
    pub checkpoint_every: Duration,
    /// How long entries are kept.
    pub retention: Duration,
}

impl AuditConfig {
    /// The defaults: a checkpoint a second, five years.
    pub fn new(origin: &str, state: impl Into<PathBuf>) -> Self {
        Self {
            origin: origin.to_owned(),
            state: state.into(),
            checkpoint_every: Duration::from_secs(1),
            retention: Self::years(5),
        }
    }

    pub const fn years(years: u64) -> Duration {
        Duration::from_secs(years * 31_557_600)
    }
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Audit(Arc<Inner>);

struct Inner {
    store: Store,
    keyring: Keyring,
    shared: Arc<Shared>,
    openers: Openers,
    upkeep: Arc<Upkeep>,
    /// Told, or dropped with the last clone, it ends the upkeep.
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// What a log is taken up from.
struct Parts {
    store: Store,
    keyring: Keyring,
    folder: StateFolder,
    writer: LogWriterKind,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// An entry in a running transaction; has its receipt once the transaction is durable.
#[derive(Debug, Clone)]
pub struct PendingReceipt {
    slot: Slot,
    shared: Arc<Shared>,
}

impl PendingReceipt {
    /// # Errors
    /// `Unavailable` if the transaction has not been committed.
    pub fn receipt(&self) -> Result<Receipt, AuditError> {
        let not_yet = || StorageError::BrokenInvariant("the entry's transaction has not been committed");
        receipt(&self.shared, self.slot.index().ok_or_else(not_yet)?)
    }
}

fn receipt(shared: &Shared, slot: u64) -> Result<Receipt, AuditError> {
    let position = Position::from_column(slot.cast_signed());
    let unknown = || StorageError::BrokenInvariant("the entry stands in a log without a name");
    let name = shared.name_of(position.log()).ok_or_else(unknown)?;
    Ok(Receipt { log: name.to_string(), log_index: position.index() })
}

/// The keys under which a record is found: its transaction first, then its subjects.
fn record_of(entry: &Entry) -> Record {
    let mut keys = Vec::with_capacity(1 + entry.subjects.len());
    keys.push(entry.transaction.0);
    keys.extend(entry.subjects.iter().map(|subject| subject.0));
    Record { body: entry.encode(), subjects: keys, slot: Slot::default() }
}

impl Audit {
    /// Takes up the log of this state folder, or opens a new one, and publishes a first checkpoint.
    ///
    /// # Errors
    /// `Busy` if another process writes from the same folder.
    pub async fn open(
        store: Store,
        keyring: Keyring,
        config: AuditConfig,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, AuditError> {
        let folder = StateFolder::open(&config.state)?;
        let parts = Parts { store, keyring, folder, writer: LogWriterKind::Server, clock, entropy };
        let checkpoint_every = config.checkpoint_every;
        let audit = Self::take_up(parts, &config).await?;
        let (upkeep, stopped) = (audit.0.upkeep.clone(), audit.0.stop.subscribe());
        let task = tokio::spawn(upkeep.run(checkpoint_every, stopped));
        *audit.0.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
        Ok(audit)
    }

    /// Takes up a log of the command line's own, beside that of whoever serves: below the state folder,
    /// apart from any other command that is at work. Its head is signed when [`Self::sign_now`] is
    /// called, and nothing is tidied.
    ///
    /// # Errors
    /// If the state folder cannot be used, or the database is away.
    pub async fn open_for_command(
        store: Store,
        keyring: Keyring,
        config: AuditConfig,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, AuditError> {
        let folder = StateFolder::open_for_command(&config.state)?;
        let parts = Parts { store, keyring, folder, writer: LogWriterKind::Command, clock, entropy };
        Self::take_up(parts, &config).await
    }

    async fn take_up(parts: Parts, config: &AuditConfig) -> Result<Self, AuditError> {
        let Parts { store, keyring, folder, writer, clock, entropy } = parts;
        let folder = Arc::new(folder);
        let saved = folder.checkpoint()?;
        let prefix = config.origin.trim_end_matches('/').to_owned();
        let sole_server = store.is_sqlite() && writer == LogWriterKind::Server;
        let opening = Opening { holder: folder.holder(&*entropy)?, prefix, sole_server, writer };
        let claimed = {
            let (opening, clock, entropy) = (opening.clone(), clock.clone(), entropy.clone());
            let claim = move |tx: &mut Tx<'_>| opening.claim(tx.db()?, saved.as_ref(), clock.now(), &*entropy);
            store.write(claim).await?
        };
        for (log, why) in &claimed.closed {
            tracing::error!(%log, %why, "the audit log is closed: opening a new one");
        }
        let lease = Arc::new(claimed.lease);
        tracing::info!(log = %lease.name, size = claimed.tail.size(), "the audit log is open");
        let head = Head { lease, tree: claimed.tail.tree().clone() };
        let shared = Arc::new(Shared::new(head));
        let writer = LogWriter::new(opening, keyring.clone(), clock.clone(), entropy.clone(), shared.clone());
        store.install_trailer(Box::new(writer)).await?;
        let notary = Notary::new(store.clone(), keyring.clone(), folder, shared.clone());
        let openers = Openers::default();
        let upkeep = Arc::new(Upkeep {
            store: store.clone(),
            clock,
            entropy,
            notary,
            openers: openers.clone(),
            retention: config.retention,
        });
        upkeep.notary.sign().await?;
        let (stop, _) = watch::channel(false);
        Ok(Self(Arc::new(Inner { store, keyring, shared, openers, upkeep, stop, task: Mutex::default() })))
    }

    /// Makes one entry durable; the answer it is about may leave afterwards.
    pub async fn record(&self, entry: Entry) -> Result<Receipt, AuditError> {
        receipt(&self.0.shared, self.0.store.append_one(record_of(&entry)).await?)
    }

    /// Makes several entries durable in one commit, in order.
    pub async fn record_all(&self, entries: Vec<Entry>) -> Result<Vec<Receipt>, AuditError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let indexes = self.0.store.append(entries.iter().map(record_of).collect()).await?;
        indexes.into_iter().map(|index| receipt(&self.0.shared, index)).collect()
    }

    /// Adds an entry to a state change: both are durable or neither.
    pub fn append(&self, tx: &mut Tx<'_>, entry: &Entry) -> PendingReceipt {
        PendingReceipt { slot: tx.append(record_of(entry)), shared: self.0.shared.clone() }
    }

    /// Adds an operator's act to the change that it was.
    pub(super) fn append_act(&self, tx: &mut Tx<'_>, act: &ActEntry<'_>) {
        tx.append(act.to_record());
    }

    /// The log that this process writes.
    pub fn own_log(&self) -> Arc<str> {
        self.0.shared.head().lease.name.clone()
    }

    /// Whether the writer is at work and the head is being signed.
    pub async fn probe(&self) -> Result<(), AuditError> {
        self.0.store.write(|_| Ok::<_, StorageError>(())).await?;
        self.0.upkeep.notary.check()
    }

    /// Publishes a checkpoint of all that is durable now.
    pub async fn sign_now(&self) -> Result<(), AuditError> {
        self.0.upkeep.notary.sign().await
    }

    /// Deletes what is older than the retention and sorts what can be sorted: what the upkeep does
    /// by itself from time to time.
    pub async fn tidy_now(&self) -> Result<(), AuditError> {
        self.0.upkeep.tidy().await
    }

    /// Ends the upkeep and signs what is durable; for an orderly end, before the store is closed.
    pub async fn close(&self) -> Result<(), AuditError> {
        self.0.stop.send_replace(true);
        let task = self.0.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            task.await.map_err(|e| AuditError::State(e.to_string()))?;
        }
        self.sign_now().await
    }

    pub(super) fn store(&self) -> &Store {
        &self.0.store
    }
    pub(super) fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }
    pub(super) fn openers(&self) -> &Openers {
        &self.0.openers
    }
}
