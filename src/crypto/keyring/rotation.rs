//! The life of a key: made, handed out, used, retired.
//!
//! Rotation has two steps, so that no replica meets a record it cannot read: *rotate* hands the
//! new version out, *activate* lets writers use it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::Keyring;
use super::fault::KeyringError;
use super::file::{Key, Material};
use super::folder;
use super::key_use::{KeyState, KeyUse};
use super::ring::Ring;
use crate::kernel::{Clock, Entropy, Instant};

impl Keyring {
    /// Makes a first key for each use in a folder without keys (folder 0700, files 0600).
    pub fn init(folder: &Path, entropy: &dyn Entropy, clock: &dyn Clock) -> Result<(), KeyringError> {
        let _lock = open_for_making(folder)?;
        if !key_names(folder)?.is_empty() {
            return Err(KeyringError::NotEmpty(folder.into()));
        }
        make_first(folder, false, entropy, clock.now()).map(|_| ())
    }

    /// Makes a first key for each use that has none: after an upgrade that brought a new use.
    /// Never call it to replace a lost key: what was written under the lost one stays unreadable.
    pub fn init_missing(folder: &Path, entropy: &dyn Entropy, clock: &dyn Clock) -> Result<Vec<KeyUse>, KeyringError> {
        let _lock = open_for_making(folder)?;
        make_first(folder, false, entropy, clock.now())
    }

    /// Like [`init_missing`](Self::init_missing), with keys marked as a demonstration's: `serve`
    /// refuses them. Refuses a folder that holds any other key.
    pub fn init_demo(folder: &Path, entropy: &dyn Entropy, clock: &dyn Clock) -> Result<Vec<KeyUse>, KeyringError> {
        let _lock = open_for_making(folder)?;
        if folder::read(folder)?.iter().any(|key| !key.demo) {
            return Err(KeyringError::NotDemo(folder.into()));
        }
        make_first(folder, true, entropy, clock.now())
    }

    /// Step one: makes the next version and hands it out. Nothing is written with it yet.
    pub fn rotate(&self, key_use: KeyUse, entropy: &dyn Entropy, clock: &dyn Clock) -> Result<u32, KeyringError> {
        self.change(|folder, ring| {
            let newest = &ring.keys(key_use)[0];
            if newest.state == KeyState::Standby {
                return Err(KeyringError::StandbyExists { key_use, version: newest.version });
            }
            let key = new_key(key_use, newest.version + 1, KeyState::Standby, newest.demo, entropy, clock.now())?;
            folder::write(folder, &key)?;
            Ok(key.version)
        })
    }

    /// Step two: new records are written with the version handed out at least `min_age` ago.
    pub fn activate(&self, key_use: KeyUse, clock: &dyn Clock, min_age: Duration) -> Result<u32, KeyringError> {
        self.change(|folder, ring| {
            let newest = &ring.keys(key_use)[0];
            if newest.state != KeyState::Standby {
                return Err(KeyringError::NoStandby(key_use));
            }
            let version = newest.version;
            if let Some(wait) = min_age.checked_sub(clock.now().since(newest.since)).filter(|wait| !wait.is_zero()) {
                return Err(KeyringError::TooFresh { key_use, version, wait });
            }
            // In this order: if it is cut short, two keys are active and the newer one counts.
            folder::write(folder, &newest.with_state(KeyState::Active, clock.now()))?;
            folder::write(folder, &ring.active(key_use).with_state(KeyState::RetiredForWriting, clock.now()))?;
            Ok(version)
        })
    }

    /// Deletes a version that nothing needs any more. `rows` is how many records still stand under
    /// it, counted after [`activate`](Self::activate) by whoever knows the tables.
    pub fn retire(&self, key_use: KeyUse, version: u32, rows: u64, clock: &dyn Clock) -> Result<(), KeyringError> {
        self.change(|folder, ring| {
            let key = ring.find(key_use, version).ok_or(KeyringError::NoSuchVersion { key_use, version })?;
            if key.state != KeyState::RetiredForWriting {
                return Err(KeyringError::StillNeeded { key_use, version, state: key.state });
            }
            if rows > 0 {
                return Err(KeyringError::RowsRemain { key_use, version, rows });
            }
            let kept = key_use.kept_after_use().ok_or(KeyringError::KeptForGood(key_use))?;
            if let Some(wait) = kept.checked_sub(clock.now().since(key.since)).filter(|wait| !wait.is_zero()) {
                return Err(KeyringError::StillVerifying { key_use, version, wait });
            }
            folder::remove(folder, key)
        })
    }

    /// Changes the folder under its lock, as it stands now, and takes the result over.
    fn change<T>(&self, work: impl FnOnce(&Path, &Ring) -> Result<T, KeyringError>) -> Result<T, KeyringError> {
        let folder = self.folder();
        let done = {
            let _lock = folder::lock(folder)?;
            work(folder, &Ring::read_once(folder)?)?
        };
        self.reload()?;
        Ok(done)
    }
}

fn open_for_making(folder: &Path) -> Result<folder::Lock, KeyringError> {
    folder::make(folder)?;
    folder::lock(folder)
}

fn key_names(folder: &Path) -> Result<Vec<String>, KeyringError> {
    folder::key_files(folder).map_err(|source| KeyringError::Write { file: folder.into(), source })
}

fn make_first(folder: &Path, demo: bool, entropy: &dyn Entropy, now: Instant) -> Result<Vec<KeyUse>, KeyringError> {
    let held = folder::read(folder)?;
    let missing = KeyUse::ALL.into_iter().filter(|key_use| held.iter().all(|key| key.key_use != *key_use));
    let missing: Vec<_> = missing.collect();
    for key_use in &missing {
        folder::write(folder, &new_key(*key_use, 1, KeyState::Active, demo, entropy, now)?)?;
    }
    Ok(missing)
}

fn new_key(
    key_use: KeyUse,
    version: u32,
    state: KeyState,
    demo: bool,
    entropy: &dyn Entropy,
    created: Instant,
) -> Result<Key, KeyringError> {
    let material = Material::generate(key_use, entropy).map_err(|_| KeyringError::Generation)?;
    Ok(Key { key_use, version, state, created, since: created, demo, material: Arc::new(material) })
}
