//! Verifying claims: yes or no, and for those who may know, which.

use std::sync::Arc;

use super::allowance::Allowance;
use super::anchor::{AnchoredCitizen, Anchoring, digits};
use super::cache::OpenRecord;
use super::draft::{Draft, Question};
use super::guard::meter::Standing;
use super::guard::{AnchorOutcome, Named};
use super::matching::claims::{Check, Claim, Claims};
use super::matching::date::as_precise_as;
use super::matching::{AnchorNumber, Comparison, Verdict};
use super::model::Status;
use super::service::{Citizens, CitizensError, Drafted};
use super::warning::{Warning, warnings_of};
use crate::access::Caller;
use crate::audit::Receipt;
use crate::clients::{Detail, Operation};
use crate::kernel::{Attribute, AttributeSet, Classification, LegacyIdNumber, Purpose, TransactionId};

/// The operation's name in audit entries.
pub(super) const VERIFY: &str = "citizens.verify";

#[derive(Debug, Clone)]
pub struct Verify {
    pub number: AnchorNumber,
    /// A CMND given beside the personal number: whether both are one person's.
    pub legacy_number: Option<LegacyIdNumber>,
    pub claims: Claims,
}

impl Verify {
    /// Whether the claims can be compared: with a name and a birth date anything, without both
    /// nothing but the one that is given.
    pub fn is_comparable(&self) -> bool {
        self.is_anchor() || (self.claims.len() == 1 && self.legacy_number.is_none() && self.is_part_of_anchor())
    }

    fn is_anchor(&self) -> bool {
        let claimed = self.claims.attributes();
        claimed.contains(Attribute::FullName) && claimed.contains(Attribute::DateOfBirth)
    }

    fn is_part_of_anchor(&self) -> bool {
        let claimed = self.claims.attributes();
        claimed.contains(Attribute::FullName) || claimed.contains(Attribute::DateOfBirth)
    }

    /// The claims that the citizen has not agreed to; name and birth date are what a person is found
    /// by, so they can always be claimed.
    fn beyond(&self, consented: Option<AttributeSet>) -> AttributeSet {
        let anchor: AttributeSet = [Attribute::FullName, Attribute::DateOfBirth].into_iter().collect();
        consented.map_or(AttributeSet::EMPTY, |consented| self.attributes().difference(consented.union(anchor)))
    }

    fn attributes(&self) -> AttributeSet {
        let mut attributes = self.claims.attributes();
        if self.legacy_number.is_some() {
            attributes.insert(Attribute::LegacyIdNumber);
        }
        attributes
    }
}

/// What an agreement for full detail is told of an anchored person.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// `None` where agreement or consent does not let it out.
    pub status: Option<Status>,
    pub checks: Vec<Check>,
    pub warnings: Vec<Warning>,
}

/// An answer that has still to be recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdicts {
    pub verified: bool,
    pub checked: Option<Checked>,
}

pub struct VerifyAnswer {
    pub transaction: TransactionId,
    pub verdicts: Verdicts,
    pub receipt: Receipt,
    pub standing: Standing,
}

impl Citizens {
    /// Says whether the claims are one person's who has the number; recorded before it is returned.
    pub async fn verify(&self, caller: &Caller, ask: Verify, purpose: Purpose) -> Result<VerifyAnswer, CitizensError> {
        let (admitted, draft) = self.admit(caller, question(&ask, purpose, VERIFY)).await;
        let (answer, draft) = match admitted {
            Ok(standing) => {
                let (verdicts, draft) = self.compare(caller, &ask, standing, draft).await?;
                (verdicts.map(|verdicts| (verdicts, standing)), draft)
            }
            Err(refusal) => (Err(refusal), draft),
        };
        let transaction = draft.transaction();
        let receipt = self.conclude(draft).await?;
        let (verdicts, standing) = answer?;
        Ok(VerifyAnswer { transaction, verdicts, receipt, standing })
    }

    /// Compares the claims of an admitted question; the draft is finished.
    pub(super) async fn compare(
        &self,
        caller: &Caller,
        ask: &Verify,
        standing: Standing,
        draft: Draft,
    ) -> Result<Drafted<Verdicts>, CitizensError> {
        let agreement = &caller.client.agreement;
        let not_agreed: AttributeSet = ask
            .attributes()
            .difference(agreement.attributes)
            .iter()
            .filter(|attribute| attribute.classification() == Classification::Sensitive)
            .collect();
        if !not_agreed.is_empty() {
            let refusal = CitizensError::AttributesNotAgreed(not_agreed);
            return self.refuse_claims(&ask.number, refusal, draft).await;
        }
        let beyond = ask.beyond(draft.consented());
        if !beyond.is_empty() {
            let refusal = CitizensError::AttributesNotConsented(beyond);
            return self.refuse_claims(&ask.number, refusal, draft).await;
        }
        let Some(anchor) = ask.claims.anchor(ask.number.clone()) else {
            return self.compare_part(caller, ask, draft).await;
        };
        let (anchoring, draft) = self.seek_anchored(caller, &anchor, standing, draft).await?;
        Ok(match anchoring {
            Err(refusal) => (Err(refusal), draft),
            Ok(Anchoring { person: None, .. }) => (Ok(Verdicts { verified: false, checked: None }), draft),
            Ok(Anchoring { person: Some(person), .. }) => {
                let id = person.record.citizen.citizen_id;
                let verdicts = verdicts(&person, ask, draft.allowance(agreement, id));
                let mut disclosed = ask.attributes();
                if verdicts.checked.as_ref().is_some_and(|checked| checked.status.is_some()) {
                    disclosed.insert(Attribute::Status);
                }
                (Ok(verdicts), draft.answered(vec![id], disclosed))
            }
        })
    }

    /// Refuses claims that may not be made about whoever has the number.
    async fn refuse_claims(
        &self,
        number: &AnchorNumber,
        refusal: CitizensError,
        draft: Draft,
    ) -> Result<Drafted<Verdicts>, CitizensError> {
        let reason = refusal.reason();
        let about = self.meant_by(number).await?;
        Ok((Err(refusal), draft.refused(reason).about(about)))
    }

    /// A name alone, or a birth date alone: yes or no and nothing else, and a *no* is a failed
    /// anchor. A CMND, which may be shared, needs both. This answer has no place for a status, so whoever
    /// is not alive is nobody here, whatever the agreement lists.
    async fn compare_part(
        &self,
        caller: &Caller,
        ask: &Verify,
        draft: Draft,
    ) -> Result<Drafted<Verdicts>, CitizensError> {
        let records = self.with_number(&ask.number).await?;
        let about = match records.as_slice() {
            [only] => Some(only),
            _ => None,
        };
        let personal = matches!(ask.number, AnchorNumber::Personal(_));
        let fits = |record: &Arc<OpenRecord>| {
            draft.concerns(record.citizen.citizen_id) & ask.claims.iter().all(|claim| holds(claim, record))
        };
        let fits = personal && about.is_some_and(fits);
        let outcome = match about.filter(|_| fits).map(|record| record.citizen.status) {
            Some(Status::Alive) => AnchorOutcome::Holds,
            Some(Status::Deceased | Status::Missing) => AnchorOutcome::NotAlive,
            None => AnchorOutcome::Fails,
        };
        let about = about.map(|record| record.citizen.citizen_id);
        let verified = outcome == AnchorOutcome::Holds;
        let named = Named { number: digits(&ask.number), person: None };
        let (settled, draft) = self.settle(caller, named, (outcome, about), draft).await?;
        Ok(match settled {
            Err(blocked) => (Err(blocked), draft),
            Ok(()) if verified => {
                let draft = draft.answered(about.into_iter().collect(), ask.attributes());
                (Ok(Verdicts { verified, checked: None }), draft)
            }
            Ok(()) => (Ok(Verdicts { verified, checked: None }), draft),
        })
    }
}

pub(super) fn question(ask: &Verify, purpose: Purpose, name: &'static str) -> Question {
    Question { operation: Operation::CitizensVerify, name, purpose, attributes: ask.attributes() }
}

/// Whether a claim holds by itself; a date must be as precise as the record's.
fn holds(claim: &Claim, record: &Arc<OpenRecord>) -> bool {
    let precise = match claim {
        Claim::DateOfBirth(date) => as_precise_as(*date, record.citizen.date_of_birth),
        _ => true,
    };
    precise && claim.compare(record.view()).comparison.verdict.verifies()
}

fn verdicts(person: &AnchoredCitizen, ask: &Verify, allowance: Allowance<'_>) -> Verdicts {
    let record = person.record.view();
    let mut checks = ask.claims.compare(record);
    if let Some(number) = &ask.legacy_number {
        checks.push(Claim::LegacyIdNumber(number.clone()).compare(record));
        checks.sort_by_key(|check| check.attribute);
    }
    let verified = checks.iter().all(|check| check.comparison.verdict.verifies());
    let checked = (allowance.detail() == Detail::Full).then(|| Checked {
        status: allowance.tells_status().then_some(person.record.citizen.status),
        warnings: warnings_of(&person.record.citizen, person.anchored.number, allowance),
        checks: checks.into_iter().map(|check| told(check, allowance)).collect(),
    });
    Verdicts { verified, checked }
}

/// How near a claim came is told only of what the client may read anyway.
fn told(mut check: Check, allowance: Allowance<'_>) -> Check {
    if !allowance.may_read(check.attribute) {
        check.score = None;
        if !matches!(check.comparison.verdict, Verdict::Exact | Verdict::Equivalent | Verdict::NotRecorded) {
            check.comparison = Comparison::DIFFERS;
        }
    }
    check
}
