//! What the e-ID does. Every step is recorded in the transaction that takes it.

mod asking;
mod config;
mod waiting;

use std::sync::Arc;

use tokio::sync::Semaphore;

pub use asking::Addressed;
pub use config::EidConfig;

use super::vault::Vault;
use crate::access::Access;
use crate::audit::{Audit, Entry, Outcome};
use crate::citizens::Citizens;
use crate::citizens::sealing::Sealing;
use crate::clients::Clients;
use crate::crypto::Keyring;
use crate::kernel::{AttributeSet, CitizenId, Clock, Entropy, Instant, TransactionId};
use crate::storage::{StorageError, Store};

/// What the room is built from.
pub struct EidParts {
    pub config: EidConfig,
    pub store: Store,
    pub audit: Audit,
    pub citizens: Citizens,
    pub clients: Clients,
    pub access: Arc<Access>,
    pub keyring: Keyring,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

/// Accounts, devices, approvals. Cheap to clone.
#[derive(Clone)]
pub struct Eid(Arc<Inner>);

struct Inner {
    config: EidConfig,
    store: Store,
    audit: Audit,
    citizens: Citizens,
    clients: Clients,
    access: Arc<Access>,
    vault: Vault,
    sealing: Sealing,
    clock: Arc<dyn Clock>,
    waiters: Semaphore,
}

impl Eid {
    pub fn open(parts: EidParts) -> Self {
        let EidParts { config, store, audit, citizens, clients, access, keyring, clock, entropy } = parts;
        let sealing = Sealing::new(keyring.clone(), entropy.clone());
        let waiters = Semaphore::new(config.waiters);
        let vault = Vault { keyring, entropy };
        Self(Arc::new(Inner { config, store, audit, citizens, clients, access, vault, sealing, clock, waiters }))
    }
}

/// An entry about a citizen's own act, or an act upon them that no client asked for.
fn entry(
    transaction: TransactionId,
    operation: &'static str,
    at: Instant,
    subject: Option<CitizenId>,
    outcome: Outcome,
) -> Entry {
    Entry {
        transaction,
        at,
        client: None,
        officer: None,
        subjects: subject.into_iter().collect(),
        operation,
        attributes: AttributeSet::EMPTY,
        procedure: None,
        legal_basis: None,
        consent: None,
        outcome,
        reason: "",
    }
}
