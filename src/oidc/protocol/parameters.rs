//! The parameters of requests, as they came.

/// Of an authorization request, pushed or not. Unknown ones are ignored.
#[derive(Debug, Clone, Copy, Default)]
pub struct Parameters<'a> {
    pub response_type: Option<&'a str>,
    pub response_mode: Option<&'a str>,
    pub redirect_uri: Option<&'a str>,
    pub scope: Option<&'a str>,
    pub state: Option<&'a str>,
    pub nonce: Option<&'a str>,
    pub prompt: Option<&'a str>,
    pub max_age: Option<&'a str>,
    pub acr_values: Option<&'a str>,
    pub claims: Option<&'a str>,
    pub authorization_details: Option<&'a str>,
    pub code_challenge: Option<&'a str>,
    pub code_challenge_method: Option<&'a str>,
    pub dpop_jkt: Option<&'a str>,
    pub login_hint: Option<&'a str>,
    pub id_token_hint: Option<&'a str>,
    pub request: Option<&'a str>,
    pub request_uri: Option<&'a str>,
    pub registration: Option<&'a str>,
}

impl<'a> Parameters<'a> {
    /// Takes them from wherever they are looked up by name.
    pub fn of(get: impl Fn(&str) -> Option<&'a str>) -> Self {
        Self {
            response_type: get("response_type"),
            response_mode: get("response_mode"),
            redirect_uri: get("redirect_uri"),
            scope: get("scope"),
            state: get("state"),
            nonce: get("nonce"),
            prompt: get("prompt"),
            max_age: get("max_age"),
            acr_values: get("acr_values"),
            claims: get("claims"),
            authorization_details: get("authorization_details"),
            code_challenge: get("code_challenge"),
            code_challenge_method: get("code_challenge_method"),
            dpop_jkt: get("dpop_jkt"),
            login_hint: get("login_hint"),
            id_token_hint: get("id_token_hint"),
            request: get("request"),
            request_uri: get("request_uri"),
            registration: get("registration"),
        }
    }
}

/// Of a backchannel request (OpenID Connect CIBA section 7.1).
#[derive(Debug, Clone, Copy, Default)]
pub struct BackchannelParameters<'a> {
    pub scope: Option<&'a str>,
    pub acr_values: Option<&'a str>,
    pub login_hint: Option<&'a str>,
    pub login_hint_token: Option<&'a str>,
    pub id_token_hint: Option<&'a str>,
    pub binding_message: Option<&'a str>,
    pub requested_expiry: Option<&'a str>,
    pub authorization_details: Option<&'a str>,
    pub request: Option<&'a str>,
}

impl<'a> BackchannelParameters<'a> {
    pub fn of(get: impl Fn(&str) -> Option<&'a str>) -> Self {
        Self {
            scope: get("scope"),
            acr_values: get("acr_values"),
            login_hint: get("login_hint"),
            login_hint_token: get("login_hint_token"),
            id_token_hint: get("id_token_hint"),
            binding_message: get("binding_message"),
            requested_expiry: get("requested_expiry"),
            authorization_details: get("authorization_details"),
            request: get("request"),
        }
    }
}
