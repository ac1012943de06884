//! An event that a client tells, taken in with its audit entry.

use serde::Serialize;

use super::contradiction::Contradiction;
use super::engine::{Manner, OnContradiction, Processed, process};
use super::model::{EventId, EventState, LifeEvent, born_key};
use crate::access::Caller;
use crate::audit::{PendingReceipt, Receipt};
use crate::citizens::allowance::Allowance;
use crate::citizens::draft::{Draft, Question};
use crate::citizens::guard::meter::Standing;
use crate::citizens::service::{Citizens, CitizensError};
use crate::citizens::store::write::WriteError;
use crate::clients::{Agreement, Operation};
use crate::kernel::{Attribute, AttributeSet, CitizenId, CivilDate, Purpose, TransactionId};
use crate::storage::{StorageError, Tx};

/// The operation's name in audit entries.
pub const RECORD: &str = "population.event";

/// Why an event was not taken in. All but a failing store have been recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error(transparent)]
    Citizens(#[from] CitizensError),
    #[error("another event was given under this id")]
    OtherContent,
    #[error("the event contradicts the store")]
    Contradicts(Contradiction),
}

impl From<StorageError> for RecordError {
    fn from(error: StorageError) -> Self {
        Self::Citizens(error.into())
    }
}

/// What came of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum EventOutcome {
    Applied,
    /// The same event was applied before; nothing was done.
    AlreadyApplied,
    /// It is kept, and tried again when what it concerns changes.
    Parked,
    /// It was parked, and an operator discarded it.
    Discarded,
}

/// The answer but for its audit entry.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct EventTold {
    #[schema(value_type = TransactionId)]
    pub transaction_id: TransactionId,
    #[schema(value_type = String)]
    pub event_id: EventId,
    outcome: EventOutcome,
    /// Why it is parked.
    reason: Option<Contradiction>,
    /// How many records changed.
    changed: usize,
    /// Events that no longer hold because of it.
    #[schema(value_type = Vec<String>)]
    parked: Vec<EventId>,
    /// Events that had waited for it.
    #[schema(value_type = Vec<String>)]
    released: Vec<EventId>,
}

pub struct EventAnswer {
    pub told: EventTold,
    pub receipt: Receipt,
    pub standing: Standing,
}

impl Citizens {
    /// The key of somebody whom an event brings into this store.
    pub fn born_key(&self, event: &EventId) -> CitizenId {
        born_key(&self.0.store.identity(), event)
    }

    /// Today, where the registry is.
    pub fn today(&self) -> CivilDate {
        self.0.clock.now().date_in_viet_nam()
    }

    /// Takes an event in: every record it changes, and its audit entry, in one transaction.
    pub async fn record_event(
        &self,
        caller: &Caller,
        event: LifeEvent,
        (purpose, otherwise): (Purpose, OnContradiction),
    ) -> Result<EventAnswer, RecordError> {
        let question =
            Question { operation: Operation::PopulationWrite, name: RECORD, purpose, attributes: AttributeSet::EMPTY };
        let (admitted, draft) = self.admit(caller, question).await;
        let standing = match admitted {
            Ok(standing) => standing,
            Err(refusal) => {
                self.conclude(draft).await?;
                return Err(refusal.into());
            }
        };
        let agreement = &caller.client.agreement;
        let (processed, pending) = self.take_in(event.clone(), otherwise, draft.clone()).await?;
        let told = |outcome| EventTold {
            transaction_id: draft.transaction(),
            event_id: event.event_id.clone(),
            outcome,
            reason: None,
            changed: 0,
            parked: Vec::new(),
            released: Vec::new(),
        };
        let told = match processed {
            Processed::OtherContent { .. } => return Err(RecordError::OtherContent),
            Processed::Refused { reason, .. } => return Err(RecordError::Contradicts(told_reason(reason, agreement))),
            Processed::Applied { changed, parked, released } => {
                EventTold { changed: changed.len(), parked, released, ..told(EventOutcome::Applied) }
            }
            Processed::Known { state: EventState::Discarded, .. } => told(EventOutcome::Discarded),
            Processed::Known { .. } => told(EventOutcome::AlreadyApplied),
            Processed::Parked { reason, .. } => {
                EventTold { reason: Some(told_reason(reason, agreement)), ..told(EventOutcome::Parked) }
            }
        };
        let receipt = pending.receipt().map_err(CitizensError::from)?;
        Ok(EventAnswer { told, receipt, standing })
    }

    async fn take_in(
        &self,
        event: LifeEvent,
        otherwise: OnContradiction,
        draft: Draft,
    ) -> Result<(Processed, PendingReceipt), RecordError> {
        let (sealing, audit, at) = (self.0.records.sealing.clone(), self.0.audit.clone(), draft.at());
        let taken = self.0.store.write(move |tx: &mut Tx<'_>| -> Result<_, WriteError> {
            let processed = process(tx.db()?, &sealing, &event, Manner { otherwise, at, recorded: true })?;
            let done = ended(draft.clone(), &processed);
            Ok((processed, audit.append(tx, done.entry())))
        });
        taken.await.map_err(|error| RecordError::from(storage_error(error)))
    }
}

/// Why an event cannot be applied, as far as the agreement lets it out: that somebody has died or is
/// missing is told to whoever may read the status.
fn told_reason(reason: Contradiction, agreement: &Agreement) -> Contradiction {
    let of_status = matches!(
        reason,
        Contradiction::Deceased
            | Contradiction::AlreadyDeceased
            | Contradiction::AlreadyMissing
            | Contradiction::NotMissing
    );
    let may_read = Allowance::new(agreement, None).withholds(Attribute::Status).is_none();
    if of_status && !may_read { Contradiction::ContradictsRecord } else { reason }
}

/// The entry of what came of it. Whose record changed, or whom a refused event was about.
fn ended(draft: Draft, processed: &Processed) -> Draft {
    match processed {
        Processed::Applied { changed, .. } => draft.answered(changed.clone(), AttributeSet::EMPTY),
        Processed::Known { about, .. } => {
            let transaction = draft.transaction();
            draft.repeated(transaction, about.clone(), AttributeSet::EMPTY)
        }
        Processed::OtherContent { about } => draft.refused("event_conflict").about(about.clone()),
        Processed::Parked { reason, about } | Processed::Refused { reason, about } => {
            draft.refused(reason.code()).about(about.clone())
        }
    }
}

/// What a record contradicts was decided before; what is left is the store's failing.
pub fn storage_error(error: WriteError) -> StorageError {
    match error {
        WriteError::Storage(error) => error,
        WriteError::Stale => StorageError::conflict("citizens.row_version"),
        WriteError::Refused(_) => StorageError::conflict("identifiers"),
    }
}
