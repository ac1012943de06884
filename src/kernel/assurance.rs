//! How surely a citizen was authenticated (Decree 69/2024 art. 20).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An authentication level; a higher one is greater. Written as its `acr` (OpenID Connect Core
/// section 2), e.g. `urn:dancu:acr:l2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// One factor, no biometric.
    L1 = 1,
    /// Two different factors, no biometric.
    L2 = 2,
    /// Two factors or more, one of them a biometric.
    L3 = 3,
    /// A biometric, a possession and a knowledge factor.
    L4 = 4,
}

/// No level has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no authentication level has this name")]
pub struct UnknownLevel;

impl Level {
    /// Every level, lowest first.
    pub const ALL: &'static [Self] = &[Self::L1, Self::L2, Self::L3, Self::L4];

    /// The authentication context class reference.
    pub const fn acr(self) -> &'static str {
        match self {
            Self::L1 => "urn:dancu:acr:l1",
            Self::L2 => "urn:dancu:acr:l2",
            Self::L3 => "urn:dancu:acr:l3",
            Self::L4 => "urn:dancu:acr:l4",
        }
    }

    /// As a column value, 1 to 4.
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// Reads a column value.
    pub fn of_number(number: i16) -> Option<Self> {
        Self::ALL.iter().copied().find(|level| level.number() == number)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.acr())
    }
}

impl FromStr for Level {
    type Err = UnknownLevel;
    /// Reads an `acr`; `LoA1` of existing portals is level 1.
    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        if text == "LoA1" {
            return Ok(Self::L1);
        }
        Self::ALL.iter().copied().find(|level| level.acr() == text).ok_or(UnknownLevel)
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.acr())
    }
}

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_levels_are_ordered() {
        for level in Level::ALL {
            assert_eq!(level.acr().parse(), Ok(*level));
            assert_eq!(Level::of_number(level.number()), Some(*level));
        }
        assert!(Level::L1 < Level::L2 && Level::L3 < Level::L4);
        assert_eq!("LoA1".parse(), Ok(Level::L1));
        assert_eq!("LoA2".parse::<Level>(), Err(UnknownLevel));
    }
}
