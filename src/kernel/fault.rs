//! What is wrong with an input, said field by field, without repeating the input.

use super::{Language, Text};

/// One faulty field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// RFC 6901 JSON pointer to the field, `""` for the whole document.
    pub pointer: String,
    /// Stable code of the fault, e.g. `id_number_length`.
    pub code: &'static str,
    /// The sentence shown to people. Holds no input, so no personal data.
    pub text: Text,
}

impl Fault {
    pub fn new(pointer: impl Into<String>, code: &'static str, text: Text) -> Self {
        Self { pointer: pointer.into(), code, text }
    }

    pub fn detail(&self, language: Language) -> &'static str {
        self.text.in_language(language)
    }
}

/// Gathers every fault of one input, so that all are told at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub fn push(&mut self, pointer: impl Into<String>, code: &'static str, text: Text) {
        self.0.push(Fault::new(pointer, code, text));
    }

    /// Keeps the value, or notes the fault at `pointer` and goes on.
    pub fn take<T, E: Into<(&'static str, Text)>>(&mut self, pointer: &str, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(fault) => {
                let (code, text) = fault.into();
                self.push(pointer, code, text);
                None
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn extend(&mut self, other: Faults) {
        self.0.extend(other.0);
    }

    /// The same faults, of a document that stands at `pointer` in a larger one.
    pub fn below(mut self, pointer: &str) -> Self {
        self.0.iter_mut().for_each(|fault| fault.pointer.insert_str(0, pointer));
        self
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.0.iter()
    }

    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }

    /// `Ok(value)` if nothing was noted.
    pub fn or_value<T>(self, value: Option<T>) -> Result<T, Faults> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self),
        }
    }
}
