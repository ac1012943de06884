//! What the server says about itself (RFC 8414, OpenID Connect Discovery 1.0): what exists, no more.

use serde::Serialize;

use super::Access;
use crate::clients::Operation;
use crate::crypto::jose::JwkSet;
use crate::crypto::jose::jwk::algorithm_name;
use crate::crypto::{Algorithm, KeyUse};

/// Authorization server metadata.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Metadata {
    issuer: String,
    token_endpoint: String,
    jwks_uri: String,
    scopes_supported: Vec<&'static str>,
    /// Empty: there is no authorization endpoint.
    response_types_supported: Vec<&'static str>,
    grant_types_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
}

impl Access {
    /// The public keys of access tokens.
    pub fn public_keys(&self) -> JwkSet {
        JwkSet::of(self.keyring.verifying_keys(KeyUse::Token))
    }

    pub fn metadata(&self) -> Metadata {
        let config = self.config();
        Metadata {
            issuer: config.issuer.clone(),
            token_endpoint: config.token_endpoint(),
            jwks_uri: config.jwks_uri(),
            scopes_supported: Operation::ALL.iter().map(|operation| operation.name()).collect(),
            response_types_supported: Vec::new(),
            grant_types_supported: self.grant_types(),
            token_endpoint_auth_methods_supported: vec!["private_key_jwt"],
            token_endpoint_auth_signing_alg_values_supported: [Algorithm::P256, Algorithm::Ed25519]
                .map(algorithm_name)
                .to_vec(),
        }
    }
}
