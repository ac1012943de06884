//! The operations an agreement may list. An operation's name is also its OAuth scope.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::kernel::Text;

/// No operation has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no operation has this name")]
pub struct UnknownOperation;

macro_rules! operations {
    ($($variant:ident = $name:literal, $vi:literal, $en:literal;)*) => {
        /// One operation; its name is also the OAuth scope (design: HTTP conventions).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Operation { $($variant,)* }

        impl Operation {
            /// Every operation, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            pub const fn label(self) -> Text {
                match self { $(Self::$variant => Text::new($vi, $en),)* }
            }
        }

        impl FromStr for Operation {
            type Err = UnknownOperation;
            fn from_str(text: &str) -> Result<Self, UnknownOperation> {
                match text { $($name => Ok(Self::$variant),)* _ => Err(UnknownOperation) }
            }
        }
    };
}

operations! {
    CitizensLookup = "citizens:lookup", "Tra cứu thông tin công dân", "Look a citizen up";
    CitizensVerify = "citizens:verify", "Xác minh thông tin công dân", "Verify claims about a citizen";
    QrVerify = "qr:verify", "Kiểm tra mã QR", "Verify a QR code";
    QrIssue = "qr:issue", "Cấp mã QR có chữ ký", "Issue a signed QR code";
    ResidenceCheck = "residence:check", "Kiểm tra nơi cư trú", "Check a residence";
    ResidenceConfirm = "residence:confirm", "Xác nhận thông tin cư trú (CT07)", "Confirm residence information (CT07)";
    FormsPrefill = "forms:prefill", "Điền sẵn biểu mẫu", "Prefill a form";
    PopulationWrite = "population:write", "Cập nhật dữ liệu dân cư", "Write population data";
    StaysReport = "stays:report", "Thông báo lưu trú", "Report a stay";
    StaysRead = "stays:read", "Xem thông báo lưu trú", "Read reported stays";
    EidDesk = "eid:desk", "Xác nhận tài khoản định danh tại quầy", "Confirm e-ID accounts at a desk";
    AuditRead = "audit:read", "Xem nhật ký truy cập", "Read the access log";
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Operation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A set of operations, iterated in the order of [`Operation::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct OperationSet(u16);

impl OperationSet {
    pub const EMPTY: Self = Self(0);

    pub fn all() -> Self {
        Operation::ALL.iter().copied().collect()
    }
    pub const fn contains(self, operation: Operation) -> bool {
        self.0 & (1 << operation as u8) != 0
    }
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
    pub const fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
    pub fn iter(self) -> impl Iterator<Item = Operation> {
        Operation::ALL.iter().copied().filter(move |operation| self.contains(*operation))
    }
}

impl FromIterator<Operation> for OperationSet {
    fn from_iter<I: IntoIterator<Item = Operation>>(operations: I) -> Self {
        Self(operations.into_iter().fold(0, |set, operation| set | 1 << operation as u8))
    }
}

/// The names, separated by spaces: an OAuth scope (RFC 6749 section 3.3).
impl fmt::Display for OperationSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, operation) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(operation.name())?;
        }
        Ok(())
    }
}

impl Serialize for OperationSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for OperationSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Operation>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_fit_the_set() {
        assert!(Operation::ALL.len() <= 16);
        for operation in Operation::ALL {
            assert_eq!(operation.name().parse(), Ok(*operation));
        }
        let set: OperationSet = [Operation::AuditRead, Operation::CitizensLookup].into_iter().collect();
        assert_eq!(set.to_string(), "citizens:lookup audit:read");
        assert!(set.is_subset(OperationSet::all()) && !set.contains(Operation::QrIssue));
    }
}
