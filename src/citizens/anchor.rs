//! Finding the one person whom number, name and birth date belong to.

use std::sync::Arc;

use super::cache::OpenRecord;
use super::draft::{Draft, Question};
use super::guard::meter::Standing;
use super::guard::{AnchorOutcome, Named};
use super::matching::anchor::Among;
use super::matching::{Anchor, AnchorNumber, Anchored};
use super::service::{Citizens, CitizensError, Drafted};
use crate::access::Caller;
use crate::kernel::CitizenId;
use crate::storage::StorageError;

/// The person an anchor holds for.
#[derive(Clone)]
pub struct AnchoredCitizen {
    pub record: Arc<OpenRecord>,
    pub anchored: Anchored,
}

/// Whom an anchor leads to, before anything of them is told.
enum Sought {
    Found(AnchoredCitizen),
    /// The anchor holds for them. They are not alive, and the question may not speak of them.
    Hidden(CitizenId),
    /// Nobody, or somebody whom the anchor does not hold for; then whom it was about, if one person.
    Nobody(Option<CitizenId>),
}

impl Sought {
    fn outcome(&self) -> AnchorOutcome {
        match self {
            Self::Found(_) => AnchorOutcome::Holds,
            Self::Hidden(_) => AnchorOutcome::NotAlive,
            Self::Nobody(_) => AnchorOutcome::Fails,
        }
    }

    /// Whom the question was about, if one person.
    fn about(&self) -> Option<CitizenId> {
        match self {
            Self::Found(person) => Some(person.record.citizen.citizen_id),
            Self::Hidden(citizen) => Some(*citizen),
            Self::Nobody(about) => *about,
        }
    }
}

/// What came of looking for somebody.
pub struct Anchoring {
    /// `None`: nobody, or somebody whom the anchor does not hold for; which of them is not told.
    pub person: Option<AnchoredCitizen>,
    pub standing: Standing,
}

/// A further person whom a question about somebody else names.
pub enum Another {
    Found(AnchoredCitizen),
    /// Nobody, somebody whom the anchor does not hold for, or somebody who may not be spoken of; whom it
    /// was about, if one person.
    Unknown(Option<CitizenId>),
}

impl Citizens {
    /// Looks for a further person within an answer that goes on without them. It counts as an
    /// anchor of its own; a failed one is stored with the draft's entry.
    ///
    /// # Errors
    /// If the store cannot answer; that the guard blocks the client is inside, with a draft that names
    /// whom it was about.
    pub async fn seek_another(
        &self,
        caller: &Caller,
        anchor: &Anchor,
        draft: Draft,
    ) -> Result<Drafted<Another>, CitizensError> {
        let sought = self.seek_for(caller, anchor, &draft).await?;
        let settled = self.0.guards.settle(&caller.client, named(anchor), sought.outcome(), draft.at()).await;
        match settled.map_err(CitizensError::from) {
            Ok(failure) => {
                let another = match sought {
                    Sought::Found(person) => Another::Found(person),
                    Sought::Hidden(citizen) => Another::Unknown(Some(citizen)),
                    Sought::Nobody(about) => Another::Unknown(about),
                };
                Ok((Ok(another), draft.also_failed(failure)))
            }
            Err(blocked @ CitizensError::Blocked(_)) => {
                let reason = blocked.reason();
                Ok((Err(blocked), draft.refused(reason).about(sought.about().into_iter().collect())))
            }
            Err(error) => Err(error),
        }
    }

    /// Looks for the one person an anchor holds for, within the caller's agreement, quota and
    /// guards. The draft must end in [`conclude`](Self::conclude), or its entry in the caller's own
    /// transaction, before anything is answered; a draft of a refusal or of nobody is finished.
    ///
    /// # Errors
    /// If the store cannot answer; refusals are inside, with their draft.
    pub async fn anchor(
        &self,
        caller: &Caller,
        question: Question,
        anchor: &Anchor,
    ) -> Result<(Result<Anchoring, CitizensError>, Draft), CitizensError> {
        let (admitted, draft) = self.admit(caller, question).await;
        match admitted {
            Ok(standing) => self.seek_anchored(caller, anchor, standing, draft).await,
            Err(refusal) => Ok((Err(refusal), draft)),
        }
    }

    /// The same for a question that was admitted.
    pub async fn seek_anchored(
        &self,
        caller: &Caller,
        anchor: &Anchor,
        standing: Standing,
        draft: Draft,
    ) -> Result<Drafted<Anchoring>, CitizensError> {
        let sought = match self.seek_for(caller, anchor, &draft).await? {
            // Somebody else than the citizen who decided: nobody, as for every other cause.
            sought @ (Sought::Found(_) | Sought::Hidden(_)) if !sought.about().is_some_and(|of| draft.concerns(of)) => {
                Sought::Nobody(sought.about())
            }
            sought => sought,
        };
        let judged = (sought.outcome(), sought.about());
        let (settled, draft) = self.settle(caller, named(anchor), judged, draft).await?;
        let person = match sought {
            Sought::Found(person) => Some(person),
            Sought::Hidden(_) | Sought::Nobody(_) => None,
        };
        Ok((settled.map(|()| Anchoring { person, standing }), draft))
    }

    /// The person an admitted question is about: whom the anchor holds for or, without one, the
    /// citizen whose own token asks. Without both there is nobody; an operation asks for one first.
    pub async fn seek_subject(
        &self,
        caller: &Caller,
        anchor: Option<&Anchor>,
        standing: Standing,
        draft: Draft,
    ) -> Result<Drafted<Anchoring>, CitizensError> {
        if let Some(anchor) = anchor {
            return self.seek_anchored(caller, anchor, standing, draft).await;
        }
        let own = caller.citizen.as_ref().map(|grant| grant.citizen_id);
        let record = match own {
            Some(citizen) => self.0.records.by_id(citizen).await?,
            None => None,
        };
        let (person, draft) = match record {
            None => (None, draft.no_match(own, None)),
            Some(record) if draft.may_speak_of(&caller.client.agreement, &record.citizen) => {
                (Some(AnchoredCitizen { record, anchored: Anchored::OWN }), draft)
            }
            Some(_) => (None, draft.hidden(own, None)),
        };
        Ok((Ok(Anchoring { person, standing }), draft))
    }

    /// Lets the guard decide. The draft of a question that is not anchored is finished.
    pub(super) async fn settle(
        &self,
        caller: &Caller,
        named: Named<'_>,
        (outcome, about): (AnchorOutcome, Option<CitizenId>),
        draft: Draft,
    ) -> Result<Drafted<()>, CitizensError> {
        match self.0.guards.settle(&caller.client, named, outcome, draft.at()).await.map_err(CitizensError::from) {
            Ok(failure) => {
                let draft = match outcome {
                    AnchorOutcome::Holds => draft,
                    AnchorOutcome::Fails => draft.no_match(about, failure),
                    AnchorOutcome::NotAlive => draft.hidden(about, failure),
                };
                Ok((Ok(()), draft))
            }
            Err(blocked @ CitizensError::Blocked(_)) => {
                let reason = blocked.reason();
                Ok((Err(blocked), draft.refused(reason).about(about.into_iter().collect())))
            }
            Err(error) => Err(error),
        }
    }

    /// Whom an anchor leads to, as far as the draft's question may speak of them.
    async fn seek_for(&self, caller: &Caller, anchor: &Anchor, draft: &Draft) -> Result<Sought, StorageError> {
        Ok(match self.seek(anchor).await? {
            (Some(person), _) if draft.may_speak_of(&caller.client.agreement, &person.record.citizen) => {
                Sought::Found(person)
            }
            (Some(person), _) => Sought::Hidden(person.record.citizen.citizen_id),
            (None, about) => Sought::Nobody(about),
        })
    }

    /// The person, and whom a failed anchor was about, if one person.
    pub(super) async fn seek(
        &self,
        anchor: &Anchor,
    ) -> Result<(Option<AnchoredCitizen>, Option<CitizenId>), StorageError> {
        let records = self.with_number(&anchor.number).await?;
        let about = match records.as_slice() {
            [only] => Some(only.citizen.citizen_id),
            [] => {
                self.0.records.decoy.compare(anchor);
                None
            }
            _ => None,
        };
        let person = match anchor.among(records, |record| record.view()) {
            Among::One(record, anchored) => Some(AnchoredCitizen { record, anchored }),
            Among::Nobody | Among::Several => None,
        };
        Ok((person, about))
    }

    /// Whom a question or its answer means by a number alone, without anybody being anchored: the one
    /// person who has it. For the entry alone.
    pub async fn meant_by(&self, number: &AnchorNumber) -> Result<Vec<CitizenId>, StorageError> {
        let records = self.with_number(number).await?;
        Ok(if let [only] = records.as_slice() { vec![only.citizen.citizen_id] } else { Vec::new() })
    }

    /// Everybody a number leads to.
    pub(super) async fn with_number(&self, number: &AnchorNumber) -> Result<Vec<Arc<OpenRecord>>, StorageError> {
        match number {
            AnchorNumber::Personal(number) => Ok(self.0.records.by_number(number).await?.into_iter().collect()),
            AnchorNumber::Legacy(number) => self.0.records.by_legacy_number(number).await,
        }
    }
}

/// What an anchor names, for the guards.
pub(super) fn named(anchor: &Anchor) -> Named<'_> {
    Named { number: digits(&anchor.number), person: Some((&anchor.full_name, anchor.date_of_birth)) }
}

/// The digits of either kind of number.
pub(super) fn digits(number: &AnchorNumber) -> &str {
    match number {
        AnchorNumber::Personal(number) => number.expose(),
        AnchorNumber::Legacy(number) => number.expose(),
    }
}
