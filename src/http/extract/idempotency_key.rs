//! `Idempotency-Key`: accepted on every creating call, required on none.

use std::fmt;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::http::problem::{Problem, ProblemKind};

/// The caller's key for one creation: 8–64 of `A-Z a-z 0-9 - _`.
/// Extract `Option`-wise: [`IdempotencyKey::given`] is `None` where no key was sent.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Option<Box<str>>);

impl IdempotencyKey {
    pub const HEADER: &'static str = "idempotency-key";

    pub fn given(&self) -> Option<&str> {
        self.0.as_deref()
    }

    fn parse(text: &str) -> Option<Self> {
        // The field is a structured string: quotes belong to its syntax, and many leave them out.
        let key = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
        // Keys are stored as keyed hashes only, so they may hold digits as any UUID does.
        let shaped =
            (8..=64).contains(&key.len()) && key.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'));
        shaped.then(|| Self(Some(key.into())))
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "IdempotencyKey(given)" } else { "IdempotencyKey(none)" })
    }
}

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut fields = request.headers().get_all(Self::HEADER);
        let key = match (fields.next(), fields.next()) {
            (None, _) => Some(Self(None)),
            (Some(field), None) => field.to_str().ok().and_then(Self::parse),
            (Some(_), Some(_)) => None,
        };
        ready(key.ok_or_else(|| ProblemKind::InvalidIdempotencyKey.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::IdempotencyKey;

    #[test]
    fn keys_with_and_without_quotes() {
        for good in ["order-2026-A", "\"order-2026-A\""] {
            assert_eq!(IdempotencyKey::parse(good).unwrap().given(), Some("order-2026-A"));
        }
        for bad in ["", "short", "has space in", "\"unbalanced"] {
            assert!(IdempotencyKey::parse(bad).is_none(), "{bad}");
        }
    }
}
