//! Questions that rest on what a citizen decided: a consent on record, or their own token.

use super::allowance::Consented;
use super::draft::Draft;
use super::guard::meter::Standing;
use super::service::{Citizens, Drafted};
use crate::access::{Caller, CitizenGrant};
use crate::clients::Refusal;
use crate::kernel::{AttributeSet, ConsentId};
use crate::storage::StorageError;

impl Citizens {
    /// What a citizen's own token or session lets out now: what they approved or, once a consent that
    /// was given with the approval is over or withdrawn, nothing.
    pub async fn approved_attributes(&self, grant: &CitizenGrant) -> Result<AttributeSet, StorageError> {
        let Some(id) = grant.consent else { return Ok(grant.attributes) };
        let consent = self.0.consents.find(id).await?;
        let stands = consent.is_some_and(|consent| consent.in_force(self.0.clock.now()));
        Ok(if stands { grant.attributes } else { AttributeSet::EMPTY })
    }

    /// Lets an admitted question pass if the citizen's decision that it rests on covers it. Asked
    /// before anybody is looked for; a refusal of a consent that exists names whose it is.
    pub(super) async fn consented(&self, caller: &Caller, draft: Draft, standing: Standing) -> Drafted<Standing> {
        let own = caller.citizen.as_deref();
        if !draft.rests_on_consent() {
            let Some(grant) = own else { return (Ok(standing), draft) };
            return match self.approved_attributes(grant).await {
                Ok(attributes) => {
                    let consented = Consented { citizen: grant.citizen_id, attributes, consent: None };
                    (Ok(standing), draft.resting_on(consented))
                }
                Err(error) => (Err(error.into()), draft.refused("unavailable")),
            };
        }
        let named = draft.entry.consent.map(ConsentId).or(own.and_then(|grant| grant.consent));
        let found = match named {
            Some(id) => self.0.consents.find(id).await,
            None => Ok(None),
        };
        let consent = match found {
            Ok(consent) => consent,
            Err(error) => return (Err(error.into()), draft.refused("unavailable")),
        };
        let covers = consent.as_ref().is_some_and(|consent| {
            let procedure = draft.entry.procedure.as_ref();
            let ours = own.is_none_or(|grant| grant.citizen_id == consent.citizen);
            ours && procedure.is_some_and(|of| consent.covers(&caller.client.id, of, draft.at()).is_ok())
        });
        match consent {
            Some(consent) if covers => {
                let attributes = match own {
                    Some(grant) => consent.attributes.intersection(grant.attributes),
                    None => consent.attributes,
                };
                let consented = Consented { citizen: consent.citizen, attributes, consent: Some(consent.id) };
                (Ok(standing), draft.resting_on(consented))
            }
            consent => {
                let draft = draft.refused("consent_missing");
                let draft = match consent {
                    Some(consent) => draft.about(vec![consent.citizen]),
                    None => draft,
                };
                (Err(Refusal::ConsentMissing.into()), draft)
            }
        }
    }
}
