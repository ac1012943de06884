//! The meters of all clients.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::ledger::Key;
use super::meter::Meter;
use super::{cut, lock};
use crate::crypto::digest::sha256;
use crate::kernel::ClientId;

/// One client's meter, and the key its counters are stored under.
pub struct ClientMeter {
    pub key: Key,
    meter: Mutex<Meter>,
}

impl ClientMeter {
    pub fn with<T>(&self, work: impl FnOnce(&mut Meter) -> T) -> T {
        work(&mut lock(&self.meter))
    }
}

/// As many as there are clients.
#[derive(Default)]
pub struct Meters(RwLock<Maps>);

#[derive(Default)]
struct Maps {
    by_client: HashMap<ClientId, Arc<ClientMeter>>,
    /// Those of clients that have not called here, too: the database knew of them.
    by_key: HashMap<Key, Arc<ClientMeter>>,
}

impl Meters {
    pub fn of(&self, client: &ClientId) -> Arc<ClientMeter> {
        if let Some(meter) = self.0.read().unwrap_or_else(PoisonError::into_inner).by_client.get(client) {
            return Arc::clone(meter);
        }
        let meter = self.under(cut(&sha256(&[b"client/", client.as_str().as_bytes()])));
        let mut maps = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(maps.by_client.entry(client.clone()).or_insert(meter))
    }

    pub fn under(&self, key: Key) -> Arc<ClientMeter> {
        if let Some(meter) = self.0.read().unwrap_or_else(PoisonError::into_inner).by_key.get(&key) {
            return Arc::clone(meter);
        }
        let mut maps = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let meter = maps.by_key.entry(key).or_insert_with(|| Arc::new(ClientMeter { key, meter: Mutex::default() }));
        Arc::clone(meter)
    }

    pub fn all(&self) -> Vec<Arc<ClientMeter>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).by_key.values().cloned().collect()
    }
}
