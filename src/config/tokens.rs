//! Access tokens and the assertions that ask for them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use validator::Validate;

use super::layers::Section;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct TokensConfig {
    /// How long an access token of a client for itself lives; citizens' are set by `[oidc]`.
    #[validate(range(min = 60, max = 3_600))]
    pub lifetime_s: u64,
    /// How long a client's assertion may live.
    #[validate(range(min = 30, max = 3_600))]
    pub assertion_lifetime_s: u64,
}

impl Default for TokensConfig {
    fn default() -> Self {
        Self { lifetime_s: 600, assertion_lifetime_s: 3_600 }
    }
}

impl Section for TokensConfig {
    const NAME: &'static str = "tokens";
}

impl TokensConfig {
    pub const fn lifetime(&self) -> Duration {
        Duration::from_secs(self.lifetime_s)
    }

    pub const fn assertion_lifetime(&self) -> Duration {
        Duration::from_secs(self.assertion_lifetime_s)
    }
}
