//! What somebody shows within a question of a room above, which admits and records it.

use super::verify_card::told;
use super::{Qr, QrError};
use crate::access::Caller;
use crate::citizens::model::Status;
use crate::citizens::{Another, CitizensError, Draft};
use crate::kernel::{CitizenId, Instant};
use crate::qr::card::CardText;
use crate::qr::credential::{CredentialStatus, Verdict};
use crate::qr::model::{NotShown, Shown, recognise};
use crate::qr::store::credentials;
use crate::storage::{StorageError, Tx};

/// What was shown, held against the citizen store and the lists.
pub struct Presented {
    /// One living person's, as far as the citizen store knows; of a credential, also good by itself.
    pub verified: bool,
    /// Of a credential.
    pub status: Option<CredentialStatus>,
    /// Whom it is about, where that is one person.
    pub citizen: Option<CitizenId>,
    /// A credential that may be shown once: to be spent with [`spend`].
    pub single: Option<[u8; 16]>,
}

impl Qr {
    /// Recognises the text of a QR that `caller` was shown. Nobody is looked up.
    ///
    /// # Errors
    /// If it is neither card nor credential.
    pub fn recognise(&self, caller: &Caller, text: &str) -> Result<Shown, NotShown> {
        recognise(text, &self.issuers(), caller.client.id.as_str(), self.0.clock.now())
    }

    /// Holds a card against the citizen store, as a further person of the draft's question.
    ///
    /// # Errors
    /// If the store is away; that the guard blocks the client is inside, with its draft.
    pub async fn present_card(
        &self,
        caller: &Caller,
        card: &CardText,
        draft: Draft,
    ) -> Result<(Result<Presented, CitizensError>, Draft), QrError> {
        let (found, draft) = self.0.citizens.seek_another(caller, &card.anchor(), draft).await?;
        let presented = found.map(|found| match found {
            Another::Found(person) => {
                let citizen = person.record.citizen.citizen_id;
                let allowance = draft.allowance(&caller.client.agreement, citizen);
                let fits = told(draft.transaction(), card, &person, allowance).matched.verified;
                // What is made of it tells no status, so that nobody who is not alive fits.
                let alive = person.record.citizen.status == Status::Alive;
                let verified = fits && alive && draft.concerns(citizen);
                Presented { verified, status: None, citizen: Some(citizen), single: None }
            }
            Another::Unknown(citizen) => Presented { verified: false, status: None, citizen, single: None },
        });
        Ok((presented, draft))
    }

    /// Says what a credential is worth. One that may be shown once is not spent by that.
    pub async fn present_credential(
        &self,
        caller: &Caller,
        verdict: Verdict,
        draft: &Draft,
    ) -> Result<Presented, QrError> {
        let issued = self.issued(verdict.claims.as_ref()).await?;
        let told = self.look(caller, draft, verdict, issued.as_ref()).await?;
        let valid = told.status == Some(CredentialStatus::Valid);
        let spent = issued.is_some_and(|issued| issued.dynamic && issued.spent);
        let status = if valid && spent { Some(CredentialStatus::Replayed) } else { told.status };
        let single = issued.filter(|issued| issued.dynamic && valid && !spent).map(|issued| issued.id);
        let citizen = issued.map(|issued| issued.citizen);
        Ok(Presented { verified: told.matched.verified && !spent, status, citizen, single })
    }
}

/// Spends a credential that may be shown once, in the transaction that rests on it; whether it had not
/// been spent before.
pub fn spend(tx: &mut Tx<'_>, credential: &[u8], now: Instant) -> Result<bool, StorageError> {
    credentials::spend(tx.db()?, credential, now)
}
