//! Access tokens: JWTs (RFC 9068) signed with ES256, without personal data.

use serde::{Deserialize, Serialize};

use super::service::Access;
use super::{AccessConfig, GrantError};
use crate::clients::{Client, OperationSet};
use crate::crypto::KeyUse;
use crate::crypto::jose::{NumericDate, Signer, jwt};
use crate::kernel::TransactionId;

/// `typ` of an access token (RFC 9068 section 2.1).
pub(super) const TYPE: &str = "at+jwt";

/// The claims of an access token (RFC 9068 section 2.2).
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    pub iss: String,
    /// The client itself: nobody else is asking.
    pub sub: String,
    pub aud: String,
    pub client_id: String,
    pub iat: NumericDate,
    pub exp: NumericDate,
    pub jti: String,
    pub scope: String,
}

/// What the token endpoint answers (RFC 6749 section 5.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct IssuedToken {
    /// A JWT (RFC 9068); to be treated as opaque.
    pub access_token: String,
    /// `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds from now.
    #[schema(example = 600)]
    pub expires_in: u64,
    /// What the token allows: operations separated by spaces.
    #[schema(example = "citizens:lookup citizens:verify")]
    pub scope: String,
}

impl Access {
    /// A new token for a client that has shown who it is.
    pub(super) fn issue(&self, client: &Client, scopes: OperationSet) -> Result<IssuedToken, GrantError> {
        let AccessConfig { issuer, token_lifetime, .. } = &self.config;
        let now = self.clock.now();
        let scope = scopes.to_string();
        let claims = Claims {
            iss: issuer.clone(),
            sub: client.id.to_string(),
            aud: issuer.clone(),
            client_id: client.id.to_string(),
            iat: NumericDate(now),
            exp: NumericDate(now.plus(*token_lifetime)),
            jti: TransactionId::random(&*self.entropy).to_string(),
            scope: scope.clone(),
        };
        let (key_id, key) = self.keyring.signing_key(KeyUse::Token);
        let signer = Signer::new(key, Some(&key_id), Some(TYPE));
        Ok(IssuedToken {
            access_token: jwt::sign(&signer, &claims).map_err(|_| GrantError::Issue)?,
            token_type: "Bearer",
            expires_in: token_lifetime.as_secs(),
            scope,
        })
    }
}
