//! What every client proves itself by in a form, as the OpenAPI document describes it.

/// A form of a client: its parameters, and those by which it proves itself.
macro_rules! client_form {
    ($(#[$meta:meta])* $name:ident { $($parameters:tt)* }) => {
        $(#[$meta])*
        #[derive(utoipa::ToSchema)]
        #[allow(dead_code, reason = "describes a form; its parameters are read one by one")]
        pub struct $name {
            $($parameters)*
            /// May be given; the assertion says it too.
            client_id: Option<String>,
            #[schema(example = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")]
            client_assertion_type: Option<String>,
            /// A JWT signed by the client with ES256 or EdDSA (RFC 7523): `iss` and `sub` the client's id, `aud`
            /// the issuer, `exp`, and a `jti` that is used once. A client of profile `baseline` may send its
            /// secret by `Authorization: Basic` instead.
            client_assertion: Option<String>,
        }
    };
}

pub(crate) use client_form;
