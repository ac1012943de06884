//! The agreement as an operator writes it: a TOML file.
//!
//! ```toml
//! operations = ["citizens:lookup", "citizens:verify"]
//! procedures = ["1.004222"]
//! legal_bases = ["STATE_DUTY"]
//! attributes = ["full_name", "date_of_birth"]
//! household_members = ["1.004222"]   # procedures in which other members are named; none if absent
//! detail = "full"              # or "boolean"
//! bearer = true                # profile service only; false if absent
//! units = ["01", "00070"]      # provinces and communes whose stays may be read; none if absent
//!
//! [quotas]
//! per_minute = 6000
//! per_day = 1000000
//!
//! [validity]
//! from = 2026-01-01            # a day in Viet Nam, or an instant with its offset
//! until = 2028-12-31           # a day is the last one on which the agreement holds
//!
//! [eid]                        # may be absent: then nothing of it
//! sign_in = true               # sign citizens in by the browser
//! ciba = true                  # ask a citizen who is present, without a browser
//! levels = ["urn:dancu:acr:l1", "urn:dancu:acr:l2"]
//! sector = "tinh-01"           # optional: who shares subjects
//! ```
//!
//! Every fault of a file is told at once, by the name of its key.

use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;
use toml::{Table, Value};
use validator::{Validate, ValidationError};

use super::{Agreement, Detail, EidTerms, Operation};
use crate::kernel::{Attribute, Instant, LegalBasis, ProcedureCode, UnitCode, Units};

/// One fault of an agreement file. The file is the operator's own, so its words may be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementFault {
    /// The key as one would look for it in the file, e.g. `quotas.per_minute` or `attributes[2]`.
    pub key: String,
    pub message: String,
}

/// Every fault of an agreement file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementFaults(pub Vec<AgreementFault>);

impl fmt::Display for AgreementFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the agreement has faults:")?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {}: {}", fault.key, fault.message))
    }
}

impl std::error::Error for AgreementFaults {}

/// What could be read of a file; each `None` has its fault already.
#[derive(Debug, Validate)]
struct Terms {
    #[validate(length(min = 1, message = "must list at least one"))]
    operations: Option<Vec<Operation>>,
    #[validate(length(min = 1, message = "must list at least one"))]
    procedures: Option<Vec<ProcedureCode>>,
    #[validate(length(min = 1, message = "must list at least one"))]
    legal_bases: Option<Vec<LegalBasis>>,
    attributes: Option<Vec<Attribute>>,
    household_members: Option<Vec<ProcedureCode>>,
    detail: Option<Detail>,
    bearer: Option<bool>,
    #[validate(nested)]
    quotas: Quotas,
    #[validate(nested)]
    validity: Validity,
    eid: Option<EidTerms>,
    units: Option<Vec<UnitCode>>,
}

#[derive(Debug, Validate)]
#[validate(schema(function = "a_day_holds_a_minute"))]
struct Quotas {
    #[validate(range(min = 1, max = 100_000_000, message = "must lie between 1 and 100000000"))]
    per_minute: Option<u32>,
    #[validate(range(min = 1, max = 100_000_000_000_u64, message = "must lie between 1 and 100000000000"))]
    per_day: Option<u64>,
}

#[derive(Debug, Validate)]
#[validate(schema(function = "ends_after_it_begins"))]
struct Validity {
    from: Option<Instant>,
    until: Option<Instant>,
}

fn fault(code: &'static str, message: &'static str) -> ValidationError {
    ValidationError::new(code).with_message(message.into())
}

fn a_day_holds_a_minute(quotas: &Quotas) -> Result<(), ValidationError> {
    match (quotas.per_minute, quotas.per_day) {
        (Some(minute), Some(day)) if day < u64::from(minute) => {
            Err(fault("quotas", "per_day must be at least per_minute"))
        }
        _ => Ok(()),
    }
}

fn ends_after_it_begins(validity: &Validity) -> Result<(), ValidationError> {
    match (validity.from, validity.until) {
        (Some(from), Some(until)) if until <= from => Err(fault("validity", "must end after it begins")),
        _ => Ok(()),
    }
}

impl Agreement {
    /// Reads an agreement file.
    ///
    /// # Errors
    /// Every fault of the file.
    pub fn from_toml(text: &str) -> Result<Self, AgreementFaults> {
        let mut table = text.parse::<Table>().map_err(|error| {
            AgreementFaults(vec![AgreementFault { key: "(file)".to_owned(), message: error.to_string() }])
        })?;
        let mut reader = Reader::default();
        let terms = reader.terms(&mut table);
        if let Err(errors) = terms.validate() {
            gather("", &errors, &mut reader.faults);
        }
        match terms.into_agreement() {
            Some(agreement) if reader.faults.is_empty() => Ok(agreement),
            _ => Err(AgreementFaults(reader.faults)),
        }
    }
}

impl Terms {
    fn into_agreement(self) -> Option<Agreement> {
        Some(Agreement {
            operations: self.operations?.into_iter().collect(),
            procedures: self.procedures?.into_iter().collect(),
            legal_bases: self.legal_bases?.into_iter().collect(),
            attributes: self.attributes?.into_iter().collect(),
            household_members: self.household_members?.into_iter().collect(),
            detail: self.detail?,
            per_minute: self.quotas.per_minute?,
            per_day: self.quotas.per_day?,
            valid_from: self.validity.from?,
            valid_until: self.validity.until?,
            bearer: self.bearer?,
            eid: self.eid?,
            units: self.units?.into_iter().collect(),
        })
    }
}

/// Names the faults the validator found.
fn gather(prefix: &str, errors: &validator::ValidationErrors, faults: &mut Vec<AgreementFault>) {
    let mut fields: Vec<_> = errors.errors().iter().collect();
    fields.sort_by_key(|(field, _)| field.to_owned());
    for (field, kind) in fields {
        let key = match field.as_ref() {
            "__all__" => prefix.trim_end_matches('.').to_owned(),
            name => format!("{prefix}{name}"),
        };
        match kind {
            validator::ValidationErrorsKind::Field(list) => faults.extend(list.iter().map(|error| AgreementFault {
                key: key.clone(),
                message: error.message.as_deref().unwrap_or(&error.code).to_owned(),
            })),
            validator::ValidationErrorsKind::Struct(nested) => gather(&format!("{key}."), nested, faults),
            validator::ValidationErrorsKind::List(items) => {
                items.iter().for_each(|(index, nested)| gather(&format!("{key}[{index}]."), nested, faults));
            }
        }
    }
}

/// Takes keys out of a table, noting every fault; what is left over is unknown.
#[derive(Default)]
struct Reader {
    faults: Vec<AgreementFault>,
}

impl Reader {
    fn terms(&mut self, table: &mut Table) -> Terms {
        let mut quotas = self.table(table, "quotas");
        let mut validity = self.table(table, "validity");
        let terms = Terms {
            operations: self.list(table, "operations"),
            procedures: self.list(table, "procedures"),
            legal_bases: self.list(table, "legal_bases"),
            attributes: self.list(table, "attributes"),
            household_members: match table.contains_key("household_members") {
                true => self.list(table, "household_members"),
                false => Some(Vec::new()),
            },
            detail: self.value(table, "", "detail"),
            bearer: if table.contains_key("bearer") { self.value(table, "", "bearer") } else { Some(false) },
            quotas: Quotas {
                per_minute: quotas.as_mut().and_then(|quotas| self.value(quotas, "quotas.", "per_minute")),
                per_day: quotas.as_mut().and_then(|quotas| self.value(quotas, "quotas.", "per_day")),
            },
            validity: Validity {
                from: validity.as_mut().and_then(|validity| self.instant(validity, "from", Edge::First)),
                until: validity.as_mut().and_then(|validity| self.instant(validity, "until", Edge::Last)),
            },
            eid: if table.contains_key("eid") { self.value(table, "", "eid") } else { Some(EidTerms::default()) },
            units: if table.contains_key("units") { self.units(table) } else { Some(Vec::new()) },
        };
        self.refuse_unknown("", table);
        self.refuse_unknown("quotas.", &quotas.unwrap_or_default());
        self.refuse_unknown("validity.", &validity.unwrap_or_default());
        terms
    }

    fn note(&mut self, key: impl Into<String>, message: impl Into<String>) {
        self.faults.push(AgreementFault { key: key.into(), message: message.into() });
    }

    fn take(&mut self, table: &mut Table, prefix: &str, key: &str) -> Option<Value> {
        let value = table.remove(key);
        if value.is_none() {
            self.note(format!("{prefix}{key}"), "is missing");
        }
        value
    }

    fn table(&mut self, table: &mut Table, key: &str) -> Option<Table> {
        match self.take(table, "", key)? {
            Value::Table(inner) => Some(inner),
            _ => {
                self.note(key, "must be a table");
                None
            }
        }
    }

    fn value<T: DeserializeOwned>(&mut self, table: &mut Table, prefix: &str, key: &str) -> Option<T> {
        let value = self.take(table, prefix, key)?;
        self.convert(format!("{prefix}{key}"), value)
    }

    fn convert<T: DeserializeOwned>(&mut self, key: String, value: Value) -> Option<T> {
        value.try_into().map_err(|error: toml::de::Error| self.note(key, error.message())).ok()
    }

    fn list<T: DeserializeOwned>(&mut self, table: &mut Table, key: &str) -> Option<Vec<T>> {
        let Value::Array(items) = self.take(table, "", key)? else {
            self.note(key, "must be a list");
            return None;
        };
        let length = items.len();
        let items: Vec<T> =
            items.into_iter().enumerate().filter_map(|(i, item)| self.convert(format!("{key}[{i}]"), item)).collect();
        (items.len() == length).then_some(items)
    }

    /// Units of today's table only: a code of before 2025 may be another place's now.
    fn units(&mut self, table: &mut Table) -> Option<Vec<UnitCode>> {
        let units: Vec<UnitCode> = self.list(table, "units")?;
        for (index, unit) in units.iter().enumerate() {
            if !Units::shared().contains(*unit) {
                self.note(format!("units[{index}]"), "is no province or commune of today's table");
            }
        }
        Some(units)
    }

    fn instant(&mut self, table: &mut Table, key: &str, edge: Edge) -> Option<Instant> {
        let value = self.take(table, "validity.", key)?;
        let text = match &value {
            Value::Datetime(stamp) => stamp.to_string(),
            Value::String(text) => text.clone(),
            _ => String::new(),
        };
        let read = edge.of_day(&text).or_else(|| Instant::parse_rfc3339(&text));
        if read.is_none() {
            self.note(format!("validity.{key}"), "must be a day (2026-01-01) or an instant with its offset");
        }
        read
    }

    fn refuse_unknown(&mut self, prefix: &str, rest: &Table) {
        rest.keys().for_each(|key| self.note(format!("{prefix}{key}"), "is not a key of an agreement"));
    }
}

/// Which end of a day is meant.
#[derive(Clone, Copy)]
enum Edge {
    First,
    Last,
}

impl Edge {
    /// The day's begin, or the begin of the day after, in Viet Nam.
    fn of_day(self, text: &str) -> Option<Instant> {
        let shaped = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let begin = Instant::parse_rfc3339(&format!("{text}T00:00:00+07:00")).filter(|_| shaped)?;
        Some(match self {
            Self::First => begin,
            Self::Last => begin.plus(Duration::from_secs(24 * 3600)),
        })
    }
}

#[cfg(test)]
#[path = "agreement_file/tests.rs"]
mod tests;
