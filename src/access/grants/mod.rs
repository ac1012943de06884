//! The token endpoint's grants. This room gives clients tokens for themselves; rooms above register
//! what they grant besides.

mod client_credentials;

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::approved::Binding;
use super::dpop::ProofTarget;
use super::{Access, Credentials, GrantError, IssuedToken, ProofError};
use crate::clients::{Client, ClientProfile};
use crate::http::Form;

/// Where tokens are given out, below the issuer.
pub const TOKEN_PATH: &str = "/oauth2/token";

/// A way to get tokens.
pub trait GrantType: Send + Sync {
    /// Its `grant_type`.
    fn name(&self) -> &'static str;

    /// Answers a client that has shown who it is.
    fn answer<'a>(&'a self, request: GrantRequest<'a>) -> BoxFuture<'a, Result<IssuedToken, GrantError>>;
}

/// A token request of a client that has shown who it is.
pub struct GrantRequest<'a> {
    pub client: Arc<Client>,
    pub form: &'a Form,
    /// The key whose possession it has shown.
    pub binding: Binding,
}

/// A token request as it came.
pub struct TokenCall<'a> {
    pub form: &'a Form,
    /// The one `Authorization` field.
    pub authorization: Option<&'a str>,
    /// The one `DPoP` field.
    pub proof: Option<&'a str>,
}

impl Access {
    const CLIENT_CREDENTIALS: &'static str = "client_credentials";

    /// Lets the token endpoint answer one more grant type.
    pub fn register(&self, grant: Arc<dyn GrantType>) {
        self.grant_types.rcu(|known| known.iter().cloned().chain([Arc::clone(&grant)]).collect::<Vec<_>>());
    }

    /// Every `grant_type` there is.
    pub fn grant_types(&self) -> Vec<&'static str> {
        let registered = self.grant_types.load();
        std::iter::once(Self::CLIENT_CREDENTIALS).chain(registered.iter().map(|grant| grant.name())).collect()
    }

    /// Answers a token request.
    pub async fn grant(&self, call: &TokenCall<'_>) -> Result<IssuedToken, GrantError> {
        let asked = call.form.get("grant_type").ok_or(GrantError::GrantMissing)?;
        let registered = self.grant_types.load().iter().find(|grant| grant.name() == asked).cloned();
        if registered.is_none() && asked != Self::CLIENT_CREDENTIALS {
            return Err(GrantError::GrantUnsupported);
        }
        let client = self.authenticate(&Credentials { form: call.form, authorization: call.authorization }).await?;
        let binding = self.binding_of(&client, call.proof).await?;
        match registered {
            Some(grant) => grant.answer(GrantRequest { client, form: call.form, binding }).await,
            None => self.client_credentials(&client, call.form, &binding),
        }
    }

    /// The key that the request's proof shows. FAPI 2.0 asks for one (section 5.3.2.1 point 5).
    async fn binding_of(&self, client: &Client, proof: Option<&str>) -> Result<Binding, GrantError> {
        let Some(proof) = proof else {
            return if client.profile == ClientProfile::Fapi2 { Err(GrantError::ProofMissing) } else { Ok(None) };
        };
        let target = ProofTarget { method: "POST", path: TOKEN_PATH, access_token: None, nonce_needed: true };
        match self.prove(proof, &target).await {
            Ok(key) => Ok(Some(key)),
            Err(ProofError::Fault(fault)) => Err(GrantError::Proof(fault)),
            Err(ProofError::Storage(error)) => Err(error.into()),
        }
    }
}
