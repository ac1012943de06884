//! What is wrong with a configuration, each fault with its place.

use std::fmt;
use std::path::PathBuf;

/// Where a setting stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The file as a whole, or a line of it.
    File { file: PathBuf, line: Option<usize> },
    /// `section.key` of the file.
    Key { file: PathBuf, key: String },
    /// An environment variable.
    Variable(String),
    /// `section.key` where it is set nowhere.
    Default(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line: None } => write!(f, "{}", file.display()),
            Self::File { file, line: Some(line) } => write!(f, "{}, line {line}", file.display()),
            Self::Key { file, key } => write!(f, "{}: {key}", file.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Default(key) => f.write_str(key),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    pub place: Place,
    pub text: String,
}

/// Every fault of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfigFaults(Vec<ConfigFault>);

impl ConfigFaults {
    pub(super) fn push(&mut self, place: Place, text: impl Into<String>) {
        self.0.push(ConfigFault { place, text: text.into() });
    }

    pub fn iter(&self) -> std::slice::Iter<'_, ConfigFault> {
        self.0.iter()
    }

    pub(super) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} fault(s) (cấu hình có {0} lỗi):", self.0.len())?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {}: {}", fault.place, fault.text))
    }
}

impl std::error::Error for ConfigFaults {}
