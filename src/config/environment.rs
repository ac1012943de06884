//! The process's environment and working directory, read here and nowhere else.

use std::path::{Path, PathBuf};

use super::{Config, ConfigFaults};

/// The file that is read where none is named.
const DEFAULT_FILE: &str = "dancu.toml";

/// Who called this process by `sudo`, as `sudo` says. Anybody may set the variable: it is a claim.
pub fn sudo_user() -> Option<String> {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    std::env::var("SUDO_USER").ok().filter(|name| !name.is_empty())
}

/// Reads `file`, else `dancu.toml` of the working directory if there is one, and the environment.
pub fn from_environment(file: Option<&Path>) -> Result<Config, ConfigFaults> {
    let found = file.map(Path::to_path_buf).or_else(|| Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists()));
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let variables = std::env::vars_os();
    // A name that is not Unicode is none of ours; a value that is not Unicode shows as such.
    let variables =
        variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())));
    Config::load(found.as_deref(), variables)
}
