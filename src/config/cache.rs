//! The cache of open records.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use validator::Validate;

use super::layers::Section;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct CacheConfig {
    /// 0 switches it off.
    #[validate(range(max = 1_099_511_627_776_u64))]
    pub bytes: u64,
    /// How long it is remembered that a number belongs to nobody.
    #[validate(range(max = 60_000))]
    pub absence_ms: u64,
    /// How long the cache is trusted after the change log was last followed to its end.
    #[validate(range(min = 500, max = 60_000))]
    pub trust_ms: u64,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self { bytes: 256 * 1024 * 1024, absence_ms: 5_000, trust_ms: 3_000 }
    }
}

impl Section for CacheConfig {
    const NAME: &'static str = "cache";
}

impl CacheConfig {
    pub const fn absence(&self) -> Duration {
        Duration::from_millis(self.absence_ms)
    }

    pub const fn trust(&self) -> Duration {
        Duration::from_millis(self.trust_ms)
    }
}
