mod claims;
mod labelled;
mod names;
mod properties;

use super::claims::Record;
use super::name::PreparedName;
use crate::citizens::Citizen;
use crate::kernel::PersonName;

pub(super) fn name(text: &str) -> PersonName {
    PersonName::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

pub(super) fn prepared(text: &str) -> PreparedName {
    PreparedName::new(&name(text))
}

/// An invented person; `changes` are members of the stored JSON to set.
pub(super) fn citizen(changes: serde_json::Value) -> Citizen {
    let mut record = serde_json::json!({
        "citizen_id": "a".repeat(32),
        "id_number": "097099000001",
        "full_name": "Nguyễn Thị Hoà",
        "date_of_birth": "1999-03-15",
        "sex": "female",
        "provenance": {"source": "population", "as_of": "2026-01-01"},
    });
    for (member, value) in changes.as_object().unwrap() {
        record[member] = value.clone();
    }
    serde_json::from_value(record).unwrap()
}

pub(super) struct Person {
    citizen: Citizen,
    full_name: PreparedName,
}

impl Person {
    pub(super) fn with(changes: serde_json::Value) -> Self {
        let citizen = citizen(changes);
        let full_name = PreparedName::new(&citizen.full_name);
        Self { citizen, full_name }
    }

    pub(super) fn record(&self) -> Record<'_> {
        Record { citizen: &self.citizen, full_name: &self.full_name }
    }
}
