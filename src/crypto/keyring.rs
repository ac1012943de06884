//! The keys of one installation, read from a folder of key files.
//!
//! Each use has versions. A replica that meets an unknown version reads the folder again; keys
//! derived from root secrets are computed once and kept.

mod derived;
mod fault;
mod file;
mod folder;
mod key_use;
mod ring;
mod rotation;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant as Monotonic};

use arc_swap::ArcSwap;

pub use fault::{KeyFault, KeyFaultReason, KeyringError};
pub use key_use::{KeyState, KeyUse, UnknownUse};

use super::{MacKey, SealingKey, SigningKey, VerifyingKey};
use crate::kernel::{Causes, Instant};
use file::{Key, Material};
use ring::Ring;

/// At most one reading of the folder in this time is caused by unknown versions.
const RELOAD_PAUSE: Duration = Duration::from_secs(1);
/// How long an unknown version counts against this replica's readiness after it was last met.
const UNKNOWN_KEPT: Duration = Duration::from_secs(60);
const UNKNOWN_LIMIT: usize = 16;

/// What a sealing key is good for.
pub const SEALS_LIMIT: u64 = 1 << 31;
/// From here on a sealing key should be rotated: half of what it is good for.
pub const SEALS_WARNING: u64 = SEALS_LIMIT / 2;

/// Cheap to clone; [`reload`](Self::reload) is seen by all clones.
#[derive(Clone)]
pub struct Keyring(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    ring: ArcSwap<Ring>,
    refresh: Mutex<Refresh>,
}

#[derive(Default)]
struct Refresh {
    last: Option<Monotonic>,
    unknown: Vec<(KeyUse, u32, Monotonic)>,
}

/// A key as it may be listed: without its material.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct KeyInfo {
    #[serde(rename = "use")]
    pub key_use: KeyUse,
    pub version: u32,
    pub state: KeyState,
    pub created: Instant,
    /// When it came to its state.
    pub since: Instant,
    pub demo: bool,
    /// Key id of a signing key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
}

impl Keyring {
    pub fn load(folder: &Path) -> Result<Self, KeyringError> {
        let ring = ArcSwap::from_pointee(Ring::read(folder)?);
        let inner = Inner { folder: folder.into(), ring, refresh: Mutex::default() };
        Ok(Self(Arc::new(inner)))
    }

    /// Reads the folder again; whether anything changed. On an error the keys stay as they were.
    pub fn reload(&self) -> Result<bool, KeyringError> {
        let mut refresh = self.refresh();
        self.reload_now(&mut refresh)
    }

    /// The version new records are written under.
    pub fn active(&self, key_use: KeyUse) -> u32 {
        self.0.ring.load().active(key_use).version
    }

    /// Every version that can still be read, newest first. The newest may be handed out only.
    pub fn versions(&self, key_use: KeyUse) -> Vec<u32> {
        self.0.ring.load().keys(key_use).iter().map(|key| key.version).collect()
    }

    /// The sealing key for `label` (e.g. `citizens`) under a version of [`KeyUse::Seal`]; derived
    /// once and kept. `None`: the version is unknown here even after a reload.
    pub fn sealing_key(&self, label: &'static str, version: u32) -> Option<Arc<SealingKey>> {
        self.material(KeyUse::Seal, version).map(|material| material.root().sealing(label))
    }

    /// The keyed-hash key for `label` (e.g. `id_number`) under a version of [`KeyUse::Index`].
    pub fn index_key(&self, label: &'static str, version: u32) -> Option<Arc<MacKey>> {
        self.material(KeyUse::Index, version).map(|material| material.root().index(label))
    }

    /// The sealing key new records of `label` are written with, and its version.
    pub fn active_sealing_key(&self, label: &'static str) -> (u32, Arc<SealingKey>) {
        let ring = self.0.ring.load();
        let key = ring.active(KeyUse::Seal);
        (key.version, key.material.root().sealing(label))
    }

    /// The keyed-hash key new rows of `label` are written with, and its version.
    pub fn active_index_key(&self, label: &'static str) -> (u32, Arc<MacKey>) {
        let ring = self.0.ring.load();
        let key = ring.active(KeyUse::Index);
        (key.version, key.material.root().index(label))
    }

    /// The active signing key of a use with its key id (RFC 7638 thumbprint of the public key).
    ///
    /// # Panics
    /// If the use is not one of signing keys: a fault of the program, not of its input.
    pub fn signing_key(&self, key_use: KeyUse) -> (String, SigningKey) {
        let ring = self.0.ring.load();
        match ring.active(key_use).material.signing() {
            Some((kid, key)) => (kid.to_owned(), key.clone()),
            None => panic!("{key_use} keys do not sign"),
        }
    }

    /// Every public key of a use that may have signed something or soon will: `(key id, key)`.
    pub fn verifying_keys(&self, key_use: KeyUse) -> Vec<(String, VerifyingKey)> {
        let ring = self.0.ring.load();
        let keys = ring.keys(key_use).iter().filter_map(|key| key.material.verifying());
        keys.map(|(kid, key)| (kid.to_owned(), key.clone())).collect()
    }

    /// Whether any key was made by `dancu demo`.
    pub fn is_demo(&self) -> bool {
        self.0.ring.load().all().any(|key| key.demo)
    }

    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// All keys, by use, newest first.
    pub fn list(&self) -> Vec<KeyInfo> {
        self.0.ring.load().all().map(info).collect()
    }

    /// How many messages this keyring and its clones sealed under each version, whatever the label.
    pub fn seal_counts(&self) -> Vec<(u32, u64)> {
        let ring = self.0.ring.load();
        ring.keys(KeyUse::Seal).iter().map(|key| (key.version, key.material.root().seals())).collect()
    }

    /// Versions met of late in records that no key here opens: while there are any, this replica
    /// is not ready.
    pub fn unknown_versions(&self) -> Vec<(KeyUse, u32)> {
        let mut refresh = self.refresh();
        refresh.unknown.retain(|(_, _, met)| met.elapsed() < UNKNOWN_KEPT);
        refresh.unknown.iter().map(|(key_use, version, _)| (*key_use, *version)).collect()
    }

    fn material(&self, key_use: KeyUse, version: u32) -> Option<Arc<Material>> {
        self.0.ring.load().material(key_use, version).or_else(|| self.material_after_reload(key_use, version))
    }

    #[cold]
    fn material_after_reload(&self, key_use: KeyUse, version: u32) -> Option<Arc<Material>> {
        let mut refresh = self.refresh();
        let find = || self.0.ring.load().material(key_use, version);
        // Someone else may have read the folder while this call waited for its turn.
        if let Some(material) = find() {
            return Some(material);
        }
        if refresh.last.is_none_or(|last| last.elapsed() >= RELOAD_PAUSE) {
            if let Err(error) = self.reload_now(&mut refresh) {
                tracing::error!(error = %Causes(&error), "keys cannot be read again");
            }
            if let Some(material) = find() {
                return Some(material);
            }
        }
        refresh.note_unknown(key_use, version);
        None
    }

    fn reload_now(&self, refresh: &mut Refresh) -> Result<bool, KeyringError> {
        refresh.last = Some(Monotonic::now());
        let fresh = Ring::read(&self.0.folder)?;
        let old = self.0.ring.load_full();
        let fresh =
            fresh.succeed(&old).map_err(|faults| KeyringError::Faulty { folder: self.0.folder.clone(), faults })?;
        refresh.unknown.retain(|(key_use, version, _)| fresh.find(*key_use, *version).is_none());
        let changed = !fresh.same_as(&old);
        self.0.ring.store(Arc::new(fresh));
        Ok(changed)
    }

    fn refresh(&self) -> std::sync::MutexGuard<'_, Refresh> {
        self.0.refresh.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Refresh {
    fn note_unknown(&mut self, key_use: KeyUse, version: u32) {
        let now = Monotonic::now();
        if let Some(known) = self.unknown.iter_mut().find(|(u, v, _)| (*u, *v) == (key_use, version)) {
            known.2 = now;
        } else if self.unknown.len() < UNKNOWN_LIMIT {
            self.unknown.push((key_use, version, now));
        }
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring").field("folder", &self.0.folder).finish_non_exhaustive()
    }
}

fn info(key: &Key) -> KeyInfo {
    let kid = key.material.signing().map(|(kid, _)| kid.to_owned());
    KeyInfo {
        key_use: key.key_use,
        version: key.version,
        state: key.state,
        created: key.created,
        since: key.since,
        demo: key.demo,
        kid,
    }
}
