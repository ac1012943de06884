//! The fields a JSON Schema describes: every leaf below the root's properties.

use serde_json::Value;

/// The dialect definitions are written in.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// `$ref`s followed one after another.
const MOST_REFERENCES: usize = 16;
/// Objects within objects.
const DEEPEST: usize = 8;

/// A leaf: a value, or a table whose rows are objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Pointer into an instance.
    pub at: String,
    /// Pointer into the schema, references followed.
    pub schema_at: String,
    /// Of a table: its columns by name, each with its pointer into the schema.
    pub columns: Option<Vec<(String, String)>>,
}

/// Every leaf, in the order of the schema.
pub fn leaves(schema: &Value) -> Vec<Leaf> {
    let mut found = Vec::new();
    gather(schema, "", "", DEEPEST, &mut found);
    found
}

fn gather(schema: &Value, at: &str, schema_at: &str, depth: usize, found: &mut Vec<Leaf>) {
    let Some((schema_at, node)) = resolve(schema, schema_at) else { return };
    let properties = node.get("properties").and_then(Value::as_object);
    match properties {
        Some(properties) if depth > 0 => {
            for name in properties.keys() {
                let name = escape(name);
                gather(schema, &format!("{at}/{name}"), &format!("{schema_at}/properties/{name}"), depth - 1, found);
            }
        }
        _ if at.is_empty() => {}
        _ => {
            let columns = columns(schema, &schema_at, node);
            found.push(Leaf { at: at.to_owned(), schema_at, columns });
        }
    }
}

/// The columns of an array of objects.
fn columns(schema: &Value, schema_at: &str, node: &Value) -> Option<Vec<(String, String)>> {
    node.get("items")?;
    let (items_at, items) = resolve(schema, &format!("{schema_at}/items"))?;
    let properties = items.get("properties").and_then(Value::as_object)?;
    let column = |name: &String| {
        let (at, _) = resolve(schema, &format!("{items_at}/properties/{}", escape(name)))?;
        Some((name.clone(), at))
    };
    properties.keys().map(column).collect()
}

/// The schema at a pointer, with references within the document followed.
pub fn resolve<'s>(schema: &'s Value, at: &str) -> Option<(String, &'s Value)> {
    let mut at = at.to_owned();
    for _ in 0..MOST_REFERENCES {
        let node = schema.pointer(&at)?;
        match node.get("$ref").and_then(Value::as_str) {
            Some(reference) => reference.strip_prefix('#')?.clone_into(&mut at),
            None => return Some((at, node)),
        }
    }
    None
}

/// A schema of its own for what stands at `schema_at`, with everything its references may name.
pub fn part(schema: &Value, schema_at: &str) -> Value {
    let mut part = serde_json::Map::new();
    part.insert("$schema".to_owned(), DIALECT.into());
    // They constrain objects only, and a field's value is none.
    for kept in ["$defs", "properties"] {
        if let Some(value) = schema.get(kept) {
            part.insert(kept.to_owned(), value.clone());
        }
    }
    part.insert("$ref".to_owned(), format!("#{schema_at}").into());
    Value::Object(part)
}

/// Whether a text can be valid there.
pub fn admits_text(node: &Value) -> bool {
    match node.get("type") {
        None => true,
        Some(Value::String(kind)) => kind == "string",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "string"),
        Some(_) => false,
    }
}

/// A name as a step of a pointer (RFC 6901 section 3).
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_every_leaf_through_references() {
        let schema = json!({
            "$defs": {
                "name": { "type": "string" },
                "person": { "properties": { "name": { "$ref": "#/$defs/name" }, "a/b": {} } },
            },
            "properties": {
                "who": { "$ref": "#/$defs/person" },
                "rows": { "type": "array", "items": { "$ref": "#/$defs/person" } },
                "loop": { "$ref": "#/properties/loop" },
            },
        });
        let found = leaves(&schema);
        let at: Vec<_> = found.iter().map(|leaf| (leaf.at.as_str(), leaf.schema_at.as_str())).collect();
        assert!(at.contains(&("/who/name", "/$defs/name")) && at.contains(&("/who/a~1b", "/$defs/person/properties/a~1b")));
        let rows = found.iter().find(|leaf| leaf.at == "/rows").unwrap();
        let columns = rows.columns.as_ref().unwrap();
        assert!(columns.contains(&("name".to_owned(), "/$defs/name".to_owned())));
        assert_eq!(found.len(), 3, "what refers to itself is no field");
    }
}
