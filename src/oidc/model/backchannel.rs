//! Backchannel requests (OpenID Connect CIBA, poll mode).

use std::time::Duration;

use super::super::protocol::{AuthorizationError, BackchannelParameters, PopulationData, Scope};
use super::{GRACE, level_of};
use crate::clients::Client;
use crate::kernel::id::has_digit_run;
use crate::kernel::{AttributeSet, ClientId, IdNumber, Instant, Level, TransactionId};

/// A binding message is read on a small screen.
const LONGEST_MESSAGE: usize = 100;

/// A request that was checked.
#[derive(Debug, Clone)]
pub struct BackchannelRequest {
    pub scope: String,
    pub attributes: AttributeSet,
    pub details: Option<PopulationData>,
    pub level: Level,
    pub number: IdNumber,
    pub message: Option<String>,
    pub lifetime: Duration,
}

impl BackchannelRequest {
    /// Checks a request; it lives for `longest` at most.
    ///
    /// # Errors
    /// That of CIBA section 13 for the first fault there is.
    pub fn check(
        asked: &BackchannelParameters<'_>,
        client: &Client,
        (longest, now): (Duration, Instant),
    ) -> Result<Self, AuthorizationError> {
        let invalid = AuthorizationError::invalid_request;
        if asked.request.is_some() {
            return Err(AuthorizationError::new("request_not_supported", "request objects are not taken"));
        }
        if !client.agreement.in_force(now) {
            return Err(AuthorizationError::NOT_IN_FORCE);
        }
        if !client.agreement.eid.ciba {
            return Err(AuthorizationError::NOT_AGREED);
        }
        if asked.login_hint_token.is_some() || asked.id_token_hint.is_some() {
            return Err(invalid("login_hint is the one hint that is taken"));
        }
        let number = asked.login_hint.ok_or(invalid("login_hint is missing"))?;
        let number = IdNumber::parse(number).map_err(|_| invalid("login_hint must be a number of twelve digits"))?;
        let scope = Scope::parse(asked.scope, &client.agreement)?;
        let details = PopulationData::parse(asked.authorization_details, client)?;
        let listed = asked.acr_values.unwrap_or_default().split(' ').filter(|acr| !acr.is_empty());
        let level = level_of(listed, &client.agreement.eid)?;
        if asked.binding_message.is_some_and(|message| !message_fits(message)) {
            let description = "binding_message has 100 printable characters at most, without nine digits in a row";
            return Err(AuthorizationError::new("invalid_binding_message", description));
        }
        let detailed = details.as_ref().map_or(AttributeSet::EMPTY, |details| details.attributes);
        Ok(Self {
            scope: scope.text,
            attributes: scope.attributes.union(detailed),
            details,
            level,
            number,
            message: asked.binding_message.map(str::to_owned),
            lifetime: requested_lifetime(asked.requested_expiry, longest)
                .ok_or(invalid("requested_expiry must be a positive number of seconds"))?,
        })
    }
}

/// Whether a message may be shown to the citizen.
fn message_fits(message: &str) -> bool {
    (1..=LONGEST_MESSAGE).contains(&message.chars().count())
        && !message.chars().any(char::is_control)
        && !has_digit_run(message, 9)
}

/// As long as was asked for, `longest` at most.
fn requested_lifetime(asked: Option<&str>, longest: Duration) -> Option<Duration> {
    let Some(asked) = asked else { return Some(longest) };
    let seconds: u32 = asked.parse().ok().filter(|seconds| *seconds > 0)?;
    Some(Duration::from_secs(u64::from(seconds)).min(longest))
}

/// A request as a poll finds it.
#[derive(Debug, Clone)]
pub struct Backchannel {
    pub client: ClientId,
    pub transaction: TransactionId,
    pub scope: String,
    pub details: String,
    /// Between polls.
    pub wait: Duration,
    pub polled_at: Instant,
    pub expires_at: Instant,
}

/// What a poll comes to before the citizen's decision is looked at.
#[derive(Debug)]
pub enum Poll {
    /// Look what the citizen decided.
    Due(Backchannel),
    /// Too soon: from now on this much longer between polls (CIBA section 11).
    TooSoon(Duration),
    Over,
}

/// What `slow_down` adds.
const SLOWER: Duration = Duration::from_secs(5);
/// Clients' timers are not exact.
const TOLERANCE: Duration = Duration::from_millis(500);

impl Backchannel {
    pub fn poll(self, now: Instant) -> Poll {
        if self.expires_at.plus(GRACE) <= now {
            return Poll::Over;
        }
        if now.since(self.polled_at) + TOLERANCE < self.wait {
            return Poll::TooSoon(self.wait + SLOWER);
        }
        Poll::Due(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_come_no_sooner_than_told_and_slow_down_adds_up() {
        let at = |ms: i64| Instant::from_micros(ms * 1000);
        let request = |wait: u64| Backchannel {
            client: "portal".parse().unwrap(),
            transaction: TransactionId([0; 16]),
            scope: String::new(),
            details: String::new(),
            wait: Duration::from_secs(wait),
            polled_at: at(10_000),
            expires_at: at(100_000),
        };
        assert!(matches!(request(2).poll(at(12_000)), Poll::Due(_)));
        assert!(matches!(request(2).poll(at(11_600)), Poll::Due(_)));
        assert!(matches!(request(2).poll(at(11_000)), Poll::TooSoon(wait) if wait == Duration::from_secs(7)));
        assert!(matches!(request(2).poll(at(100_000)), Poll::Due(_)), "it may have been approved in the last second");
        assert!(matches!(request(2).poll(at(160_000)), Poll::Over));
    }

    #[test]
    fn lifetimes_and_messages_are_bounded() {
        let longest = Duration::from_secs(300);
        assert_eq!(requested_lifetime(None, longest), Some(longest));
        assert_eq!(requested_lifetime(Some("60"), longest), Some(Duration::from_secs(60)));
        assert_eq!(requested_lifetime(Some("900"), longest), Some(longest));
        for bad in ["0", "-1", "x", ""] {
            assert_eq!(requested_lifetime(Some(bad), longest), None, "{bad}");
        }
        assert!(message_fits("Quầy 3, phòng 204"));
        for bad in ["", "a\nb", "097099000001", &"x".repeat(101)] {
            assert!(!message_fits(bad), "{bad}");
        }
    }
}
