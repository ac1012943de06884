//! The registered claims of a token (RFC 7519 section 4.1) and what a reader may expect of them.
//! Pure: *now* is an argument.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::kernel::Instant;

/// 9999-12-31T23:59:59Z; later dates are mistakes.
const LAST_SECOND: i64 = 253_402_300_799;

/// Seconds since 1970; read with a fraction too, written without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NumericDate(pub Instant);

impl Serialize for NumericDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0.as_seconds())
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = NumericDate;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("seconds between 1970 and 9999")
            }
            fn visit_u64<E: serde::de::Error>(self, seconds: u64) -> Result<NumericDate, E> {
                match i64::try_from(seconds) {
                    Ok(seconds) if seconds <= LAST_SECOND => Ok(NumericDate(Instant::from_seconds(seconds))),
                    _ => Err(E::custom("a date out of range")),
                }
            }
            fn visit_f64<E: serde::de::Error>(self, seconds: f64) -> Result<NumericDate, E> {
                if (0.0..=LAST_SECOND as f64).contains(&seconds) {
                    Ok(NumericDate(Instant::from_micros((seconds * 1e6) as i64)))
                } else {
                    Err(E::custom("a date out of range"))
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// `aud`: one text, or a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn is_among(&self, accepted: &[&str], rule: AudienceRule) -> bool {
        match (self, rule) {
            (Self::One(audience), _) => accepted.contains(&audience.as_str()),
            (Self::Many(_), AudienceRule::Text) => false,
            (Self::Many(audiences), AudienceRule::Only) => match audiences.as_slice() {
                [audience] => accepted.contains(&audience.as_str()),
                _ => false,
            },
            (Self::Many(audiences), AudienceRule::Any) => {
                audiences.iter().any(|audience| accepted.contains(&audience.as_str()))
            }
        }
    }
}

/// Which shapes of `aud` a reader takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudienceRule {
    /// One text; no list (client assertions of FAPI 2.0).
    Text,
    /// One text, or a list of one.
    Only,
    /// One text, or a list that holds one of ours.
    Any,
}

/// The registered claims, all optional; embed by `#[serde(flatten)]` or read beside one's own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RegisteredClaims {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<Audience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<NumericDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<NumericDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<NumericDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
}

/// What a reader expects of a token; the default asks for an expiry and nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    pub issuer: Option<&'a str>,
    pub subject: Option<&'a str>,
    /// The audiences that mean us; empty: `aud` is not looked at.
    pub audiences: &'a [&'a str],
    pub audience_rule: AudienceRule,
    /// Whether `iat` must be there. If it is there it is checked in any case.
    pub issued_at: bool,
    /// Whether `exp` must be there.
    pub expiry: bool,
    /// How far clocks may disagree.
    pub skew: Duration,
    /// How far ahead of *now* (and of `iat`, if it is there) `exp` may lie.
    pub max_lifetime: Option<Duration>,
    /// How old `iat` may be.
    pub max_age: Option<Duration>,
}

impl Default for Expected<'_> {
    fn default() -> Self {
        Self {
            issuer: None,
            subject: None,
            audiences: &[],
            audience_rule: AudienceRule::Any,
            issued_at: false,
            expiry: true,
            skew: Duration::ZERO,
            max_lifetime: None,
            max_age: None,
        }
    }
}

/// Why claims are not what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimFault {
    #[error("`{0}` is missing")]
    Missing(&'static str),
    #[error("`iss` is another issuer")]
    Issuer,
    #[error("`sub` is another subject")]
    Subject,
    #[error("`aud` is another audience, or of a shape not taken here")]
    Audience,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYet,
    #[error("`iat` lies ahead")]
    IssuedAhead,
    #[error("the token lives longer than allowed")]
    TooLongLived,
    #[error("the token was issued too long ago")]
    TooOld,
}

impl Expected<'_> {
    pub fn check(&self, claims: &RegisteredClaims, now: Instant) -> Result<(), ClaimFault> {
        same(self.issuer, claims.iss.as_deref(), "iss", ClaimFault::Issuer)?;
        same(self.subject, claims.sub.as_deref(), "sub", ClaimFault::Subject)?;
        if !self.audiences.is_empty() {
            let audience = claims.aud.as_ref().ok_or(ClaimFault::Missing("aud"))?;
            if !audience.is_among(self.audiences, self.audience_rule) {
                return Err(ClaimFault::Audience);
            }
        }
        self.check_times(claims, now)
    }

    fn check_times(&self, claims: &RegisteredClaims, now: Instant) -> Result<(), ClaimFault> {
        let latest = now.plus(self.skew);
        let earliest = now.minus(self.skew);
        let (exp, nbf, iat) = (claims.exp.map(|d| d.0), claims.nbf.map(|d| d.0), claims.iat.map(|d| d.0));
        if self.expiry && exp.is_none() {
            return Err(ClaimFault::Missing("exp"));
        }
        if (self.issued_at || self.max_age.is_some()) && iat.is_none() {
            return Err(ClaimFault::Missing("iat"));
        }
        if exp.is_some_and(|exp| exp <= earliest) {
            return Err(ClaimFault::Expired);
        }
        if nbf.is_some_and(|nbf| nbf > latest) {
            return Err(ClaimFault::NotYet);
        }
        if iat.is_some_and(|iat| iat > latest) {
            return Err(ClaimFault::IssuedAhead);
        }
        if let (Some(exp), Some(longest)) = (exp, self.max_lifetime) {
            let from = iat.map_or(latest, |iat| iat.min(latest));
            if exp > latest.plus(longest) || exp.since(from) > longest + self.skew {
                return Err(ClaimFault::TooLongLived);
            }
        }
        if let (Some(iat), Some(oldest)) = (iat, self.max_age)
            && iat < earliest.minus(oldest)
        {
            return Err(ClaimFault::TooOld);
        }
        Ok(())
    }
}

fn same(wanted: Option<&str>, given: Option<&str>, name: &'static str, fault: ClaimFault) -> Result<(), ClaimFault> {
    match (wanted, given) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(ClaimFault::Missing(name)),
        (Some(wanted), Some(given)) if wanted == given => Ok(()),
        (Some(_), Some(_)) => Err(fault),
    }
}
