//! The service's own address.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The public base URL, which is also the issuer of tokens (RFC 8414 section 2): no query, no
/// fragment, no slash at the end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Issuer(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be http(s)://HOST[:PORT][/PATH] without query, fragment or final slash")]
pub struct IssuerFault;

impl Issuer {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// The host, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        let authority = self.without_scheme().split('/').next().unwrap_or_default();
        match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, _)) => host,
            None => authority.split(':').next().unwrap_or_default(),
        }
    }

    pub fn is_loopback(&self) -> bool {
        is_loopback(self.host())
    }

    /// `host[:port][/path]`, as audit origins are written.
    pub fn without_scheme(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, rest)| rest)
    }
}

pub(super) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl FromStr for Issuer {
    type Err = IssuerFault;

    fn from_str(text: &str) -> Result<Self, IssuerFault> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(IssuerFault)?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let path_fits = !path.ends_with('/')
            && path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'.' | b'_' | b'~'));
        if path_fits && is_authority(authority) { Ok(Self(text.to_owned())) } else { Err(IssuerFault) }
    }
}

fn is_authority(authority: &str) -> bool {
    let (host_fits, port) = match authority.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, port)) => (host.parse::<Ipv6Addr>().is_ok(), port),
            None => return false,
        },
        None => {
            let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
            (!host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.')), port)
        }
    };
    let digits =
        |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok();
    host_fits && (port.is_empty() || port.strip_prefix(':').is_some_and(digits))
}

impl Serialize for Issuer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Issuer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_are_plain_base_urls() {
        let issuer: Issuer = "https://dancu.vn:8443/id".parse().unwrap();
        assert_eq!((issuer.host(), issuer.is_https(), issuer.is_loopback()), ("dancu.vn", true, false));
        assert_eq!(issuer.without_scheme(), "dancu.vn:8443/id");
        for loopback in ["http://localhost:8080", "http://127.0.0.1", "http://[::1]:80"] {
            assert!(loopback.parse::<Issuer>().unwrap().is_loopback(), "{loopback}");
        }
        for bad in [
            "",
            "dancu.vn",
            "ftp://dancu.vn",
            "https://",
            "https://dancu.vn/",
            "https://dancu.vn?x",
            "https://a b",
            "https://u@h",
            "https://h:",
            "https://h:70000",
            "https://[::1",
            "https://[::1]x",
            "https://h#f",
            "https://h:+1",
        ] {
            assert_eq!(bad.parse::<Issuer>(), Err(IssuerFault), "{bad}");
        }
    }
}
