//! The registry of clients: held in memory, refreshed within a second of a change by any process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::Instant as Tick;

use super::store::{self, Change};
use super::{AgreementFaults, Client, ClientChanges, RedirectFault};
use crate::audit::Operator;
use crate::kernel::{Causes, ClientId, Clock};
use crate::storage::{Reach, StorageError, Store};

/// How often the registry's version is read.
const POLL: Duration = Duration::from_millis(250);
/// A registry that could not be read for so long is no longer trusted.
const TRUST: Duration = Duration::from_secs(5);

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ClientsError {
    #[error("there is a client with this id already")]
    Exists,
    #[error("no client has this id")]
    Unknown,
    #[error("the client has this key, or one with this key id, already")]
    KeyKnown,
    #[error("the client has this officer already")]
    OfficerKnown,
    #[error("the client has no such officer")]
    OfficerUnknown,
    #[error("the client's agreement does not list this procedure")]
    ProcedureUnknown,
    #[error("no client's agreement lists this procedure")]
    ProcedureOfNobody,
    #[error("that is not stopped")]
    NotStopped,
    #[error("a name is 1 to 200 printable characters, without nine digits in a row")]
    Name,
    #[error("a client has a key; profile baseline may have a secret beside it or instead, others may not")]
    Credentials,
    #[error(transparent)]
    Redirects(#[from] RedirectFault),
    #[error(transparent)]
    Agreement(#[from] AgreementFaults),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Nobody may be trusted to be at work: whoever was stopped in the last seconds is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the registry of clients is behind the database")]
pub struct RegistryBehind;

impl From<RegistryBehind> for StorageError {
    fn from(_: RegistryBehind) -> Self {
        Self::unavailable("the registry of clients is behind the database")
    }
}

/// The registry. Cheap to clone.
#[derive(Clone)]
pub struct Clients(Arc<Registry>);

pub(super) struct Registry {
    store: Store,
    pub(super) clock: Arc<dyn Clock>,
    snapshot: ArcSwap<Snapshot>,
    refreshing: tokio::sync::Mutex<()>,
    opened: Tick,
    /// When the registry was last known to be as the database has it, in ms since `opened`.
    followed_ms: AtomicU64,
}

#[derive(Default)]
struct Snapshot {
    version: i64,
    clients: HashMap<ClientId, Arc<Client>>,
}

impl Clients {
    /// Reads the registry and follows it from then on, until the last clone is dropped.
    pub async fn open(store: Store, clock: Arc<dyn Clock>) -> Result<Self, StorageError> {
        let registry = Arc::new(Registry {
            store,
            clock,
            snapshot: ArcSwap::from_pointee(Snapshot { version: -1, ..Snapshot::default() }),
            refreshing: tokio::sync::Mutex::default(),
            opened: Tick::now(),
            followed_ms: AtomicU64::new(0),
        });
        registry.refresh().await?;
        tokio::spawn(follow(Arc::downgrade(&registry)));
        Ok(Self(registry))
    }

    /// The client as it stands now, stopped ones included: for whoever lets it do something.
    ///
    /// # Errors
    /// If the registry has not followed the database in the last seconds.
    pub fn find_current(&self, id: &ClientId) -> Result<Option<Arc<Client>>, RegistryBehind> {
        if self.is_current() { Ok(self.find(id)) } else { Err(RegistryBehind) }
    }

    /// The client as it was last known: for its name, and for commands, which have just read the registry.
    pub fn find(&self, id: &ClientId) -> Option<Arc<Client>> {
        self.0.find(id)
    }

    /// Every client, by id.
    pub fn list(&self) -> Vec<Arc<Client>> {
        self.0.list()
    }

    /// Whether the registry has followed the database in the last seconds.
    pub fn is_current(&self) -> bool {
        let followed = Duration::from_millis(self.0.followed_ms.load(Ordering::Relaxed));
        self.0.opened.elapsed().saturating_sub(followed) < TRUST
    }

    /// What was done to a client, oldest first.
    pub async fn history(&self, id: &ClientId) -> Result<Vec<Change>, ClientsError> {
        let id = id.clone();
        self.0.store.read(Reach::Scan, move |db| Ok(store::history(db, &id)?)).await
    }

    /// Where `operator` changes the registry.
    pub fn under<'a>(&'a self, operator: &'a Operator) -> ClientChanges<'a> {
        ClientChanges { registry: &self.0, operator }
    }
}

impl Registry {
    pub(super) fn find(&self, id: &ClientId) -> Option<Arc<Client>> {
        self.snapshot.load().clients.get(id).cloned()
    }

    pub(super) fn list(&self) -> Vec<Arc<Client>> {
        let mut clients: Vec<_> = self.snapshot.load().clients.values().cloned().collect();
        clients.sort_by(|a, b| a.id.cmp(&b.id));
        clients
    }

    /// Reads the registry again if its version has moved.
    pub(super) async fn refresh(&self) -> Result<(), StorageError> {
        let _alone = self.refreshing.lock().await;
        let asked_ms = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        let version = self.store.read(Reach::Key, store::version).await?;
        if version != self.snapshot.load().version {
            // The version is older than or as old as the rows: a change in between shows at the next poll.
            let clients = self.store.read(Reach::Scan, store::all).await?;
            let clients = clients.into_iter().map(|client| (client.id.clone(), Arc::new(client))).collect();
            self.snapshot.store(Arc::new(Snapshot { version, clients }));
        }
        self.followed_ms.fetch_max(asked_ms, Ordering::Relaxed);
        Ok(())
    }
}

/// Keeps a registry as the database has it, as long as somebody holds it.
async fn follow(registry: Weak<Registry>) {
    let mut failing = false;
    loop {
        tokio::time::sleep(POLL).await;
        let Some(registry) = registry.upgrade() else { return };
        match registry.refresh().await {
            Ok(()) => failing = false,
            Err(error) => {
                if !failing {
                    tracing::warn!(error = %Causes(&error), "the registry of clients cannot be read");
                }
                failing = true;
            }
        }
    }
}
