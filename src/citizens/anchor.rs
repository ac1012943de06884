//! Finding the one person whom number, name and birth date belong to.

use std::sync::Arc;

use super::cache::OpenRecord;
use super::draft::{Draft, Question};
use super::guard::Named;
use super::guard::meter::Standing;
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

/// What came of looking for somebody.
pub struct Anchoring {
    /// `None`: nobody, or somebody whom the anchor does not hold for; which of them is not told.
    pub person: Option<AnchoredCitizen>,
    pub standing: Standing,
}

/// A further person whom a question about somebody else names.
pub enum Another {
    Found(AnchoredCitizen),
    /// Nobody, or somebody whom the anchor does not hold for; then whom it was about, if one person.
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
        let (person, about) = self.seek(anchor).await?;
        let named = Named { number: digits(&anchor.number), person: Some((&anchor.full_name, anchor.date_of_birth)) };
        let settled = self.0.guards.settle(&caller.client, named, person.is_some(), draft.at()).await;
        match settled.map_err(CitizensError::from) {
            Ok(failure) => {
                let another = person.map_or(Another::Unknown(about), Another::Found);
                Ok((Ok(another), draft.also_failed(failure)))
            }
            Err(blocked @ CitizensError::Blocked(_)) => {
                let reason = blocked.reason();
                Ok((Err(blocked), draft.refused(reason).about(about.into_iter().collect())))
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
        let (person, about) = self.seek(anchor).await?;
        // Somebody else than the citizen who decided: nobody, as for every other cause.
        let person = person.filter(|person| draft.concerns(person.record.citizen.citizen_id));
        let named = Named { number: digits(&anchor.number), person: Some((&anchor.full_name, anchor.date_of_birth)) };
        let settled = self.settle(caller, named, person.is_some(), about, draft).await?;
        Ok(match settled {
            (Ok(()), draft) => (Ok(Anchoring { person, standing }), draft),
            (Err(blocked), draft) => (Err(blocked), draft),
        })
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
        let record = match &caller.citizen {
            Some(grant) => self.0.records.by_id(grant.citizen_id).await?,
            None => None,
        };
        let person = record.map(|record| AnchoredCitizen { record, anchored: Anchored::OWN });
        let own = caller.citizen.as_ref().map(|grant| grant.citizen_id);
        let draft = if person.is_some() { draft } else { draft.no_match(own, None) };
        Ok((Ok(Anchoring { person, standing }), draft))
    }

    /// Lets the guard decide. The draft of a question that is not anchored is finished.
    pub(super) async fn settle(
        &self,
        caller: &Caller,
        named: Named<'_>,
        anchored: bool,
        about: Option<CitizenId>,
        draft: Draft,
    ) -> Result<Drafted<()>, CitizensError> {
        match self.0.guards.settle(&caller.client, named, anchored, draft.at()).await.map_err(CitizensError::from) {
            Ok(_) if anchored => Ok((Ok(()), draft)),
            Ok(failure) => Ok((Ok(()), draft.no_match(about, failure))),
            Err(blocked @ CitizensError::Blocked(_)) => {
                let reason = blocked.reason();
                Ok((Err(blocked), draft.refused(reason).about(about.into_iter().collect())))
            }
            Err(error) => Err(error),
        }
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

/// The digits of either kind of number.
pub(super) fn digits(number: &AnchorNumber) -> &str {
    match number {
        AnchorNumber::Personal(number) => number.expose(),
        AnchorNumber::Legacy(number) => number.expose(),
    }
}
