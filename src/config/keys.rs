//! Where the keys are.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use validator::Validate;

use super::layers::Section;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, Default)]
#[serde(default, deny_unknown_fields)]
pub struct KeysConfig {
    /// The folder made by `dancu keys init`.
    pub dir: Option<PathBuf>,
}

impl Section for KeysConfig {
    const NAME: &'static str = "keys";
}
