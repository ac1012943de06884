//! Quotas as the IETF draft `ratelimit-headers` tells them.

use actix_web::http::header::{HeaderName, HeaderValue};

use crate::citizens::guard::meter::Standing;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// `RateLimit-Policy` (the agreement's quotas) and `RateLimit` (what is left, and for how long).
pub fn headers(standing: &Standing) -> [(HeaderName, HeaderValue); 2] {
    let mut policy = Text::new();
    policy.quota("\"minute\";q=", u64::from(standing.quotas.per_minute), ";w=60");
    policy.quota(", \"day\";q=", standing.quotas.per_day, ";w=86400");
    let mut left = Text::new();
    left.quota("\"minute\";r=", u64::from(standing.minute_left), ";t=");
    left.number(whole_seconds(standing.minute_resets));
    left.quota(", \"day\";r=", standing.day_left, ";t=");
    left.number(whole_seconds(standing.day_resets));
    [(POLICY, policy.value()), (LEFT, left.value())]
}

fn whole_seconds(time: std::time::Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// ASCII, written without the machinery of formatting: it is in every answer.
struct Text(Vec<u8>);

impl Text {
    fn new() -> Self {
        Self(Vec::with_capacity(64))
    }

    fn quota(&mut self, before: &str, number: u64, after: &str) {
        self.0.extend_from_slice(before.as_bytes());
        self.number(number);
        self.0.extend_from_slice(after.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    fn value(self) -> HeaderValue {
        // Letters, digits and punctuation only.
        HeaderValue::from_maybe_shared(bytes::Bytes::from(self.0)).unwrap_or(HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::citizens::guard::meter::Quotas;

    #[test]
    fn the_draft_is_followed_to_the_letter() {
        let standing = Standing {
            quotas: Quotas { per_minute: 600, per_day: 100_000 },
            minute_left: 599,
            minute_resets: Duration::from_millis(41_500),
            day_left: 0,
            day_resets: Duration::from_secs(3600),
        };
        let [(_, policy), (_, left)] = headers(&standing);
        assert_eq!(policy, r#""minute";q=600;w=60, "day";q=100000;w=86400"#);
        assert_eq!(left, r#""minute";r=599;t=42, "day";r=0;t=3600"#);
    }
}
