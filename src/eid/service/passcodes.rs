//! Passcodes set and proven.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::codes::Origin;
use super::signed::Device;
use super::{Eid, EidError, entry, refusal};
use crate::audit::Outcome;
use crate::crypto::SlowHash;
use crate::eid::codec::DeviceSecrets;
use crate::eid::model::{Passcode, Standing, TRIES, after_failure, standing};
use crate::eid::store::activations;
use crate::eid::store::devices::{self, DeviceRow};
use crate::kernel::entropy::random_bytes;
use crate::kernel::{DeviceId, Instant, TransactionId};
use crate::storage::{Reach, StorageError, Tx};

/// How long a request waits for its turn to hash.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a new passcode is set with.
#[derive(Clone, Copy)]
pub enum Proof<'a> {
    Passcode(&'a Passcode),
    /// Handed out at a desk.
    DeskCode(&'a str),
    None,
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
        hashed.await.map_err(|_| StorageError::BrokenInvariant("hashing a passcode was cut off"))
    }
}

fn not_computed<T>(_: T) -> StorageError {
    StorageError::unavailable("a passcode cannot be hashed")
}

impl Eid {
    /// The hash of a new passcode.
    pub(super) async fn hash(&self, passcode: &Passcode) -> Result<SlowHash, EidError> {
        let (passcode, salt) = (passcode.clone(), random_bytes(&*self.0.codec.entropy));
        let turn = self.0.hasher.turn().await?;
        let hash = turn.run(move || SlowHash::of(passcode.expose().as_bytes(), salt)).await?;
        Ok(hash.map_err(not_computed)?)
    }

    /// Lets `device` prove its passcode; the row as it then is. What the hash says becomes known only to
    /// whoever counts it: the try, its entry and the answer are one transaction, which holds only if no
    /// other try came between, so that tries at the same time gain nothing. The right one clears the count.
    pub(super) async fn prove(&self, device: &Device, passcode: &Passcode) -> Result<DeviceRow, EidError> {
        let turn = self.0.hasher.turn().await?;
        let id = device.id;
        let row = self.0.store.read(Reach::Key, move |db| devices::find(db, id)).await?;
        let row = row.filter(|row| row.revoked_at.is_none()).ok_or(EidError::DeviceSignature)?;
        if let Err(refused) = self.may_try(&row) {
            let reason = if matches!(refused, EidError::PasscodeLocked) { "passcode_locked" } else { "passcode_early" };
            let (transaction, now) = (self.new_transaction(), self.0.clock.now());
            self.0.audit.record(refusal(transaction, "eid.passcode", now, Some(device.citizen), reason)).await?;
            return Err(refused);
        }
        let (secrets, given) = (self.secrets(&row)?, passcode.clone());
        let right = turn.run(move || secrets.passcode.matches(given.expose().as_bytes())).await?;
        let right = right.map_err(not_computed)?;
        let eid = self.clone();
        self.0.store.write(move |tx| eid.count_try(tx, &row, right)).await?
    }

    /// Whether a passcode may be tried now.
    fn may_try(&self, row: &DeviceRow) -> Result<(), EidError> {
        let (after, now) = (Instant::from_micros(row.try_after), self.0.clock.now());
        match standing(row.tries, after, row.locked_at.is_some(), now) {
            Standing::Open => Ok(()),
            Standing::Locked => Err(EidError::PasscodeLocked),
            Standing::Wait(wait) => Err(EidError::PasscodeRefused { wait: Some(wait) }),
        }
    }

    /// Counts a try against the row it was made on; the outer error undoes everything, the inner one is
    /// what a wrong try is told.
    fn count_try(
        &self,
        tx: &mut Tx<'_>,
        tried: &DeviceRow,
        right: bool,
    ) -> Result<Result<DeviceRow, EidError>, EidError> {
        let row = in_use(tx, tried.id()?)?;
        if row.row_version != tried.row_version {
            return Err(EidError::Busy);
        }
        if right && row.tries == 0 {
            return Ok(Ok(row));
        }
        let now = self.0.clock.now();
        let (tries, after) = if right { (0, Instant::from_micros(0)) } else { after_failure(row.tries, now) };
        let locked_at = (tries >= TRIES).then_some(now.as_micros());
        let counted = DeviceRow { tries, try_after: after.as_micros(), locked_at, ..row };
        devices::change(tx.db()?, &counted)?;
        let counted = DeviceRow { row_version: counted.row_version + 1, ..counted };
        if right {
            return Ok(Ok(counted));
        }
        self.0.metrics.passcodes_refused.inc();
        let reason = if locked_at.is_some() { "passcode_locked" } else { "passcode_wrong" };
        let entry = refusal(self.new_transaction(), "eid.passcode", now, Some(counted.citizen()?), reason);
        self.0.audit.append(tx, &entry);
        Ok(Err(self.may_try(&counted).err().unwrap_or(EidError::PasscodeRefused { wait: None })))
    }

    pub(super) fn secrets(&self, row: &DeviceRow) -> Result<DeviceSecrets, StorageError> {
        self.0.codec.devices.open(&[&row.device_id], row.key_version, &row.sealed)
    }

    /// Whether the passcode is one of those that are guessed first about this citizen.
    async fn check_new(&self, device: &Device, passcode: &Passcode) -> Result<(), EidError> {
        let record = self.0.citizens.holder(device.citizen).await?.ok_or(EidError::DeviceSignature)?;
        let citizen = &record.citizen;
        Ok(passcode.check(citizen.date_of_birth, citizen.id_number.expose())?)
    }

    /// Sets another passcode: with the old one, or with the code that a desk handed out for it.
    ///
    /// # Errors
    /// `PasscodeUnproven` without either; of the new one nothing is told before that: which ones are
    /// refused says something of birth date and number.
    pub async fn set_passcode(&self, device: &Device, old: Proof<'_>, new: &Passcode) -> Result<(), EidError> {
        let (row, reset) = match old {
            Proof::Passcode(old) => (self.prove(device, old).await?, None),
            Proof::DeskCode(code) => {
                let reset = self.try_reset(device, code).await?;
                (device.row.clone(), Some(reset))
            }
            Proof::None => {
                return self.noted("eid.passcode.set", device.citizen, Err(EidError::PasscodeUnproven)).await;
            }
        };
        let checked = self.check_new(device, new).await;
        self.noted("eid.passcode.set", device.citizen, checked).await?;
        let name = self.secrets(&row)?.name;
        let secrets = DeviceSecrets { name, passcode: self.hash(new).await? };
        let sealed = self.0.codec.devices.seal(&[&row.device_id], &secrets)?;
        let (key_version, sealed) = (sealed.key_version, sealed.bytes);
        let row = DeviceRow { sealed, key_version, tries: 0, try_after: 0, locked_at: None, ..row };
        let (eid, citizen) = (self.clone(), device.citizen);
        let set = self.0.store.write(move |tx| {
            let now = eid.0.clock.now();
            if let Some(reset) = reset
                && !activations::spend(tx.db()?, reset.as_bytes(), now)?
            {
                return Err(EidError::PasscodeUnproven);
            }
            devices::change(tx.db()?, &row)?;
            let entry = entry(eid.new_transaction(), "eid.passcode.set", now, Some(citizen), Outcome::Answered);
            eid.0.audit.append(tx, &entry);
            Ok(())
        });
        let set = set.await;
        self.noted("eid.passcode.set", device.citizen, set).await
    }

    /// Counts a try of the code that a desk handed out last, in one transaction with its refusal.
    async fn try_reset(&self, device: &Device, code: &str) -> Result<TransactionId, EidError> {
        let (eid, citizen, code) = (self.clone(), device.citizen, code.to_owned());
        let tried = self.0.store.write(move |tx| -> Result<_, StorageError> {
            if let Some(id) = activations::newest_of(tx.db()?, citizen, Origin::Reset as i16)?
                && eid.count_code(tx, id, &code)?.right
            {
                return Ok(Some(id));
            }
            let now = eid.0.clock.now();
            eid.0
                .audit
                .append(tx, &refusal(eid.new_transaction(), "eid.passcode.set", now, Some(citizen), "code_wrong"));
            Ok(None)
        });
        tried.await?.ok_or(EidError::PasscodeRefused { wait: None })
    }
}

/// The device, as the running transaction sees it.
pub(super) fn in_use(tx: &mut Tx<'_>, id: DeviceId) -> Result<DeviceRow, EidError> {
    let row = devices::find(tx.db()?, id)?.filter(|row| row.revoked_at.is_none());
    row.ok_or(EidError::DeviceSignature)
}
