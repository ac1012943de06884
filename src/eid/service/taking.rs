//! Approvals taken by whoever asked for them, and requests withdrawn.

use std::time::Duration;

use super::asking::asked;
use super::{Eid, EidError};
use crate::audit::Outcome;
use crate::consent::NewConsent;
use crate::eid::model::{Approval, Statement};
use crate::eid::store::transactions::{self, TransactionRow};
use crate::kernel::{CitizenId, ConsentId, DeviceId, Instant, TransactionId};
use crate::storage::{StorageError, Tx};

impl Eid {
    /// Takes an approval, once and in time, in the caller's transaction. `None`: there
    /// is none, it was taken, or operators have stopped its client or procedure. A consent that was given with it is on record from now on: of an
    /// approval that nobody takes none stays.
    pub fn take(&self, tx: &mut Tx<'_>, id: TransactionId) -> Result<Option<Approval>, StorageError> {
        let Some(row) = transactions::take(tx.db()?, id, self.0.clock.now())? else { return Ok(None) };
        let (_, statement) = self.statement(&row)?;
        // What was approved before the stop gives nothing after it, and no consent.
        match self.check_not_stopped(&statement) {
            Ok(()) => {}
            Err(EidError::ClientStopped | EidError::ProcedureStopped) => return Ok(None),
            Err(_) => return Err(StorageError::unavailable("who is stopped is not known")),
        }
        let lost = |column| StorageError::inconsistent("eid_transactions", column);
        let citizen_id = row.citizen()?.ok_or_else(|| lost("citizen_id"))?;
        let approved_at = row.decided_at.map(Instant::from_micros).ok_or_else(|| lost("decided_at"))?;
        let consent = self.consented(tx, &row, &statement, (citizen_id, approved_at))?;
        Ok(Some(Approval {
            transaction: id,
            client: statement.client.id,
            citizen_id,
            device: row.device_id.as_deref().and_then(DeviceId::from_slice).ok_or_else(|| lost("device_id"))?,
            level: statement.level,
            amr: Approval::methods(statement.level),
            approved_at,
            attributes: statement.attributes,
            procedure: statement.procedure,
            legal_basis: statement.legal_basis,
            consent,
        }))
    }

    /// Ends a request before its time, in the caller's transaction: whoever began it turned back. What
    /// was approved and not taken is void with it. One that is over stays as it is.
    pub fn withdraw(&self, tx: &mut Tx<'_>, id: TransactionId) -> Result<(), StorageError> {
        let now = self.0.clock.now();
        let Some(row) = transactions::withdraw(tx.db()?, id, now)? else { return Ok(()) };
        if let Some(citizen) = row.citizen()? {
            let statement = self.statement(&row)?.1;
            self.0.audit.append(tx, &asked(&statement, "eid.withdraw", Some(citizen), Outcome::Refused, now));
        }
        Ok(())
    }

    /// Stores the consent that an approval gives, if the request asked for one, with its proof.
    fn consented(
        &self,
        tx: &mut Tx<'_>,
        row: &TransactionRow,
        statement: &Statement,
        (citizen, given_at): (CitizenId, Instant),
    ) -> Result<Option<ConsentId>, StorageError> {
        let Some(seconds) = statement.consent_seconds else { return Ok(None) };
        let sealed = row.proof.as_deref().ok_or(StorageError::inconsistent("eid_transactions", "proof"))?;
        let new = NewConsent {
            citizen,
            client: statement.client.id.clone(),
            procedure: statement.procedure.clone(),
            attributes: statement.attributes,
            given_at,
            until: given_at.plus(Duration::from_secs(seconds)),
            proof: self.0.codec.proofs.open(&[&row.transaction_id], row.key_version, sealed)?.into_bytes(),
        };
        self.0.consents.give(tx, &new).map(Some)
    }
}
