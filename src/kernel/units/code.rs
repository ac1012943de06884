//! The codes of units. Seven two-digit province codes changed owner in 2025 and nearly every old
//! ward code lives on as a commune's, so each table has its own type.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::kernel::Text;

/// The text is no code of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a unit code is 2 digits for a province or 5 digits for a commune")]
pub struct UnitCodeFault;

impl From<UnitCodeFault> for (&'static str, Text) {
    fn from(_: UnitCodeFault) -> Self {
        (
            "unit_code_format",
            Text::new(
                "Mã đơn vị hành chính gồm 2 chữ số (tỉnh) hoặc 5 chữ số (xã).",
                "A unit code has 2 digits for a province or 5 digits for a commune.",
            ),
        )
    }
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $number:ty, $digits:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($number);

        impl $name {
            /// Reads exactly the digits. Whether the unit exists, [`Units`](super::Units) knows.
            pub fn parse(text: &str) -> Result<Self, UnitCodeFault> {
                let shaped = text.len() == $digits && text.bytes().all(|b| b.is_ascii_digit());
                shaped.then(|| text.parse().ok().map(Self)).flatten().ok_or(UnitCodeFault)
            }

            pub const fn number(self) -> $number {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{:0", $digits, "}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = UnitCodeFault;
            fn from_str(text: &str) -> Result<Self, UnitCodeFault> {
                Self::parse(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

code!(
    /// A province since 1 July 2025 (34 of them).
    ProvinceCode, u8, 2
);
code!(
    /// A commune, ward or special zone since 1 July 2025 (3,321 of them).
    CommuneCode, u32, 5
);
code!(
    /// A province as it stood until 2025 (63 of them); with a zero before it, a prefix of
    /// identification numbers.
    OldProvinceCode, u8, 2
);
code!(
    /// A commune-level unit as it stood until 2025.
    OldWardCode, u32, 5
);

/// A province or a commune of today's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitCode {
    Province(ProvinceCode),
    Commune(CommuneCode),
}

impl UnitCode {
    pub fn parse(text: &str) -> Result<Self, UnitCodeFault> {
        match text.len() {
            2 => ProvinceCode::parse(text).map(Self::Province),
            _ => CommuneCode::parse(text).map(Self::Commune),
        }
    }
}

impl Serialize for UnitCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UnitCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for UnitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Province(code) => code.fmt(f),
            Self::Commune(code) => code.fmt(f),
        }
    }
}
