//! Residence checked: what is asked is told as far as the agreement lets it out, and predicates are
//! answered without telling what the answer rests on.

use std::sync::Arc;

use super::Residence;
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens::guard::meter::Standing;
use crate::citizens::matching::Anchor;
use crate::citizens::model::Status;
use crate::citizens::{
    Allowance, AnchoredCitizen, Anchoring, Another, CitizensError, Disclosure, Draft, Household, OpenRecord, Question,
};
use crate::clients::{Agreement, Operation};
use crate::kernel::{Attribute, AttributeSet, CitizenId, Purpose, TransactionId};
use crate::residence::model::{Answer, Hidden, Predicate, Reason};

/// The operation's name in audit entries.
pub const CHECK: &str = "residence.check";

/// What is asked about one citizen.
#[derive(Clone)]
pub struct Check {
    pub anchor: Anchor,
    pub purpose: Purpose,
    /// Of [`QUESTIONS`](crate::residence::model::QUESTIONS).
    pub questions: AttributeSet,
    pub predicates: Vec<Predicate>,
}

/// What is told of somebody who was found.
pub struct Checked {
    /// `None` where the agreement does not list it or allows yes and no only.
    pub status: Option<Status>,
    pub disclosure: Disclosure,
    pub hidden: Vec<Hidden>,
    /// In the order of the request.
    pub answers: Vec<Answer>,
}

pub struct CheckAnswer {
    pub transaction: TransactionId,
    /// `None`: no match, for whatever cause.
    pub checked: Option<Checked>,
    pub receipt: Receipt,
    pub standing: Standing,
    /// Leaves at the time of negative answers.
    pub negative: bool,
}

/// The other people that predicates name, each looked for once.
struct Others(Vec<(Anchor, Option<Arc<OpenRecord>>)>);

impl Others {
    fn record(&self, anchor: &Anchor) -> Option<&Arc<OpenRecord>> {
        self.0.iter().find(|(of, _)| of == anchor).and_then(|(_, record)| record.as_ref())
    }
}

/// What predicates may rest on.
#[derive(Clone, Copy)]
struct Agreed<'a> {
    agreement: &'a Agreement,
    allowance: Allowance<'a>,
    readable: AttributeSet,
    /// A consent speaks of nobody else.
    alone: bool,
}

impl<'a> Agreed<'a> {
    /// Of whoever an admitted question may be about.
    fn of(agreement: &'a Agreement, draft: &Draft) -> Self {
        let allowance = Allowance::new(agreement, draft.consented());
        Self { agreement, allowance, readable: allowance.readable(), alone: draft.rests_on_consent() }
    }

    /// The attributes that an answer to `predicate` may rest on.
    fn to(&self, predicate: &Predicate) -> AttributeSet {
        if self.alone && predicate.other().is_some() { AttributeSet::EMPTY } else { self.readable }
    }

    /// Everybody else whom predicates name that may be answered, each once. Nobody is looked for
    /// where nothing will be told: that it took longer would tell.
    fn others<'p>(&self, predicates: &'p [Predicate]) -> Vec<&'p Anchor> {
        let answered = predicates.iter().filter(|one| !one.attributes().intersection(self.to(one)).is_empty());
        let mut wanted: Vec<&Anchor> = Vec::new();
        for anchor in answered.filter_map(Predicate::other) {
            if !wanted.contains(&anchor) {
                wanted.push(anchor);
            }
        }
        wanted
    }
}

impl Residence {
    /// Answers about the anchored citizen; recorded before it is returned. Each further person whom
    /// a predicate names counts against the quota like a call, whether or not the citizen is found.
    pub async fn check(&self, caller: &Caller, ask: Check) -> Result<CheckAnswer, CitizensError> {
        let citizens = &self.0.citizens;
        let question = Question {
            operation: Operation::ResidenceCheck,
            name: CHECK,
            purpose: ask.purpose.clone(),
            attributes: asked(&ask),
        };
        let (admitted, draft) = citizens.admit(caller, question).await;
        let standing = match admitted {
            Ok(standing) => standing,
            Err(refusal) => return self.refuse(draft, refusal).await,
        };
        let agreed = Agreed::of(&caller.client.agreement, &draft);
        let wanted = agreed.others(&ask.predicates);
        // Before anybody is looked for: what is left of the quota must not say whether the anchor holds.
        let standing = match citizens.charge_more(caller, wanted.len()) {
            Ok(further) => further.unwrap_or(standing),
            Err(refusal) => {
                let draft = draft.refused(refusal.reason());
                return self.refuse(draft, refusal).await;
            }
        };
        let (anchoring, draft) = citizens.seek_anchored(caller, &ask.anchor, standing, draft).await?;
        let transaction = draft.transaction();
        let Anchoring { person, standing } = match anchoring {
            Ok(anchoring) => anchoring,
            Err(refusal) => return self.refuse(draft, refusal).await,
        };
        let Some(person) = person else {
            let receipt = citizens.conclude(draft).await?;
            return Ok(CheckAnswer { transaction, checked: None, receipt, standing, negative: true });
        };
        let mut subjects = vec![person.record.citizen.citizen_id];
        let (others, draft) = self.seek_others(caller, wanted, &mut subjects, draft).await?;
        let others = match others {
            Ok(others) => others,
            Err(blocked) => return self.refuse(draft.about(subjects), blocked).await,
        };
        let negative = others.0.iter().any(|(_, record)| record.is_none());
        let checked = self.answer(&ask, person, (&others, agreed), &draft).await?;
        note(&mut subjects, checked.disclosure.subjects());
        let mut told = checked.disclosure.attributes();
        told = told.union(rested_on(&ask.predicates, &checked.answers, agreed.readable));
        if checked.status.is_some() {
            told.insert(Attribute::Status);
        }
        let receipt = citizens.conclude(draft.answered(subjects, told)).await?;
        Ok(CheckAnswer { transaction, checked: Some(checked), receipt, standing, negative })
    }

    /// Looks for everybody else whom a predicate that may be answered names. Whoever was found, or
    /// was meant by a failed anchor, becomes a subject of the entry.
    async fn seek_others(
        &self,
        caller: &Caller,
        wanted: Vec<&Anchor>,
        subjects: &mut Vec<CitizenId>,
        mut draft: Draft,
    ) -> Result<(Result<Others, CitizensError>, Draft), CitizensError> {
        let mut others = Others(Vec::new());
        for anchor in wanted {
            let (found, kept) = self.0.citizens.seek_another(caller, anchor, draft).await?;
            draft = kept;
            let record = match found {
                Ok(Another::Found(person)) => Some(person.record),
                Ok(Another::Unknown(about)) => {
                    note(subjects, about);
                    None
                }
                Err(blocked) => {
                    note(subjects, draft.entry().subjects.clone());
                    return Ok((Err(blocked), draft));
                }
            };
            note(subjects, record.as_ref().map(|record| record.citizen.citizen_id));
            others.0.push((anchor.clone(), record));
        }
        Ok((Ok(others), draft))
    }

    async fn answer(
        &self,
        ask: &Check,
        person: AnchoredCitizen,
        (others, agreed): (&Others, Agreed<'_>),
        draft: &Draft,
    ) -> Result<Checked, CitizensError> {
        let record = person.record;
        let today = self.0.clock.now().date_in_viet_nam();
        let answers = ask.predicates.iter().map(|predicate| {
            let other = predicate.other().and_then(|anchor| others.record(anchor)).map(|record| &record.citizen);
            predicate.evaluate(&record.citizen, other, agreed.to(predicate), today)
        });
        let answers = answers.collect();
        let status = agreed.allowance.tells_status().then_some(record.citizen.status);
        let mut hidden = Vec::new();
        let mut disclosure = Disclosure::choose(Arc::clone(&record), ask.questions, agreed.allowance);
        if disclosure.attributes().contains(Attribute::Household) && !draft.names_members(agreed.agreement) {
            hidden = Hidden::members_of(&record.citizen);
            disclosure = disclosure.without_members();
        }
        if let Some(membership) = disclosure.needs_household() {
            let members = self.0.citizens.household(membership.household_id).await?;
            disclosure = disclosure.with_household(Household { members });
        }
        Ok(Checked { status, disclosure, hidden, answers })
    }
}

fn note(subjects: &mut Vec<CitizenId>, more: impl IntoIterator<Item = CitizenId>) {
    for id in more {
        if !subjects.contains(&id) {
            subjects.push(id);
        }
    }
}

fn asked(ask: &Check) -> AttributeSet {
    ask.predicates.iter().fold(ask.questions, |all, predicate| all.union(predicate.attributes()))
}

/// The attributes that yes or no was said about.
fn rested_on(predicates: &[Predicate], answers: &[Answer], agreed: AttributeSet) -> AttributeSet {
    let answered = predicates.iter().zip(answers).filter(|(_, answer)| answer.reason != Reason::NotAgreed);
    answered.fold(AttributeSet::EMPTY, |all, (predicate, _)| all.union(predicate.attributes().intersection(agreed)))
}
