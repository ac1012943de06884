//! Access tokens on their way back: verified once, then known by their digest until they expire.

use std::sync::Arc;
use std::time::Duration;

use super::approved::Grant;
use super::caller::CallerProof;
use super::dpop::{ProofError, ProofFault, ProofTarget, Thumbprint};
use super::service::Access;
use super::store::grants;
use super::token::{Claims, TYPE};
use super::{Caller, Denied};
use crate::clients::{Client, Operation, OperationSet};
use crate::crypto::digest::sha256;
use crate::crypto::jose::{Typ, Unverified, jwt};
use crate::kernel::{AttributeSet, ClientId, Instant, TransactionId};
use crate::storage::StorageError;

const LONGEST_TOKEN: usize = 4 * 1024;
/// How far the clocks of replicas may differ.
const SKEW: Duration = Duration::from_secs(10);

/// What a verified token says.
#[derive(Debug)]
pub struct Verified {
    pub client: ClientId,
    pub subject: String,
    /// As it is written in the token.
    pub scope: String,
    pub scopes: OperationSet,
    pub issued: Instant,
    pub expires: Instant,
    pub id: String,
    pub grant: Option<TransactionId>,
    /// The attributes of the grant that it gives, where they are not all of them.
    pub attributes: Option<AttributeSet>,
    /// The key it is bound to.
    pub key: Option<Thumbprint>,
}

/// Whom a Bearer token shows.
pub(super) enum Bearer {
    /// The client for itself: known without a look into the database.
    Client(Caller),
    /// A citizen's approval must be looked up.
    Citizen(Arc<Verified>),
}

impl Access {
    /// Who calls with this Bearer token. The client is looked at as it stands now: one that was
    /// stopped a second ago is out.
    pub(super) fn bearer(&self, token: &str) -> Result<Bearer, Denied> {
        let verified = self.known(token)?;
        if verified.key.is_some() {
            // RFC 9449 section 7.1: a bound token is none without its proof.
            return Err(Denied::TokenInvalid);
        }
        if verified.grant.is_some() {
            return Ok(Bearer::Citizen(verified));
        }
        let client = self.client_at_work(&verified.client)?;
        if !client.may_use_bearer() {
            return Err(Denied::BearerNotAgreed);
        }
        Ok(Bearer::Client(Caller::of_token(client, None, verified)))
    }

    /// Who calls with this token and this proof (RFC 9449 section 7.1).
    pub(super) async fn bound_caller(
        &self,
        token: &str,
        proof: &str,
        target: ProofTarget<'_>,
    ) -> Result<Caller, Denied> {
        let verified = self.known(token)?;
        let key = verified.key.as_ref().ok_or(Denied::TokenInvalid)?;
        let held = self.prove(proof, &ProofTarget { access_token: Some(token), ..target }).await;
        let held = held.map_err(|error| match error {
            ProofError::Fault(fault) => Denied::Proof(fault),
            ProofError::Storage(error) => error.into(),
        })?;
        if held != *key {
            return Err(Denied::Proof(ProofFault::OtherKey));
        }
        self.caller_of(verified).await
    }

    /// The caller of something that goes on for long, as they stand now.
    ///
    /// # Errors
    /// If what proved them is good no longer, or nobody can tell ([`Denied::is_unavailability`]).
    pub async fn renewed(&self, caller: &Caller) -> Result<Caller, Denied> {
        match &caller.proof {
            CallerProof::Token(verified) => {
                self.check_still_good(verified)?;
                self.caller_of(verified.clone()).await
            }
            CallerProof::Session(digests) => self.caller_of_session(digests.clone()).await,
        }
    }

    /// The caller of a token that was shown as it must be.
    pub(super) async fn caller_of(&self, verified: Arc<Verified>) -> Result<Caller, Denied> {
        let client = self.client_at_work(&verified.client)?;
        let citizen = match verified.grant {
            Some(id) => {
                if verified.key.is_none() && !client.may_use_bearer_for_citizens() {
                    return Err(Denied::BearerNotAgreed);
                }
                let grant = self.find_grant(id).await?.ok_or(Denied::TokenInvalid)?;
                let mut citizen = grant.to_citizen();
                if let Some(part) = verified.attributes {
                    citizen.attributes = citizen.attributes.intersection(part);
                }
                Some(Arc::new(citizen))
            }
            None => None,
        };
        Ok(Caller::of_token(client, citizen, verified))
    }

    /// What a token that is good now says, and the grant it rests on: for introspection and
    /// revocation. `None` if it is not good.
    pub async fn inspect(&self, token: &str) -> Result<Option<(Arc<Verified>, Option<Grant>)>, StorageError> {
        let verified = match self.known(token) {
            Ok(verified) => verified,
            Err(Denied::RevokedUnread) => {
                return Err(StorageError::unavailable("the revoked tokens were not read in the last seconds"));
            }
            Err(_) => return Ok(None),
        };
        let Some(id) = verified.grant else { return Ok(Some((verified, None))) };
        let grant = self.find_grant(id).await?;
        Ok(grant.map(|grant| (verified, Some(grant))))
    }

    /// Revokes a token before its time; other processes take it for a second longer.
    pub async fn revoke_token(&self, verified: &Verified) -> Result<(), StorageError> {
        let (digest, expires) = (sha256(&[verified.id.as_bytes()]), verified.expires);
        self.store.write(move |tx| grants::revoke_token(tx.db()?, &digest, expires)).await?;
        self.refresh_revoked().await
    }

    /// What the token says, if it is ours and good now.
    fn known(&self, token: &str) -> Result<Arc<Verified>, Denied> {
        if token.len() > LONGEST_TOKEN {
            return Err(Denied::TokenInvalid);
        }
        let digest = sha256(&[token.as_bytes()]);
        let now = self.clock.now();
        let verified = match self.verified_tokens.get(&digest) {
            Some(verified) => verified,
            None => {
                let verified = Arc::new(self.verify_signature(token)?);
                // One that has expired already would only take another's place.
                if now < verified.expires {
                    self.verified_tokens.insert(digest, Arc::clone(&verified));
                }
                verified
            }
        };
        self.check_still_good(&verified)?;
        Ok(verified)
    }

    /// Whether a token whose signature holds is neither over nor revoked.
    fn check_still_good(&self, verified: &Verified) -> Result<(), Denied> {
        if verified.expires <= self.clock.now() {
            Err(Denied::TokenExpired)
        } else if !self.is_current() {
            Err(Denied::RevokedUnread)
        } else if self.revoked.contains(&verified.id) {
            Err(Denied::TokenInvalid)
        } else {
            Ok(())
        }
    }

    fn verify_signature(&self, token: &str) -> Result<Verified, Denied> {
        let invalid = |_| Denied::TokenInvalid;
        let token = Unverified::parse(token, LONGEST_TOKEN).map_err(invalid)?;
        let keys = self.token_keys.load();
        let key = token.header().kid.as_deref().and_then(|kid| keys.get(kid)).ok_or(Denied::TokenInvalid)?;
        let claims: Claims = jwt::verify(token, key, Typ::Exactly(TYPE)).map_err(|_| Denied::TokenInvalid)?;
        let ours = claims.iss == self.config.issuer && claims.aud == self.config.issuer;
        if !ours || claims.iat.0 > self.clock.now().plus(SKEW) {
            return Err(Denied::TokenInvalid);
        }
        let key = claims.cnf.map(|cnf| Thumbprint::parse(&cnf.jkt).ok_or(Denied::TokenInvalid)).transpose()?;
        Ok(Verified {
            client: claims.client_id.parse().map_err(|_| Denied::TokenInvalid)?,
            subject: claims.sub,
            // A scope that this version does not know gives nothing.
            scopes: claims.scope.split(' ').filter_map(|name| name.parse::<Operation>().ok()).collect(),
            scope: claims.scope,
            issued: claims.iat.0,
            expires: claims.exp.0,
            id: claims.jti,
            grant: claims.grant,
            attributes: claims.attributes,
            key,
        })
    }

    /// The client as it stands now, unless operators have stopped it.
    pub(super) fn client_at_work(&self, id: &ClientId) -> Result<Arc<Client>, Denied> {
        let client = self.clients.find_current(id)?.ok_or(Denied::TokenInvalid)?;
        if client.is_stopped() { Err(Denied::ClientStopped) } else { Ok(client) }
    }
}
