//! Lays the environment over the file and reads sections from both, key by key, so that one bad
//! key hides no other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};
use validator::{Validate, ValidationError, ValidationErrorsKind};

use super::fault::{ConfigFaults, Place};
use super::secret::Secrets;

const PREFIX: &str = "DANCU__";
/// A configuration is some kilobytes.
const FILE_LIMIT: u64 = 1024 * 1024;

/// A table of settings. Its defaults stand for whatever is not set.
pub(super) trait Section: Default + Serialize + DeserializeOwned + Validate {
    const NAME: &'static str;
}

struct Variable {
    name: String,
    section: String,
    key: String,
    text: String,
}

pub(super) struct Layers {
    /// Of the sections that were taken out.
    pub(super) secrets: Secrets,
    path: PathBuf,
    file: Table,
    variables: Vec<Variable>,
}

impl Layers {
    pub(super) fn read(
        file: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
        faults: &mut ConfigFaults,
    ) -> Self {
        let mut variables = Vec::new();
        for (name, text) in env {
            let Some(rest) = name.strip_prefix(PREFIX) else { continue };
            match rest.split_once("__") {
                Some((section, key)) => {
                    let (section, key) = (section.to_ascii_lowercase(), key.to_ascii_lowercase());
                    variables.push(Variable { name, section, key, text });
                }
                None => faults.push(Place::Variable(name), "is not DANCU__SECTION__KEY"),
            }
        }
        variables.sort_by(|a, b| a.name.cmp(&b.name));
        let table = file.map(|path| read_table(path, faults)).unwrap_or_default();
        let path = file.map(Path::to_path_buf).unwrap_or_default();
        Self { secrets: Secrets::default(), path, file: table, variables }
    }

    /// Takes a section out, with every fault of its keys noted.
    pub(super) fn section<S: Section>(&mut self, faults: &mut ConfigFaults) -> S {
        let mut accepted = Table::new();
        let mut places = BTreeMap::new();
        for (key, value) in self.file_section(S::NAME, faults) {
            let place = Place::Key { file: self.path.clone(), key: format!("{}.{key}", S::NAME) };
            match probe::<S>(&key, value.clone()) {
                Ok(()) => {
                    self.secrets.note_in_file::<S>(&key, &value);
                    accepted.insert(key.clone(), value);
                    places.insert(key, place);
                }
                Err(text) => faults.push(place, text),
            }
        }
        for variable in self.variables.extract_if(.., |variable| variable.section == S::NAME) {
            let place = Place::Variable(variable.name);
            match value_of::<S>(&variable.key, &variable.text) {
                Ok(value) => {
                    accepted.insert(variable.key.clone(), value);
                    places.insert(variable.key, place);
                }
                Err(text) => faults.push(place, text),
            }
        }
        accepted.iter().for_each(|(key, value)| self.secrets.note_file::<S>(key, value));
        let section = accepted.try_into::<S>().unwrap_or_else(|error| {
            faults.push(Place::Default(S::NAME.into()), error.message());
            S::default()
        });
        check(&section, &places, faults);
        section
    }

    /// What is left belongs to no section.
    pub(super) fn refuse_rest(self, faults: &mut ConfigFaults) {
        for key in self.file.into_iter().map(|(key, _)| key) {
            faults.push(Place::Key { file: self.path.clone(), key }, "unknown section");
        }
        for variable in self.variables {
            faults.push(Place::Variable(variable.name), format!("unknown section `{}`", variable.section));
        }
    }

    fn file_section(&mut self, name: &str, faults: &mut ConfigFaults) -> Table {
        match self.file.remove(name) {
            None => Table::new(),
            Some(Value::Table(table)) => table,
            Some(_) => {
                let place = Place::Key { file: self.path.clone(), key: name.to_owned() };
                faults.push(place, format!("is a section: write [{name}]"));
                Table::new()
            }
        }
    }
}

fn read_table(path: &Path, faults: &mut ConfigFaults) -> Table {
    let place = |line| Place::File { file: path.to_path_buf(), line };
    let text = match std::fs::metadata(path).and_then(|about| {
        let fits = about.is_file() && about.len() <= FILE_LIMIT;
        if fits { std::fs::read_to_string(path) } else { Err(std::io::ErrorKind::InvalidInput.into()) }
    }) {
        Ok(text) => text,
        Err(error) => {
            faults.push(place(None), format!("cannot be read: {error}"));
            return Table::new();
        }
    };
    text.parse::<Table>().unwrap_or_else(|error| {
        // Only the message and the line: the line's text may hold a password.
        let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        faults.push(place(line), error.message());
        Table::new()
    })
}

/// Whether a section takes this value under this key.
pub(super) fn probe<S: Section>(key: &str, value: Value) -> Result<(), String> {
    let alone = Table::from_iter([(key.to_owned(), value)]);
    alone.try_into::<S>().map(|_| ()).map_err(|error| error.message().to_owned())
}

/// Reads a variable as what its key wants: a TOML value, plain text, or a list with commas.
fn value_of<S: Section>(key: &str, text: &str) -> Result<Value, String> {
    let literal = format!("v = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("v"));
    let list = text.split(',').map(|item| Value::from(item.trim())).filter(|item| item.as_str() != Some(""));
    let candidates = [literal, Some(Value::from(text)), Some(Value::Array(list.collect()))];
    let mut first = None;
    for value in candidates.into_iter().flatten() {
        match probe::<S>(key, value.clone()) {
            Ok(()) => return Ok(value),
            Err(text) => first = first.or(Some(text)),
        }
    }
    Err(first.unwrap_or_default())
}

fn check<S: Section>(section: &S, places: &BTreeMap<String, Place>, faults: &mut ConfigFaults) {
    let Err(errors) = section.validate() else { return };
    let mut found: Vec<_> = errors.into_errors().into_iter().collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    for (field, kind) in found {
        let key = if field == "__all__" { S::NAME.to_owned() } else { format!("{}.{field}", S::NAME) };
        let place = places.get(field.as_ref()).cloned().unwrap_or(Place::Default(key));
        if let ValidationErrorsKind::Field(errors) = kind {
            errors.iter().for_each(|error| faults.push(place.clone(), describe(error)));
        }
    }
}

/// What a value should have been; never the value itself.
fn describe(error: &ValidationError) -> String {
    let bound = |name: &str| error.params.get(name).map(ToString::to_string);
    match (&error.message, bound("min"), bound("max")) {
        (Some(message), ..) => message.to_string(),
        (None, Some(min), Some(max)) => format!("must be {min} to {max}"),
        (None, Some(min), None) => format!("must be at least {min}"),
        (None, None, Some(max)) => format!("must be at most {max}"),
        (None, None, None) => format!("is not a valid {}", error.code),
    }
}
