//! Questions that rest on what a citizen decided: a consent on record, or their own token.

use super::allowance::Consented;
use super::draft::Draft;
use super::guard::meter::Standing;
use super::service::{Citizens, Drafted};
use crate::access::{Caller, CitizenGrant};
use crate::clients::Refusal;
use crate::kernel::{ConsentId, LegalBasis};

impl Citizens {
    /// Lets an admitted question pass if the citizen's decision that it rests on covers it. Asked
    /// before anybody is looked for; a refusal of a consent that exists names whose it is.
    pub(super) async fn consented(&self, caller: &Caller, draft: Draft, standing: Standing) -> Drafted<Standing> {
        let own = caller.citizen.as_deref();
        if !draft.entry.legal_basis.as_ref().is_some_and(LegalBasis::is_consent) {
            let draft = match own {
                Some(grant) => draft.resting_on(approved(grant)),
                None => draft,
            };
            return (Ok(standing), draft);
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
                    Some(grant) if grant.consent != Some(consent.id) => {
                        consent.attributes.intersection(grant.attributes)
                    }
                    _ => consent.attributes,
                };
                let consented = Consented { citizen: consent.citizen, attributes, consent: Some(consent.id) };
                (Ok(standing), draft.resting_on(consented))
            }
            consent => {
                let about = consent.map(|consent| consent.citizen).into_iter().collect();
                (Err(Refusal::ConsentMissing.into()), draft.refused("consent_missing").about(about))
            }
        }
    }
}

/// What a citizen approved with their own token.
fn approved(grant: &CitizenGrant) -> Consented {
    Consented { citizen: grant.citizen_id, attributes: grant.attributes, consent: None }
}
