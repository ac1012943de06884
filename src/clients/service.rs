//! The registry of clients: held in memory, refreshed within a second of a change by any process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::Instant as Tick;

use super::store::{self, Action, Change};
use super::{
    Agreement, AgreementFault, AgreementFaults, Client, ClientKey, ClientProfile, RedirectFault, Registration,
    SecretTag,
};
use crate::crypto::VerifyingKey;
use crate::kernel::{ClientId, Clock, Instant, LegalBasis, Officer};
use crate::storage::{Reach, StorageError, Store, Tx};

/// How often the registry's version is read.
const POLL: Duration = Duration::from_millis(250);
/// A registry that could not be read for so long is no longer trusted.
const TRUST: Duration = Duration::from_secs(5);

/// A client to be added.
#[derive(Debug, Clone)]
pub struct NewClient {
    pub id: ClientId,
    pub name: String,
    pub profile: ClientProfile,
    pub state_body: bool,
    /// What it signs its assertions with; a client of profile `baseline` may have a secret instead.
    pub key: Option<PublicKey>,
    pub officers: Vec<Officer>,
    pub agreement: Agreement,
    pub registration: Registration,
    pub secret: Option<SecretTag>,
}

/// A public key and the id its owner names it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub id: String,
    pub key: VerifyingKey,
}

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

/// The registry. Cheap to clone.
#[derive(Clone)]
pub struct Clients(Arc<Registry>);

struct Registry {
    store: Store,
    clock: Arc<dyn Clock>,
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

    /// The client as it stands now, disabled ones included.
    pub fn find(&self, id: &ClientId) -> Option<Arc<Client>> {
        self.0.snapshot.load().clients.get(id).cloned()
    }

    /// Every client, by id.
    pub fn list(&self) -> Vec<Arc<Client>> {
        let mut clients: Vec<_> = self.0.snapshot.load().clients.values().cloned().collect();
        clients.sort_by(|a, b| a.id.cmp(&b.id));
        clients
    }

    /// Whether the registry has followed the database in the last seconds. One that has not must
    /// not be asked who is enabled.
    pub fn is_current(&self) -> bool {
        let followed = Duration::from_millis(self.0.followed_ms.load(Ordering::Relaxed));
        self.0.opened.elapsed().saturating_sub(followed) < TRUST
    }

    /// What was done to a client, oldest first.
    pub async fn history(&self, id: &ClientId) -> Result<Vec<Change>, ClientsError> {
        let id = id.clone();
        self.0.store.read(Reach::Scan, move |db| Ok(store::history(db, &id)?)).await
    }

    pub async fn add(&self, new: NewClient) -> Result<(), ClientsError> {
        check_name(&new.name)?;
        check_fit(&new.agreement, new.profile, new.state_body)?;
        new.registration.check()?;
        if new.secret.is_some() && new.profile != ClientProfile::Baseline || new.secret.is_none() && new.key.is_none() {
            return Err(ClientsError::Credentials);
        }
        let now = self.0.clock.now();
        let key = |key: PublicKey| ClientKey { id: key.id, key: key.key, valid_from: now, valid_until: None };
        let client = Client {
            keys: new.key.into_iter().map(key).collect(),
            id: new.id,
            name: new.name,
            profile: new.profile,
            state_body: new.state_body,
            enabled: true,
            officers: new.officers.into_iter().collect(),
            agreement: new.agreement,
            registration: new.registration,
            secret: new.secret,
        };
        let detail = store::agreement_text(&client.agreement)?;
        self.change(move |tx| {
            let db = tx.db()?;
            store::note(db, &client.id, Action::Added, &detail, now)?;
            if store::exists(db, &client.id)? {
                return Err(ClientsError::Exists);
            }
            Ok(store::insert(db, &client, now)?)
        })
        .await
    }

    /// Brings in a new key. The keys in use stay good for `overlap`.
    pub async fn rotate_key(&self, id: &ClientId, key: PublicKey, overlap: Duration) -> Result<(), ClientsError> {
        let now = self.0.clock.now();
        let new = ClientKey { id: key.id, key: key.key, valid_from: now, valid_until: None };
        let detail = serde_json::json!({ "key_id": new.id, "overlap_s": overlap.as_secs() }).to_string();
        self.change_one(id, Action::KeyRotated, detail, now, move |tx, id| {
            let held = store::keys(tx.db()?, id)?;
            if held.iter().any(|old| old.id == new.id || old.key == new.key) {
                return Err(ClientsError::KeyKnown);
            }
            Ok(store::replace_keys(tx.db()?, id, &ClientKey::rotate(&held, new.clone(), overlap))?)
        })
        .await
    }

    /// Shuts a client out: within a second no process takes its tokens or assertions any more.
    pub async fn disable(&self, id: &ClientId) -> Result<(), ClientsError> {
        self.set_enabled(id, false).await
    }

    pub async fn enable(&self, id: &ClientId) -> Result<(), ClientsError> {
        self.set_enabled(id, true).await
    }

    async fn set_enabled(&self, id: &ClientId, enabled: bool) -> Result<(), ClientsError> {
        let action = if enabled { Action::Enabled } else { Action::Disabled };
        self.change_one(id, action, "{}".to_owned(), self.0.clock.now(), move |tx, id| {
            Ok(store::set_enabled(tx.db()?, id, enabled)?)
        })
        .await
    }

    pub async fn add_officer(&self, id: &ClientId, officer: Officer) -> Result<(), ClientsError> {
        let now = self.0.clock.now();
        let detail = serde_json::json!(officer).to_string();
        self.change_one(id, Action::OfficerAdded, detail, now, move |tx, id| {
            if store::insert_officer(tx.db()?, id, &officer, now)? { Ok(()) } else { Err(ClientsError::OfficerKnown) }
        })
        .await
    }

    /// Strikes an officer off, whose sessions are good no longer.
    pub async fn remove_officer(&self, id: &ClientId, officer: Officer) -> Result<(), ClientsError> {
        let detail = serde_json::json!(officer).to_string();
        self.change_one(id, Action::OfficerRemoved, detail, self.0.clock.now(), move |tx, id| {
            if store::delete_officer(tx.db()?, id, &officer)? { Ok(()) } else { Err(ClientsError::OfficerUnknown) }
        })
        .await
    }

    /// Puts a new agreement in the place of the old one.
    pub async fn amend(&self, id: &ClientId, agreement: Agreement) -> Result<(), ClientsError> {
        let client = self.find(id).ok_or(ClientsError::Unknown)?;
        check_fit(&agreement, client.profile, client.state_body)?;
        let detail = store::agreement_text(&agreement)?;
        self.change_one(id, Action::Amended, detail, self.0.clock.now(), move |tx, id| {
            Ok(store::set_agreement(tx.db()?, id, &agreement)?)
        })
        .await
    }

    /// Puts other redirect addresses in the place of the old ones.
    pub async fn set_registration(&self, id: &ClientId, registration: Registration) -> Result<(), ClientsError> {
        registration.check()?;
        let detail = store::registration_text(&registration)?;
        self.change_one(id, Action::RedirectsSet, detail, self.0.clock.now(), move |tx, id| {
            Ok(store::set_registration(tx.db()?, id, &registration)?)
        })
        .await
    }

    /// Puts a secret in the place of the old one, which is good no longer.
    pub async fn set_secret(&self, id: &ClientId, secret: SecretTag) -> Result<(), ClientsError> {
        let client = self.find(id).ok_or(ClientsError::Unknown)?;
        if client.profile != ClientProfile::Baseline {
            return Err(ClientsError::Credentials);
        }
        self.change_one(id, Action::SecretSet, "{}".to_owned(), self.0.clock.now(), move |tx, id| {
            Ok(store::set_secret(tx.db()?, id, &secret)?)
        })
        .await
    }

    /// A change to a client there is, with its row of history.
    async fn change_one(
        &self,
        id: &ClientId,
        action: Action,
        detail: String,
        now: Instant,
        work: impl Fn(&mut Tx<'_>, &ClientId) -> Result<(), ClientsError> + Send + 'static,
    ) -> Result<(), ClientsError> {
        let id = id.clone();
        self.change(move |tx| {
            store::note(tx.db()?, &id, action, &detail, now)?;
            if !store::exists(tx.db()?, &id)? {
                return Err(ClientsError::Unknown);
            }
            work(tx, &id)
        })
        .await
    }

    async fn change(
        &self,
        work: impl Fn(&mut Tx<'_>) -> Result<(), ClientsError> + Send + 'static,
    ) -> Result<(), ClientsError> {
        self.0.store.write(work).await?;
        Ok(self.0.refresh().await?)
    }
}

impl Registry {
    /// Reads the registry again if its version has moved.
    async fn refresh(&self) -> Result<(), StorageError> {
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
                    tracing::warn!(%error, "the registry of clients cannot be read");
                }
                failing = true;
            }
        }
    }
}

fn check_name(name: &str) -> Result<(), ClientsError> {
    let fits = (1..=200).contains(&name.chars().count())
        && !name.chars().any(char::is_control)
        && !crate::kernel::id::has_digit_run(name, 9);
    if fits { Ok(()) } else { Err(ClientsError::Name) }
}

/// Whether an agreement may be made with such a client.
fn check_fit(agreement: &Agreement, profile: ClientProfile, state_body: bool) -> Result<(), AgreementFaults> {
    let mut faults = Vec::new();
    let mut note = |key: &str, message: &str| {
        faults.push(AgreementFault { key: key.to_owned(), message: message.to_owned() });
    };
    if agreement.bearer && profile != ClientProfile::Service {
        note("bearer", "only clients of profile service may use plain bearer tokens");
    }
    let asks = agreement.eid.sign_in || agreement.eid.ciba;
    if asks && agreement.eid.levels.is_empty() {
        note("eid.levels", "must list at least one level where sign_in or ciba is true");
    }
    if !state_body && agreement.legal_bases.iter().any(|basis| basis.as_str() == LegalBasis::STATE_DUTY) {
        note("legal_bases", "STATE_DUTY is for state bodies: others need consent or a basis of their own");
    }
    if faults.is_empty() { Ok(()) } else { Err(AgreementFaults(faults)) }
}
