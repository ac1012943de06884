//! What becomes of a stay, each change with its line of history.

use serde::Serialize;
use serde_json::json;

use super::amending::Amendment;
use super::loading::Loaded;
use super::report::question;
use super::told::StayTold;
use super::{Stays, StaysError};
use crate::access::Caller;
use crate::audit::PendingReceipt;
use crate::citizens::guard::meter::Standing;
use crate::citizens::{Answer, Body, CitizensError, Draft, Keyed, Repeated};
use crate::kernel::{AttributeSet, Faults, Instant, Purpose, StayId, Text};
use crate::stays::model::{ChangeKind, FieldChange, GuestGiven, Reason, Stay, StayChange, StayState, check_times};
use crate::stays::store::{guests, stays};
use crate::storage::StorageError;

/// The operations' names in audit entries.
pub const AMEND: &str = "stays.amend";
pub const EXTEND: &str = "stays.extend";
pub const CHECK_OUT: &str = "stays.check_out";
pub const CANCEL: &str = "stays.cancel";
/// Somebody else may change the same stay first.
pub(super) const TRIES: u32 = 4;

const LEFT_BEFORE: Text = Text::new("Ngày đi phải sau ngày đến.", "The departure lies before the arrival.");
const LEFT_AHEAD: Text = Text::new("Thời điểm trả phòng ở tương lai.", "The departure lies ahead.");

/// What an amendment does to the guests.
#[derive(Clone, Serialize)]
pub enum AmendGuest {
    Add(GuestGiven),
    /// The guest of this number was somebody else.
    Exchange(i16, GuestGiven),
    Remove(i16),
}

/// What is put right; what is `None` stays.
#[derive(Clone, Serialize)]
pub struct Amend {
    pub stay_id: StayId,
    pub room: Option<String>,
    pub arrival: Option<Instant>,
    pub planned_departure: Option<Instant>,
    pub reason: Option<Reason>,
    pub note: Option<String>,
    pub guests: Vec<AmendGuest>,
    pub purpose: Purpose,
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

#[derive(Clone)]
pub struct Extend {
    pub stay_id: StayId,
    pub planned_departure: Instant,
    pub purpose: Purpose,
}

#[derive(Clone)]
pub struct CheckOut {
    pub stay_id: StayId,
    /// Now, if it is not said.
    pub left_at: Option<Instant>,
    pub purpose: Purpose,
}

#[derive(Clone)]
pub struct CancelStay {
    pub stay_id: StayId,
    pub purpose: Purpose,
}

/// A change of a stay that needs nobody looked up.
enum Step {
    Extend(Instant),
    CheckOut(Option<Instant>),
    Cancel,
}

/// What a step makes of a stay.
enum Stepped {
    /// It was so already.
    Already,
    Changed(Box<Stay>),
}

impl Stays {
    /// Puts a stay right: its room, times, reason, and its guests. An amendment of arrival or guests
    /// gives a receipt of the next revision.
    pub async fn amend(&self, caller: &Caller, command: Amend) -> Result<Answer<StayTold>, StaysError> {
        let citizens = &self.0.citizens;
        let lost = |_| StorageError::BrokenInvariant("an amendment cannot be written");
        let written = serde_json::to_vec(&command).map_err(lost)?;
        let keyed = citizens.keyed(caller, command.idempotency_key.as_deref(), &[AMEND.as_bytes(), &written]);
        let (admitted, mut draft) = citizens.admit(caller, question(AMEND, command.purpose.clone())).await;
        let standing = match admitted {
            Ok(standing) => standing,
            Err(refusal) => return self.refuse(draft, refusal).await,
        };
        if let Some(keyed) = &keyed {
            draft = match self.repeat(keyed, draft, standing).await? {
                Ok(answer) => return Ok(answer),
                Err(draft) => draft,
            };
        }
        for _ in 0..TRIES {
            let Some((facility, loaded)) = self.own(caller, command.stay_id).await? else {
                return self.no_such_stay(draft).await;
            };
            let amendment = Amendment { command: &command, facility: &facility, loaded: &loaded };
            let amended = match self.amended(caller, amendment, draft.clone()).await? {
                Ok(amended) => amended,
                Err(refusal) => return self.refuse(draft.refused(refusal.reason()), refusal).await,
            };
            let negative = amended.negative;
            match self.write_amended(amended, keyed.clone()).await {
                Ok((told, receipt)) => return Ok(Answer { body: Body::First(told), receipt, standing, negative }),
                Err(StaysError::Citizens(CitizensError::Storage(StorageError::Conflict(_)))) => {
                    if let Some(keyed) = &keyed {
                        draft = match self.repeat(keyed, draft, standing).await? {
                            Ok(answer) => return Ok(answer),
                            Err(draft) => draft,
                        };
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Err(busy().into())
    }

    /// Says when the guests mean to leave now.
    pub async fn extend(&self, caller: &Caller, command: Extend) -> Result<Answer<StayTold>, StaysError> {
        let Extend { stay_id, planned_departure, purpose } = command;
        self.step(caller, stay_id, (EXTEND, purpose), &Step::Extend(planned_departure)).await
    }

    /// Says that the guests have left.
    pub async fn check_out(&self, caller: &Caller, command: CheckOut) -> Result<Answer<StayTold>, StaysError> {
        let CheckOut { stay_id, left_at, purpose } = command;
        self.step(caller, stay_id, (CHECK_OUT, purpose), &Step::CheckOut(left_at)).await
    }

    /// Takes a notice back: nobody came, or it was a mistake. Its receipt is worth nothing from then on.
    pub async fn cancel(&self, caller: &Caller, command: CancelStay) -> Result<Answer<StayTold>, StaysError> {
        let CancelStay { stay_id, purpose } = command;
        self.step(caller, stay_id, (CANCEL, purpose), &Step::Cancel).await
    }

    async fn step(
        &self,
        caller: &Caller,
        id: StayId,
        (name, purpose): (&'static str, Purpose),
        step: &Step,
    ) -> Result<Answer<StayTold>, StaysError> {
        let (admitted, draft) = self.0.citizens.admit(caller, question(name, purpose)).await;
        let standing = match admitted {
            Ok(standing) => standing,
            Err(refusal) => return self.refuse(draft, refusal).await,
        };
        for _ in 0..TRIES {
            let Some((_, loaded)) = self.own(caller, id).await? else { return self.no_such_stay(draft).await };
            let subjects = loaded.stay.citizens();
            let done = draft.clone().answered(subjects, AttributeSet::EMPTY);
            let stay = match stepped(&loaded.stay, step, line(caller, &draft)) {
                Ok(Stepped::Already) => {
                    let (stay, last) = (&loaded.stay, loaded.stay.history.last());
                    let first = last.map_or(draft.transaction(), |change| change.transaction);
                    let done = draft.repeated(first, stay.citizens(), AttributeSet::EMPTY);
                    let receipt = self.0.citizens.conclude(done).await?;
                    let body = Body::First(StayTold::of(&loaded.stay));
                    return Ok(Answer { body, receipt, standing, negative: false });
                }
                Ok(Stepped::Changed(stay)) => stay,
                Err(refusal) => return self.refuse(draft.refused(refusal.reason()), refusal).await,
            };
            match self.write_step(&loaded, &stay, &done).await {
                Ok(pending) => {
                    let body = Body::First(StayTold::of(&stay));
                    return Ok(Answer { body, receipt: pending.receipt()?, standing, negative: false });
                }
                Err(StorageError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(busy().into())
    }

    async fn write_step(&self, loaded: &Loaded, stay: &Stay, done: &Draft) -> Result<PendingReceipt, StorageError> {
        let row = self.0.codec.seal_stay(stay, loaded.row_version + 1)?;
        let (audit, entry) = (self.0.audit.clone(), done.entry().clone());
        let cancelled = stay.state == StayState::Cancelled;
        let write = self.0.store.write(move |tx| {
            stays::replace(tx.db()?, &row)?;
            if cancelled {
                guests::free(tx.db()?, &row.stay_id)?;
            }
            Ok::<_, StorageError>(audit.append(tx, &entry))
        });
        write.await
    }

    async fn repeat(
        &self,
        keyed: &Keyed,
        draft: Draft,
        standing: Standing,
    ) -> Result<Result<Answer<StayTold>, Draft>, StaysError> {
        Ok(match self.0.citizens.repeat(keyed, draft).await? {
            Repeated::Again(body, receipt) => {
                Ok(Answer { body: Body::Again(body), receipt, standing, negative: false })
            }
            Repeated::No(draft) => Err(draft),
        })
    }

    async fn no_such_stay<T>(&self, draft: Draft) -> Result<T, StaysError> {
        let refusal = StaysError::NoSuchStay;
        self.refuse(draft.refused(refusal.reason()), refusal).await
    }
}

fn busy() -> StorageError {
    StorageError::unavailable("the stay was changed again and again meanwhile")
}

/// The line of history of a change that is being made.
pub(super) fn line(caller: &Caller, draft: &Draft) -> StayChange {
    let entry = draft.entry();
    StayChange {
        at: draft.at(),
        kind: ChangeKind::Amended,
        client: caller.client.id.clone(),
        officer: entry.officer.as_ref().map(|(officer, _)| officer.clone()),
        changes: Vec::new(),
        transaction: entry.transaction,
    }
}

/// A member that got another value.
pub(super) fn field(name: &str, from: Option<String>, to: Option<String>) -> FieldChange {
    FieldChange { field: name.to_owned(), from, to }
}

pub(super) fn instant(instant: Option<Instant>) -> Option<String> {
    instant.and_then(|instant| json!(instant).as_str().map(str::to_owned))
}

/// What the stay is after a step.
fn stepped(stay: &Stay, step: &Step, line: StayChange) -> Result<Stepped, StaysError> {
    let now = line.at;
    let mut next = stay.clone();
    let (kind, change) = match (step, stay.state) {
        (Step::Cancel, StayState::Cancelled) => return Ok(Stepped::Already),
        (Step::Cancel, _) => {
            next.state = StayState::Cancelled;
            (ChangeKind::Cancelled, None)
        }
        (Step::CheckOut(left), StayState::Left) if left.is_none() || *left == stay.left_at => {
            return Ok(Stepped::Already);
        }
        (Step::Extend(until), StayState::Open) => {
            if stay.planned_departure == Some(*until) {
                return Ok(Stepped::Already);
            }
            let mut faults = Faults::default();
            check_times(stay.arrival, Some(*until), "/planned_departure", &mut faults);
            if !faults.is_empty() {
                return Err(StaysError::Faulty(faults));
            }
            next.planned_departure = Some(*until);
            let change = field("planned_departure", instant(stay.planned_departure), instant(Some(*until)));
            (ChangeKind::Extended, Some(change))
        }
        (Step::CheckOut(left), StayState::Open) => {
            let left = left.unwrap_or(now.max(stay.arrival));
            check_left(stay, left, now)?;
            next.left_at = Some(left);
            next.state = StayState::Left;
            (ChangeKind::CheckedOut, Some(field("left_at", None, instant(Some(left)))))
        }
        (Step::Extend(_) | Step::CheckOut(_), _) => return Err(StaysError::StayOver),
    };
    next.history.push(StayChange { kind, changes: change.into_iter().collect(), ..line });
    Ok(Stepped::Changed(Box::new(next)))
}

fn check_left(stay: &Stay, left: Instant, now: Instant) -> Result<(), StaysError> {
    let mut faults = Faults::default();
    if left < stay.arrival {
        faults.push("/left_at", "departure_before_arrival", LEFT_BEFORE);
    } else if left > now.max(stay.arrival) {
        faults.push("/left_at", "departure_ahead", LEFT_AHEAD);
    }
    if faults.is_empty() { Ok(()) } else { Err(StaysError::Faulty(faults)) }
}
