//! Whether a definition's schema is one, and whether its mapping fits it.

use jsonschema::{Draft, Validator};
use serde_json::Value;

use super::reading::Faults;
use super::schema::{self, DIALECT, Leaf};

/// The schema, if it is one of the dialect and describes an object. References lead nowhere but into
/// the document itself: nothing is ever fetched.
pub(super) fn schema(schema: Value, faults: &mut Faults) -> Option<Value> {
    if schema.get("$schema").and_then(Value::as_str) != Some(DIALECT) {
        return faults.note("/schema/$schema", format!("must be \"{DIALECT}\""));
    }
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return faults.note("/schema/type", "must be \"object\"");
    }
    match jsonschema::draft202012::meta::validate(&schema) {
        Ok(()) => {}
        Err(error) => {
            let pointer = format!("/schema{}", error.instance_path());
            return faults.note(&pointer, error.to_string());
        }
    }
    match compile(&schema) {
        Ok(_) => Some(schema),
        Err(reason) => faults.note("/schema", reason),
    }
}

/// # Errors
/// Why the schema cannot be used.
pub fn compile(schema: &Value) -> Result<Validator, String> {
    let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
    options.build(schema).map_err(|error| error.to_string())
}

/// Matches fields with the leaves of a schema.
pub(super) struct Checker<'s> {
    schema: &'s Value,
    /// With whether a field claimed it.
    leaves: Vec<(Leaf, bool)>,
}

impl<'s> Checker<'s> {
    pub fn new(schema: &'s Value) -> Self {
        Self { schema, leaves: schema::leaves(schema).into_iter().map(|leaf| (leaf, false)).collect() }
    }

    /// The leaf a field is for.
    ///
    /// # Errors
    /// If there is none, or another field is for it.
    pub fn claim(&mut self, at: &str) -> Result<Leaf, String> {
        match self.leaves.iter_mut().find(|(leaf, _)| leaf.at == at) {
            None => Err(format!("the schema has no field at `{at}`")),
            Some((_, true)) => Err(format!("`{at}` has two fields")),
            Some((leaf, claimed)) => {
                *claimed = true;
                Ok(leaf.clone())
            }
        }
    }

    /// What checks a value at this place of the schema.
    ///
    /// # Errors
    /// If no text can be valid there: attributes and derivations are texts.
    pub fn check(&self, schema_at: &str) -> Result<Validator, String> {
        if !self.schema.pointer(schema_at).is_some_and(schema::admits_text) {
            return Err("gives a text, and the schema wants another type".to_owned());
        }
        compile(&schema::part(self.schema, schema_at))
    }

    /// Leaves without a field.
    pub fn unmapped(&self) -> impl Iterator<Item = &str> {
        self.leaves.iter().filter(|(_, claimed)| !claimed).map(|(leaf, _)| leaf.at.as_str())
    }
}
