//! Whether a JSON object names each of its members once: parsers that disagree on which of two
//! counts can be played against each other (RFC 7515 section 4, RFC 7519 section 4).

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

/// More members than any header or claims set of good faith has.
const LIMIT: usize = 64;

/// A member's name, borrowed where the text holds no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a member's name")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object whose members differ")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen: Vec<Cow<'de, str>> = Vec::with_capacity(12);
        while let Some(Name(name)) = map.next_key()? {
            if seen.len() == LIMIT || seen.contains(&name) {
                return Err(A::Error::custom("a repeated member, or too many"));
            }
            seen.push(name);
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// Whether `json` is one object, each of whose own members appears once.
pub(super) fn is_object_of_unique_members(json: &[u8]) -> bool {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    deserializer.deserialize_map(Members).and_then(|()| deserializer.end()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_object_of_unique_members as unique;

    #[test]
    fn repeats_are_seen_through_escapes_and_only_at_the_top() {
        assert!(unique(br#"{"a":1,"b":{"a":2}}"#));
        assert!(!unique(br#"{"a":1,"a":1}"#));
        assert!(!unique(br#"{"alg":"ES256","\u0061lg":"none"}"#));
        assert!(!unique(br#"{"a":1} {}"#));
        assert!(!unique(br#"["a"]"#));
        assert!(!unique(br#"{"a":1"#));
    }
}
