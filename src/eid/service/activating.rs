//! Accounts activated, and devices enrolled.

use std::sync::Arc;

use super::config::{CODE_LIFETIME, CODE_TRIES, DAY, ENROLMENT_LIFETIME, MINUTE};
use super::passcodes::Secrets;
use super::{Eid, EidError, entry};
use crate::audit::Outcome;
use crate::citizens::matching::{Anchor, AnchorNumber};
use crate::citizens::model::Status;
use crate::citizens::{Citizen, OpenRecord, current};
use crate::crypto::VerifyingKey;
use crate::eid::model::{AccountLevel, Passcode, needs_representative};
use crate::eid::sender::Message;
use crate::eid::store::accounts::{self, AccountRow};
use crate::eid::store::activations::{self, ActivationRow};
use crate::eid::store::counters::{self, Kind};
use crate::eid::store::devices::{self, DeviceRow, algorithm_number};
use crate::eid::store::outbox::{self, OutboxRow};
use crate::eid::vault::Drawer;
use crate::kernel::entropy::random_bytes;
use crate::kernel::{CitizenId, DeviceId, Entropy, Instant, TransactionId};
use crate::storage::{StorageError, Tx};

/// What an enrolment rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i16)]
pub(super) enum Origin {
    /// A code to the recorded contact: for a first device only.
    Contact = 1,
    /// A code handed out at a desk.
    Desk = 2,
    /// A code handed out by a device of the account.
    Device = 3,
}

/// An enrolment that waits for its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activation {
    pub id: TransactionId,
    pub expires: Instant,
}

/// A code that was handed out to somebody whose account is known.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolment {
    pub activation: Activation,
    pub code: String,
}

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
    /// The keyed hash of the number that was named.
    number: [u8; 32],
    code: String,
    /// Whom the anchor holds for.
    person: Option<Arc<OpenRecord>>,
    /// Why they get no code, as far as their record tells.
    unfit: Option<&'static str>,
}

/// Six random digits.
fn new_code(entropy: &dyn Entropy) -> String {
    // 2³² is no multiple of 10⁶; the difference is one in four thousand, of no use to a guesser
    // who has five tries.
    format!("{:06}", u32::from_be_bytes(random_bytes(entropy)) % 1_000_000)
}

impl Eid {
    /// Begins an activation for whoever the anchor holds for. What comes of it is the same for the
    /// caller, whoever is named.
    ///
    /// # Errors
    /// `RateLimited` if too many are begun in all; of a person nothing is told.
    pub async fn begin_activation(&self, anchor: &Anchor, key: &VerifyingKey) -> Result<Activation, EidError> {
        let person = self.0.citizens.identify(anchor).await?;
        let unfit = match &person {
            Some(record) => self.why_not(&record.citizen),
            None => Some("no_match"),
        };
        let number = match &anchor.number {
            AnchorNumber::Personal(number) => number.expose(),
            AnchorNumber::Legacy(number) => number.expose(),
        };
        let asking = Asking {
            id: self.new_transaction(),
            key: key.clone(),
            number: self.0.vault.number_tag(number),
            code: new_code(&*self.0.vault.entropy),
            person,
            unfit,
        };
        let eid = self.clone();
        self.0.store.write(move |tx| eid.ask_code(tx, &asking)).await
    }

    /// Keeps an activation, and sends its code where there is somebody to send it to.
    fn ask_code(&self, tx: &mut Tx<'_>, asking: &Asking) -> Result<Activation, EidError> {
        let now = self.0.clock.now();
        let in_all = counters::add(tx.db()?, Kind::Activations, &[], MINUTE, now)?;
        if in_all > self.0.config.codes_per_minute {
            return Err(EidError::RateLimited);
        }
        let used = counters::add(tx.db()?, Kind::ActivationsOfNumber, &asking.number, DAY, now)?;
        let about = asking.person.as_ref().map(|record| record.citizen.citizen_id);
        let held = match about {
            Some(citizen) => accounts::find(tx.db()?, citizen)?.is_some(),
            None => false,
        };
        let reason = match asking.unfit {
            Some(reason) => reason,
            None if held => "account_exists",
            None if used > self.0.config.codes_per_number => "too_many_codes",
            None => "",
        };
        let fit = asking.person.as_ref().filter(|_| reason.is_empty());
        let activation = Activation { id: asking.id, expires: now.plus(CODE_LIFETIME) };
        let whose = about.filter(|_| fit.is_some());
        self.keep(tx, activation, (whose, Origin::Contact), &asking.code, Some(&asking.key))?;
        if let Some(record) = fit {
            self.post(tx, activation, &record.citizen, &asking.code)?;
        }
        let outcome = match about {
            Some(_) if fit.is_some() => Outcome::Answered,
            Some(_) => Outcome::Refused,
            None => Outcome::NoMatch,
        };
        let mut entry = entry(asking.id, "eid.activation.asked", now, about, outcome);
        entry.reason = if about.is_some() { reason } else { "" };
        self.0.audit.append(tx, &entry);
        Ok(activation)
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

    /// Keeps an activation, its code only as a keyed hash.
    fn keep(
        &self,
        tx: &mut Tx<'_>,
        activation: Activation,
        (citizen, origin): (Option<CitizenId>, Origin),
        code: &str,
        key: Option<&VerifyingKey>,
    ) -> Result<(), StorageError> {
        let (code_key, tag) = self.0.vault.code_tag(activation.id.as_bytes(), code);
        let row = ActivationRow {
            activation_id: activation.id.as_bytes().to_vec(),
            citizen_id: citizen.map(|citizen| citizen.as_bytes().to_vec()),
            origin: origin as i16,
            code_key,
            code: tag.to_vec(),
            algorithm: key.map(|key| algorithm_number(key.algorithm())),
            public_key: key.map(|key| key.as_bytes().to_vec()),
            tries: 0,
            created_at: self.0.clock.now().as_micros(),
            expires_at: activation.expires.as_micros(),
            spent_at: None,
        };
        activations::insert(tx.db()?, &row)
    }

    /// Puts a code on its way to the recorded contact.
    fn post(&self, tx: &mut Tx<'_>, activation: Activation, citizen: &Citizen, code: &str) -> Result<(), StorageError> {
        let text = format!(
            "Mã kích hoạt tài khoản định danh: {code}. Không đưa mã này cho bất kỳ ai. / \
             Your e-ID activation code is {code}. Give it to nobody."
        );
        let (phone, email) = (citizen.phone.clone(), citizen.email.clone());
        let message = Message { phone, email, code: code.to_owned(), text };
        let (id, version) = (activation.id.as_bytes(), self.0.vault.version());
        let row = OutboxRow {
            activation_id: id.to_vec(),
            key_version: version,
            sealed: self.0.vault.seal(Drawer::Outbox, version, id, &message)?,
            attempts: 0,
            due_at: self.0.clock.now().as_micros(),
            expires_at: activation.expires.as_micros(),
        };
        outbox::insert(tx.db()?, &row)
    }

    /// Hands out a code for a further device of a citizen, in the caller's transaction.
    pub(super) fn hand_out(
        &self,
        tx: &mut Tx<'_>,
        citizen: CitizenId,
        origin: Origin,
    ) -> Result<Enrolment, StorageError> {
        let expires = self.0.clock.now().plus(ENROLMENT_LIFETIME);
        let activation = Activation { id: self.new_transaction(), expires };
        let code = new_code(&*self.0.vault.entropy);
        self.keep(tx, activation, (Some(citizen), origin), &code, None)?;
        Ok(Enrolment { activation, code })
    }

    /// Ends an activation: the code is right, and the key that signed the request becomes a device.
    ///
    /// # Errors
    /// `ActivationRefused`, whatever is wrong with the code.
    pub async fn activate(&self, id: TransactionId, code: &str, new: NewDevice) -> Result<Enrolled, EidError> {
        let (row, citizen) = self.try_code(id, code, &new.key).await?;
        let record = self.0.citizens.holder(citizen).await?.ok_or(EidError::ActivationRefused)?;
        new.passcode.check(record.citizen.date_of_birth, record.citizen.id_number.expose())?;
        let secrets = Secrets { name: new.name, passcode: self.hash(&new.passcode).await? };
        let (device, version) = (DeviceId::random(&*self.0.vault.entropy), self.0.vault.version());
        let now = self.0.clock.now();
        let device_row = DeviceRow {
            device_id: device.as_bytes().to_vec(),
            citizen_id: citizen.as_bytes().to_vec(),
            algorithm: algorithm_number(new.key.algorithm()),
            public_key: new.key.as_bytes().to_vec(),
            key_version: version,
            sealed: self.0.vault.seal(Drawer::Devices, version, device.as_bytes(), &secrets)?,
            row_version: 1,
            tries: 0,
            try_after: 0,
            locked_at: None,
            reset_until: 0,
            added_at: now.as_micros(),
            revoked_at: None,
        };
        let eid = self.clone();
        let level = self
            .0
            .store
            .write(move |tx| {
                if !activations::spend(tx.db()?, &row.activation_id, now)? {
                    return Err(EidError::ActivationRefused);
                }
                let level = eid.account_for(tx, citizen, row.origin)?;
                if devices::of_citizen(tx.db()?, citizen)?.len() >= eid.0.config.devices {
                    return Err(EidError::TooManyDevices);
                }
                devices::insert(tx.db()?, &device_row)?;
                eid.0.audit.append(tx, &entry(id, "eid.device.add", now, Some(citizen), Outcome::Answered));
                Ok(level)
            })
            .await?;
        self.0.metrics.devices_added.inc();
        Ok(Enrolled { device, level })
    }

    /// Counts a try of a code, and whose it is if it is right.
    async fn try_code(
        &self,
        id: TransactionId,
        code: &str,
        key: &VerifyingKey,
    ) -> Result<(ActivationRow, CitizenId), EidError> {
        let now = self.0.clock.now();
        let row = self.0.store.write(move |tx| activations::count_try(tx.db()?, id, CODE_TRIES, now)).await?;
        let Some(row) = row else { return Err(EidError::ActivationRefused) };
        let right = self.0.vault.code_matches(id.as_bytes(), code, row.code_key, &row.code);
        let same_key = row.public_key.as_ref().is_none_or(|known| {
            row.algorithm == Some(algorithm_number(key.algorithm())) && known.as_slice() == key.as_bytes()
        });
        let citizen = row.citizen_id.as_deref().and_then(CitizenId::from_slice);
        match citizen {
            Some(citizen) if right && same_key => Ok((row, citizen)),
            _ => {
                let mut entry = entry(id, "eid.activate", now, citizen, Outcome::Refused);
                entry.reason = "activation_refused";
                self.0.audit.record(entry).await?;
                Err(EidError::ActivationRefused)
            }
        }
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
            rejections: 0,
            quiet_until: 0,
            activated_at: now,
            confirmed_at: (level == AccountLevel::Level2).then_some(now),
            closed_at: None,
        };
        accounts::insert(tx.db()?, &row)
    }
}
