//! Confirmations of residence information.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use validator::Validate;

use super::layers::Section;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct ResidenceConfig {
    /// How long a confirmation is valid, unless what it states changes before.
    #[validate(range(min = 1, max = 3_650))]
    pub confirmation_days: u32,
}

impl Default for ResidenceConfig {
    fn default() -> Self {
        Self { confirmation_days: 365 }
    }
}

impl Section for ResidenceConfig {
    const NAME: &'static str = "residence";
}

impl ResidenceConfig {
    pub const fn confirmation_validity(&self) -> Duration {
        Duration::from_secs(self.confirmation_days as u64 * 24 * 3600)
    }
}
