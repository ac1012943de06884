//! Requests of nobody in particular: who has no account is limited by the address they come from, in memory,
//! before anything is looked up or written for them.

use std::collections::HashMap;
use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use super::origin::address_of;
use super::problem::{Problem, ProblemKind};
use crate::kernel::AddressGroup;

/// Addresses remembered at once. Where there are more that have asked within the minute, newcomers share one
/// allowance.
const MOST_ADDRESSES: usize = 100_000;

/// What one address may ask, as a bucket that fills evenly. Shared by all workers.
pub struct AnonymousAllowance {
    per_minute: f64,
    buckets: Mutex<HashMap<Option<AddressGroup>, Bucket>>,
}

struct Bucket {
    left: f64,
    at: Instant,
}

impl AnonymousAllowance {
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute: f64::from(per_minute), buckets: Mutex::default() }
    }

    /// Takes one request of `group` at `now` (monotonic).
    ///
    /// # Errors
    /// How long to wait, where the allowance is used up.
    pub fn take(&self, group: AddressGroup, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = Some(group);
        if buckets.len() >= MOST_ADDRESSES && !buckets.contains_key(&key) {
            // A bucket that is full again tells no more than none.
            buckets.retain(|_, bucket| bucket.filled(self.per_minute, now) < self.per_minute);
            if buckets.len() >= MOST_ADDRESSES {
                key = None;
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket { left: self.per_minute, at: now });
        bucket.left = bucket.filled(self.per_minute, now);
        bucket.at = now;
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - bucket.left) * 60.0 / self.per_minute.max(1.0)))
    }
}

impl Bucket {
    fn filled(&self, per_minute: f64, now: Instant) -> f64 {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        (self.left + since * per_minute / 60.0).min(per_minute)
    }
}

/// A request without an account that is within its address's allowance. Handlers that do work for anybody
/// take it as their first argument.
pub struct AnonymousRequest;

impl AnonymousRequest {
    /// Takes one request from the allowance of the address that `request` comes from. Those whom a proxy
    /// does not name share one.
    ///
    /// # Errors
    /// `rate-limited`, with `Retry-After`.
    pub fn admit(request: &HttpRequest) -> Result<Self, Problem> {
        // Absent only where slices are tested without a server.
        let Some(allowance) = request.app_data::<Data<AnonymousAllowance>>() else { return Ok(Self) };
        let address = address_of(request).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        match allowance.take(AddressGroup::of(address), Instant::now()) {
            Ok(()) => Ok(Self),
            Err(wait) => {
                let seconds = HeaderValue::from(wait.as_secs() + 1);
                Err(Problem::new(ProblemKind::RateLimited).with_header(RETRY_AFTER, seconds))
            }
        }
    }
}

impl FromRequest for AnonymousRequest {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::admit(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(number: u32) -> AddressGroup {
        AddressGroup::of(IpAddr::V4(number.into()))
    }

    #[test]
    fn an_address_has_an_allowance_that_fills_again() {
        let (allowance, now) = (AnonymousAllowance::new(60), Instant::now());
        let taken = |from, at| (0..100).filter(|_| allowance.take(group(from), at).is_ok()).count();
        assert_eq!(taken(1, now), 60);
        let wait = allowance.take(group(1), now).unwrap_err();
        assert!(wait <= Duration::from_secs(1) && wait > Duration::ZERO, "{wait:?}");
        assert_eq!(taken(2, now), 60, "another address has its own");
        assert_eq!(taken(1, now + Duration::from_secs(10)), 10);
        assert_eq!(taken(1, now + Duration::from_secs(3600)), 60);
    }

    #[test]
    fn addresses_beyond_memory_share_one_allowance_and_old_ones_are_forgotten() {
        let (allowance, now) = (AnonymousAllowance::new(2), Instant::now());
        for address in 0..MOST_ADDRESSES as u32 {
            allowance.take(group(address), now).unwrap();
        }
        let strangers = u32::MAX - 10..u32::MAX;
        assert_eq!(strangers.clone().filter(|address| allowance.take(group(*address), now).is_ok()).count(), 2);
        assert!(allowance.buckets.lock().unwrap().len() <= MOST_ADDRESSES + 1);
        let later = now + Duration::from_secs(60);
        assert_eq!(strangers.filter(|address| allowance.take(group(*address), later).is_ok()).count(), 10);
        assert!(allowance.buckets.lock().unwrap().len() < 20);
    }
}
