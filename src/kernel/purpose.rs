//! Why a question about a person is asked: the procedure, the legal basis and the officer.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::{ConsentId, Text, id::has_digit_run};

/// Why a text is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeFault {
    #[error("a procedure code is 1 to 40 of A-Z, a-z, 0-9, '.', '-', '_'")]
    Procedure,
    #[error("a legal basis is 2 to 64 of A-Z, 0-9 and _")]
    LegalBasis,
    #[error("an officer's id or unit is 1 to 64 of A-Z, a-z, 0-9, '.', '-', '_', without nine digits in a row")]
    Officer,
}

impl From<CodeFault> for (&'static str, Text) {
    fn from(fault: CodeFault) -> Self {
        match fault {
            CodeFault::Procedure => (
                "procedure_format",
                Text::new(
                    "Mã thủ tục gồm 1–40 ký tự A–Z, a–z, 0–9, '.', '-', '_'.",
                    "A procedure code is 1 to 40 of A-Z, a-z, 0-9, '.', '-', '_'.",
                ),
            ),
            CodeFault::LegalBasis => (
                "legal_basis_format",
                Text::new(
                    "Mã căn cứ pháp lý gồm 2–64 ký tự A–Z, 0–9, '_'.",
                    "A legal basis is 2 to 64 of A-Z, 0-9 and '_'.",
                ),
            ),
            CodeFault::Officer => (
                "officer_format",
                Text::new(
                    "Mã cán bộ, đơn vị gồm 1–64 ký tự A–Z, a–z, 0–9, '.', '-', '_', không có chín chữ số liền nhau.",
                    "An officer's id or unit is 1 to 64 of A-Z, a-z, 0-9, '.', '-', '_', without nine digits in a row.",
                ),
            ),
        }
    }
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $fault:ident, $lengths:expr, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub struct $name(Box<str>);

        impl $name {
            pub fn parse(text: &str) -> Result<Self, CodeFault> {
                let allowed: fn(u8) -> bool = $allowed;
                if $lengths.contains(&text.len()) && text.bytes().all(allowed) && !has_digit_run(text, 9) {
                    Ok(Self(text.into()))
                } else {
                    Err(CodeFault::$fault)
                }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

code!(
    /// Code of the administrative procedure (*mã thủ tục*), e.g. `1.004222`.
    ProcedureCode, Procedure, (1..=40), |c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'_')
);
code!(
    /// Code of the legal basis a client relies on. The agreement lists which ones it may name.
    LegalBasis, LegalBasis, (2..=64), |c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_'
);
code!(
    /// An officer's id or unit as the organisation writes it; never a personal number.
    OfficerCode, Officer, (1..=64), |c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'_')
);

impl LegalBasis {
    /// The citizen's consent (Law 91/2025/QH15); needs a consent on record for the call.
    pub const CONSENT: &'static str = "CONSENT";
    /// A state body doing its duty in an administrative procedure (Decree 70/2024).
    pub const STATE_DUTY: &'static str = "STATE_DUTY";
    /// Duty to identify customers (Law on Anti-Money Laundering 14/2022/QH15 art. 9).
    pub const CUSTOMER_IDENTIFICATION: &'static str = "CUSTOMER_IDENTIFICATION";
    /// Stay notification (Law on Residence 68/2020/QH14 art. 30).
    pub const STAY_NOTIFICATION: &'static str = "RESIDENCE_LAW_ART30";

    pub fn is_consent(&self) -> bool {
        self.as_str() == Self::CONSENT
    }
}

/// The officer in whose name a question is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Officer {
    pub id: OfficerCode,
    pub unit: OfficerCode,
}

/// Why a question is asked. `officer` is absent only where the citizen's own token stands in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Purpose {
    pub procedure: ProcedureCode,
    pub legal_basis: LegalBasis,
    pub officer: Option<Officer>,
    /// The consent a question under [`LegalBasis::CONSENT`] rests on; not needed where the citizen's
    /// own token carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentId>,
}
