//! Access tokens: JWTs (RFC 9068) signed with ES256, without personal data.

use serde::{Deserialize, Serialize};

use super::approved::{Binding, Grant, Part};
use super::service::Access;
use super::{AccessConfig, GrantError};
use crate::clients::{Client, OperationSet};
use crate::crypto::KeyUse;
use crate::crypto::jose::{NumericDate, Signer, jwt};
use crate::kernel::{AttributeSet, TransactionId};

/// `typ` of an access token (RFC 9068 section 2.1).
pub(super) const TYPE: &str = "at+jwt";

/// The claims of an access token (RFC 9068 section 2.2).
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    pub iss: String,
    /// The client itself, or what it calls the citizen.
    pub sub: String,
    pub aud: String,
    pub client_id: String,
    pub iat: NumericDate,
    pub exp: NumericDate,
    pub jti: String,
    pub scope: String,
    /// The citizen's approval that the token rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<TransactionId>,
    /// The attributes of the grant that the token gives, where they are not all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<AttributeSet>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
}

/// The key a token is bound to (RFC 9449 section 6.1).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Confirmation {
    pub jkt: String,
}

/// What the token endpoint answers (RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct IssuedToken {
    /// A JWT (RFC 9068); to be treated as opaque.
    pub access_token: String,
    /// `Bearer`, or `DPoP` for a token bound to a key (RFC 9449).
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds from now.
    #[schema(example = 600)]
    pub expires_in: u64,
    /// What the token allows, separated by spaces.
    #[schema(example = "citizens:lookup citizens:verify")]
    pub scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub refresh_token: Option<String>,
    /// A JWT that tells how the citizen was recognised; no personal data.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub id_token: Option<String>,
    /// As granted (RFC 9396).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub authorization_details: Option<serde_json::Value>,
}

/// For whom a token stands, and what for.
struct Standing<'a> {
    subject: &'a str,
    scope: String,
    grant: Option<&'a Grant>,
    attributes: Option<AttributeSet>,
}

impl Access {
    /// A new token for a client that has shown who it is.
    pub(super) fn issue(
        &self,
        client: &Client,
        scopes: OperationSet,
        binding: &Binding,
    ) -> Result<IssuedToken, GrantError> {
        let bare = Standing { subject: client.id.as_str(), scope: scopes.to_string(), grant: None, attributes: None };
        self.sign_token(client, bare, binding)
    }

    /// A new token that stands in for the citizen of a grant, or of a part of it.
    pub fn issue_for(
        &self,
        client: &Client,
        (grant, part): (&Grant, Option<&Part>),
        binding: &Binding,
    ) -> Result<IssuedToken, GrantError> {
        if binding.is_none() && !client.may_use_bearer_for_citizens() {
            return Err(GrantError::ProofMissing);
        }
        let standing = Standing {
            subject: &grant.subject,
            scope: part.map_or_else(|| grant.scope.clone(), |part| part.scope.clone()),
            grant: Some(grant),
            attributes: part.map(|part| part.attributes),
        };
        self.sign_token(client, standing, binding)
    }

    fn sign_token(
        &self,
        client: &Client,
        standing: Standing<'_>,
        binding: &Binding,
    ) -> Result<IssuedToken, GrantError> {
        let Standing { subject, scope, grant, attributes } = standing;
        let AccessConfig { issuer, token_lifetime, citizen_token_lifetime, .. } = &self.config;
        let now = self.clock.now();
        let left = match grant {
            Some(grant) => grant.expires_at.since(now).min(*citizen_token_lifetime),
            None => *token_lifetime,
        };
        let claims = Claims {
            iss: issuer.clone(),
            sub: subject.to_owned(),
            aud: issuer.clone(),
            client_id: client.id.to_string(),
            iat: NumericDate(now),
            exp: NumericDate(now.plus(left)),
            jti: TransactionId::random(&*self.entropy).to_string(),
            scope: scope.clone(),
            grant: grant.map(|grant| grant.id),
            attributes,
            cnf: binding.as_ref().map(|key| Confirmation { jkt: key.as_str().to_owned() }),
        };
        let (key_id, key) = self.keyring.signing_key(KeyUse::Token);
        let signer = Signer::new(key, Some(&key_id), Some(TYPE));
        Ok(IssuedToken {
            access_token: jwt::sign(&signer, &claims).map_err(|_| GrantError::Issue)?,
            token_type: if binding.is_some() { "DPoP" } else { "Bearer" },
            expires_in: left.as_secs(),
            scope,
            refresh_token: None,
            id_token: None,
            authorization_details: None,
        })
    }
}
