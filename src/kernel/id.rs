//! Identifiers of records.
//!
//! Random identifiers are 16 bytes written as 32 letters `a`–`p` (one letter for four bits). No
//! digit ever appears in them, so a filter that strikes long runs of digits from a log never
//! mistakes one for a personal number.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Entropy;

/// The text is not 32 letters `a`–`p`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of 32 letters a-p")]
pub struct IdFault;

/// Sixteen bytes as letters.
struct Letters([u8; 32]);

impl Letters {
    fn of(bytes: &[u8; 16]) -> Self {
        let mut letters = [0; 32];
        for (pair, byte) in letters.chunks_exact_mut(2).zip(bytes) {
            pair[0] = b'a' + (byte >> 4);
            pair[1] = b'a' + (byte & 15);
        }
        Self(letters)
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn bytes_of(text: &str) -> Result<[u8; 16], IdFault> {
    let text = text.as_bytes();
    if text.len() != 32 || !text.iter().all(|c| (b'a'..=b'p').contains(c)) {
        return Err(IdFault);
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = (pair[0] - b'a') << 4 | (pair[1] - b'a');
    }
    Ok(bytes)
}

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// A new random identifier.
            pub fn random(entropy: &dyn Entropy) -> Self {
                let mut bytes = [0; 16];
                entropy.fill(&mut bytes);
                Self(bytes)
            }

            /// The 16 bytes as a column value.
            pub fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Reads a column value; `None` unless it has 16 bytes.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(Letters::of(&self.0).as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = IdFault;
            fn from_str(text: &str) -> Result<Self, IdFault> {
                bytes_of(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(Letters::of(&self.0).as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

random_id!(
    /// A citizen's key in the store. Never leaves the service: others see pairwise subjects.
    CitizenId
);
random_id!(
    /// One household of the population database.
    HouseholdId
);
random_id!(
    /// One answered request; told to the client so that both sides can name it later.
    TransactionId
);
random_id!(
    /// A consent that a citizen gave; told to the client that relies on it.
    ConsentId
);
random_id!(
    /// A device of an e-ID account.
    DeviceId
);
random_id!(
    /// A place where guests stay.
    FacilityId
);
random_id!(
    /// A reported stay.
    StayId
);

/// A client organisation's identifier: 1–64 of `a-z`, `0-9`, `-`, starting with a letter and
/// without nine digits in a row. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(Arc<str>);

/// The text is not a client identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a client id is 1 to 64 of a-z, 0-9 and -, begins with a letter and has no nine digits in a row")]
pub struct ClientIdFault;

impl ClientId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientId {
    type Err = ClientIdFault;
    fn from_str(text: &str) -> Result<Self, ClientIdFault> {
        let bytes = text.as_bytes();
        let shaped = (1..=64).contains(&bytes.len())
            && bytes[0].is_ascii_lowercase()
            && bytes.iter().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == b'-');
        if shaped && !has_digit_run(text, 9) { Ok(Self(text.into())) } else { Err(ClientIdFault) }
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for ClientId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ClientId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Whether `text` holds `length` ASCII digits in a row: such a text could carry a personal number.
pub fn has_digit_run(text: &str, length: usize) -> bool {
    let mut run = 0;
    text.bytes().any(|byte| {
        run = if byte.is_ascii_digit() { run + 1 } else { 0 };
        run >= length
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_round_trip_and_hold_no_digit() {
        let id = CitizenId([0x0f, 0xa5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 255]);
        let text = id.to_string();
        assert!(!text.bytes().any(|b| b.is_ascii_digit()));
        assert_eq!(text.parse(), Ok(id));
        assert_eq!("q".repeat(32).parse::<CitizenId>(), Err(IdFault));
        assert_eq!("a".repeat(31).parse::<CitizenId>(), Err(IdFault));
    }

    #[test]
    fn client_ids_are_plain_words_and_never_numbers() {
        assert!("portal-2".parse::<ClientId>().is_ok());
        for bad in ["", "2portal", "Portal", "a_b", "a097099000001", &"a".repeat(65)] {
            assert_eq!(bad.parse::<ClientId>(), Err(ClientIdFault), "{bad}");
        }
    }
}
