//! What is counted of the e-ID; never by person.

use super::model::Outcome;
use crate::telemetry::Metrics;
use crate::telemetry::metrics::Counter;

#[derive(Clone)]
pub struct EidMetrics {
    pub requests: Counter,
    pub held_back: Counter,
    pub approved: Counter,
    pub rejected: Counter,
    pub mismatched: Counter,
    pub devices_added: Counter,
    pub passcodes_refused: Counter,
    pub codes_sent: Counter,
    pub codes_failed: Counter,
    pub codes_over_limit: Counter,
}

impl EidMetrics {
    pub fn register(metrics: &Metrics) -> Self {
        Self {
            requests: metrics.counter("eid_requests", "Requests for an approval"),
            held_back: metrics
                .counter("eid_requests_held_back", "Requests to a citizen who is to be left alone for now"),
            approved: metrics.counter("eid_approved", "Requests approved"),
            rejected: metrics.counter("eid_rejected", "Requests rejected"),
            mismatched: metrics.counter("eid_mismatched", "Requests ended by wrong digits"),
            devices_added: metrics.counter("eid_devices_added", "Devices enrolled"),
            passcodes_refused: metrics.counter("eid_passcodes_refused", "Wrong passcodes"),
            codes_sent: metrics.counter("eid_codes_sent", "Activation codes handed to the sender"),
            codes_failed: metrics.counter("eid_codes_failed", "Activation codes that the sender did not take"),
            codes_over_limit: metrics
                .counter("eid_codes_over_limit", "Activation codes not sent because the minute's were used up"),
        }
    }

    pub fn decided(&self, outcome: Outcome) {
        match outcome {
            Outcome::Approved => self.approved.inc(),
            Outcome::Rejected => self.rejected.inc(),
            Outcome::Mismatch => self.mismatched.inc(),
        };
    }
}
