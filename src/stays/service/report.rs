//! Notices taken.

use super::taking::{Batch, Outcome};
use super::told::Reported;
use super::{Stays, StaysError};
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens::guard::meter::Standing;
use crate::citizens::{Answer, Body, CitizensError, Draft, Keyed, Question, Repeated};
use crate::clients::Operation;
use crate::kernel::{AttributeSet, Faults, Instant, Purpose, Text, TransactionId};
use crate::stays::model::{GuestVerdict, Notice};
use crate::storage::StorageError;

/// The operations' names in audit entries.
pub const REPORT: &str = "stays.report";
pub const REPORT_BATCH: &str = "stays.report.batch";
/// Guests that are taken in one transaction.
const GUESTS_AT_ONCE: usize = 500;

const OVER_QUOTA: Text = Text::new("Đã hết hạn mức.", "The quota is used up.");

/// One notice.
#[derive(Clone)]
pub struct Report {
    pub notice: Notice,
    pub purpose: Purpose,
    pub idempotency_key: Option<String>,
    /// Whether guests who are at the facility already for that night, in a stay that is open, are
    /// reported with it, whatever the minute: where the arrival is when the notice was written.
    pub known_by_night: bool,
}

/// Many notices, each standing for itself.
#[derive(Clone)]
pub struct ReportMany {
    pub notices: Vec<Notice>,
    /// What stood beside them and could not be read as one.
    pub unread: usize,
    pub purpose: Purpose,
    pub idempotency_key: Option<String>,
    /// Digest of the body as it came, to know it again by its key.
    pub request: [u8; 32],
    /// Takes the same path and leaves nothing behind but the entries of refusals; nobody is looked up.
    pub dry_run: bool,
    /// When the whole of it had come in.
    pub received_at: Instant,
}

/// One notice of many.
pub enum Taken {
    Reported {
        told: Box<Reported>,
        audit: Receipt,
    },
    /// Of a dry run: it would have been taken.
    Trial {
        repeated: bool,
        deadline: Instant,
        on_time: bool,
    },
}

/// What came of many notices, in their order. Pointers are relative to the notice.
pub struct ReportedMany {
    pub notices: Vec<Result<Taken, Faults>>,
    pub standing: Standing,
}

pub(super) fn question(name: &'static str, purpose: Purpose) -> Question {
    Question { operation: Operation::StaysReport, name, purpose, attributes: super::guests::verified_by() }
}

impl Stays {
    /// Takes one notice; recorded before it is returned. A guest who does not fit marks it, and never
    /// stops it.
    pub async fn report(&self, caller: &Caller, command: Report) -> Result<Answer<Reported>, StaysError> {
        let Report { notice, purpose, idempotency_key, known_by_night } = command;
        let citizens = &self.0.citizens;
        let written = serde_json::to_vec(&(&notice, &purpose))
            .map_err(|_| StorageError::BrokenInvariant("a notice has no outcome"))?;
        let keyed = citizens.keyed(caller, idempotency_key.as_deref(), &[REPORT.as_bytes(), &written]);
        let (admitted, mut draft) = citizens.admit(caller, question(REPORT, purpose)).await;
        let standing = match admitted {
            Ok(standing) => standing,
            Err(refusal) => return self.refuse(draft, refusal).await,
        };
        if let Some(keyed) = &keyed {
            draft = match citizens.repeat(keyed, draft).await? {
                Repeated::Again(body, receipt) => {
                    return Ok(Answer { body: Body::Again(body), receipt, standing, negative: false });
                }
                Repeated::No(draft) => draft,
            };
        }
        let batch = Batch { received_at: draft.at(), draft: draft.clone(), keyed, known_by_night, dry_run: false };
        let taken = self
            .take(caller, vec![notice], &batch)
            .await?
            .into_iter()
            .next()
            .ok_or(StorageError::BrokenInvariant("a notice has no outcome"))?;
        match taken {
            Outcome::Taken { told, audit } => {
                let negative = told.guests.iter().any(|guest| guest.verdict != GuestVerdict::Verified);
                Ok(Answer { body: Body::First(*told), receipt: audit, standing, negative })
            }
            Outcome::Again(body, receipt) => Ok(Answer { body: Body::Again(body), receipt, standing, negative: false }),
            Outcome::Faulty(faults) => {
                let refusal = StaysError::Faulty(faults);
                self.refuse(draft.refused(refusal.reason()), refusal).await
            }
            Outcome::Trial { .. } => Err(StorageError::BrokenInvariant("a notice has no outcome").into()),
        }
    }

    /// Takes many: a transaction for some five hundred guests, with their entries. Whether the token
    /// still holds, and what agreement and operators say, is asked for each. What is refused has an entry for each notice, one that could not be
    /// read included; where none could be, the question itself counts as one.
    ///
    /// # Errors
    /// If the caller may not report at all, or the store is away; faults of notices are inside.
    pub async fn report_many(&self, caller: &Caller, command: ReportMany) -> Result<ReportedMany, StaysError> {
        let ReportMany { notices, unread, purpose, idempotency_key, request, dry_run, received_at } = command;
        let citizens = &self.0.citizens;
        let keyed = citizens.keyed(
            caller,
            idempotency_key.as_deref().filter(|_| !dry_run && !notices.is_empty()),
            &[REPORT_BATCH.as_bytes(), &request],
        );
        let wanted = u32::try_from(notices.len()).unwrap_or(u32::MAX);
        let asked = Purpose { officer: caller.officer.clone().or_else(|| purpose.officer.clone()), ..purpose.clone() };
        let question = question(REPORT_BATCH, purpose);
        let (admitted, mut draft) = citizens.admit_many(caller, question, wanted.max(1)).await;
        let (granted, standing) = match admitted {
            Ok(granted) => granted,
            Err(refusal) => return self.refuse(draft, refusal).await,
        };
        if let Some(keyed) = &keyed {
            draft = self.once(keyed, draft).await?;
        }
        let batch = Batch { draft, received_at, keyed: None, known_by_night: false, dry_run };
        let (mut taken, mut rest) = (Vec::with_capacity(notices.len()), notices);
        let refused = rest.split_off((granted as usize).min(rest.len()));
        while !rest.is_empty() {
            let caller = match self.still_agreed(caller, &asked).await {
                Ok(caller) => caller,
                Err(CitizensError::Denied(away)) if away.is_unavailability() => {
                    return Err(CitizensError::Denied(away).into());
                }
                Err(refusal) => {
                    let reason = refusal.reason();
                    return self.refuse(batch.draft.refused(reason), refusal).await;
                }
            };
            let later = rest.split_off(first_of(&rest));
            taken.append(&mut self.take(&caller, std::mem::replace(&mut rest, later), &batch).await?);
        }
        let mut notices: Vec<Result<Taken, Faults>> = Vec::with_capacity(taken.len() + refused.len());
        for outcome in taken {
            notices.push(told(outcome)?);
        }
        let faulty = if wanted == 0 { 1 } else { unread + notices.iter().filter(|told| told.is_err()).count() };
        self.refuse_each(&batch.draft, faulty, refused.len()).await?;
        notices.extend(refused.iter().map(|_| {
            let mut faults = Faults::default();
            faults.push("", "over_quota", OVER_QUOTA);
            Err(faults)
        }));
        Ok(ReportedMany { notices, standing })
    }

    /// The caller as they stand now, if they may go on reporting.
    async fn still_agreed(&self, caller: &Caller, purpose: &Purpose) -> Result<Caller, CitizensError> {
        let caller = self.0.access.renewed(caller).await?;
        let own = caller.citizen.is_some();
        caller.client.authorise(Operation::StaysReport, purpose, own, self.0.clock.now())?;
        Ok(caller)
    }

    /// Records the refusals among many notices, each under a transaction of its own.
    async fn refuse_each(&self, draft: &Draft, faulty: usize, over_quota: usize) -> Result<(), StaysError> {
        let reasons = std::iter::repeat_n("faulty", faulty).chain(std::iter::repeat_n("over_quota", over_quota));
        let under = |reason| draft.clone().under(TransactionId::random(&*self.0.entropy)).refused(reason);
        self.0.citizens.conclude_all(reasons.map(under).collect()).await?;
        Ok(())
    }

    /// Keeps the key of a batch: with another body it is refused. The same body goes its way again,
    /// and its notices are known by their nature.
    async fn once(&self, keyed: &Keyed, draft: Draft) -> Result<Draft, StaysError> {
        let citizens = &self.0.citizens;
        let draft = match citizens.repeat(keyed, draft.clone()).await? {
            Repeated::Again(..) => return Ok(draft),
            Repeated::No(draft) => draft,
        };
        let noted = draft.clone().under(TransactionId::random(&*self.0.entropy));
        let noted = noted.answered(Vec::new(), AttributeSet::EMPTY);
        let kept = citizens.keep(keyed, &noted, &serde_json::json!({}))?;
        let writer = citizens.clone();
        let written = self.0.store.write(move |tx| {
            kept.write(tx)?;
            writer.write_drafts(tx, std::slice::from_ref(&noted))
        });
        match written.await {
            Ok(_) => Ok(draft),
            // The same key was faster elsewhere: whether for the same batch, is looked at now.
            Err(StorageError::Conflict(_)) => match citizens.repeat(keyed, draft.clone()).await? {
                Repeated::Again(..) => Ok(draft),
                Repeated::No(draft) => Ok(draft),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Records a refusal and hands it back.
    pub(super) async fn refuse<T>(&self, draft: Draft, refusal: impl Into<StaysError>) -> Result<T, StaysError> {
        self.0.citizens.conclude(draft).await?;
        Err(refusal.into())
    }
}

/// How many notices go into the next transaction.
fn first_of(notices: &[Notice]) -> usize {
    let mut guests = 0;
    let fits = |notice: &&Notice| {
        guests += notice.guests.len();
        guests <= GUESTS_AT_ONCE
    };
    notices.iter().take_while(fits).count().max(1)
}

fn told(outcome: Outcome) -> Result<Result<Taken, Faults>, StaysError> {
    Ok(match outcome {
        Outcome::Taken { told, audit } => Ok(Taken::Reported { told, audit }),
        Outcome::Trial { repeated, deadline, on_time } => Ok(Taken::Trial { repeated, deadline, on_time }),
        Outcome::Faulty(faults) => Err(faults),
        Outcome::Again(..) => {
            return Err(CitizensError::from(StorageError::BrokenInvariant("a notice has no outcome")).into());
        }
    })
}
