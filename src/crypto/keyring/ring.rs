//! One consistent reading of the key folder.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::fault::{KeyFault, KeyFaultReason, KeyringError};
use super::file::{Key, Material, file_name};
use super::folder;
use super::key_use::{KeyState, KeyUse};

const READ_TRIES: u32 = 3;
const READ_PAUSE: Duration = Duration::from_millis(10);

/// Every key, by use; each use has an active one.
pub(super) struct Ring(Vec<Versions>);

struct Versions {
    /// Newest first.
    keys: Vec<Key>,
    /// Place of the active key in `keys`.
    active: usize,
}

impl Ring {
    /// Reads the folder while others may be changing it: what looks faulty in between (a file gone
    /// since the folder was listed, an activation half seen) is read again before it is believed.
    pub(super) fn read(path: &Path) -> Result<Self, KeyringError> {
        for _ in 1..READ_TRIES {
            match Self::read_once(path) {
                Err(KeyringError::Faulty { .. }) => std::thread::sleep(READ_PAUSE),
                done => return done,
            }
        }
        Self::read_once(path)
    }

    /// Reads the folder, which nobody is changing.
    pub(super) fn read_once(path: &Path) -> Result<Self, KeyringError> {
        Self::of(folder::read(path)?).map_err(|faults| KeyringError::Faulty { folder: path.into(), faults })
    }

    fn of(keys: Vec<Key>) -> Result<Self, Vec<KeyFault>> {
        let mut uses: Vec<Vec<Key>> = KeyUse::ALL.iter().map(|_| Vec::new()).collect();
        for key in keys {
            uses[key.key_use as usize].push(key);
        }
        let mut faults = Vec::new();
        let mut ring = Vec::with_capacity(uses.len());
        for (mut keys, key_use) in uses.into_iter().zip(KeyUse::ALL) {
            keys.sort_unstable_by_key(|key| std::cmp::Reverse(key.version));
            let Some(active) = keys.iter().position(|key| key.state == KeyState::Active) else {
                faults.push(KeyFault { file: format!("{key_use}-*.json"), reason: KeyFaultReason::NoActive });
                continue;
            };
            // An activation that was cut short leaves the version before active as well.
            for key in &mut keys[active + 1..] {
                key.state = KeyState::RetiredForWriting;
            }
            ring.push(Versions { keys, active });
        }
        if faults.is_empty() { Ok(Self(ring)) } else { Err(faults) }
    }

    /// Takes over what `old` has computed for the same keys. Refuses a folder whose keys changed
    /// under the same names or that lost what `old` writes with: records would become unreadable.
    pub(super) fn succeed(mut self, old: &Self) -> Result<Self, Vec<KeyFault>> {
        let mut faults = Vec::new();
        for (new, old) in self.0.iter_mut().zip(&old.0) {
            for before in &old.keys {
                match new.keys.iter_mut().find(|key| key.version == before.version) {
                    Some(key) if key.material.fingerprint == before.material.fingerprint => {
                        key.material = Arc::clone(&before.material);
                    }
                    Some(key) => faults.push(KeyFault { file: key.file_name(), reason: KeyFaultReason::Changed }),
                    None if before.version == old.active().version => {
                        faults.push(KeyFault { file: before.file_name(), reason: KeyFaultReason::Vanished });
                    }
                    None => {}
                }
            }
        }
        if faults.is_empty() { Ok(self) } else { Err(faults) }
    }

    pub(super) fn active(&self, key_use: KeyUse) -> &Key {
        self.0[key_use as usize].active()
    }

    /// Newest first.
    pub(super) fn keys(&self, key_use: KeyUse) -> &[Key] {
        &self.0[key_use as usize].keys
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Key> {
        self.0.iter().flat_map(|versions| &versions.keys)
    }

    pub(super) fn find(&self, key_use: KeyUse, version: u32) -> Option<&Key> {
        self.keys(key_use).iter().find(|key| key.version == version)
    }

    pub(super) fn material(&self, key_use: KeyUse, version: u32) -> Option<Arc<Material>> {
        self.find(key_use, version).map(|key| Arc::clone(&key.material))
    }

    pub(super) fn same_as(&self, other: &Self) -> bool {
        self.all().map(standing).eq(other.all().map(standing))
    }
}

fn standing(key: &Key) -> (String, KeyState) {
    (file_name(key.key_use, key.version), key.state)
}

impl Versions {
    fn active(&self) -> &Key {
        &self.keys[self.active]
    }
}
