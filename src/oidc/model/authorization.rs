//! An authorization request that may be put before a citizen.

use serde::{Deserialize, Serialize};

use super::super::protocol::{AuthorizationError, Challenge, ClaimsAsked, Parameters, PopulationData, Scope};
use super::level_of;
use crate::access::Thumbprint;
use crate::clients::{Client, ClientProfile};
use crate::kernel::{AttributeSet, CitizenId, ClientId, Instant, Level};

/// Longer values of `state` and `nonce` are refused.
const LONGEST_OPAQUE: usize = 1024;

/// What became of a `login_hint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Hint {
    /// None was given: whoever scans, or names themselves.
    #[default]
    None,
    Citizen(CitizenId),
    /// It leads to nobody; the request looks like any other.
    Nobody,
}

/// A request that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    pub client: ClientId,
    pub redirect_uri: String,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub challenge: Challenge,
    pub scope: String,
    /// By scope, claims and details together.
    pub attributes: AttributeSet,
    pub details: Option<PopulationData>,
    pub level: Level,
    /// The key that the code is bound to.
    pub jkt: Option<String>,
    pub hint: Hint,
}

impl Authorization {
    /// Checks everything but client and redirect address, which the caller has found good.
    ///
    /// # Errors
    /// That of the RFC for the first fault there is.
    pub fn check(
        asked: &Parameters<'_>,
        client: &Client,
        redirect_uri: &str,
        now: Instant,
    ) -> Result<Self, AuthorizationError> {
        let invalid = AuthorizationError::invalid_request;
        check_protocol(asked)?;
        if !client.agreement.in_force(now) {
            return Err(AuthorizationError::NOT_IN_FORCE);
        }
        let terms = &client.agreement.eid;
        if !terms.sign_in {
            return Err(AuthorizationError::NOT_AGREED);
        }
        match asked.code_challenge_method {
            Some("S256") => {}
            _ => return Err(invalid("code_challenge_method must be S256")),
        }
        let challenge = asked.code_challenge.and_then(Challenge::parse);
        let challenge = challenge.ok_or(invalid("code_challenge must be the SHA-256 of a verifier in base64url"))?;
        let scope = Scope::parse(asked.scope, &client.agreement)?;
        let claims = ClaimsAsked::parse(asked.claims)?;
        let details = PopulationData::parse(asked.authorization_details, client)?;
        let listed = asked.acr_values.unwrap_or_default().split(' ').filter(|acr| !acr.is_empty());
        let level = level_of(claims.acr.iter().map(String::as_str).chain(listed), terms)?;
        let jkt = asked.dpop_jkt.map(|text| Thumbprint::parse(text).ok_or(invalid("dpop_jkt is no thumbprint")));
        let detailed = details.as_ref().map_or(AttributeSet::EMPTY, |details| details.attributes);
        let claimed = claims.attributes.intersection(client.agreement.attributes);
        Ok(Self {
            client: client.id.clone(),
            redirect_uri: redirect_uri.to_owned(),
            state: opaque(asked.state)?,
            nonce: opaque(asked.nonce)?,
            challenge,
            scope: scope.text,
            attributes: scope.attributes.union(claimed).union(detailed),
            details,
            level,
            jkt: jkt.transpose()?.map(|key| key.as_str().to_owned()),
            hint: Hint::None,
        })
    }

    /// Whether requests of this client must be pushed (FAPI 2.0 section 5.3.2.2 point 2).
    pub fn must_be_pushed(client: &Client) -> bool {
        client.profile == ClientProfile::Fapi2
    }
}

fn check_protocol(asked: &Parameters<'_>) -> Result<(), AuthorizationError> {
    let invalid = AuthorizationError::invalid_request;
    if asked.request.is_some() {
        return Err(AuthorizationError::new("request_not_supported", "request objects are not taken"));
    }
    if asked.registration.is_some() {
        return Err(AuthorizationError::new("registration_not_supported", "registration is not taken"));
    }
    match asked.response_type {
        Some("code") => {}
        None => return Err(invalid("response_type is missing")),
        Some(_) => return Err(AuthorizationError::new("unsupported_response_type", "response_type must be code")),
    }
    if asked.response_mode.is_some_and(|mode| mode != "query") {
        return Err(invalid("response_mode must be query"));
    }
    if asked.id_token_hint.is_some() {
        return Err(invalid("id_token_hint is taken at logout only"));
    }
    if asked.max_age.is_some_and(|age| age.parse::<u64>().is_err()) {
        return Err(invalid("max_age must be a number of seconds"));
    }
    let prompts: Vec<&str> = asked.prompt.unwrap_or_default().split(' ').filter(|word| !word.is_empty()).collect();
    match prompts.as_slice() {
        ["none"] => Err(AuthorizationError::new("login_required", "each sign-in is approved by the citizen")),
        words if words.contains(&"none") => Err(invalid("prompt none stands alone")),
        words if words.iter().all(|word| matches!(*word, "login" | "consent" | "select_account")) => Ok(()),
        _ => Err(invalid("prompt is none, login, consent or select_account")),
    }
}

fn opaque(text: Option<&str>) -> Result<Option<String>, AuthorizationError> {
    match text {
        Some(text) if text.len() > LONGEST_OPAQUE => {
            Err(AuthorizationError::invalid_request("state and nonce have 1024 bytes at most"))
        }
        text => Ok(text.map(str::to_owned)),
    }
}
