//! Access tokens on their way back: verified once, then known by their digest until they expire.

use std::sync::Arc;
use std::time::Duration;

use super::service::Access;
use super::token::{Claims, TYPE};
use super::{Caller, Denied};
use crate::clients::{Operation, OperationSet};
use crate::crypto::digest::sha256;
use crate::crypto::jose::{Typ, Unverified, jwt};
use crate::kernel::{ClientId, Instant};

const LONGEST_TOKEN: usize = 4 * 1024;
/// How far the clocks of replicas may differ.
const SKEW: Duration = Duration::from_secs(10);

/// What a verified token says.
#[derive(Debug)]
pub(super) struct Verified {
    client: ClientId,
    scopes: OperationSet,
    expires: Instant,
}

impl Access {
    /// Who calls with this token. The client is looked at as it stands now: one that was disabled
    /// a second ago is out.
    pub fn verify(&self, token: &str) -> Result<Caller, Denied> {
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
        if verified.expires <= now {
            return Err(Denied::TokenExpired);
        }
        self.caller(&verified)
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
        Ok(Verified {
            client: claims.client_id.parse().map_err(|_| Denied::TokenInvalid)?,
            // A scope that this version does not know gives nothing.
            scopes: claims.scope.split(' ').filter_map(|name| name.parse::<Operation>().ok()).collect(),
            expires: claims.exp.0,
        })
    }

    fn caller(&self, verified: &Verified) -> Result<Caller, Denied> {
        if !self.clients.is_current() {
            return Err(Denied::RegistryBehind);
        }
        let client = self.clients.find(&verified.client).filter(|client| client.enabled);
        let client = client.ok_or(Denied::ClientDisabled)?;
        if !client.may_use_bearer() {
            return Err(Denied::BearerNotAgreed);
        }
        Ok(Caller { client, scopes: verified.scopes, citizen: None, expires: verified.expires })
    }
}
