//! The bounds of e-ID.

use std::time::Duration;

/// What operators may set, and what is fixed for all.
#[derive(Debug, Clone)]
pub struct EidConfig {
    /// Devices of one account at once.
    pub devices: usize,
    /// Requests of sign-in pages that one citizen sees at once, and as many of counters.
    pub open_requests: i64,
    /// Requests of sign-in pages to one citizen in an hour that they did not scan, and as many of counters.
    pub requests_per_hour: i32,
    /// Codes in a day that are sent to one citizen's contact.
    pub codes_per_number: i32,
    /// Codes in a minute that are sent in all.
    pub codes_per_minute: i32,
    /// Sign-in pages in a minute that are begun from one network address.
    pub pages_per_address: i32,
    /// Sign-in pages in a minute that are begun in all.
    pub pages_per_minute: i32,
    /// Requests in an hour that sign-in pages address to one number.
    pub addresses_per_number: i32,
    /// Passcodes that are being hashed at once.
    pub passcodes_at_once: usize,
    /// Whether apps are told the digits that the starting screen shows. Only a demo does, so that its
    /// wallets approve by themselves: anywhere else the digits would protect nobody.
    pub tell_digits: bool,
    /// Callers that wait for news at once; further ones are answered without waiting.
    pub waiters: usize,
}

impl Default for EidConfig {
    fn default() -> Self {
        Self {
            devices: 5,
            open_requests: 5,
            requests_per_hour: 60,
            codes_per_number: 5,
            codes_per_minute: 600,
            pages_per_address: 60,
            pages_per_minute: 6_000,
            addresses_per_number: 20,
            passcodes_at_once: 2,
            tell_digits: false,
            waiters: 20_000,
        }
    }
}

/// Names that may be typed into one sign-in page.
pub(super) const NAMES_PER_REQUEST: i16 = 3;
/// A one-time code holds this long.
pub(super) const CODE_LIFETIME: Duration = Duration::from_secs(600);
/// A code handed out at a desk or by another device.
pub(super) const ENROLMENT_LIFETIME: Duration = Duration::from_secs(1_800);
/// Tries of one code.
pub(super) const CODE_TRIES: i16 = 5;
pub(super) const HOUR: Duration = Duration::from_secs(3_600);
pub(super) const DAY: Duration = Duration::from_secs(24 * 3_600);
pub(super) const MINUTE: Duration = Duration::from_secs(60);
