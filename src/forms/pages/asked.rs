//! A form's fields on a page, and what comes back of them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::plain;
use crate::forms::fill::{Filled, MissingReason};
use crate::forms::model::{Filling, Form, FormLabel};
use crate::forms::schema::resolve;
use crate::http::page::Page;
use crate::kernel::Text;

/// One field.
pub struct ShownField {
    /// Its JSON pointer, which is its name.
    pub at: String,
    pub id: String,
    pub label: String,
    pub value: String,
    /// Where the value comes from; such a field need not be typed.
    pub source: Option<String>,
    /// Why it is to be typed, where that is not plain.
    pub hint: Option<&'static str>,
    pub required: bool,
    /// Of a text area, a date, a choice.
    pub kind: Kind,
    pub fault: Option<&'static str>,
}

impl ShownField {
    /// The ids of what describes it.
    pub fn described(&self) -> String {
        let hint = self.hint.map(|_| format!("{}-hint ", self.id));
        let fault = self.fault.map(|_| format!("{}-error", self.id));
        hint.into_iter().chain(fault).collect()
    }

    /// The attributes of a one-line field.
    pub fn input(&self) -> &'static str {
        match self.kind {
            Kind::Date => r#"type="date" class="short""#,
            Kind::Email => r#"type="email" autocomplete="email""#,
            Kind::Digits => r#"inputmode="numeric" class="number""#,
            Kind::Text | Kind::Long | Kind::Choice(_) => r#"type="text""#,
        }
    }
}

pub enum Kind {
    Text,
    Long,
    Date,
    Email,
    Digits,
    Choice(Vec<String>),
}

/// Fields that belong together: the person, or one member of the household.
pub struct Group {
    /// `None`: the form's own fields.
    pub member: Option<Member>,
    pub fields: Vec<ShownField>,
}

pub struct Member {
    pub at: String,
    pub id: String,
    pub name: String,
    pub chosen: bool,
}

/// A form as it is asked on a page.
pub struct Asked<'a> {
    pub page: &'a Page,
    pub form: &'a Form,
    /// What the population data gave; `None`: values are of the card, or typed.
    pub filled: Option<&'a Filled>,
}

/// A pointer and what is wrong there.
pub type Fault = (String, Text);

const MISSING: Text = Text::new("Hãy điền mục này.", "Please fill this in.");
const WRONG: Text = Text::new("Mục này chưa đúng dạng.", "This is not in the right form.");

impl Asked<'_> {
    /// Everything to show, filled with `values`.
    pub fn groups(&self, values: &Value, faults: &[Fault]) -> Vec<Group> {
        let (mut own, mut members) = (Vec::new(), Vec::new());
        for field in &self.form.fields {
            let Filling::Members(columns) = &field.filling else {
                own.push(self.field(&field.at, &field.label, values, faults));
                continue;
            };
            let rows = values.pointer(&field.at).and_then(Value::as_array).map_or(0, Vec::len);
            for row in 0..rows {
                let at = format!("{}/{row}", field.at);
                let place = |column: &str| format!("{at}/{column}");
                let fields =
                    columns.iter().map(|column| self.field(&place(&column.name), &column.label, values, faults));
                let name = values.pointer(&place("full_name")).map(plain).unwrap_or_default();
                let member = Member { id: id_of(&at), at: at.clone(), name, chosen: self.filled.is_none() };
                members.push(Group { member: Some(member), fields: fields.collect() });
            }
        }
        let mut groups = vec![Group { member: None, fields: own }];
        groups.extend(members);
        groups
    }

    fn field(&self, at: &str, label: &FormLabel, values: &Value, faults: &[Fault]) -> ShownField {
        let value = values.pointer(at).map(plain).unwrap_or_default();
        let given = self.filled.and_then(|filled| filled.provenance.get(at)).filter(|_| !value.is_empty());
        let reason = self.filled.and_then(|filled| filled.missing.iter().find(|missing| missing.field == at));
        let hint = reason.and_then(|missing| match missing.reason {
            MissingReason::AskCitizen => None,
            MissingReason::NotHeld => {
                Some(Text::new("Cơ sở dữ liệu chưa có mục này.", "The population data do not hold this."))
            }
            MissingReason::PoorQuality => {
                Some(Text::new("Dữ liệu hiện có chưa đầy đủ.", "What is on record is not complete."))
            }
            MissingReason::NotAgreed => {
                Some(Text::new("Mục này không được chia sẻ cho cổng.", "This is not shared with the portal."))
            }
        });
        ShownField {
            id: id_of(at),
            at: at.to_owned(),
            label: self.page.say(&label.vi, &label.en).to_owned(),
            source: given.map(|given| format!("{}, {}", self.register(&given.source), self.page.date(given.as_of))),
            hint: hint.map(|hint| self.page.tell(&hint)),
            required: self.is_required(at),
            kind: self.kind(at),
            fault: faults.iter().find(|(pointer, _)| pointer == at).map(|(_, text)| self.page.tell(text)),
            value,
        }
    }

    fn register(&self, source: &str) -> String {
        match source {
            "population" => self.page.say("Cơ sở dữ liệu quốc gia về dân cư", "the national population database"),
            "civil_registry" => self.page.say("Cơ sở dữ liệu hộ tịch", "the civil registry"),
            other => other,
        }
        .to_owned()
    }

    fn is_required(&self, at: &str) -> bool {
        let required = self.form.schema.get("required").and_then(Value::as_array);
        let mut names = required.into_iter().flatten().filter_map(Value::as_str);
        names.any(|name| at.strip_prefix('/') == Some(name))
    }

    fn kind(&self, at: &str) -> Kind {
        let Some((_, node)) = resolve(&self.form.schema, &of_any_row(at)) else { return Kind::Text };
        let text = |name: &str| node.get(name).and_then(Value::as_str).unwrap_or_default();
        if let Some(choices) = node.get("enum").and_then(Value::as_array) {
            return Kind::Choice(choices.iter().map(plain).collect());
        }
        match text("format") {
            "date" => Kind::Date,
            "email" => Kind::Email,
            _ if text("pattern").contains("[0-9]") => Kind::Digits,
            _ if node.get("maxLength").and_then(Value::as_u64).is_some_and(|longest| longest > 500) => Kind::Long,
            _ => Kind::Text,
        }
    }

    /// The values that a browser sent, and what is wrong with them. Members who do not change along
    /// are left out.
    pub fn read(&self, sent: &[(String, String)]) -> (Value, Vec<Fault>) {
        let value_at = |at: &str| {
            let value = sent.iter().find(|(name, _)| name == at).map(|(_, value)| value.trim());
            value.filter(|value| !value.is_empty())
        };
        let (mut values, mut faults) = (Value::Object(Map::new()), Vec::new());
        for field in &self.form.fields {
            let Filling::Members(columns) = &field.filling else {
                match value_at(&field.at) {
                    Some(value) => put(&mut values, &field.at, value),
                    None if self.is_required(&field.at) => faults.push((field.at.clone(), MISSING)),
                    None => {}
                }
                continue;
            };
            let rows = chosen(sent, &field.at).into_iter().map(|row| {
                let cells = columns.iter().filter_map(|column| {
                    let value = value_at(&format!("{}/{row}/{}", field.at, column.name))?;
                    Some((column.name.clone(), Value::from(value)))
                });
                Value::Object(cells.collect())
            });
            let rows: Vec<Value> = rows.collect();
            if !rows.is_empty()
                && let (Some(object), Some(name)) = (values.as_object_mut(), field.at.strip_prefix('/'))
            {
                object.insert(name.to_owned(), Value::Array(rows));
            }
        }
        if faults.is_empty() {
            faults.extend(self.wrong_in(&values).into_iter().map(|at| (at, WRONG)));
        }
        (values, faults)
    }

    fn wrong_in(&self, values: &Value) -> BTreeSet<String> {
        let built = jsonschema::options().should_validate_formats(true).build(&self.form.schema);
        let Ok(validator) = built else { return BTreeSet::from([String::new()]) };
        validator.iter_errors(values).map(|error| error.instance_path().to_string()).collect()
    }

    /// What was submitted, label by label.
    pub fn lines(&self, values: &Value) -> Vec<(String, String)> {
        let groups = self.groups(values, &[]);
        let fields = groups.into_iter().flat_map(|group| {
            let of = group.member.map(|member| format!(" ({})", member.name)).unwrap_or_default();
            group.fields.into_iter().map(move |field| (format!("{}{of}", field.label), field.value))
        });
        fields.filter(|(_, value)| !value.is_empty()).collect()
    }
}

/// The rows of a table that were chosen, however many there are.
fn chosen(sent: &[(String, String)], table: &str) -> BTreeSet<usize> {
    let row = |name: &str| name.strip_prefix(table)?.strip_prefix('/')?.parse().ok();
    sent.iter().filter(|(_, value)| !value.trim().is_empty()).filter_map(|(name, _)| row(name)).collect()
}

/// A pointer as an element's id.
fn id_of(at: &str) -> String {
    at.trim_start_matches('/').replace('/', "-")
}

/// `/members/3/sex` as definitions write it: `/members/*/sex` has one schema for all rows.
fn of_any_row(at: &str) -> String {
    let parts = at.split('/').map(|part| if part.parse::<usize>().is_ok() { "0" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Writes a value at a pointer, making the objects on its way.
fn put(values: &mut Value, at: &str, value: &str) {
    let mut node = values;
    let mut names = at.split('/').skip(1).peekable();
    while let Some(name) = names.next() {
        let Some(object) = node.as_object_mut() else { return };
        if names.peek().is_none() {
            object.insert(name.to_owned(), Value::from(value));
            return;
        }
        node = object.entry(name).or_insert_with(|| Value::Object(Map::new()));
    }
}
