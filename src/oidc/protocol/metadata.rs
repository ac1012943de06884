//! What the server says about itself (RFC 8414, OpenID Connect Discovery 1.0): what exists, no more.

use serde::Serialize;

use super::{Scope, told_of_oneself, userinfo_name};
use crate::crypto::Algorithm;
use crate::crypto::jose::jwk::algorithm_name;
use crate::kernel::Level;

/// The document at both well-known places.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    pushed_authorization_request_endpoint: String,
    token_endpoint: String,
    backchannel_authentication_endpoint: String,
    userinfo_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    end_session_endpoint: String,
    jwks_uri: String,
    scopes_supported: Vec<String>,
    claims_supported: Vec<&'static str>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: Vec<&'static str>,
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 1],
    acr_values_supported: Vec<&'static str>,
    prompt_values_supported: [&'static str; 3],
    code_challenge_methods_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: [&'static str; 2],
    token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    revocation_endpoint_auth_methods_supported: [&'static str; 2],
    revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    dpop_signing_alg_values_supported: Vec<&'static str>,
    authorization_details_types_supported: [&'static str; 1],
    backchannel_token_delivery_modes_supported: [&'static str; 1],
    backchannel_user_code_parameter_supported: bool,
    authorization_response_iss_parameter_supported: bool,
    require_pushed_authorization_requests: bool,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    ui_locales_supported: [&'static str; 2],
}

const METHODS: [&str; 2] = ["private_key_jwt", "client_secret_basic"];

impl Metadata {
    pub fn of(issuer: &str, grant_types: Vec<&'static str>) -> Self {
        let at = |path: &str| format!("{issuer}/oauth2/{path}");
        let signing = || [Algorithm::P256, Algorithm::Ed25519].map(algorithm_name).to_vec();
        let claims = ["sub", "acr", "amr", "auth_time"].into_iter();
        Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: at("authorize"),
            pushed_authorization_request_endpoint: at("par"),
            token_endpoint: at("token"),
            backchannel_authentication_endpoint: at("bc-authorize"),
            userinfo_endpoint: at("userinfo"),
            introspection_endpoint: at("introspect"),
            revocation_endpoint: at("revoke"),
            end_session_endpoint: at("logout"),
            jwks_uri: at("jwks"),
            scopes_supported: Scope::all(),
            claims_supported: claims.chain(told_of_oneself().iter().map(userinfo_name)).collect(),
            response_types_supported: ["code"],
            response_modes_supported: ["query"],
            grant_types_supported: grant_types,
            subject_types_supported: ["pairwise"],
            id_token_signing_alg_values_supported: [algorithm_name(Algorithm::P256)],
            acr_values_supported: [Level::L1, Level::L2].map(Level::acr).into_iter().chain(["LoA1"]).collect(),
            prompt_values_supported: ["none", "login", "consent"],
            code_challenge_methods_supported: ["S256"],
            token_endpoint_auth_methods_supported: METHODS,
            token_endpoint_auth_signing_alg_values_supported: signing(),
            introspection_endpoint_auth_methods_supported: METHODS,
            introspection_endpoint_auth_signing_alg_values_supported: signing(),
            revocation_endpoint_auth_methods_supported: METHODS,
            revocation_endpoint_auth_signing_alg_values_supported: signing(),
            dpop_signing_alg_values_supported: signing(),
            authorization_details_types_supported: ["population_data"],
            backchannel_token_delivery_modes_supported: ["poll"],
            backchannel_user_code_parameter_supported: false,
            authorization_response_iss_parameter_supported: true,
            require_pushed_authorization_requests: false,
            claims_parameter_supported: true,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            ui_locales_supported: ["vi", "en"],
        }
    }
}
