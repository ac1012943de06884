//! One-time codes: what they open, kept as keyed hashes, handed out and tried.

use super::Eid;
use super::config::{CODE_TRIES, ENROLMENT_LIFETIME};
use crate::crypto::VerifyingKey;
use crate::eid::store::activations::{self, ActivationRow};
use crate::eid::store::devices::algorithm_number;
use crate::kernel::entropy::random_bytes;
use crate::kernel::{CitizenId, Entropy, Instant, TransactionId};
use crate::storage::{StorageError, Tx};

/// What a code rests on, and so what it opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i16)]
pub(super) enum Origin {
    /// A code to the recorded contact: for a first device only.
    Contact = 1,
    /// A code handed out at a desk.
    Desk = 2,
    /// A code handed out by a device of the account.
    Device = 3,
    /// A code handed out at a desk, with which one device of the account may set a new passcode. It
    /// enrols nothing.
    Reset = 4,
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

/// A code that was tried, right or wrong.
pub(super) struct Tried {
    /// `None` if there is no such activation.
    pub row: Option<ActivationRow>,
    /// Within its time and tries, and the code is right.
    pub right: bool,
}

/// Six random digits.
pub(super) fn new_code(entropy: &dyn Entropy) -> String {
    // 2³² is no multiple of 10⁶; the difference is one in four thousand, of no use to a guesser
    // who has five tries.
    format!("{:06}", u32::from_be_bytes(random_bytes(entropy)) % 1_000_000)
}

impl Eid {
    /// Keeps an activation, its code only as a keyed hash.
    pub(super) fn keep(
        &self,
        tx: &mut Tx<'_>,
        activation: Activation,
        (citizen, origin): (Option<CitizenId>, Origin),
        code: &str,
        key: Option<&VerifyingKey>,
    ) -> Result<(), StorageError> {
        let (code_key, tag) = self.0.codec.code_tag(activation.id.as_bytes(), code);
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

    /// Hands out a code to a citizen whose account is known, in the caller's transaction.
    pub(super) fn hand_out(
        &self,
        tx: &mut Tx<'_>,
        citizen: CitizenId,
        origin: Origin,
    ) -> Result<Enrolment, StorageError> {
        let expires = self.0.clock.now().plus(ENROLMENT_LIFETIME);
        let activation = Activation { id: self.new_transaction(), expires };
        let code = new_code(&*self.0.codec.entropy);
        self.keep(tx, activation, (Some(citizen), origin), &code, None)?;
        Ok(Enrolment { activation, code })
    }

    /// Counts a try of a code before it is known to be right, in the caller's transaction.
    pub(super) fn count_code(&self, tx: &mut Tx<'_>, id: TransactionId, code: &str) -> Result<Tried, StorageError> {
        let now = self.0.clock.now();
        match activations::count_try(tx.db()?, id, CODE_TRIES, now)? {
            Some(row) => {
                let right = self.0.codec.code_matches(id.as_bytes(), code, row.code_key, &row.code)?;
                Ok(Tried { row: Some(row), right })
            }
            None => Ok(Tried { row: activations::find(tx.db()?, id)?, right: false }),
        }
    }
}
