//! The forms of clients, as the OpenAPI document describes them. Their parameters are read one by one;
//! unknown ones are ignored, as the RFCs say.

use crate::access::client_form;

client_form! {
    /// A pushed authorization request (RFC 9126).
    PushedRequestForm {
        #[schema(example = "code")]
        response_type: String,
        /// `query`, which is what is meant if it is absent.
        #[schema(example = "query")]
        response_mode: Option<String>,
        /// Registered, compared as written.
        redirect_uri: String,
        /// `openid`, and `citizen:ATTRIBUTE`, `profile`, `email`, `phone`, `address`, or operations that a
        /// citizen's token may do.
        #[schema(example = "openid citizen:full_name")]
        scope: String,
        state: Option<String>,
        nonce: Option<String>,
        code_challenge: String,
        #[schema(example = "S256")]
        code_challenge_method: String,
        /// `urn:dancu:acr:l1`, `urn:dancu:acr:l2`; `LoA1` is l1.
        acr_values: Option<String>,
        claims: Option<String>,
        authorization_details: Option<String>,
        prompt: Option<String>,
        max_age: Option<String>,
        dpop_jkt: Option<String>,
        /// A personal number: whoever has it is asked, without typing it.
        login_hint: Option<String>,
    }
}

client_form! {
    /// A backchannel request (OpenID Connect CIBA section 7.1).
    BackchannelForm {
        /// `openid`, and `citizen:ATTRIBUTE` for each attribute wanted, or a bundle.
        #[schema(example = "openid citizen:full_name citizen:id_number citizen:date_of_birth")]
        scope: String,
        /// The personal number of the citizen who is present.
        #[schema(example = "097099000001")]
        login_hint: String,
        /// Shown in the app: at most 100 characters, without nine digits in a row.
        binding_message: Option<String>,
        /// `urn:dancu:acr:l1`, `urn:dancu:acr:l2`; `LoA1` is l1.
        acr_values: Option<String>,
        /// Seconds that the citizen has, at most those of `backchannel_lifetime_s`.
        #[schema(example = "120")]
        requested_expiry: Option<String>,
        authorization_details: Option<String>,
    }
}

client_form! {
    /// One of the client's own tokens (RFC 7662, RFC 7009).
    OwnTokenForm {
        /// An access token or a refresh token.
        token: String,
    }
}
