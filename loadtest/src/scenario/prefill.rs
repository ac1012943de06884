//! `POST /v1/forms/ct01/prefill`: the declaration of residence, the table of the household filled, too.

use serde_json::{Value, json};

use super::{contains, naming_members};
use crate::sample::Anchor;

pub const PATH: &str = "/v1/forms/ct01/prefill";

pub fn body(anchor: &Anchor, purpose: &Value) -> Value {
    let purpose = naming_members(purpose);
    json!({
        "id_number": anchor.id_number,
        "full_name": anchor.full_name,
        "date_of_birth": anchor.date_of_birth,
        "purpose": purpose,
    })
}

/// The dead are among the people asked about; their answer costs as much up to the filling.
pub fn is_good(body: &[u8]) -> bool {
    contains(body, br#""outcome":"filled""#) || contains(body, br#""outcome":"not_alive""#)
}
