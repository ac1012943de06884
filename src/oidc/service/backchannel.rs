//! Asking a citizen who is present, without a browser (OpenID Connect CIBA, poll mode).

use super::codec::digest_of;
use super::sign_in::with_approval;
use super::tokens::{Given, Spent, is_for_stopped_procedure};
use super::{Oidc, OidcError, entry};
use crate::access::{Binding, GrantError, IssuedToken, NewGrant};
use crate::clients::Client;
use crate::eid::{Approval, ApprovalRequest, Channel, MatchNumber, TransactionState};
use crate::oidc::model::{Backchannel, BackchannelRequest, Poll};
use crate::oidc::protocol::BackchannelParameters;
use crate::oidc::store::backchannel::{self, BackchannelRow};
use crate::storage::StorageError;

const KIND: &str = "auth_req_id";

/// What a client is told when its request was taken.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    pub auth_req_id: String,
    pub expires_in: u64,
    pub interval: u64,
    /// Two digits for the desk to show.
    pub match_number: MatchNumber,
}

/// What a poll finds in the database.
enum Found {
    Due(Backchannel),
    Fault(GrantError),
}

impl Oidc {
    /// Asks the holder of the number. Whether there is one, with an account, does not show.
    pub async fn ask(&self, client: &Client, asked: &BackchannelParameters<'_>) -> Result<Acknowledged, OidcError> {
        let checked =
            BackchannelRequest::check(asked, client, (self.0.config.backchannel_lifetime, self.0.clock.now()))?;
        self.0.citizens.charge(client).map_err(|_| OidcError::OverQuota)?;
        let citizen = self.citizen_of(&checked.number).await?;
        let details = checked.details.as_ref();
        let request = ApprovalRequest {
            client: client.id.clone(),
            citizen,
            unknown: citizen.is_none(),
            level: checked.level,
            attributes: checked.attributes,
            procedure: details.map(|details| details.procedure.clone()),
            legal_basis: details.map(|details| details.legal_basis.clone()),
            consent_for: details.and_then(|details| details.consent_for()),
            message: checked.message.clone(),
            place: None,
            channel: Channel::Counter,
            lifetime: checked.lifetime,
        };
        let details = details.map(serde_json::to_string).transpose();
        let details = details
            .map_err(|_| StorageError::BrokenInvariant("authorization details cannot be written as JSON"))?
            .unwrap_or_default();
        let secret = self.0.codec.secret();
        let (oidc, interval) = (self.clone(), self.0.config.poll_interval);
        let (digest, scope) = (digest_of(KIND, secret.expose()), checked.scope.clone());
        let begun = self.0.store.write(move |tx| -> Result<_, OidcError> {
            let begun = oidc.0.eid.begin(tx, &request)?;
            backchannel::insert(
                tx.db()?,
                &BackchannelRow {
                    digest: digest.to_vec(),
                    client_id: request.client.to_string(),
                    transaction_id: begun.transaction.as_bytes().to_vec(),
                    scope: scope.clone(),
                    details: details.clone(),
                    wait_s: i16::try_from(interval.as_secs()).unwrap_or(i16::MAX),
                    polled_at: 0,
                    expires_at: begun.expires.as_micros(),
                },
            )?;
            Ok(begun)
        });
        Ok(Acknowledged {
            auth_req_id: secret.expose().to_owned(),
            expires_in: checked.lifetime.as_secs(),
            interval: interval.as_secs(),
            match_number: begun.await?.digits,
        })
    }

    /// What the citizen decided: tokens, or why there are none (yet).
    pub(in crate::oidc) async fn poll(
        &self,
        client: &Client,
        auth_req_id: &str,
        binding: &Binding,
    ) -> Result<IssuedToken, GrantError> {
        let (oidc, of) = (self.clone(), client.id.clone());
        let digest = digest_of(KIND, auth_req_id);
        let found = self.0.store.write(move |tx| -> Result<Found, StorageError> {
            let now = oidc.0.clock.now();
            let unknown = Found::Fault(GrantError::Invalid("the auth_req_id is unknown"));
            let Some(row) = backchannel::find(tx.db()?, &digest)? else { return Ok(unknown) };
            let request = row.into_request()?;
            if request.client != of {
                return Ok(unknown);
            }
            match request.poll(now) {
                Poll::Due(request) => {
                    backchannel::note_poll(tx.db()?, &digest, request.wait, now)?;
                    Ok(Found::Due(request))
                }
                Poll::TooSoon(wait) => {
                    backchannel::note_poll(tx.db()?, &digest, wait, now)?;
                    Ok(Found::Fault(GrantError::SlowDown))
                }
                Poll::Over => Ok(Found::Fault(GrantError::Expired)),
            }
        });
        let request = match found.await? {
            Found::Due(request) => request,
            Found::Fault(fault) => return Err(fault),
        };
        match self.0.eid.state(request.transaction).await? {
            TransactionState::Pending => Err(GrantError::Pending),
            TransactionState::Rejected | TransactionState::Mismatch => Err(GrantError::Refused),
            TransactionState::Expired => Err(GrantError::Expired),
            // The approval is not taken, so that it is good again if the procedure is started in time.
            TransactionState::Approved if is_for_stopped_procedure(&request.details, &client.stops) => {
                Err(GrantError::ProcedureStopped)
            }
            TransactionState::Approved => {
                let spent = self.take_approval(client, request).await?;
                self.tokens(client, spent, binding)
            }
        }
    }

    /// Takes the approval, once, with the grant, its refresh token and its entry.
    async fn take_approval(&self, client: &Client, request: Backchannel) -> Result<Spent, StorageError> {
        let (oidc, client, lifetime) = (self.clone(), client.clone(), self.0.config.grant_lifetime);
        let taken = self.0.store.write(move |tx| -> Result<Spent, StorageError> {
            let Some(approval) = oidc.0.eid.take(tx, request.transaction)? else {
                return Ok(Spent::Fault("the auth_req_id was used"));
            };
            if approval.client != client.id {
                return Err(StorageError::inconsistent("oidc_backchannel", "transaction_id"));
            }
            let grant = oidc.0.access.keep_grant(tx, &client, &new_grant(&approval, &request, lifetime))?;
            let refresh = Some(oidc.new_refresh_token(tx, &grant)?);
            let at = (request.transaction, oidc.0.clock.now());
            let noted = entry("oidc.backchannel", &client.id, Some(approval.citizen_id), at);
            oidc.0.audit.append(tx, &with_approval(noted, &approval));
            Ok(Spent::Grant(Box::new(Given { grant, part: None, refresh, nonce: None })))
        });
        taken.await
    }
}

fn new_grant(approval: &Approval, request: &Backchannel, lifetime: std::time::Duration) -> NewGrant {
    NewGrant {
        citizen_id: approval.citizen_id,
        device: approval.device,
        level: approval.level,
        amr: approval.amr.clone(),
        scope: request.scope.clone(),
        attributes: approval.attributes,
        consent: approval.consent,
        details: request.details.clone(),
        approved_at: approval.approved_at,
        backchannel: true,
        lifetime,
    }
}
