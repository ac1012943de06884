//! Passcodes set and proven.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::signed::Device;
use super::{Eid, EidError, entry};
use crate::audit::Outcome;
use crate::crypto::SlowHash;
use crate::eid::model::{Passcode, Standing, TRIES, after_failure, standing};
use crate::eid::store::devices::{self, DeviceRow};
use crate::eid::vault::Drawer;
use crate::kernel::entropy::random_bytes;
use crate::kernel::{DeviceId, Instant, TransactionId};
use crate::storage::{StorageError, Tx};

/// How long a request waits for its turn to hash.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is sealed of a device.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Secrets {
    /// As the citizen named it.
    pub name: String,
    pub passcode: SlowHash,
}

/// Hashes at most so many passcodes at once: each takes 19 MiB and a processor.
pub(super) struct Hasher(Arc<Semaphore>);

impl Hasher {
    pub fn new(at_once: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_once)))
    }

    /// A turn, before anything is counted.
    pub async fn turn(&self) -> Result<Turn, EidError> {
        let permit = tokio::time::timeout(PATIENCE, self.0.clone().acquire_owned()).await;
        match permit {
            Ok(Ok(permit)) => Ok(Turn(permit)),
            Ok(Err(_)) | Err(_) => Err(EidError::Busy),
        }
    }
}

/// The right to hash one passcode.
pub(super) struct Turn(tokio::sync::OwnedSemaphorePermit);

impl Turn {
    async fn run<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, StorageError> {
        let hashed = tokio::task::spawn_blocking(move || {
            let _turn = self.0;
            work()
        });
        hashed.await.map_err(|_| StorageError::Other("hashing a passcode was cut off".to_owned()))
    }
}

fn not_computed<T>(_: T) -> StorageError {
    StorageError::Unavailable("a passcode cannot be hashed".to_owned())
}

impl Eid {
    /// The hash of a new passcode.
    pub(super) async fn hash(&self, passcode: &Passcode) -> Result<SlowHash, EidError> {
        let (passcode, salt) = (passcode.clone(), random_bytes(&*self.0.vault.entropy));
        let turn = self.0.hasher.turn().await?;
        let hash = turn.run(move || SlowHash::of(passcode.expose().as_bytes(), salt)).await?;
        Ok(hash.map_err(not_computed)?)
    }

    /// Lets `device` prove its passcode. A try is counted before it is known to be right, so that
    /// tries at the same time gain nothing; the right one clears the count.
    pub(super) async fn prove(&self, device: &Device, passcode: &Passcode) -> Result<DeviceRow, EidError> {
        let turn = self.0.hasher.turn().await?;
        let row = self.count_try(device.id).await?;
        let secrets = self.secrets(&row)?;
        let given = passcode.clone();
        let right = turn.run(move || secrets.passcode.matches(given.expose().as_bytes())).await?;
        if right.map_err(not_computed)? {
            return self.clear_tries(row).await;
        }
        self.0.metrics.passcodes_refused.inc();
        let now = self.0.clock.now();
        let locked = row.tries >= TRIES;
        let mut entry = entry(self.new_transaction(), "eid.passcode", now, Some(device.citizen), Outcome::Refused);
        entry.reason = if locked { "passcode_locked" } else { "passcode_wrong" };
        self.0.audit.record(entry).await?;
        match standing(row.tries, Instant::from_micros(row.try_after), row.locked_at.is_some(), now) {
            Standing::Locked => Err(EidError::PasscodeLocked),
            Standing::Wait(wait) => Err(EidError::PasscodeRefused { wait: Some(wait) }),
            Standing::Open => Err(EidError::PasscodeRefused { wait: None }),
        }
    }

    /// Counts a try; the row as it then is.
    async fn count_try(&self, id: DeviceId) -> Result<DeviceRow, EidError> {
        let eid = self.clone();
        self.0
            .store
            .write(move |tx| {
                let now = eid.0.clock.now();
                let mut row = in_use(tx, id)?;
                match standing(row.tries, Instant::from_micros(row.try_after), row.locked_at.is_some(), now) {
                    Standing::Locked => return Err(EidError::PasscodeLocked),
                    Standing::Wait(wait) => return Err(EidError::PasscodeRefused { wait: Some(wait) }),
                    Standing::Open => {}
                }
                let (tries, after) = after_failure(row.tries, now);
                (row.tries, row.try_after) = (tries, after.as_micros());
                row.locked_at = (tries >= TRIES).then_some(now.as_micros());
                devices::change(tx.db()?, &row)?;
                row.row_version += 1;
                Ok(row)
            })
            .await
    }

    async fn clear_tries(&self, row: DeviceRow) -> Result<DeviceRow, EidError> {
        let cleared = DeviceRow { tries: 0, try_after: 0, locked_at: None, ..row };
        let written = cleared.clone();
        self.0.store.write(move |tx| devices::change(tx.db()?, &written)).await?;
        Ok(DeviceRow { row_version: cleared.row_version + 1, ..cleared })
    }

    pub(super) fn secrets(&self, row: &DeviceRow) -> Result<Secrets, StorageError> {
        self.0.vault.open(Drawer::Devices, row.key_version, &row.device_id, &row.sealed)
    }

    /// Whether the passcode is one of those that are guessed first about this citizen.
    pub(super) async fn check_new(&self, device: &Device, passcode: &Passcode) -> Result<(), EidError> {
        let record = self.0.citizens.holder(device.citizen).await?.ok_or(EidError::DeviceSignature)?;
        let citizen = &record.citizen;
        Ok(passcode.check(citizen.date_of_birth, citizen.id_number.expose())?)
    }

    /// Sets another passcode: with the old one, or within half an hour of a desk's unlocking.
    pub async fn set_passcode(&self, device: &Device, old: Option<&Passcode>, new: &Passcode) -> Result<(), EidError> {
        self.check_new(device, new).await?;
        let now = self.0.clock.now();
        let row = match old {
            Some(old) => self.prove(device, old).await?,
            None if device.row.reset_until > now.as_micros() => device.row.clone(),
            None => return Err(EidError::PasscodeRefused { wait: None }),
        };
        let (name, version) = (self.secrets(&row)?.name, self.0.vault.version());
        let secrets = Secrets { name, passcode: self.hash(new).await? };
        let sealed = self.0.vault.seal(Drawer::Devices, version, &row.device_id, &secrets)?;
        let row = DeviceRow { sealed, key_version: version, tries: 0, try_after: 0, locked_at: None, ..row };
        let row = DeviceRow { reset_until: 0, ..row };
        let entry = entry(self.new_transaction(), "eid.passcode.set", now, Some(device.citizen), Outcome::Answered);
        let audit = self.0.audit.clone();
        self.0
            .store
            .write(move |tx| -> Result<_, StorageError> {
                devices::change(tx.db()?, &row)?;
                audit.append(tx, &entry);
                Ok(())
            })
            .await?;
        Ok(())
    }

    pub(super) fn new_transaction(&self) -> TransactionId {
        TransactionId::random(&*self.0.vault.entropy)
    }
}

/// The device, as the running transaction sees it.
pub(super) fn in_use(tx: &mut Tx<'_>, id: DeviceId) -> Result<DeviceRow, EidError> {
    let row = devices::find(tx.db()?, id)?.filter(|row| row.revoked_at.is_none());
    row.ok_or(EidError::DeviceSignature)
}
