//! Settings that let whoever reads them in.
//!
//! A setting is secret by its type: [`SecretText`] stands in the configuration itself, [`SecretFile`] names a file whose
//! content is secret. Whatever a section holds of them is noted when it is read, so that `serve` looks at the modes of
//! the files without being told of each setting. An address with credentials in it is a secret under any key.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use toml::Value;

use super::layers::{Section, probe};

/// A text that must not be read by others. `Debug` is redacted.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SecretText(String);

/// The path of a file that must not be read by others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SecretFile(PathBuf);

/// The secrets of one installation's settings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Secrets {
    /// `section.key` of those that stand in the configuration file, also where a variable of the environment wins.
    pub in_configuration: Vec<String>,
    /// Files by the `section.key` that names them.
    pub files: Vec<(String, PathBuf)>,
}

/// What a setting holds, by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Plain,
    Secret,
    SecretFile,
}

const EXPECTED_TEXT: &str = "a secret text";
const EXPECTED_FILE: &str = "the path of a secret file";

impl SecretText {
    /// The text. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(redacted)")
    }
}

impl SecretFile {
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// Reads a text and says of anything else what was expected.
struct TextVisitor(&'static str);

impl Visitor<'_> for TextVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor(EXPECTED_TEXT)).map(Self)
    }
}

impl<'de> Deserialize<'de> for SecretFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor(EXPECTED_FILE)).map(|path| Self(path.into()))
    }
}

impl Content {
    /// The type of a key says what it expects when it is given a value that is no text, or a list of such.
    fn of<S: Section>(key: &str) -> Self {
        let no_text = Value::Boolean(true);
        let expects = |what| {
            let values = [no_text.clone(), Value::Array(vec![no_text.clone()])];
            values.into_iter().any(|value| probe::<S>(key, value).is_err_and(|fault| fault.contains(what)))
        };
        match (expects(EXPECTED_TEXT), expects(EXPECTED_FILE)) {
            (true, _) => Self::Secret,
            (_, true) => Self::SecretFile,
            _ => Self::Plain,
        }
    }
}

impl Secrets {
    /// Notes what a value that the configuration file holds has of secrets.
    pub(super) fn note_in_file<S: Section>(&mut self, key: &str, value: &Value) {
        let secret = Content::of::<S>(key) == Content::Secret && value.as_str() != Some("");
        if secret || holds_credentials(value) {
            self.in_configuration.push(format!("{}.{key}", S::NAME));
        }
    }

    /// Notes the secret file that a value, wherever it stands, names.
    pub(super) fn note_file<S: Section>(&mut self, key: &str, value: &Value) {
        if let (Content::SecretFile, Some(path)) = (Content::of::<S>(key), value.as_str()) {
            self.files.push((format!("{}.{key}", S::NAME), path.into()));
        }
    }
}

/// Whether a value is, or lists, an address with a password or a token in it: before the host (`user:password@`; of
/// `http` and `https` any name) or among its parameters.
fn holds_credentials(value: &Value) -> bool {
    match value {
        Value::String(text) => address_with_credentials(text),
        Value::Array(items) => items.iter().any(holds_credentials),
        Value::Table(table) => table.values().any(holds_credentials),
        _ => false,
    }
}

fn address_with_credentials(text: &str) -> bool {
    // A database's `sslkey` is a path.
    const OF_ANY: [&str; 1] = ["password"];
    const OF_WEB: [&str; 6] = ["password", "secret", "token", "key", "sig", "auth"];
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let (before_query, query) = rest.split_once('?').unwrap_or((rest, ""));
    // A password with a `/` that was not escaped is one all the same.
    let user = before_query.rsplit_once('@').map(|(user, _)| user);
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let parameter = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
        let secrets: &[&str] = if web { &OF_WEB } else { &OF_ANY };
        secrets.iter().any(|secret| name.contains(secret))
    };
    user.is_some_and(|user| web || user.contains(':')) || query.split(['&', ';']).any(parameter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_with_credentials_are_told_from_others() {
        for secret in [
            "postgres://u:hunter2@localhost/d",
            "postgresql://localhost/d?user=u&password=x",
            "https://token@sms.example/codes",
            "https://u:p/q@sms.example/codes",
            "http://127.0.0.1/codes?api_key=1",
            "https://sms.example/codes?sv=1&sig=abc",
        ] {
            assert!(holds_credentials(&Value::from(vec![secret])), "{secret}");
        }
        for plain in [
            "postgres://u@localhost/d?sslmode=verify-full&sslkey=/k",
            "https://sms.example/codes?to=1",
            "u:p@x",
            "sqlite:x",
        ] {
            assert!(!holds_credentials(&Value::from(plain)), "{plain}");
        }
        assert!(!format!("{:?}", SecretText("hunter2".to_owned())).contains("hunter2"));
    }
}
