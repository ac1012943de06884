//! An audit entry on its way: every answer and every refusal ends in one.

use super::allowance::{Allowance, Consented};
use super::guard::Failure;
use crate::access::Caller;
use crate::audit::{Entry, Outcome};
use crate::clients::{Agreement, Operation};
use crate::kernel::{AttributeSet, CitizenId, Instant, LegalBasis, Purpose, TransactionId};

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
            subjects: Vec::new(),
            operation: name,
            attributes: AttributeSet::EMPTY,
            procedure: None,
            legal_basis: None,
            consent: None,
            outcome: Outcome::Refused,
            reason: "",
        };
        Self { entry, failure: None, consented: None }
    }

    /// What is asked for, where that shows only after the question was admitted.
    #[must_use]
    pub fn asking(mut self, attributes: AttributeSet) -> Self {
        self.entry.attributes = attributes;
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

    /// The attributes that whoever decided about this question agreed to; `None` if nobody had to.
    pub fn consented(&self) -> Option<AttributeSet> {
        self.consented.map(|consented| consented.attributes)
    }

    /// The entry, for a state change that writes it in its own transaction.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Whether the legal basis is a consent, which must be looked for.
    pub(super) fn rests_on_consent(&self) -> bool {
        self.entry.legal_basis.as_ref().is_some_and(LegalBasis::is_consent)
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

    /// The question was answered: about whom, the one asked about first, and with what.
    #[must_use]
    pub fn answered(mut self, subjects: Vec<CitizenId>, attributes: AttributeSet) -> Self {
        self.entry.outcome = Outcome::Answered;
        self.entry.subjects = subjects;
        self.entry.attributes = attributes;
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
