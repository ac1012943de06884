//! A form: its schema, its fields and where their values come from.

use std::collections::BTreeSet;
use std::fmt;

use jsonschema::Validator;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kernel::{Attribute, AttributeSet, ProcedureCode, Sex};

/// A form's stable code: 1–40 of `a-z`, `0-9`, `-`, beginning with a letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct FormCode(String);

impl FormCode {
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
        fits.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FormCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What something is called, in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FormLabel {
    pub vi: String,
    pub en: String,
}

/// One fault of a definition. The file is the operator's own, so its words may be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormFault {
    /// RFC 6901 pointer into the file; `""` for all of it.
    pub pointer: String,
    pub reason: String,
}

/// Every fault of one definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormFaults {
    /// The file as it was named.
    pub file: String,
    pub faults: Vec<FormFault>,
}

impl fmt::Display for FormFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, FormFault { pointer, reason }) in self.faults.iter().enumerate() {
            let pointer = if pointer.is_empty() { "(file)" } else { pointer };
            write!(f, "{}{}: {pointer}: {reason}", if index > 0 { "\n" } else { "" }, self.file)?;
        }
        Ok(())
    }
}

impl std::error::Error for FormFaults {}

/// How a value is made of an attribute. The words are those of definitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Derivation {
    /// House, commune and province on one line.
    Address,
    /// Name of the commune.
    Commune,
    /// Name of the province.
    Province,
    /// A place as one line.
    Place,
    /// The year of a date.
    Year,
    /// `dd/mm/yyyy`, as forms write it.
    DayMonthYear,
    /// The word of the form for a code: sex, marital status, kind of card.
    Word,
    /// The name: of an ethnic group, a nationality, the spouse, the representative.
    Name,
    /// A telephone number as it is dialled at home: `0…`.
    National,
    /// Of the household: its head's name.
    HeadName,
    /// Of the household: its head's number.
    HeadIdNumber,
    /// Of the household: the relation to its head.
    Relation,
    /// Of the parents.
    FatherName,
    /// Of the parents.
    MotherName,
}

impl Derivation {
    /// The attributes it can be made of.
    pub const fn takes(self) -> &'static [Attribute] {
        use Attribute as A;
        match self {
            Self::Address => &[A::PermanentResidence, A::TemporaryResidence, A::CurrentResidence, A::TemporaryAbsence],
            Self::Commune | Self::Province => &[
                A::PermanentResidence,
                A::TemporaryResidence,
                A::CurrentResidence,
                A::TemporaryAbsence,
                A::PlaceOfBirth,
                A::PlaceOfBirthRegistration,
                A::PlaceOfOrigin,
            ],
            Self::Place => &[A::PlaceOfBirth, A::PlaceOfBirthRegistration, A::PlaceOfOrigin],
            Self::Year | Self::DayMonthYear => &[A::DateOfBirth, A::StatusDate],
            Self::Word => &[A::Sex, A::MaritalStatus, A::Card],
            Self::Name => &[A::Ethnicity, A::Nationality, A::Spouse, A::Representative],
            Self::National => &[A::Phone],
            Self::HeadName | Self::HeadIdNumber | Self::Relation => &[A::Household],
            Self::FatherName | Self::MotherName => &[A::Parents],
        }
    }
}

/// A member of an attribute that is an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    Unit,
    Text,
    Detail,
    Since,
    Until,
    Issued,
    Expires,
    IssuedBy,
}

impl Part {
    /// The member at `path` of `attribute`, as `POST /v1/citizens/lookup` writes it.
    pub fn of(attribute: Attribute, path: &str) -> Option<Self> {
        use Attribute as A;
        match (attribute, path) {
            (A::PlaceOfBirth | A::PlaceOfBirthRegistration | A::PlaceOfOrigin, "/unit") => Some(Self::Unit),
            (A::PlaceOfBirth | A::PlaceOfBirthRegistration | A::PlaceOfOrigin, "/text") => Some(Self::Text),
            (A::PermanentResidence | A::TemporaryResidence | A::CurrentResidence | A::TemporaryAbsence, path) => {
                match path {
                    "/unit" => Some(Self::Unit),
                    "/detail" => Some(Self::Detail),
                    "/since" => Some(Self::Since),
                    "/until" => Some(Self::Until),
                    _ => None,
                }
            }
            (A::Card, "/issued") => Some(Self::Issued),
            (A::Card, "/expires") => Some(Self::Expires),
            (A::Card, "/place") => Some(Self::IssuedBy),
            _ => None,
        }
    }
}

/// How the value comes out of its attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// As it is: a plain attribute.
    Plain,
    Part(Part),
    Derived(Derivation),
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    pub attribute: Attribute,
    pub take: Take,
    /// Only of a citizen of this sex; of others the citizen is asked.
    pub only_for: Option<Sex>,
}

impl Source {
    /// Every attribute that must be within agreement and consent for it.
    pub fn needs(self) -> AttributeSet {
        let mut needed: AttributeSet = [self.attribute].into_iter().collect();
        match self.take {
            Take::Derived(Derivation::HeadIdNumber) => needed.insert(Attribute::IdNumber),
            Take::Derived(Derivation::HeadName | Derivation::FatherName | Derivation::MotherName) => {
                needed.insert(Attribute::FullName);
            }
            Take::Derived(Derivation::Name) if matches!(self.attribute, Attribute::Spouse | Attribute::Representative) => {
                needed.insert(Attribute::FullName);
            }
            _ => {}
        }
        if self.only_for.is_some() {
            needed.insert(Attribute::Sex);
        }
        needed
    }
}

/// One column of a table of household members.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub label: FormLabel,
    pub source: Source,
    pub check: Validator,
}

/// How a field is filled.
#[derive(Debug, Clone)]
pub enum Filling {
    /// Only the citizen knows.
    Ask,
    /// From the first source that is for a citizen like this one.
    Value { sources: Vec<Source>, check: Validator },
    /// A row for each other member of the household.
    Members(Vec<Column>),
}

#[derive(Debug, Clone)]
pub struct Field {
    /// Pointer into the form's values.
    pub at: String,
    pub label: FormLabel,
    pub filling: Filling,
}

/// Who wrote a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Shipped,
    Operator,
}

/// A form, checked.
#[derive(Debug, Clone)]
pub struct Form {
    pub code: FormCode,
    pub title: FormLabel,
    pub origin: Origin,
    /// The procedures it belongs to; empty: every procedure.
    pub procedures: BTreeSet<ProcedureCode>,
    pub schema: Value,
    /// In the order of the form.
    pub fields: Vec<Field>,
    /// The fields as their definition writes them.
    pub mapping: Value,
}

impl Form {
    pub fn belongs_to(&self, procedure: &ProcedureCode) -> bool {
        self.procedures.is_empty() || self.procedures.contains(procedure)
    }

    /// Every attribute that the form is filled from.
    pub fn attributes(&self) -> AttributeSet {
        self.fields.iter().fold(AttributeSet::EMPTY, |all, field| match &field.filling {
            Filling::Ask => all,
            Filling::Value { sources, .. } => sources.iter().fold(all, |all, source| all.union(source.needs())),
            Filling::Members(columns) => {
                let household: AttributeSet = [Attribute::Household].into_iter().collect();
                columns.iter().fold(all.union(household), |all, column| all.union(column.source.needs()))
            }
        })
    }

    /// Whether the members of the household are needed.
    pub fn needs_household(&self) -> bool {
        self.attributes().contains(Attribute::Household)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_plain_words() {
        assert!(FormCode::parse("ct07-request").is_some());
        for bad in ["", "7ct", "CT01", "ct_01", "../ct01", &"a".repeat(41)] {
            assert_eq!(FormCode::parse(bad), None, "{bad}");
        }
    }
}
