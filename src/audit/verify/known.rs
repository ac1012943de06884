//! What a verifier has seen of each log: its last checkpoint and its keys, a file each in a folder
//! of the verifier's own.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::audit::checkpoint::{Checkpoint, read_verifier_key};
use crate::crypto::VerifyingKey;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct KnownError {
    path: String,
    reason: String,
}

fn failed(path: &Path, reason: impl ToString) -> KnownError {
    KnownError { path: path.display().to_string(), reason: reason.to_string() }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownLog {
    pub note: String,
    pub verifier_keys: Vec<String>,
}

impl KnownLog {
    pub(super) fn checkpoint(&self) -> Option<Checkpoint> {
        Checkpoint::read_unverified(&self.note)
    }

    pub(super) fn keys(&self) -> Vec<VerifyingKey> {
        self.verifier_keys.iter().filter_map(|key| read_verifier_key(key)).map(|(_, key)| key).collect()
    }
}

/// The folder's content, by log name.
#[derive(Debug, Clone, Default)]
pub struct Known {
    folder: Option<PathBuf>,
    pub logs: BTreeMap<String, KnownLog>,
}

const CHECKPOINT: &str = "checkpoint";
const KEYS: &str = "keys";

/// Logs are named by us in letters; nothing else becomes the name of a file.
pub(super) fn is_log_name(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase())
}

impl Known {
    /// Reads the folder; one that is missing is empty.
    pub fn read(folder: &Path) -> Result<Self, KnownError> {
        let mut known = Self { folder: Some(folder.to_owned()), logs: BTreeMap::new() };
        let files = match std::fs::read_dir(folder) {
            Ok(files) => files,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(known),
            Err(error) => return Err(failed(folder, error)),
        };
        for file in files {
            let path = file.map_err(|e| failed(folder, e))?.path();
            if path.extension().is_none_or(|extension| extension != CHECKPOINT) {
                continue;
            }
            let name = path.file_stem().and_then(|stem| stem.to_str()).filter(|name| is_log_name(name));
            let name = name.ok_or_else(|| failed(&path, "not the name of a log"))?.to_owned();
            let note = std::fs::read_to_string(&path).map_err(|e| failed(&path, e))?;
            if Checkpoint::read_unverified(&note).is_none() {
                return Err(failed(&path, "not a checkpoint"));
            }
            let keys = path.with_extension(KEYS);
            let text = std::fs::read_to_string(&keys).map_err(|e| failed(&keys, e))?;
            let verifier_keys: Vec<String> = text.lines().map(str::to_owned).collect();
            if verifier_keys.is_empty() || verifier_keys.iter().any(|key| read_verifier_key(key).is_none()) {
                return Err(failed(&keys, "not verifier keys, one a line"));
            }
            known.logs.insert(name, KnownLog { note, verifier_keys });
        }
        Ok(known)
    }

    /// Remembers what was verified now, in the place of what was known of that log.
    pub fn remember(&mut self, name: &str, log: KnownLog) -> Result<(), KnownError> {
        if let Some(folder) = self.folder.as_ref().filter(|_| is_log_name(name)) {
            std::fs::create_dir_all(folder).map_err(|e| failed(folder, e))?;
            let mut keys = log.verifier_keys.join("\n");
            keys.push('\n');
            // Keys first: a checkpoint without keys would not be read again.
            for (extension, text) in [(KEYS, &keys), (CHECKPOINT, &log.note)] {
                let path = folder.join(format!("{name}.{extension}"));
                let fresh = folder.join(format!("{name}.{extension}.new"));
                let written = std::fs::write(&fresh, text).and_then(|()| std::fs::rename(&fresh, &path));
                written.map_err(|e| failed(&path, e))?;
            }
        }
        self.logs.insert(name.to_owned(), log);
        Ok(())
    }
}
