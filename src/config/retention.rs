//! How long what is stored is kept.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use validator::Validate;

use super::layers::Section;

/// The audit's entries, and consents, have their period in `audit.retention_years`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionConfig {
    /// Stays, their guests and search marks, after the stay's end; and places of lodging after they closed.
    /// No default: the law's term has to be looked up by whoever is bound by it.
    #[validate(range(min = 1, max = 36_500))]
    pub stays_days: Option<u32>,
    /// Requests for approval, activations and authorization requests, after their end.
    #[validate(range(min = 2, max = 720))]
    pub requests_hours: u32,
    /// Sessions, links to pages, sign-ins and used tokens, after their end.
    #[validate(range(max = 720))]
    pub sessions_hours: u32,
    /// One-time codes that could not be delivered, after their end; a delivered one is deleted at once.
    #[validate(range(max = 720))]
    pub codes_hours: u32,
    /// First answers under an `Idempotency-Key`, which are repeated so long.
    #[validate(range(min = 1, max = 720))]
    pub answers_hours: u32,
    /// Counters of failed anchors, quotas and codes, after they last counted.
    #[validate(range(min = 3, max = 30))]
    pub counters_days: u32,
    /// The log of which citizens' records changed.
    #[validate(range(min = 1, max = 3_650))]
    pub changes_days: u32,
    /// Signed credentials, after their end.
    #[validate(range(min = 1, max = 3_650))]
    pub credentials_days: u32,
    /// Confirmations of residence information, after their end.
    #[validate(range(min = 1, max = 3_650))]
    pub confirmations_days: u32,
    /// Revoked devices and closed accounts of the e-ID.
    #[validate(range(min = 1, max = 36_500))]
    pub eid_days: u32,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self {
            stays_days: None,
            requests_hours: 24,
            sessions_hours: 0,
            codes_hours: 0,
            answers_hours: 24,
            counters_days: 3,
            changes_days: 30,
            credentials_days: 1,
            confirmations_days: 365,
            eid_days: 1_827,
        }
    }
}

impl Section for RetentionConfig {
    const NAME: &'static str = "retention";
}

/// So many hours.
pub const fn hours(count: u32) -> Duration {
    Duration::from_secs(count as u64 * 3_600)
}

/// So many days of 24 hours.
pub const fn days(count: u32) -> Duration {
    hours(24).saturating_mul(count)
}
