//! Writes citizens as files the import reads.

use std::io::{self, Write};

use serde_json::Value;

use crate::citizens::Citizen;
use crate::kernel::spreadsheet::CsvWriter;

use super::{Format, columns};

/// Writes one format, the header first where there is one.
pub struct Exporter<W: Write> {
    form: Form<W>,
}

enum Form<W: Write> {
    Csv(Box<CsvWriter<W>>),
    Ndjson(W),
}

impl<W: Write> Exporter<W> {
    pub fn new(writer: W, format: Format) -> io::Result<Self> {
        let form = match format {
            Format::Ndjson => Form::Ndjson(writer),
            Format::Csv => {
                let mut writer = CsvWriter::for_programs(writer);
                writer.write_row(columns::names())?;
                Form::Csv(Box::new(writer))
            }
        };
        Ok(Self { form })
    }

    pub fn write(&mut self, citizen: &Citizen) -> io::Result<()> {
        let mut value = serde_json::to_value(citizen)?;
        if let Value::Object(members) = &mut value {
            // Keys belong to a store, not to people.
            members.remove("citizen_id");
        }
        match &mut self.form {
            Form::Ndjson(writer) => {
                serde_json::to_writer(&mut *writer, &value)?;
                writer.write_all(b"\n")
            }
            Form::Csv(writer) => writer.write_row(columns::names().map(|name| cell(&value, name))),
        }
    }

    pub fn finish(self) -> io::Result<()> {
        match self.form {
            Form::Csv(mut writer) => writer.flush(),
            Form::Ndjson(mut writer) => writer.flush(),
        }
    }
}

fn cell(citizen: &Value, column: &str) -> String {
    let value = column.split('.').try_fold(citizen, |value, part| value.get(part));
    match (value, column) {
        (None, _) => String::new(),
        (Some(Value::String(text)), _) => text.clone(),
        (Some(Value::Array(items)), _) => items.iter().map(item).collect::<Vec<_>>().join(";"),
        (Some(Value::Object(sources)), "provenance_of") => {
            let source =
                |(name, from): (&String, &Value)| format!("{name}|{}|{}", text(from, "source"), text(from, "as_of"));
            sources.iter().map(source).collect::<Vec<_>>().join(";")
        }
        (Some(value), _) => item(value),
    }
}

/// A number, or a person: `full_name|id_number`.
fn item(value: &Value) -> String {
    match (value.as_str(), text(value, "id_number")) {
        (Some(number), _) => number.to_owned(),
        (None, "") => text(value, "full_name").to_owned(),
        (None, number) => format!("{}|{number}", text(value, "full_name")),
    }
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}
