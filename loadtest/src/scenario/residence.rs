//! `POST /v1/residence/check`: every question and three predicates about one citizen, the members of
//! the household named.

use serde_json::{Value, json};

use super::{contains, naming_members};
use crate::sample::Anchor;

pub const PATH: &str = "/v1/residence/check";

pub fn body(anchor: &Anchor, purpose: &Value) -> Value {
    let purpose = naming_members(purpose);
    json!({
        "id_number": anchor.id_number,
        "full_name": anchor.full_name,
        "date_of_birth": anchor.date_of_birth,
        "purpose": purpose,
        "questions": ["permanent_residence", "temporary_residence", "current_residence", "household"],
        "predicates": [
            { "predicate": "resides_in", "unit": "01", "kind": "any", "for_months": 12 },
            { "predicate": "is_household_head" },
            { "predicate": "age_at_least", "years": 18 },
        ],
    })
}

pub fn is_good(body: &[u8]) -> bool {
    contains(body, br#""outcome":"found""#)
}
