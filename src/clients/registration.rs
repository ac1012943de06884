//! Where browsers may be sent back to (RFC 6749 section 3.1.2, RFC 8252 section 7.3).

use serde::{Deserialize, Serialize};

const LONGEST_URI: usize = 512;
const MOST_URIS: usize = 32;

/// What a client registered for sign-in. Addresses are compared as they are written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registration {
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    /// Whether the port of a loopback address is free (RFC 8252): for the demo's clients only.
    pub any_loopback_port: bool,
}

/// Why an address cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedirectFault {
    #[error("a redirect address is an absolute https URL (http on loopback in the demo), without fragment or user")]
    Shape,
    #[error("no more than 32 redirect addresses")]
    TooMany,
    #[error("a redirect address is listed twice")]
    Repeated,
}

impl Registration {
    /// Whether every address may stand here.
    ///
    /// # Errors
    /// The first fault there is.
    pub fn check(&self) -> Result<(), RedirectFault> {
        for list in [&self.redirect_uris, &self.post_logout_redirect_uris] {
            if list.len() > MOST_URIS {
                return Err(RedirectFault::TooMany);
            }
            for (place, uri) in list.iter().enumerate() {
                let address = Address::read(uri).ok_or(RedirectFault::Shape)?;
                if !(address.secure || self.any_loopback_port && address.is_loopback()) {
                    return Err(RedirectFault::Shape);
                }
                if list[..place].contains(uri) {
                    return Err(RedirectFault::Repeated);
                }
            }
        }
        Ok(())
    }

    /// Whether a sign-in may end at `uri`.
    pub fn redirects_to(&self, uri: &str) -> bool {
        self.lists(&self.redirect_uris, uri)
    }

    /// Whether a logout may end at `uri`.
    pub fn returns_to(&self, uri: &str) -> bool {
        self.lists(&self.post_logout_redirect_uris, uri)
    }

    fn lists(&self, registered: &[String], uri: &str) -> bool {
        registered.iter().any(|known| known == uri || self.any_loopback_port && same_but_for_port(known, uri))
    }
}

/// The parts of an address that matter here.
struct Address<'a> {
    secure: bool,
    host: &'a str,
    rest: &'a str,
}

impl<'a> Address<'a> {
    fn read(uri: &'a str) -> Option<Self> {
        let plain = uri.len() <= LONGEST_URI
            && uri
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'"' | b'<' | b'>' | b'\\' | b'*'));
        let (scheme, after) = uri.split_once("://").filter(|_| plain)?;
        let secure = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let end = after.find(['/', '?']).unwrap_or(after.len());
        let (authority, rest) = after.split_at(end);
        if authority.contains('@') {
            return None;
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let numbered = port.is_none_or(|port| port.parse::<u16>().is_ok());
        (numbered && !host.is_empty()).then_some(Self { secure, host, rest })
    }

    fn is_loopback(&self) -> bool {
        !self.secure && matches!(self.host, "127.0.0.1" | "[::1]" | "localhost")
    }
}

fn same_but_for_port(known: &str, uri: &str) -> bool {
    match (Address::read(known), Address::read(uri)) {
        (Some(known), Some(uri)) => {
            known.is_loopback() && uri.is_loopback() && known.host == uri.host && known.rest == uri.rest
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(any_loopback_port: bool, uris: &[&str]) -> Registration {
        Registration {
            redirect_uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
            any_loopback_port,
            ..Registration::default()
        }
    }

    #[test]
    fn addresses_are_compared_as_they_are_written() {
        let exact = registered(false, &["https://rp.example.vn/cb"]);
        assert_eq!(exact.check(), Ok(()));
        assert!(exact.redirects_to("https://rp.example.vn/cb"));
        for other in [
            "https://rp.example.vn/cb/",
            "https://rp.example.vn/cb?x=1",
            "https://rp.example.vn/CB",
            "https://RP.example.vn/cb",
            "https://rp.example.vn:443/cb",
            "http://rp.example.vn/cb",
            "https://rp.example.vn.evil.vn/cb",
            "https://rp.example.vn/cb/../cb",
            "",
        ] {
            assert!(!exact.redirects_to(other), "{other}");
        }
    }

    #[test]
    fn only_the_demo_leaves_the_port_of_loopback_free() {
        let uris = ["http://127.0.0.1/cb", "http://localhost:3000/cb"];
        assert_eq!(registered(false, &uris).check(), Err(RedirectFault::Shape));
        let demo = registered(true, &uris);
        assert_eq!(demo.check(), Ok(()));
        assert!(demo.redirects_to("http://127.0.0.1:49152/cb") && demo.redirects_to("http://localhost:1/cb"));
        for other in [
            "http://127.0.0.1:49152/other",
            "http://127.0.0.1:x/cb",
            "http://[::1]:5/cb",
            "http://127.0.0.1@evil.vn/cb",
            "https://127.0.0.1:5/cb",
            "http://127.0.0.1:5/cb#x",
            "http://127.0.0.1.evil.vn/cb",
        ] {
            assert!(!demo.redirects_to(other), "{other}");
        }
    }

    #[test]
    fn what_could_lead_elsewhere_is_not_registered() {
        for bad in [
            "https://rp.vn/cb#x",
            "javascript:alert(1)",
            "https://user@rp.vn/",
            "//rp.vn/cb",
            "https://",
            "https://*.vn/cb",
        ] {
            assert_eq!(registered(true, &[bad]).check(), Err(RedirectFault::Shape), "{bad}");
        }
        assert_eq!(registered(false, &["https://a.vn/", "https://a.vn/"]).check(), Err(RedirectFault::Repeated));
    }
}
