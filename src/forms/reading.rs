//! A definition read from its file, every fault noted with its pointer.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::checking;
use super::model::{
    Column, Derivation, Field, Filling, Form, FormCode, FormFault, FormFaults, FormLabel, Origin, Part, Source, Take,
};
use super::schema::escape;
use crate::kernel::{Attribute, ProcedureCode, Sex};

/// The attributes that are told of other members of the household, column by column.
const OF_MEMBERS: [Attribute; 5] =
    [Attribute::FullName, Attribute::DateOfBirth, Attribute::Sex, Attribute::IdNumber, Attribute::Household];

/// A field as it is written, before the schema is looked at.
pub(super) struct Written {
    pub at: String,
    pub label: FormLabel,
    pub from: WrittenFrom,
    /// Where it stands in the file.
    pub pointer: String,
}

pub(super) enum WrittenFrom {
    Ask,
    Value(Vec<Source>),
    Members(Vec<WrittenColumn>),
}

pub(super) struct WrittenColumn {
    pub name: String,
    pub label: FormLabel,
    pub source: Source,
    pub pointer: String,
}

impl Form {
    /// Reads and checks a definition; `file` names it in faults.
    ///
    /// # Errors
    /// Every fault, each with its pointer.
    pub fn read(file: &str, text: &str, origin: Origin) -> Result<Self, FormFaults> {
        let mut faults = Faults::default();
        let form = match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(root)) => faults.form(root, origin),
            Ok(_) => faults.note("", "must be an object"),
            Err(error) => faults.note("", format!("is not JSON: {error}")),
        };
        match form {
            Some(form) if faults.0.is_empty() => Ok(form),
            _ => Err(FormFaults { file: file.to_owned(), faults: faults.0 }),
        }
    }
}

/// Reads members out of objects, noting what is wrong; what is left over is unknown.
#[derive(Default)]
pub(super) struct Faults(pub Vec<FormFault>);

impl Faults {
    pub fn note<T>(&mut self, pointer: &str, reason: impl Into<String>) -> Option<T> {
        self.0.push(FormFault { pointer: pointer.to_owned(), reason: reason.into() });
        None
    }

    fn form(&mut self, mut root: Map<String, Value>, origin: Origin) -> Option<Form> {
        let code = self.take(&mut root, "", "code").and_then(|value| self.code(&value));
        let title = self.take(&mut root, "", "title").and_then(|value| self.label(value, "/title"));
        let procedures = root.remove("procedures").map_or(Some(BTreeSet::new()), |value| self.procedures(value));
        let schema = self.take(&mut root, "", "schema");
        let mapping = self.take(&mut root, "", "fields");
        self.refuse_rest(root, "");
        let written = mapping.clone().and_then(|fields| self.fields(fields));
        let schema = schema.and_then(|schema| checking::schema(schema, self));
        let fields = match (&schema, written) {
            (Some(schema), Some(written)) => self.matched(schema, written),
            _ => None,
        };
        Some(Form {
            code: code?,
            title: title?,
            origin,
            procedures: procedures?,
            schema: schema?,
            fields: fields?,
            mapping: mapping?,
        })
    }

    fn take(&mut self, object: &mut Map<String, Value>, at: &str, name: &str) -> Option<Value> {
        match object.remove(name) {
            Some(value) => Some(value),
            None => self.note(at, format!("`{name}` is missing")),
        }
    }

    fn refuse_rest(&mut self, rest: Map<String, Value>, at: &str) {
        for name in rest.keys() {
            self.note::<()>(&format!("{at}/{}", escape(name)), "is not a member of definitions");
        }
    }

    fn object(&mut self, value: Value, at: &str) -> Option<Map<String, Value>> {
        match value {
            Value::Object(object) => Some(object),
            _ => self.note(at, "must be an object"),
        }
    }

    fn text(&mut self, value: &Value, at: &str) -> Option<String> {
        match value.as_str() {
            Some(text) => Some(text.to_owned()),
            None => self.note(at, "must be a string"),
        }
    }

    fn word<T: DeserializeOwned>(&mut self, value: Value, at: &str, kind: &str) -> Option<T> {
        let shown = value.to_string();
        serde_json::from_value(value).ok().or_else(|| self.note(at, format!("{shown} is no {kind}")))
    }

    fn code(&mut self, value: &Value) -> Option<FormCode> {
        let text = self.text(value, "/code")?;
        FormCode::parse(&text)
            .or_else(|| self.note("/code", "must be 1 to 40 of a-z, 0-9 and -, beginning with a letter"))
    }

    fn label(&mut self, value: Value, at: &str) -> Option<FormLabel> {
        let read: Option<FormLabel> = serde_json::from_value(value).ok();
        match read {
            Some(label) if !label.vi.trim().is_empty() && !label.en.trim().is_empty() => Some(label),
            _ => self.note(at, "must be {\"vi\": …, \"en\": …}, neither empty"),
        }
    }

    fn procedures(&mut self, value: Value) -> Option<BTreeSet<ProcedureCode>> {
        let Value::Array(codes) = value else { return self.note("/procedures", "must be a list of procedure codes") };
        let read = codes.iter().enumerate().map(|(index, code)| {
            let code = code.as_str().and_then(|code| ProcedureCode::parse(code).ok());
            code.or_else(|| self.note(&format!("/procedures/{index}"), "is no procedure code"))
        });
        let read: Vec<_> = read.collect();
        read.into_iter().collect()
    }

    fn fields(&mut self, value: Value) -> Option<Vec<Written>> {
        let Value::Array(fields) = value else { return self.note("/fields", "must be a list") };
        let read: Vec<_> = fields
            .into_iter()
            .enumerate()
            .map(|(index, field)| self.field(field, format!("/fields/{index}")))
            .collect();
        read.into_iter().collect()
    }

    fn field(&mut self, value: Value, pointer: String) -> Option<Written> {
        let mut field = self.object(value, &pointer)?;
        let at = self.take(&mut field, &pointer, "at").and_then(|at| self.text(&at, &format!("{pointer}/at")));
        let label = self.take(&mut field, &pointer, "label");
        let label = label.and_then(|label| self.label(label, &format!("{pointer}/label")));
        let from = match field.remove("columns") {
            Some(columns) => {
                let members = self.take(&mut field, &pointer, "from");
                if members.is_some_and(|from| from != "household_members") {
                    self.note::<()>(&format!("{pointer}/from"), "a table is filled from \"household_members\"");
                }
                self.columns(columns, &format!("{pointer}/columns")).map(WrittenFrom::Members)
            }
            None => {
                let from = self.take(&mut field, &pointer, "from");
                from.and_then(|from| self.from(from, &format!("{pointer}/from")))
            }
        };
        self.refuse_rest(field, &pointer);
        Some(Written { at: at?, label: label?, from: from?, pointer })
    }

    fn from(&mut self, value: Value, at: &str) -> Option<WrittenFrom> {
        match value {
            Value::String(word) if word == "ask" => Some(WrittenFrom::Ask),
            Value::String(word) if word == "household_members" => self.note(at, "a table needs its `columns`"),
            Value::Object(source) => self.source(source, at).map(|source| WrittenFrom::Value(vec![source])),
            Value::Array(sources) if !sources.is_empty() => {
                let read = sources.into_iter().enumerate().map(|(index, source)| {
                    let at = format!("{at}/{index}");
                    self.object(source, &at).and_then(|source| self.source(source, &at))
                });
                let read: Vec<_> = read.collect();
                read.into_iter().collect::<Option<_>>().map(WrittenFrom::Value)
            }
            _ => self.note(at, "must be \"ask\", {\"attribute\": …} or a list of such"),
        }
    }

    fn columns(&mut self, value: Value, at: &str) -> Option<Vec<WrittenColumn>> {
        let mut columns = Vec::new();
        for (name, value) in self.object(value, at)? {
            let pointer = format!("{at}/{}", escape(&name));
            let mut column = self.object(value, &pointer)?;
            let label = self.take(&mut column, &pointer, "label");
            let label = label.and_then(|label| self.label(label, &format!("{pointer}/label")));
            let from_at = format!("{pointer}/from");
            let from = self.take(&mut column, &pointer, "from").and_then(|from| self.object(from, &from_at));
            let source = from.and_then(|from| self.source(from, &from_at));
            let source = source.filter(|source| {
                let allowed = OF_MEMBERS.contains(&source.attribute)
                    && !matches!(source.take, Take::Derived(Derivation::HeadName | Derivation::HeadIdNumber));
                if !allowed {
                    self.note::<()>(&from_at, "is not told of other members of the household");
                }
                allowed
            });
            self.refuse_rest(column, &pointer);
            columns.push(label.zip(source).map(|(label, source)| WrittenColumn { name, label, source, pointer }));
        }
        columns.into_iter().collect()
    }

    fn source(&mut self, mut source: Map<String, Value>, at: &str) -> Option<Source> {
        let pointer = format!("{at}/attribute");
        let attribute = self.take(&mut source, at, "attribute");
        let attribute: Option<Attribute> = attribute.and_then(|value| self.word(value, &pointer, "attribute"));
        let only_for = match source.remove("only_for") {
            Some(value) => Some(self.word::<Sex>(value, &format!("{at}/only_for"), "sex")?),
            None => None,
        };
        let (path, derive) = (source.remove("path"), source.remove("derive"));
        self.refuse_rest(source, at);
        let attribute = attribute?;
        let take = match (path, derive) {
            (Some(_), Some(_)) => return self.note(at, "`path` and `derive` do not go together"),
            (None, None) => self.plain(attribute, &pointer)?,
            (Some(path), None) => {
                let (at, path) = (format!("{at}/path"), self.text(&path, &format!("{at}/path"))?);
                let part = Part::of(attribute, &path);
                Take::Part(part.or_else(|| self.note(&at, format!("`{attribute}` has no text at `{path}`")))?)
            }
            (None, Some(derive)) => {
                let at = format!("{at}/derive");
                let derivation: Derivation = self.word(derive, &at, "derivation")?;
                if !derivation.takes().contains(&attribute) {
                    return self.note(&at, format!("cannot be made of `{attribute}`"));
                }
                Take::Derived(derivation)
            }
        };
        Some(Source { attribute, take, only_for })
    }

    fn plain(&mut self, attribute: Attribute, at: &str) -> Option<Take> {
        use Attribute as A;
        match attribute {
            A::PlaceOfBirth
            | A::PlaceOfBirthRegistration
            | A::PlaceOfOrigin
            | A::PermanentResidence
            | A::TemporaryResidence
            | A::CurrentResidence
            | A::TemporaryAbsence
            | A::Household
            | A::Parents
            | A::Spouse
            | A::Children
            | A::Representative
            | A::Card => self.note(at, format!("`{attribute}` is no plain value: name a `path` or `derive` from it")),
            A::Photo => self.note(at, "a photo fills no field"),
            _ => Some(Take::Plain),
        }
    }

    fn matched(&mut self, schema: &Value, written: Vec<Written>) -> Option<Vec<Field>> {
        let mut checker = checking::Checker::new(schema);
        let fields: Vec<_> = written.into_iter().map(|field| self.matched_field(&mut checker, field)).collect();
        for at in checker.unmapped() {
            self.note::<()>("/fields", format!("nothing fills `{at}` of the schema: map it, or \"ask\""));
        }
        fields.into_iter().collect()
    }

    fn matched_field(&mut self, checker: &mut checking::Checker<'_>, field: Written) -> Option<Field> {
        let Written { at, label, from, pointer } = field;
        let leaf = match checker.claim(&at) {
            Ok(leaf) => leaf,
            Err(reason) => return self.note(&format!("{pointer}/at"), reason),
        };
        let filling = match from {
            WrittenFrom::Ask => Filling::Ask,
            WrittenFrom::Value(sources) => match checker.check(&leaf.schema_at) {
                Ok(check) => Filling::Value { sources, check },
                Err(reason) => return self.note(&format!("{pointer}/from"), reason),
            },
            WrittenFrom::Members(columns) => {
                let Some(described) = leaf.columns else {
                    return self.note(&format!("{pointer}/columns"), format!("`{at}` is no list of objects"));
                };
                let missing: Vec<_> =
                    described.iter().filter(|(name, _)| columns.iter().all(|column| column.name != *name)).collect();
                for (name, _) in &missing {
                    self.note::<()>(&format!("{pointer}/columns"), format!("nothing fills the column `{name}`"));
                }
                let columns: Vec<_> = columns
                    .into_iter()
                    .map(|column| {
                        let Some((_, schema_at)) = described.iter().find(|(name, _)| *name == column.name) else {
                            return self.note(&column.pointer, "is not a column of the schema");
                        };
                        match checker.check(schema_at) {
                            Ok(check) => Some(Column { name: column.name, label: column.label, source: column.source, check }),
                            Err(reason) => self.note(&format!("{}/from", column.pointer), reason),
                        }
                    })
                    .collect();
                Filling::Members(columns.into_iter().collect::<Option<_>>()?)
            }
        };
        Some(Field { at, label, filling })
    }
}
