//! Forms listed, checked and prefilled, on both backends.

mod bounds;
mod definitions;
mod prefilling;
mod ratios;

use dancu::citizens::Citizen;
use dancu::citizens::seed::showcase;
use dancu::forms::{Form, Origin};
use serde_json::{Value, json};

use crate::api::citizens::desk::{PORTAL, purpose};

pub const CT01: &str = "/v1/forms/ct01/prefill";

/// The household of five: Hải, who heads it, Hà, two children, his mother.
pub fn family() -> Vec<Citizen> {
    showcase(1).into_iter().find(|shown| shown.case == "household_of_five").unwrap().citizens
}

/// An officer asks about somebody.
pub fn about(citizen: &Citizen) -> Value {
    json!({
        "id_number": citizen.id_number, "full_name": citizen.full_name, "date_of_birth": citizen.date_of_birth,
        "purpose": purpose(PORTAL),
    })
}

pub fn shipped(code: &str) -> Form {
    let text = match code {
        "ct01" => include_str!("../../../src/forms/definitions/ct01.json"),
        "ct07-request" => include_str!("../../../src/forms/definitions/ct07-request.json"),
        "birth-registration" => include_str!("../../../src/forms/definitions/birth-registration.json"),
        _ => include_str!("../../../src/forms/definitions/passport-tk01.json"),
    };
    Form::read(code, text, Origin::Shipped).unwrap_or_else(|faults| panic!("{faults}"))
}

/// The schema without what it requires: values are valid as far as they go.
pub fn as_far_as_it_goes(mut schema: Value) -> jsonschema::Validator {
    fn relax(node: &mut Value) {
        match node {
            Value::Object(members) => {
                members.remove("required");
                members.values_mut().for_each(relax);
            }
            Value::Array(list) => list.iter_mut().for_each(relax),
            _ => {}
        }
    }
    relax(&mut schema);
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

/// Pointers of all texts in `values`.
pub fn leaves(values: &Value, at: &str, found: &mut Vec<String>) {
    match values {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| leaves(value, &format!("{at}/{name}"), found));
        }
        Value::Array(rows) => {
            rows.iter().enumerate().for_each(|(index, value)| leaves(value, &format!("{at}/{index}"), found));
        }
        _ => found.push(at.to_owned()),
    }
}
