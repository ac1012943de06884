//! Guards: failed anchors, the time of negative answers, load shedding.

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
    /// Failed anchors in a day that one client may have with one number.
    #[validate(range(min = 1, max = 100_000))]
    pub failed_anchors_per_number: u32,
    /// The same with one name and birth date.
    #[validate(range(min = 1, max = 100_000))]
    pub failed_anchors_per_name: u32,
    /// Failed anchors in an hour, as a share of a client's calls…
    #[validate(range(min = 1, max = 100))]
    pub failed_anchors_percent: u32,
    /// …once there are this many.
    #[validate(range(min = 1, max = 1_000_000))]
    pub failed_anchors_percent_from: u32,
    /// Failed anchors in a day with one number over all clients that raise an alarm.
    #[validate(range(min = 1, max = 1_000_000))]
    pub number_alarm: u32,
    /// Counters of failed anchors held in memory.
    #[validate(range(min = 1_000, max = 100_000_000))]
    pub counters: usize,
    /// Requests at work before further ones are shed.
    #[validate(range(min = 1, max = 1_000_000))]
    pub in_flight: usize,
    /// Requests are shed while they wait longer than this for their worker.
    #[validate(range(min = 1, max = 60_000))]
    pub queue_delay_ms: u64,
    /// Requests without an account that make work, from one address in a minute.
    #[validate(range(min = 1, max = 1_000_000))]
    pub anonymous_per_minute: u32,
    /// Batches of one client at once.
    #[validate(range(min = 1, max = 1_000))]
    pub batches_per_client: u32,
    /// The next line of a batch must have come whole within this time.
    #[validate(range(min = 100, max = 600_000))]
    pub line_timeout_ms: u64,
    /// The longest that a batch may last.
    #[validate(range(min = 1, max = 86_400))]
    pub batch_timeout_s: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            negative_answer_delay_ms: 25,
            failed_anchors_per_number: 20,
            failed_anchors_per_name: 30,
            failed_anchors_percent: 30,
            failed_anchors_percent_from: 200,
            number_alarm: 40,
            counters: 500_000,
            in_flight: 2_048,
            queue_delay_ms: 50,
            anonymous_per_minute: 60,
            batches_per_client: 8,
            line_timeout_ms: 30_000,
            batch_timeout_s: 3_600,
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

    pub const fn line_timeout(&self) -> Duration {
        Duration::from_millis(self.line_timeout_ms)
    }

    pub const fn batch_timeout(&self) -> Duration {
        Duration::from_secs(self.batch_timeout_s)
    }

    pub const fn queue_delay(&self) -> Duration {
        Duration::from_millis(self.queue_delay_ms)
    }
}
