//! The OpenID Provider: how long requests, codes and tokens of sign-ins live.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use validator::Validate;

use super::layers::Section;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct OidcConfig {
    /// A pushed request, and its sign-in page. A request for an approval lives for five minutes at most.
    #[validate(range(min = 30, max = 300))]
    pub request_lifetime_s: u64,
    /// FAPI 2.0 asks for no more than 60 seconds (section 5.3.2.1 point 11).
    #[validate(range(min = 5, max = 60))]
    pub code_lifetime_s: u64,
    /// The longest backchannel request, and one that asks for no expiry.
    #[validate(range(min = 30, max = 300))]
    pub backchannel_lifetime_s: u64,
    /// Between polls of a backchannel request.
    #[validate(range(min = 1, max = 60))]
    pub poll_interval_s: u64,
    #[validate(range(min = 60, max = 3_600))]
    pub access_token_lifetime_s: u64,
    #[validate(range(min = 60, max = 3_600))]
    pub id_token_lifetime_s: u64,
    /// A sign-in, and its refresh tokens. A day at most: a result is not to be used again later
    /// (Decree 69/2024 art. 19(4)).
    #[validate(range(min = 300, max = 86_400))]
    pub refresh_token_lifetime_s: u64,
}

impl Default for OidcConfig {
    fn default() -> Self {
        Self {
            request_lifetime_s: 300,
            code_lifetime_s: 60,
            backchannel_lifetime_s: 300,
            poll_interval_s: 2,
            access_token_lifetime_s: 600,
            id_token_lifetime_s: 600,
            refresh_token_lifetime_s: 43_200,
        }
    }
}

impl Section for OidcConfig {
    const NAME: &'static str = "oidc";
}

impl OidcConfig {
    pub const fn access_token_lifetime(&self) -> Duration {
        Duration::from_secs(self.access_token_lifetime_s)
    }
}
