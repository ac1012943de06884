//! How long things live.

use std::time::Duration;

/// Settings of the OpenID Provider.
#[derive(Debug, Clone)]
pub struct OidcConfig {
    /// A pushed request waits this long to be opened, and then for its answer.
    pub request_lifetime: Duration,
    /// FAPI 2.0 asks for no more than 60 seconds (section 5.3.2.1 point 11).
    pub code_lifetime: Duration,
    /// No backchannel request waits longer.
    pub backchannel_lifetime: Duration,
    pub id_token_lifetime: Duration,
    /// How long a sign-in gives tokens, refresh tokens among them. A result is not to be used again elsewhere or later (Decree
    /// 69/2024 art. 19(4)): a working day.
    pub grant_lifetime: Duration,
    /// Between polls of a backchannel request.
    pub poll_interval: Duration,
}

impl Default for OidcConfig {
    fn default() -> Self {
        Self {
            request_lifetime: Duration::from_secs(300),
            code_lifetime: Duration::from_secs(60),
            backchannel_lifetime: Duration::from_secs(300),
            id_token_lifetime: Duration::from_secs(600),
            grant_lifetime: Duration::from_secs(12 * 3600),
            poll_interval: Duration::from_secs(2),
        }
    }
}
