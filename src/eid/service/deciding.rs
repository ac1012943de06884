//! What citizens see of requests, and how they decide.

use std::time::Duration;

use super::asking::asked;
use super::passcodes::in_use;
use super::signed::Device;
use super::{Eid, EidError};
use crate::audit::Outcome as Recorded;
use crate::eid::model::{
    Decision, MatchNumber, Outcome, Passcode, ScanSecret, Statement, TransactionState, quiet_after,
};
use crate::eid::request::base64url;
use crate::eid::store::accounts;
use crate::eid::store::transactions::{self, Decided, TransactionRow};
use crate::kernel::{CitizenId, ClientId, Level, ProcedureCode, TransactionId};
use crate::storage::{Reach, StorageError};

/// Requests told at once.
const MOST_SHOWN: i64 = 20;

/// A request as it waits for the citizen's decision.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown {
    pub transaction: TransactionId,
    /// JSON; shown from, and signed as it is.
    pub statement: String,
    /// Told by demos only.
    pub digits: Option<MatchNumber>,
}

/// What is kept of a decision: with the device's key, proof of what was decided.
#[derive(serde::Serialize)]
struct Proof<'a> {
    statement: &'a str,
    /// The signed request, whose `approval` names the statement by its digest.
    request: &'a str,
    key: crate::crypto::jose::PublicJwk,
}

/// A decision whose digits, statement and passcode have been looked at.
struct Settled {
    statement: Statement,
    outcome: Outcome,
    proof: String,
}

impl Eid {
    /// What waits for the citizen, once something is not among `known`, or after `timeout`.
    pub async fn pending(
        &self,
        device: &Device,
        known: &[TransactionId],
        timeout: Duration,
    ) -> Result<Vec<Shown>, EidError> {
        let citizen = device.citizen;
        let is_known = |row: &TransactionRow| known.iter().any(|id| id.as_bytes()[..] == row.transaction_id);
        let mut lookout = self.lookout(timeout);
        let rows = loop {
            let rows = self.pending_rows(citizen).await?;
            if !rows.iter().all(is_known) || !lookout.again().await {
                break rows;
            }
        };
        let mut shown = Vec::with_capacity(rows.len());
        for row in &rows {
            let statement = self.statement(row)?.1;
            match self.check_not_stopped(&statement) {
                Ok(()) => shown.push(self.shown(row)?),
                // Nobody is asked to approve what would not be taken.
                Err(EidError::ClientStopped | EidError::ProcedureStopped) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(shown)
    }

    /// Whether operators have stopped neither the client that asks nor the procedure it asks for.
    pub(super) fn check_not_stopped(&self, statement: &Statement) -> Result<(), EidError> {
        self.check_may_ask(&statement.client.id, statement.procedure.as_ref())
    }

    /// The same of whoever would ask.
    pub(super) fn check_may_ask(&self, client: &ClientId, procedure: Option<&ProcedureCode>) -> Result<(), EidError> {
        let client = self.0.clients.find_current(client).map_err(StorageError::from)?;
        // Pages of the service itself need not be clients.
        let Some(client) = client else { return Ok(()) };
        if client.is_stopped() {
            return Err(EidError::ClientStopped);
        }
        if procedure.is_some_and(|procedure| client.stops.is_procedure_stopped(procedure)) {
            return Err(EidError::ProcedureStopped);
        }
        Ok(())
    }

    async fn pending_rows(&self, citizen: CitizenId) -> Result<Vec<TransactionRow>, StorageError> {
        let now = self.0.clock.now();
        self.0.store.read(Reach::Key, move |db| transactions::pending_of(db, citizen, now, MOST_SHOWN)).await
    }

    fn shown(&self, row: &TransactionRow) -> Result<Shown, StorageError> {
        let digits = MatchNumber::of_number(row.digits).filter(|_| self.0.config.tell_digits);
        Ok(Shown { transaction: row.id()?, statement: self.statement(row)?.0, digits })
    }

    /// Gives a request to the citizen who scanned its QR.
    ///
    /// # Errors
    /// `TransactionOver` if there is none of this text, it is over, or it is for somebody else.
    pub async fn claim(&self, device: &Device, scan: &ScanSecret) -> Result<Shown, EidError> {
        let (eid, citizen, digest) = (self.clone(), device.citizen, scan.digest());
        let claimed = self.0.store.write(move |tx| {
            let now = eid.0.clock.now();
            let row = transactions::find_scanned(tx.db()?, &digest)?.ok_or(EidError::TransactionOver)?;
            if !transactions::claim(tx.db()?, &row.transaction_id, citizen, now)? {
                return Err(EidError::TransactionOver);
            }
            let statement = eid.statement(&row)?.1;
            eid.check_not_stopped(&statement)?;
            let entry = asked(&statement, "eid.claim", Some(citizen), Recorded::Answered, now);
            eid.0.audit.append(tx, &entry);
            Ok(eid.shown(&row)?)
        });
        let claimed = claimed.await;
        self.noted("eid.claim", citizen, claimed).await
    }

    /// Carries out what the device signed: an approval or a rejection of the request `id`.
    ///
    /// # Errors
    /// `TransactionOver`; `ApprovalDiffers` if something else was signed; those of the passcode.
    pub async fn decide(
        &self,
        device: &Device,
        id: TransactionId,
        decision: Decision,
        passcode: Option<&Passcode>,
    ) -> Result<Outcome, EidError> {
        let row = self.0.store.read(Reach::Key, move |db| transactions::find(db, id)).await?;
        let theirs = match row {
            Some(row) if row.shown && row.citizen()? == Some(device.citizen) => row,
            // Whose request that is, is not told to others, nor in their history.
            _ => return self.noted("eid.decide", device.citizen, Err(EidError::TransactionOver)).await,
        };
        let asked = self.statement(&theirs)?;
        let decided = self.decided(device, (&theirs, &asked), decision, passcode).await;
        let outcome = self.noted_of(&asked.1, "eid.decide", device.citizen, decided).await?;
        self.0.metrics.decided(outcome);
        Ok(outcome)
    }

    async fn decided(
        &self,
        device: &Device,
        (row, asked): (&TransactionRow, &(String, Statement)),
        decision: Decision,
        passcode: Option<&Passcode>,
    ) -> Result<Outcome, EidError> {
        if row.state(self.0.clock.now())? != TransactionState::Pending {
            return Err(EidError::TransactionOver);
        }
        if decision == Decision::Approve {
            self.check_not_stopped(&asked.1)?;
        }
        let settled = self.settle(device, (row, asked), decision, passcode).await?;
        let outcome = settled.outcome;
        self.write(device, asked.1.transaction_id, settled).await?;
        Ok(outcome)
    }

    /// Holds the signed decision against the request.
    async fn settle(
        &self,
        device: &Device,
        (row, (text, statement)): (&TransactionRow, &(String, Statement)),
        decision: Decision,
        passcode: Option<&Passcode>,
    ) -> Result<Settled, EidError> {
        let signed = device.approval.as_ref().ok_or(EidError::ApprovalDiffers)?;
        let same = signed.transaction == statement.transaction_id
            && signed.statement == base64url(&Statement::digest(text))
            && signed.decision == decision;
        let digits = signed.digits.as_deref();
        let outcome = match (decision, digits) {
            _ if !same => return Err(EidError::ApprovalDiffers),
            (Decision::Reject, None) => Outcome::Rejected,
            (Decision::Approve, Some(digits)) => {
                if statement.level >= Level::L2 {
                    self.prove(device, passcode.ok_or(EidError::PasscodeMissing)?).await?;
                }
                match MatchNumber::parse(digits) {
                    Some(digits) if digits.number() == row.digits => Outcome::Approved,
                    _ => Outcome::Mismatch,
                }
            }
            (Decision::Approve, None) | (Decision::Reject, Some(_)) => return Err(EidError::ApprovalDiffers),
        };
        let key = crate::crypto::jose::PublicJwk::of(device.row.key()?);
        let proof = Proof { statement: text, request: &device.token, key };
        let proof =
            serde_json::to_string(&proof).map_err(|_| StorageError::BrokenInvariant("a proof cannot be written"))?;
        Ok(Settled { statement: statement.clone(), outcome, proof })
    }

    /// Writes the decision, its entry, and what follows for later requests.
    async fn write(&self, device: &Device, id: TransactionId, settled: Settled) -> Result<(), EidError> {
        let (eid, device_id, citizen) = (self.clone(), device.id, device.citizen);
        self.0
            .store
            .write(move |tx| {
                let Settled { statement, outcome, proof } = &settled;
                let now = eid.0.clock.now();
                let account = accounts::hold(tx.db()?, citizen)?.filter(|account| account.closed_at.is_none());
                let account = account.ok_or(EidError::DeviceSignature)?;
                in_use(tx, device_id)?;
                let (rejections, _) = account.quiet(statement.channel);
                let quiet = match outcome {
                    Outcome::Rejected => Some(quiet_after(rejections, now)),
                    Outcome::Approved if rejections > 0 => Some((0, now)),
                    Outcome::Approved | Outcome::Mismatch => None,
                };
                if let Some(quiet) = quiet {
                    accounts::set_quiet(tx.db()?, citizen, statement.channel, quiet)?;
                }
                let row = transactions::find(tx.db()?, id)?.ok_or(EidError::TransactionOver)?;
                let sealed = eid.0.codec.proofs.seal_under(row.key_version, &[id.as_bytes()], proof);
                let decided = Decided { state: state_of(*outcome), device: device_id, proof: Some(sealed?), at: now };
                if !transactions::decide(tx.db()?, id, citizen, &decided)? {
                    return Err(EidError::TransactionOver);
                }
                let (operation, recorded) = match outcome {
                    Outcome::Approved => ("eid.approve", Recorded::Answered),
                    Outcome::Rejected => ("eid.reject", Recorded::Refused),
                    Outcome::Mismatch => ("eid.mismatch", Recorded::Refused),
                };
                eid.0.audit.append(tx, &asked(statement, operation, Some(citizen), recorded, now));
                Ok(())
            })
            .await
    }
}

fn state_of(outcome: Outcome) -> TransactionState {
    match outcome {
        Outcome::Approved => TransactionState::Approved,
        Outcome::Rejected => TransactionState::Rejected,
        Outcome::Mismatch => TransactionState::Mismatch,
    }
}
