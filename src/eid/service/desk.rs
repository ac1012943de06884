//! What an officer at a desk does for a citizen who stands there (Decree 69/2024 art. 10).

use super::codes::{Enrolment, Origin};
use super::{Eid, EidError};
use crate::access::{Caller, close_sessions_of_citizen, revoke_grants_of_citizen};
use crate::audit::Receipt;
use crate::citizens::guard::meter::Standing as Quota;
use crate::citizens::matching::Anchor;
use crate::citizens::model::Status;
use crate::citizens::{Anchoring, Citizen, Draft, Question};
use crate::clients::Operation;
use crate::eid::model::{AccountLevel, Guardianship, needs_representative, stands_for};
use crate::eid::store::{accounts, activations, devices, transactions};
use crate::kernel::{AttributeSet, CitizenId, Instant, Purpose};
use crate::storage::{StorageError, Tx};

/// What the officer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeskAction {
    /// Raises the account to level 2.
    Confirm,
    /// The same, and hands out a code for a device; makes the account if there is none.
    Enrol,
    /// Hands out a code with which the one device that the citizen holds sets a new passcode.
    Unlock,
    RevokeDevices,
}

impl DeskAction {
    /// In audit entries.
    const fn name(self) -> &'static str {
        match self {
            Self::Confirm => "eid.desk.confirm",
            Self::Enrol => "eid.desk.enrol",
            Self::Unlock => "eid.desk.unlock",
            Self::RevokeDevices => "eid.desk.revoke",
        }
    }
}

/// An officer's request.
#[derive(Debug, Clone)]
pub struct AtDesk {
    pub anchor: Anchor,
    /// Who came with a child.
    pub representative: Option<Anchor>,
    pub purpose: Purpose,
    pub action: DeskAction,
}

/// What came of it. `NoMatch` is uniform.
#[derive(Clone, PartialEq, Eq)]
pub enum DeskOutcome {
    /// `code`: of `enrol` for a device, of `unlock` for a passcode.
    Done {
        level: AccountLevel,
        devices: usize,
        code: Option<Enrolment>,
    },
    NoMatch,
    /// Only to a client that is told the status.
    NotAlive,
    NoAccount,
    RepresentativeNeeded(Guardianship),
}

/// The outcome, recorded.
pub struct DeskAnswer {
    pub outcome: DeskOutcome,
    pub transaction: crate::kernel::TransactionId,
    pub receipt: Receipt,
    pub standing: Quota,
}

impl Eid {
    /// Does what an officer asks for a citizen who is there; recorded before it is returned.
    pub async fn at_desk(&self, caller: &Caller, ask: AtDesk) -> Result<DeskAnswer, EidError> {
        let representative = match &ask.representative {
            Some(anchor) => self.anchored(caller, &ask, "eid.desk.representative", anchor).await?,
            None => Found::nobody(),
        };
        if let Some((_, draft)) = representative.failed {
            self.0.citizens.conclude(draft).await?;
            return self.without_representative(caller, &ask).await;
        }
        let found = self.anchored(caller, &ask, ask.action.name(), &ask.anchor).await?;
        let (Some(citizen), Some((standing, draft))) = (found.citizen, found.draft) else {
            let (standing, draft) = found.failed.ok_or(EidError::NotFound)?;
            return self.conclude(draft, standing, DeskOutcome::NoMatch).await;
        };
        let about = vec![citizen.citizen_id];
        if citizen.status != Status::Alive {
            // Only whoever may know it has found them.
            let draft = draft.answered_not_alive(citizen.citizen_id);
            return self.conclude(draft, standing, DeskOutcome::NotAlive).await;
        }
        match guardianship(&citizen, representative.citizen.as_ref(), draft.at()) {
            Guardianship::NotNeeded | Guardianship::Shown => {}
            needed @ (Guardianship::Missing | Guardianship::NotRecorded) => {
                let draft = draft.refused("representative_needed").about(about);
                return self.conclude(draft, standing, DeskOutcome::RepresentativeNeeded(needed)).await;
            }
        }
        self.act(citizen.citizen_id, ask.action, draft, standing).await
    }

    /// Answers where the representative is nobody. The citizen's question is admitted and recorded all the
    /// same: neither what is left of the quota nor the place of the entry says which of the two was wrong.
    async fn without_representative(&self, caller: &Caller, ask: &AtDesk) -> Result<DeskAnswer, EidError> {
        let citizens = &self.0.citizens;
        let (admitted, draft) = citizens.admit(caller, question(ask, ask.action.name())).await;
        match admitted {
            Ok(standing) => {
                let about = citizens.meant_by(&ask.anchor.number).await?;
                let draft = draft.refused("representative_no_match").about(about);
                self.conclude(draft, standing, DeskOutcome::NoMatch).await
            }
            Err(refusal) => {
                citizens.conclude(draft).await?;
                Err(refusal.into())
            }
        }
    }

    /// Looks for somebody who stands at the desk.
    async fn anchored(
        &self,
        caller: &Caller,
        ask: &AtDesk,
        name: &'static str,
        anchor: &Anchor,
    ) -> Result<Found, EidError> {
        let (anchoring, draft) = self.0.citizens.anchor(caller, question(ask, name), anchor).await?;
        let Anchoring { person, standing } = match anchoring {
            Ok(anchoring) => anchoring,
            Err(refusal) => {
                self.0.citizens.conclude(draft).await?;
                return Err(refusal.into());
            }
        };
        let Some(person) = person else {
            return Ok(Found { citizen: None, draft: None, failed: Some((standing, draft)) });
        };
        let citizen = person.record.citizen.clone();
        if name != ask.action.name() {
            // A person of their own, whom the question about the citizen does not name.
            let seen = draft.answered(vec![citizen.citizen_id], AttributeSet::EMPTY);
            self.0.citizens.conclude(seen).await?;
            return Ok(Found { citizen: Some(citizen), draft: None, failed: None });
        }
        Ok(Found { citizen: Some(citizen), draft: Some((standing, draft)), failed: None })
    }

    async fn conclude(&self, draft: Draft, standing: Quota, outcome: DeskOutcome) -> Result<DeskAnswer, EidError> {
        let transaction = draft.transaction();
        let receipt = self.0.citizens.conclude(draft).await?;
        Ok(DeskAnswer { outcome, transaction, receipt, standing })
    }

    /// Does it, with its entry.
    async fn act(
        &self,
        citizen: CitizenId,
        action: DeskAction,
        draft: Draft,
        standing: Quota,
    ) -> Result<DeskAnswer, EidError> {
        let done = draft.clone().answered(vec![citizen], AttributeSet::EMPTY);
        let without = draft.refused("no_account").about(vec![citizen]);
        let (eid, entry, refused) = (self.clone(), done.entry().clone(), without.entry().clone());
        let (outcome, pending) = self
            .0
            .store
            .write(move |tx| -> Result<_, StorageError> {
                let outcome = eid.carry_out(tx, citizen, action)?;
                let entry = if matches!(outcome, DeskOutcome::Done { .. }) { &entry } else { &refused };
                Ok((outcome, eid.0.audit.append(tx, entry)))
            })
            .await?;
        Ok(DeskAnswer { outcome, transaction: done.transaction(), receipt: pending.receipt()?, standing })
    }

    fn carry_out(&self, tx: &mut Tx<'_>, citizen: CitizenId, action: DeskAction) -> Result<DeskOutcome, StorageError> {
        let now = self.0.clock.now();
        let account = accounts::hold(tx.db()?, citizen)?;
        let mut level = match (&account, action) {
            (Some(account), _) => AccountLevel::of_number(account.level).unwrap_or(AccountLevel::Level1),
            (None, DeskAction::Enrol) => {
                self.open_account(tx, citizen, AccountLevel::Level2)?;
                AccountLevel::Level2
            }
            (None, _) => return Ok(DeskOutcome::NoAccount),
        };
        if matches!(action, DeskAction::Confirm | DeskAction::Enrol) && account.is_some() {
            level = AccountLevel::Level2;
            accounts::confirm(tx.db()?, citizen, level as i16, now)?;
        }
        let mut code = None;
        match action {
            DeskAction::Confirm => {}
            DeskAction::Enrol => code = Some(self.hand_out(tx, citizen, Origin::Desk)?),
            DeskAction::Unlock => {
                activations::spend_of(tx.db()?, citizen, Origin::Reset as i16, now)?;
                code = Some(self.hand_out(tx, citizen, Origin::Reset)?);
            }
            DeskAction::RevokeDevices => revoke_everything(tx, citizen, now)?,
        }
        let devices = devices::of_citizen(tx.db()?, citizen)?.len();
        Ok(DeskOutcome::Done { level, devices, code })
    }
}

/// Takes a citizen's devices, codes, what waits on them, and what clients and browsers have by them.
pub(in crate::eid) fn revoke_everything(tx: &mut Tx<'_>, citizen: CitizenId, now: Instant) -> Result<(), StorageError> {
    devices::revoke_all(tx.db()?, citizen, now)?;
    activations::spend_all(tx.db()?, citizen, now)?;
    revoke_grants_of_citizen(tx, citizen, now)?;
    close_sessions_of_citizen(tx, citizen)?;
    transactions::abandon(tx.db()?, citizen)
}

/// Who was found at the desk; the draft of a question that is not concluded yet.
struct Found {
    citizen: Option<Citizen>,
    draft: Option<(Quota, Draft)>,
    failed: Option<(Quota, Draft)>,
}

impl Found {
    fn nobody() -> Self {
        Self { citizen: None, draft: None, failed: None }
    }
}

fn question(ask: &AtDesk, name: &'static str) -> Question {
    let (operation, purpose) = (Operation::EidDesk, ask.purpose.clone());
    Question { operation, name, purpose, attributes: AttributeSet::EMPTY }
}

fn guardianship(citizen: &Citizen, representative: Option<&Citizen>, at: Instant) -> Guardianship {
    let day = at.date_in_viet_nam();
    match representative {
        _ if !needs_representative(citizen, day) => Guardianship::NotNeeded,
        None => Guardianship::Missing,
        Some(other) if stands_for(other, citizen, day) => Guardianship::Shown,
        Some(_) => Guardianship::NotRecorded,
    }
}
