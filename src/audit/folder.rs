//! What the audit keeps outside the database, in the state folder: who this writer is, and the
//! last checkpoint that it signed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::AuditError;
use super::checkpoint::Checkpoint;
use crate::kernel::{Entropy, TransactionId};

const HOLDER: &str = "holder";
const CHECKPOINT: &str = "checkpoint";
const LOCK: &str = "lock";
/// Where commands keep theirs, one folder for each that runs at the same time.
const COMMANDS: &str = "commands";
const MOST_COMMANDS: u32 = 64;

#[derive(Debug)]
pub(super) struct StateFolder {
    path: PathBuf,
    /// Held for as long as the process writes; the system lets go of it when the process ends.
    _lock: File,
}

fn failed(path: &Path, error: &std::io::Error) -> AuditError {
    AuditError::State(format!("{}: {error}", path.display()))
}

impl StateFolder {
    /// Makes the folder if it is missing, and locks it.
    pub(super) fn open(path: &Path) -> Result<Self, AuditError> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|e| failed(path, &e))?;
        let lock_path = path.join(LOCK);
        let lock = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&lock_path)
            .map_err(|e| failed(&lock_path, &e))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(AuditError::Busy(path.display().to_string())),
            Err(TryLockError::Error(error)) => Err(failed(&lock_path, &error)),
        }
    }

    /// The first folder below `path` in which no other command is at work.
    pub(super) fn open_for_command(path: &Path) -> Result<Self, AuditError> {
        let commands = path.join(COMMANDS);
        for number in 1..MOST_COMMANDS {
            match Self::open(&commands.join(number.to_string())) {
                Err(AuditError::Busy(_)) => {}
                opened => return opened,
            }
        }
        Self::open(&commands.join(MOST_COMMANDS.to_string()))
    }

    /// Who writes from this folder: random, given once.
    pub(super) fn holder(&self, entropy: &dyn Entropy) -> Result<[u8; 16], AuditError> {
        let path = self.path.join(HOLDER);
        match std::fs::read_to_string(&path) {
            Ok(text) => match text.trim().parse::<TransactionId>() {
                Ok(holder) => Ok(holder.0),
                Err(_) => Err(AuditError::State(format!("{}: not an identifier", path.display()))),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let holder = TransactionId::random(entropy);
                self.write(HOLDER, &format!("{holder}\n"))?;
                Ok(holder.0)
            }
            Err(error) => Err(failed(&path, &error)),
        }
    }

    pub(super) fn checkpoint(&self) -> Result<Option<Checkpoint>, AuditError> {
        let path = self.path.join(CHECKPOINT);
        match std::fs::read_to_string(&path) {
            Ok(note) => match Checkpoint::read_unverified(&note) {
                Some(checkpoint) => Ok(Some(checkpoint)),
                None => Err(AuditError::State(format!("{}: not a checkpoint", path.display()))),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&path, &error)),
        }
    }

    pub(super) fn save_checkpoint(&self, note: &str) -> Result<(), AuditError> {
        self.write(CHECKPOINT, note)
    }

    /// Puts a synced file in the place of the old one, so that there is always a whole one.
    fn write(&self, name: &str, text: &str) -> Result<(), AuditError> {
        let (path, fresh) = (self.path.join(name), self.path.join(format!("{name}.new")));
        let written = || -> std::io::Result<()> {
            let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&fresh)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&fresh, &path)?;
            File::open(&self.path)?.sync_all()
        };
        written().map_err(|e| failed(&path, &e))
    }
}
