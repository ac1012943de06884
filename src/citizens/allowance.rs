//! What an answer may say: what the agreement lists and, where a citizen decided, what they agreed to.

use super::disclose::WithheldReason;
use crate::clients::{Agreement, Detail};
use crate::kernel::{Attribute, AttributeSet, CitizenId, ConsentId};

/// What a citizen decided about a question: by a consent on record, or by their own token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consented {
    /// Whose data it is about; nobody else is spoken of.
    pub citizen: CitizenId,
    pub attributes: AttributeSet,
    /// The consent on record, where the question rests on one.
    pub consent: Option<ConsentId>,
}

/// What an answer about one person may say.
#[derive(Debug, Clone, Copy)]
pub struct Allowance<'a> {
    agreement: &'a Agreement,
    consented: Option<AttributeSet>,
}

impl<'a> Allowance<'a> {
    /// `consented`: the attributes the citizen agreed to, where that is needed.
    pub fn new(agreement: &'a Agreement, consented: Option<AttributeSet>) -> Self {
        Self { agreement, consented }
    }

    pub fn detail(self) -> Detail {
        self.agreement.detail
    }

    /// Why `attribute` is not told; `None` if it may be.
    pub fn withholds(self, attribute: Attribute) -> Option<WithheldReason> {
        if self.agreement.detail == Detail::Boolean {
            Some(WithheldReason::BooleanDetail)
        } else if !self.agreement.attributes.contains(attribute) {
            Some(WithheldReason::NotAgreed)
        } else if self.consented.is_some_and(|consented| !consented.contains(attribute)) {
            Some(WithheldReason::NotConsented)
        } else {
            None
        }
    }

    /// The attributes that may be told: those for which [`withholds`](Self::withholds) has no reason.
    pub fn tells(self) -> AttributeSet {
        if self.agreement.detail == Detail::Boolean { AttributeSet::EMPTY } else { self.readable() }
    }

    /// Whether the answer may say that the person is alive, deceased or missing. Whoever is not told is
    /// told of nobody who is not alive, at any door: see [`Draft::may_speak_of`](super::Draft::may_speak_of).
    pub fn tells_status(self) -> bool {
        self.withholds(Attribute::Status).is_none()
    }

    /// Whether the value of `attribute` is within agreement and consent, however much detail the
    /// agreement allows.
    pub fn may_read(self, attribute: Attribute) -> bool {
        self.readable().contains(attribute)
    }

    /// The attributes within agreement and consent.
    pub fn readable(self) -> AttributeSet {
        let consented = self.consented.unwrap_or_else(AttributeSet::all);
        self.agreement.attributes.intersection(consented)
    }
}
