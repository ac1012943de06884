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
    AnchoredCitizen, Anchoring, Another, CitizensError, Disclosure, Draft, Household, OpenRecord, Question,
};
use crate::clients::{Agreement, Detail, Operation};
use crate::kernel::{Attribute, AttributeSet, CitizenId, CivilDate, Purpose, TransactionId};
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
    /// `None` where the agreement allows yes and no only.
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

impl Residence {
    /// Answers about the anchored citizen; recorded before it is returned.
    pub async fn check(&self, caller: &Caller, ask: Check) -> Result<CheckAnswer, CitizensError> {
        let citizens = &self.0.citizens;
        let question = Question {
            operation: Operation::ResidenceCheck,
            name: CHECK,
            purpose: ask.purpose.clone(),
            attributes: asked(&ask),
        };
        let (anchoring, draft) = citizens.anchor(caller, question, &ask.anchor).await?;
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
        let (others, draft) = self.seek_others(caller, &ask.predicates, &mut subjects, draft).await?;
        let others = match others {
            Ok(others) => others,
            Err(blocked) => return self.refuse(draft.about(subjects), blocked).await,
        };
        let negative = others.0.iter().any(|(_, record)| record.is_none());
        let agreement = &caller.client.agreement;
        let checked = self.answer(agreement, &ask, person, &others, &draft).await?;
        note(&mut subjects, checked.disclosure.subjects());
        let agreed = draft.allowance(agreement, subjects[0]).readable();
        let told = checked.disclosure.attributes().union(rested_on(&ask.predicates, &checked.answers, agreed));
        let receipt = citizens.conclude(draft.answered(subjects, told)).await?;
        Ok(CheckAnswer { transaction, checked: Some(checked), receipt, standing, negative })
    }

    /// Looks for everybody else whom a predicate names. Whoever was found, or was meant by a failed
    /// anchor, becomes a subject of the entry.
    async fn seek_others(
        &self,
        caller: &Caller,
        predicates: &[Predicate],
        subjects: &mut Vec<CitizenId>,
        mut draft: Draft,
    ) -> Result<(Result<Others, CitizensError>, Draft), CitizensError> {
        let mut others = Others(Vec::new());
        for anchor in predicates.iter().filter_map(Predicate::other) {
            if others.0.iter().any(|(known, _)| known == anchor) {
                continue;
            }
            let (found, kept) = self.0.citizens.seek_another(caller, anchor, draft).await?;
            draft = kept;
            let record = match found {
                Ok(Another::Found(person)) => Some(person.record),
                Ok(Another::Unknown(about)) => {
                    note(subjects, about);
                    None
                }
                Err(blocked) => return Ok((Err(blocked), draft)),
            };
            note(subjects, record.as_ref().map(|record| record.citizen.citizen_id));
            others.0.push((anchor.clone(), record));
        }
        Ok((Ok(others), draft))
    }

    async fn answer(
        &self,
        agreement: &Agreement,
        ask: &Check,
        person: AnchoredCitizen,
        others: &Others,
        draft: &Draft,
    ) -> Result<Checked, CitizensError> {
        let record = person.record;
        let allowance = draft.allowance(agreement, record.citizen.citizen_id);
        let today = self.0.clock.now().date_in_viet_nam();
        // What a citizen decided speaks of nobody else.
        let alone = draft.consented().is_some();
        let answers = ask.predicates.iter().map(|predicate| {
            let readable =
                if alone && predicate.other().is_some() { AttributeSet::EMPTY } else { allowance.readable() };
            answer(predicate, &record, others, readable, today)
        });
        let answers = answers.collect();
        let status = (agreement.detail == Detail::Full).then_some(record.citizen.status);
        let mut hidden = Vec::new();
        let mut disclosure = Disclosure::choose(Arc::clone(&record), ask.questions, allowance);
        let names_members = !alone && agreement.names_members(&ask.purpose);
        if disclosure.attributes().contains(Attribute::Household) && !names_members {
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

fn answer(
    predicate: &Predicate,
    record: &OpenRecord,
    others: &Others,
    readable: AttributeSet,
    today: CivilDate,
) -> Answer {
    let other = predicate.other().and_then(|anchor| others.record(anchor)).map(|record| &record.citizen);
    predicate.evaluate(&record.citizen, other, readable, today)
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
