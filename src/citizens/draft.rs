//! An audit entry on its way: every answer and every refusal ends in one.

use super::allowance::{Allowance, Consented};
use super::guard::Failure;
use super::model::{Citizen, Status};
use crate::access::Caller;
use crate::audit::{Entry, Outcome};
use crate::clients::{Agreement, Operation};
use crate::kernel::{Attribute, AttributeSet, CitizenId, Instant, LegalBasis, Purpose, TransactionId};

/// Why nothing more is told of somebody who is deceased or missing, in audit entries.
const NOT_ALIVE: &str = "not_alive";

/// What is asked, by which operation, and why.
#[derive(Debug, Clone)]
pub struct Question {
    pub operation: Operation,
    /// The operation's name in audit entries, e.g. `citizens.lookup`.
    pub name: &'static str,
    pub purpose: Purpose,
    pub attributes: AttributeSet,
}

/// An entry that waits for its outcome, and the failed anchor that is stored with it.
#[derive(Debug, Clone)]
pub struct Draft {
    pub(super) entry: Entry,
    pub(super) failure: Option<Failure>,
    /// Set where a citizen decided about this question: by a consent, or by their own token.
    consented: Option<Consented>,
    /// The question is whether a claimed status is the person's: its yes or no tells it.
    claims_status: bool,
    /// Other members of the household are named in the answer.
    pub(super) members_named: bool,
}

impl Draft {
    pub(super) fn new(transaction: TransactionId, at: Instant, caller: &Caller, question: Question) -> Self {
        let Purpose { procedure, legal_basis, officer, consent } = question.purpose;
        let mut draft = Self::unread(transaction, at, caller, question.name);
        draft.entry.consent = consent.map(|consent| consent.0);
        draft.entry.officer = officer.map(|officer| {
            let standing = caller.client.standing(&officer);
            (officer, standing)
        });
        draft.entry.attributes = question.attributes;
        draft.claims_status =
            question.operation == Operation::CitizensVerify && question.attributes.contains(Attribute::Status);
        draft.entry.procedure = Some(procedure);
        draft.entry.legal_basis = Some(legal_basis);
        draft
    }

    /// Of a request that is refused before anything of it is read.
    pub(super) fn unread(transaction: TransactionId, at: Instant, caller: &Caller, name: &'static str) -> Self {
        let entry = Entry {
            transaction,
            at,
            client: Some(caller.client.id.clone()),
            officer: None,
            // Whoever's own token asks is whom it is about, until somebody else is found to be.
            subjects: caller.citizen.iter().map(|grant| grant.citizen_id).collect(),
            operation: name,
            attributes: AttributeSet::EMPTY,
            procedure: None,
            legal_basis: None,
            consent: None,
            outcome: Outcome::Refused,
            reason: "",
        };
        Self { entry, failure: None, consented: None, claims_status: false, members_named: false }
    }

    /// What is asked for, where that shows only after the question was admitted.
    #[must_use]
    pub fn asking(mut self, attributes: AttributeSet) -> Self {
        self.entry.attributes = attributes;
        self
    }

    /// The same question once more, as a transaction of its own.
    #[must_use]
    pub fn under(mut self, transaction: TransactionId) -> Self {
        self.entry.transaction = transaction;
        self
    }

    pub fn transaction(&self) -> TransactionId {
        self.entry.transaction
    }

    /// When the question was asked.
    pub fn at(&self) -> Instant {
        self.entry.at
    }

    /// The question rests on what a citizen decided.
    pub(super) fn resting_on(mut self, consented: Consented) -> Self {
        self.entry.consent = consented.consent.map(|consent| consent.0);
        self.consented = Some(consented);
        self
    }

    /// Whether the question may be about this person: anybody, unless it rests on what a citizen
    /// decided.
    pub fn concerns(&self, person: CitizenId) -> bool {
        self.consented.is_none_or(|consented| consented.citizen == person)
    }

    /// What an answer about `person` may say under `agreement`; of somebody whom the question may not
    /// be about, nothing.
    pub fn allowance<'a>(&self, agreement: &'a Agreement, person: CitizenId) -> Allowance<'a> {
        let attributes = self.consented.map(|consented| match consented.citizen == person {
            true => consented.attributes,
            false => AttributeSet::EMPTY,
        });
        Allowance::new(agreement, attributes)
    }

    /// Whether an answer under `agreement` may speak of this person at all: of somebody who is not alive
    /// only to a client that is told so. To all others they are nobody, at every door: what is said of a
    /// living person would be taken to be true of a dead one.
    pub fn may_speak_of(&self, agreement: &Agreement, citizen: &Citizen) -> bool {
        let allowance = self.allowance(agreement, citizen.citizen_id);
        let claimed = self.claims_status && allowance.may_read(Attribute::Status);
        citizen.status == Status::Alive || allowance.tells_status() || claimed
    }

    /// Whether it rests on a consent, which is one person's: the answer speaks of nobody else.
    pub fn rests_on_consent(&self) -> bool {
        self.entry.legal_basis.as_ref().is_some_and(LegalBasis::is_consent)
    }

    /// Whether the answer may name the other members of the citizen's household: where the agreement
    /// needs them for this procedure, to an officer and to the citizen's own token alike, and never
    /// under a consent. Every operation asks here.
    pub fn names_members(&self, agreement: &Agreement) -> bool {
        let needed = self.entry.procedure.as_ref().is_some_and(|procedure| agreement.names_members(procedure));
        let approved = self
            .consented()
            .is_none_or(|approved| approved.contains(Attribute::Household) && approved.contains(Attribute::FullName));
        needed && approved && !self.rests_on_consent()
    }

    /// The attributes that whoever decided about this question agreed to; `None` if nobody had to.
    pub fn consented(&self) -> Option<AttributeSet> {
        self.consented.map(|consented| consented.attributes)
    }

    /// The entry, for a state change that writes it in its own transaction.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The question was not answered, for a reason named by a stable code.
    #[must_use]
    pub fn refused(mut self, reason: &'static str) -> Self {
        self.entry.outcome = Outcome::Refused;
        self.entry.reason = reason;
        self
    }

    pub(super) fn no_match(mut self, about: Option<CitizenId>, failure: Option<Failure>) -> Self {
        self.entry.outcome = Outcome::NoMatch;
        self.entry.subjects = about.into_iter().collect();
        self.failure = failure;
        self
    }

    /// The same of somebody who is not alive and whom the question [may not speak
    /// of](Self::may_speak_of): the entry says why, the answer does not.
    pub(super) fn hidden(mut self, about: Option<CitizenId>, failure: Option<Failure>) -> Self {
        self.entry.reason = NOT_ALIVE;
        self.no_match(about, failure)
    }

    /// All that is answered is that the person is not alive, which tells their status.
    #[must_use]
    pub fn answered_not_alive(mut self, person: CitizenId) -> Self {
        self.entry.reason = NOT_ALIVE;
        self.answered(vec![person], [Attribute::Status].into_iter().collect())
    }

    /// The question was answered: about whom, the one asked about first, and with what.
    #[must_use]
    pub fn answered(mut self, subjects: Vec<CitizenId>, attributes: AttributeSet) -> Self {
        self.entry.outcome = Outcome::Answered;
        self.entry.subjects = subjects;
        self.entry.attributes = attributes;
        self
    }

    /// The answer names other members of the household, so that it is not repeated once they are to
    /// be hidden.
    #[must_use]
    pub fn naming_members(mut self, named: bool) -> Self {
        self.members_named = named;
        self
    }

    /// Keeps the failed anchor of a further person, to be stored with the entry.
    pub(super) fn also_failed(mut self, failure: Option<Failure>) -> Self {
        self.failure = match (self.failure.take(), failure) {
            (Some(first), Some(more)) => Some(first.and(more)),
            (one, other) => one.or(other),
        };
        self
    }

    /// Whom a question that was not answered was about.
    #[must_use]
    pub fn about(mut self, subjects: Vec<CitizenId>) -> Self {
        self.entry.subjects = subjects;
        self
    }

    /// An earlier answer was given once more, under its own transaction.
    #[must_use]
    pub fn repeated(mut self, transaction: TransactionId, subjects: Vec<CitizenId>, attributes: AttributeSet) -> Self {
        self.entry.transaction = transaction;
        self.entry.outcome = Outcome::Replayed;
        self.entry.subjects = subjects;
        self.entry.attributes = attributes;
        self
    }
}
