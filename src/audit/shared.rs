//! What the writer's thread, the notary and the service know together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::checkpoint::Checkpoint;
use super::tree::Frontier;

/// The right to write one log, and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lease {
    pub log: i32,
    pub epoch: i64,
    pub name: Arc<str>,
    pub origin: Arc<str>,
}

/// The durable head of the log that this process writes.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub lease: Arc<Lease>,
    pub tree: Frontier,
}

impl Head {
    pub(super) fn checkpoint(&self) -> Checkpoint {
        Checkpoint { origin: self.lease.origin.to_string(), size: self.tree.size(), root: self.tree.root() }
    }
}

#[derive(Debug)]
pub(super) struct Shared {
    head: Mutex<Head>,
    /// The last checkpoint that is outside the database, of the log being written.
    signed: Mutex<Option<Checkpoint>>,
    names: RwLock<HashMap<i32, Arc<str>>>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(super) fn new(head: Head) -> Self {
        let names = HashMap::from([(head.lease.log, head.lease.name.clone())]);
        Self { head: Mutex::new(head), signed: Mutex::new(None), names: RwLock::new(names) }
    }

    pub(super) fn head(&self) -> Head {
        held(&self.head).clone()
    }

    /// The group is durable: the log now ends here.
    pub(super) fn advance(&self, lease: &Arc<Lease>, tree: &Frontier) {
        let mut head = held(&self.head);
        head.tree.clone_from(tree);
        if !Arc::ptr_eq(&head.lease, lease) {
            head.lease = lease.clone();
        }
    }

    pub(super) fn signed(&self) -> Option<Checkpoint> {
        held(&self.signed).clone()
    }

    pub(super) fn set_signed(&self, checkpoint: Checkpoint) {
        *held(&self.signed) = Some(checkpoint);
    }

    pub(super) fn learn_name(&self, log: i32, name: Arc<str>) {
        self.names.write().unwrap_or_else(PoisonError::into_inner).insert(log, name);
    }

    pub(super) fn name_of(&self, log: i32) -> Option<Arc<str>> {
        self.names.read().unwrap_or_else(PoisonError::into_inner).get(&log).cloned()
    }
}
