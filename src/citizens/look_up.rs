//! Looking a citizen up: what the agreement allows of what was asked for.

use super::anchor::{AnchoredCitizen, Anchoring};
use super::disclose::{Disclosure, Household};
use super::draft::{Draft, Question};
use super::guard::meter::Standing;
use super::matching::Anchor;
use super::model::Status;
use super::service::{Citizens, CitizensError};
use super::warning::{Warning, warnings_of};
use crate::access::Caller;
use crate::audit::Receipt;
use crate::clients::{Detail, Operation};
use crate::kernel::{Attribute, AttributeSet, CitizenId, Purpose, TransactionId};
use crate::storage::StorageError;

/// The operation's name in audit entries.
pub(super) const LOOKUP: &str = "citizens.lookup";

#[derive(Debug, Clone)]
pub struct LookUp {
    pub anchor: Anchor,
    pub purpose: Purpose,
    pub attributes: AttributeSet,
}

/// What is told of somebody who was found.
pub struct Found {
    /// `None` where agreement or consent does not let it out.
    pub status: Option<Status>,
    pub disclosure: Disclosure,
    pub warnings: Vec<Warning>,
}

pub struct LookUpAnswer {
    pub transaction: TransactionId,
    /// `None`: no match, for whatever cause.
    pub found: Option<Found>,
    pub receipt: Receipt,
    pub standing: Standing,
}

impl Citizens {
    /// Answers with what the agreement lets out about the anchored person; recorded before it is
    /// returned.
    pub async fn look_up(&self, caller: &Caller, ask: LookUp) -> Result<LookUpAnswer, CitizensError> {
        let question = Question {
            operation: Operation::CitizensLookup,
            name: LOOKUP,
            purpose: ask.purpose,
            attributes: ask.attributes,
        };
        let (anchoring, draft) = self.anchor(caller, question, &ask.anchor).await?;
        let transaction = draft.transaction();
        let Anchoring { person, standing } = match anchoring {
            Ok(anchoring) => anchoring,
            Err(refusal) => {
                self.conclude(draft).await?;
                return Err(refusal);
            }
        };
        let Some(person) = person else {
            let receipt = self.conclude(draft).await?;
            return Ok(LookUpAnswer { transaction, found: None, receipt, standing });
        };
        let (found, draft) = self.disclose(caller, person, ask.attributes, draft).await?;
        let receipt = self.conclude(draft).await?;
        Ok(LookUpAnswer { transaction, found: Some(found), receipt, standing })
    }

    async fn disclose(
        &self,
        caller: &Caller,
        person: AnchoredCitizen,
        asked: AttributeSet,
        draft: Draft,
    ) -> Result<(Found, Draft), CitizensError> {
        let allowance = draft.allowance(&caller.client.agreement, person.record.citizen.citizen_id);
        let full = allowance.detail() == Detail::Full;
        let warnings =
            if full { warnings_of(&person.record.citizen, person.anchored.number, allowance) } else { Vec::new() };
        let status = allowance.tells_status().then_some(person.record.citizen.status);
        let mut disclosure = Disclosure::choose(person.record, asked, allowance);
        if !draft.names_members(&caller.client.agreement) {
            disclosure = disclosure.withholding_members();
        }
        if let Some(membership) = disclosure.needs_household() {
            let members = Box::pin(self.0.records.household(membership.household_id)).await?;
            disclosure = disclosure.with_household(Household { members });
        }
        let subjects = self.subjects_of(&disclosure).await?;
        let mut disclosed = disclosure.attributes();
        if status.is_some() {
            disclosed.insert(Attribute::Status);
        }
        let draft = draft.answered(subjects, disclosed);
        Ok((Found { status, disclosure, warnings }, draft))
    }

    /// Everybody of whom something is told: the citizen, members of the household, and relatives
    /// whose number is recorded.
    async fn subjects_of(&self, disclosure: &Disclosure) -> Result<Vec<CitizenId>, StorageError> {
        let mut subjects = disclosure.subjects();
        for number in disclosure.relatives().filter_map(|relative| relative.id_number.as_ref()) {
            if let Some(relative) = self.0.records.by_number(number).await? {
                let id = relative.citizen.citizen_id;
                if !subjects.contains(&id) {
                    subjects.push(id);
                }
            }
        }
        Ok(subjects)
    }
}
