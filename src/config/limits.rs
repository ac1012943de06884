//! Guards: failed anchors, default quotas, load shedding.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use validator::Validate;

use super::layers::Section;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Negative answers about people leave this long after the request came.
    #[validate(range(max = 1_000))]
    pub negative_answer_delay_ms: u64,
    /// Failed anchors of one client on one number, within the window.
    #[validate(range(min = 1, max = 1_000))]
    pub failed_anchors_per_number: u32,
    /// Failed anchors of one client on one name and birth date, within the window.
    #[validate(range(min = 1, max = 1_000))]
    pub failed_anchors_per_name: u32,
    /// Share of a client's calls that may be failed anchors, within the window…
    #[validate(range(min = 1, max = 100))]
    pub failed_anchors_percent: u32,
    /// …from this many calls on.
    #[validate(range(min = 1, max = 1_000_000))]
    pub failed_anchors_percent_from: u32,
    #[validate(range(min = 1, max = 86_400))]
    pub failed_anchors_window_s: u64,
    /// Failed anchors on one number over all clients, within the window, that raise the alarm.
    #[validate(range(min = 1, max = 100_000))]
    pub number_alarm: u32,
    /// Quotas where an agreement names none.
    #[validate(range(min = 1, max = 10_000_000))]
    pub calls_per_minute: u32,
    #[validate(range(min = 1, max = 10_000_000_000_u64))]
    pub calls_per_day: u64,
    /// Requests at work before further ones are shed.
    #[validate(range(min = 1, max = 1_000_000))]
    pub in_flight: usize,
    /// A request that has waited this long for its turn is shed.
    #[validate(range(min = 1, max = 60_000))]
    pub shed_after_ms: u64,
    /// What a shed caller is told to wait.
    #[validate(range(min = 1, max = 3_600))]
    pub retry_after_s: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            negative_answer_delay_ms: 25,
            failed_anchors_per_number: 5,
            failed_anchors_per_name: 10,
            failed_anchors_percent: 30,
            failed_anchors_percent_from: 100,
            failed_anchors_window_s: 3_600,
            number_alarm: 20,
            calls_per_minute: 600,
            calls_per_day: 100_000,
            in_flight: 1_024,
            shed_after_ms: 500,
            retry_after_s: 1,
        }
    }
}

impl Section for LimitsConfig {
    const NAME: &'static str = "limits";
}

impl LimitsConfig {
    pub const fn negative_answer_delay(&self) -> Duration {
        Duration::from_millis(self.negative_answer_delay_ms)
    }

    pub const fn failed_anchors_window(&self) -> Duration {
        Duration::from_secs(self.failed_anchors_window_s)
    }

    pub const fn shed_after(&self) -> Duration {
        Duration::from_millis(self.shed_after_ms)
    }

    pub const fn retry_after(&self) -> Duration {
        Duration::from_secs(self.retry_after_s)
    }
}
