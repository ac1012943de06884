//! The audit log.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use validator::{Validate, ValidationError};

use super::layers::Section;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct AuditConfig {
    /// What every log's origin begins with: a scheme-less URL prefix (C2SP tlog-tiles).
    #[validate(custom(function = "scheme_less"))]
    pub origin: Option<String>,
    /// Where the last checkpoint is kept, outside the database.
    pub state_dir: Option<PathBuf>,
    /// How often the head is signed, if it grew.
    #[validate(range(min = 100, max = 60_000))]
    pub checkpoint_every_ms: u64,
    /// After this entries and their salts are deleted; leaf hashes stay.
    #[validate(range(min = 1, max = 100))]
    pub retention_years: u32,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self { origin: None, state_dir: None, checkpoint_every_ms: 1_000, retention_years: 5 }
    }
}

impl Section for AuditConfig {
    const NAME: &'static str = "audit";
}

impl AuditConfig {
    pub const fn checkpoint_every(&self) -> Duration {
        Duration::from_millis(self.checkpoint_every_ms)
    }
}

fn scheme_less(origin: &str) -> Result<(), ValidationError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/' | b':' | b'[' | b']');
    let fits = (1..=200).contains(&origin.len())
        && origin.bytes().all(allowed)
        && !origin.contains("//")
        && !origin.starts_with('/')
        && !origin.ends_with('/');
    if fits {
        return Ok(());
    }
    Err(ValidationError::new("origin").with_message("must be HOST[:PORT]/PATH without scheme or final slash".into()))
}
