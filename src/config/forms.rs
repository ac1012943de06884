//! Form definitions of the operator's own.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use validator::Validate;

use super::layers::Section;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct FormsConfig {
    /// A folder of definitions (`*.json`), read again when it changes; over the shipped ones.
    pub dir: Option<PathBuf>,
}

impl Section for FormsConfig {
    const NAME: &'static str = "forms";
}
