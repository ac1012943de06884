//! Accounts activated, and devices enrolled.

use std::net::IpAddr;

use super::codes::{Activation, Origin, Tried, new_code};
use super::config::{CODE_LIFETIME, DAY, MINUTE};
use super::{Eid, EidError, entry, refusal};
use crate::audit::{Entry, Outcome};
use crate::citizens::matching::Anchor;
use crate::citizens::model::Status;
use crate::citizens::{Citizen, Identified, Written, current};
use crate::crypto::VerifyingKey;
use crate::eid::codec::DeviceSecrets;
use crate::eid::model::{AccountLevel, Passcode, needs_representative};
use crate::eid::sender::Message;
use crate::eid::store::accounts::{self, AccountRow};
use crate::eid::store::activations::{self, ActivationRow};
use crate::eid::store::counters::{self, Kind};
use crate::eid::store::devices::{self, DeviceRow, algorithm_number};
use crate::eid::store::outbox::{self, OutboxRow};
use crate::kernel::{CitizenId, DeviceId, TransactionId};
use crate::storage::{StorageError, Tx};

/// What a new device brings.
#[derive(Clone)]
pub struct NewDevice {
    pub key: VerifyingKey,
    pub name: String,
    pub passcode: Passcode,
}

/// A device that is enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enrolled {
    pub device: DeviceId,
    pub level: AccountLevel,
}

/// An activation on its way into the store.
struct Asking {
    id: TransactionId,
    key: VerifyingKey,
    code: String,
    /// Whom the anchor holds for, whose number it names, and what counts as a failure.
    identified: Identified,
    /// Why whoever it holds for gets no code, as far as their record tells.
    unfit: Option<&'static str>,
}

impl Eid {
    /// Begins an activation for whoever the anchor holds for. What comes of it is the same for the
    /// caller, whoever is named. `from`: the caller's network address, where it is known.
    ///
    /// # Errors
    /// If the store is away; of a person nothing is told, nor whether the minute's codes are used up: who could count
    /// them would learn which of their tries had sent one.
    pub async fn begin_activation(
        &self,
        anchor: &Anchor,
        key: &VerifyingKey,
        from: Option<IpAddr>,
    ) -> Result<Activation, EidError> {
        let tag = from.map(|address| self.0.codec.address_tag(address));
        let tag = tag.as_ref().map_or(&[][..], |tag| tag.as_slice());
        let identified = self.0.citizens.identify(anchor, tag).await?;
        let unfit = identified.person.as_ref().and_then(|record| self.why_not(&record.citizen));
        let asking = Asking {
            id: self.new_transaction(),
            key: key.clone(),
            code: new_code(&*self.0.codec.entropy),
            identified,
            unfit,
        };
        let eid = self.clone();
        // What was counted stays, whatever is answered.
        let asked = self.0.store.write(move |tx| -> Result<_, StorageError> { eid.ask_code(tx, &asking) });
        let (activation, written) = asked.await?;
        self.0.citizens.settled(&written)?;
        Ok(activation)
    }

    /// Keeps an activation, and sends its code where there is somebody to send it to.
    fn ask_code(&self, tx: &mut Tx<'_>, asking: &Asking) -> Result<(Activation, Written), StorageError> {
        let now = self.0.clock.now();
        let Identified { person, about, failure, refusal } = &asking.identified;
        let (outcome, reason) = match (person, refusal.or(asking.unfit)) {
            (_, Some(reason)) => (Outcome::Refused, reason),
            (None, None) => (Outcome::NoMatch, ""),
            (Some(record), None) => match self.why_not_now(tx, record.citizen.citizen_id)? {
                "" => (Outcome::Answered, ""),
                reason => (Outcome::Refused, reason),
            },
        };
        let fit = person.as_ref().filter(|_| outcome == Outcome::Answered);
        let activation = Activation { id: asking.id, expires: now.plus(CODE_LIFETIME) };
        let whose = fit.map(|record| record.citizen.citizen_id);
        self.keep(tx, activation, (whose, Origin::Contact), &asking.code, Some(&asking.key))?;
        if let Some(record) = fit {
            counters::add(tx.db()?, Kind::Codes, &[], MINUTE, now)?;
            self.post(tx, activation, &record.citizen, &asking.code)?;
        }
        // Whose number was named sees the try, whatever else was wrong. Of a number that nobody has there is
        // an entry, too: the size of the log is public, and must not say whether anybody has it.
        let asked = Entry { reason, ..entry(asking.id, "eid.activation.asked", now, *about, outcome) };
        let written = self.0.citizens.write_entries(tx, [&asked], failure.iter().cloned().collect())?;
        Ok((activation, written))
    }

    /// Why a citizen who could have a code gets none at this time; empty if they get one, which counts.
    fn why_not_now(&self, tx: &mut Tx<'_>, citizen: CitizenId) -> Result<&'static str, StorageError> {
        if accounts::find(tx.db()?, citizen)?.is_some() {
            return Ok("account_exists");
        }
        let (now, config) = (self.0.clock.now(), &self.0.config);
        // Only codes that were sent count: made-up names use up nobody's.
        if counters::used(tx.db()?, Kind::Codes, &[], MINUTE, now)? >= config.codes_per_minute {
            self.0.metrics.codes_over_limit.inc();
            return Ok("too_many_codes");
        }
        let used = counters::add(tx.db()?, Kind::CodesToCitizen, citizen.as_bytes(), DAY, now)?;
        Ok(if used > config.codes_per_number { "too_many_codes" } else { "" })
    }

    /// Why the citizen gets no code, if so.
    fn why_not(&self, citizen: &Citizen) -> Option<&'static str> {
        if citizen.status != Status::Alive {
            Some("not_alive")
        } else if needs_representative(citizen, self.0.clock.now().date_in_viet_nam()) {
            Some("too_young")
        } else if citizen.phone.is_none() && citizen.email.is_none() {
            Some("no_contact")
        } else if !self.0.sender.reaches() {
            Some("no_sender")
        } else {
            None
        }
    }

    /// Puts a code on its way to the recorded contact.
    fn post(&self, tx: &mut Tx<'_>, activation: Activation, citizen: &Citizen, code: &str) -> Result<(), StorageError> {
        let text = format!(
            "Mã kích hoạt tài khoản định danh: {code}. Không đưa mã này cho bất kỳ ai. / \
             Your e-ID activation code is {code}. Give it to nobody."
        );
        let (phone, email) = (citizen.phone.clone(), citizen.email.clone());
        let message = Message { phone, email, code: code.to_owned(), text };
        let id = activation.id.as_bytes();
        let sealed = self.0.codec.messages.seal(&[id], &message)?;
        let row = OutboxRow {
            activation_id: id.to_vec(),
            key_version: sealed.key_version,
            sealed: sealed.bytes,
            attempts: 0,
            due_at: self.0.clock.now().as_micros(),
            expires_at: activation.expires.as_micros(),
        };
        outbox::insert(tx.db()?, &row)
    }

    /// Ends an activation: the code is right, and the key that signed the request becomes a device.
    ///
    /// # Errors
    /// `ActivationRefused`, whatever is wrong with the code.
    pub async fn activate(&self, id: TransactionId, code: &str, new: NewDevice) -> Result<Enrolled, EidError> {
        let (row, citizen) = self.try_code(id, code, &new.key).await?;
        let enrolled = self.enrol(id, row, citizen, new).await;
        let enrolled = self.noted("eid.activate", citizen, enrolled).await?;
        self.0.metrics.devices_added.inc();
        Ok(enrolled)
    }

    /// Makes the device whose code was right.
    async fn enrol(
        &self,
        id: TransactionId,
        row: ActivationRow,
        citizen: CitizenId,
        new: NewDevice,
    ) -> Result<Enrolled, EidError> {
        let record = self.0.citizens.holder(citizen).await?.ok_or(EidError::ActivationRefused)?;
        new.passcode.check(record.citizen.date_of_birth, record.citizen.id_number.expose())?;
        let device = DeviceId::random(&*self.0.codec.entropy);
        let device_row = self.device_row(device, citizen, new).await?;
        let eid = self.clone();
        let made = self.0.store.write(move |tx| {
            let now = eid.0.clock.now();
            if !activations::spend(tx.db()?, &row.activation_id, now)? {
                return Err(EidError::ActivationRefused);
            }
            let level = eid.account_for(tx, citizen, row.origin)?;
            if devices::of_citizen(tx.db()?, citizen)?.len() >= eid.0.config.devices {
                return Err(EidError::TooManyDevices);
            }
            devices::insert(tx.db()?, &device_row)?;
            // A code to the contact makes the account; any other adds a device to it.
            let operation = if row.origin == Origin::Contact as i16 { "eid.activate" } else { "eid.device.add" };
            eid.0.audit.append(tx, &entry(id, operation, now, Some(citizen), Outcome::Answered));
            Ok(level)
        });
        Ok(Enrolled { device, level: made.await? })
    }

    async fn device_row(&self, device: DeviceId, citizen: CitizenId, new: NewDevice) -> Result<DeviceRow, EidError> {
        let secrets = DeviceSecrets { name: new.name, passcode: self.hash(&new.passcode).await? };
        let sealed = self.0.codec.devices.seal(&[device.as_bytes()], &secrets)?;
        Ok(DeviceRow {
            device_id: device.as_bytes().to_vec(),
            citizen_id: citizen.as_bytes().to_vec(),
            algorithm: algorithm_number(new.key.algorithm()),
            public_key: new.key.as_bytes().to_vec(),
            key_version: sealed.key_version,
            sealed: sealed.bytes,
            row_version: 1,
            tries: 0,
            try_after: 0,
            locked_at: None,
            added_at: self.0.clock.now().as_micros(),
            revoked_at: None,
        })
    }

    /// Counts a try of a code, in one transaction with its refusal if it is wrong; whose it is if it is
    /// right.
    async fn try_code(
        &self,
        id: TransactionId,
        code: &str,
        key: &VerifyingKey,
    ) -> Result<(ActivationRow, CitizenId), EidError> {
        let (eid, code, key) = (self.clone(), code.to_owned(), key.clone());
        let tried = self.0.store.write(move |tx| -> Result<_, StorageError> {
            let Tried { row, right } = eid.count_code(tx, id, &code)?;
            let Some(row) = row else { return Ok(None) };
            let citizen = row.citizen_id.as_deref().and_then(CitizenId::from_slice);
            if let Some(citizen) = citizen.filter(|_| right && enrols(&row, &key)) {
                return Ok(Some((row, citizen)));
            }
            // Of an activation that is nobody's, too: the size of the log is public, and must not say whether
            // the activation named somebody.
            let now = eid.0.clock.now();
            eid.0.audit.append(tx, &refusal(id, "eid.activate", now, citizen, "activation_refused"));
            Ok(None)
        });
        tried.await?.ok_or(EidError::ActivationRefused)
    }

    /// The account that a new device belongs to: made, if a code to the contact makes one.
    fn account_for(&self, tx: &mut Tx<'_>, citizen: CitizenId, origin: i16) -> Result<AccountLevel, EidError> {
        // The record may have changed since the code was sent.
        let alive = current(tx, &self.0.sealing, citizen)?.is_some_and(|citizen| citizen.status == Status::Alive);
        if !alive {
            return Err(EidError::ActivationRefused);
        }
        let held = accounts::hold(tx.db()?, citizen)?;
        match held {
            Some(account) if origin != Origin::Contact as i16 && account.closed_at.is_none() => {
                Ok(AccountLevel::of_number(account.level).unwrap_or(AccountLevel::Level1))
            }
            None if origin == Origin::Contact as i16 => {
                self.open_account(tx, citizen, AccountLevel::Level1)?;
                Ok(AccountLevel::Level1)
            }
            _ => Err(EidError::ActivationRefused),
        }
    }

    pub(super) fn open_account(
        &self,
        tx: &mut Tx<'_>,
        citizen: CitizenId,
        level: AccountLevel,
    ) -> Result<(), StorageError> {
        let now = self.0.clock.now().as_micros();
        let row = AccountRow {
            citizen_id: citizen.as_bytes().to_vec(),
            level: level as i16,
            scanned_only: false,
            page_rejections: 0,
            page_quiet_until: 0,
            counter_rejections: 0,
            counter_quiet_until: 0,
            activated_at: now,
            confirmed_at: (level == AccountLevel::Level2).then_some(now),
            closed_at: None,
        };
        accounts::insert(tx.db()?, &row)
    }
}

/// Whether an activation makes this key a device: not one that resets a passcode, nor another key's.
fn enrols(row: &ActivationRow, key: &VerifyingKey) -> bool {
    let same_key = row.public_key.as_ref().is_none_or(|known| {
        row.algorithm == Some(algorithm_number(key.algorithm())) && known.as_slice() == key.as_bytes()
    });
    row.origin != Origin::Reset as i16 && same_key
}
