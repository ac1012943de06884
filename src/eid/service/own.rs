//! A citizen's own account and devices, as a device of theirs sees and changes them.

use super::codes::{Enrolment, Origin};
use super::passcodes::in_use;
use super::signed::Device;
use super::{Eid, EidError, entry};
use crate::access::{close_sessions_of_device, revoke_grants_of_device};
use crate::audit::Outcome;
use crate::eid::model::{AccountLevel, Passcode};
use crate::eid::store::accounts::{self, AccountRow};
use crate::eid::store::{activations, devices, transactions};
use crate::kernel::{DeviceId, Instant};
use crate::storage::{Reach, StorageError};

/// An account as its holder sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnAccount {
    pub level: AccountLevel,
    /// Only requests that the citizen scanned are shown.
    pub scanned_only: bool,
    pub activated_at: Instant,
}

/// A device as its holder sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnDevice {
    pub id: DeviceId,
    /// As the citizen named it.
    pub name: String,
    pub added_at: Instant,
    /// Whether a desk has to unlock it before its passcode may be tried again.
    pub locked: bool,
}

impl TryFrom<AccountRow> for OwnAccount {
    type Error = StorageError;

    fn try_from(row: AccountRow) -> Result<Self, StorageError> {
        let impossible = || StorageError::inconsistent("eid_accounts", "level");
        Ok(Self {
            level: AccountLevel::of_number(row.level).ok_or_else(impossible)?,
            scanned_only: row.scanned_only,
            activated_at: Instant::from_micros(row.activated_at),
        })
    }
}

impl Eid {
    /// The account of a device.
    pub async fn account(&self, device: &Device) -> Result<OwnAccount, EidError> {
        let citizen = device.citizen;
        let row = self.0.store.read(Reach::Key, move |db| accounts::find(db, citizen)).await?;
        Ok(row.ok_or(EidError::DeviceSignature)?.try_into()?)
    }

    /// Chooses whether only scanned requests are shown. To have others shown again takes the passcode:
    /// whoever holds the device for a moment does not open the citizen to being asked.
    ///
    /// # Errors
    /// `PasscodeMissing`; those of the passcode.
    pub async fn set_scanned_only(
        &self,
        device: &Device,
        scanned_only: bool,
        passcode: Option<&Passcode>,
    ) -> Result<OwnAccount, EidError> {
        if !scanned_only && self.account(device).await?.scanned_only {
            self.prove(device, passcode.ok_or(EidError::PasscodeMissing)?).await?;
        }
        let (eid, citizen, id) = (self.clone(), device.citizen, device.id);
        let chosen = self.0.store.write(move |tx| -> Result<_, EidError> {
            accounts::hold(tx.db()?, citizen)?;
            in_use(tx, id)?;
            accounts::set_scanned_only(tx.db()?, citizen, scanned_only)?;
            let now = eid.0.clock.now();
            eid.0
                .audit
                .append(tx, &entry(eid.new_transaction(), "eid.settings", now, Some(citizen), Outcome::Answered));
            Ok(())
        });
        chosen.await?;
        self.account(device).await
    }

    /// The account's devices that are not revoked, oldest first.
    pub async fn devices(&self, device: &Device) -> Result<Vec<OwnDevice>, EidError> {
        let citizen = device.citizen;
        let rows = self.0.store.read(Reach::Key, move |db| devices::of_citizen(db, citizen)).await?;
        let told = rows.iter().map(|row| {
            Ok(OwnDevice {
                id: row.id()?,
                name: self.secrets(row)?.name,
                added_at: Instant::from_micros(row.added_at),
                locked: row.locked_at.is_some(),
            })
        });
        Ok(told.collect::<Result<_, StorageError>>()?)
    }

    /// Hands out a code with which a further device joins the account.
    ///
    /// # Errors
    /// `TooManyDevices`; those of the passcode.
    pub async fn invite(&self, device: &Device, passcode: &Passcode) -> Result<Enrolment, EidError> {
        self.prove(device, passcode).await?;
        let (eid, citizen, id) = (self.clone(), device.citizen, device.id);
        let invited = self.0.store.write(move |tx| {
            let now = eid.0.clock.now();
            accounts::hold(tx.db()?, citizen)?;
            in_use(tx, id)?;
            if devices::of_citizen(tx.db()?, citizen)?.len() >= eid.0.config.devices {
                return Err(EidError::TooManyDevices);
            }
            let enrolment = eid.hand_out(tx, citizen, Origin::Device)?;
            let entry = entry(enrolment.activation.id, "eid.device.invite", now, Some(citizen), Outcome::Answered);
            eid.0.audit.append(tx, &entry);
            Ok(enrolment)
        });
        let invited = invited.await;
        self.noted("eid.device.invite", citizen, invited).await
    }

    /// Revokes a device of the account: this one, or with the passcode another. Codes that were handed
    /// out go with it, and what it approved: approvals that nobody took, sessions, grants.
    ///
    /// # Errors
    /// `NotFound` if the account has no such device; `PasscodeMissing`; those of the passcode.
    pub async fn revoke(&self, device: &Device, id: DeviceId, passcode: Option<&Passcode>) -> Result<(), EidError> {
        if id != device.id {
            self.prove(device, passcode.ok_or(EidError::PasscodeMissing)?).await?;
        }
        let (eid, citizen, own) = (self.clone(), device.citizen, device.id);
        let revoked = self.0.store.write(move |tx| {
            let now = eid.0.clock.now();
            // What a device decides waits for this, and then finds it revoked.
            accounts::hold(tx.db()?, citizen)?;
            in_use(tx, own)?;
            if !devices::revoke(tx.db()?, citizen, id, now)? {
                return Err(EidError::NotFound);
            }
            activations::spend_all(tx.db()?, citizen, now)?;
            transactions::abandon_of_device(tx.db()?, citizen, id)?;
            close_sessions_of_device(tx, citizen, id)?;
            revoke_grants_of_device(tx, citizen, id, now)?;
            let entry = entry(eid.new_transaction(), "eid.device.revoke", now, Some(citizen), Outcome::Answered);
            eid.0.audit.append(tx, &entry);
            Ok(())
        });
        let revoked = revoked.await;
        self.noted("eid.device.revoke", citizen, revoked).await
    }
}
