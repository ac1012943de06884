//! Who gives a command that changes something, and why: recorded before or with the change, in the
//! audit log of the command line.

use std::path::{Path, PathBuf};

use clap::Args;
use tokio::sync::OnceCell;

use super::place::{PlaceArgs, PlaceError, clock, entropy};
use crate::audit::{Audit, AuditConfig, AuditError, Operator, OperatorAccount, OperatorParts, Why};
use crate::config;
use crate::crypto::Keyring;
use crate::sealing::SealingKeyUses;
use crate::storage::{OpenError, StorageError};
use crate::telemetry::Metrics;

#[derive(Debug, Clone, Args)]
pub struct WhyArgs {
    /// Why something is changed: recorded with your account, and told to the organisation concerned.
    /// A demo needs none
    #[arg(long, value_name = "TEXT", global = true, help_heading = "Record")]
    pub why: Option<Why>,
}

/// Why a change cannot be recorded, and is not made.
#[derive(Debug, thiserror::Error)]
pub enum OperateError {
    #[error("say why with --why: the change is recorded, and the organisation concerned is told")]
    NoReason,
    #[error(transparent)]
    Place(#[from] PlaceError),
    #[error("database: {0}")]
    Database(#[from] OpenError),
    #[error("the use of the sealing keys cannot be counted: {0}")]
    Uses(#[from] StorageError),
    #[error("the change cannot be recorded: {0}")]
    Audit(#[from] AuditError),
}

/// Where a command finds its operator, who is opened with the first change.
pub struct Operators<'a> {
    source: Source<'a>,
    /// What the command seals with, where it seals anything: its seals are counted among those of all processes.
    keyring: Option<Keyring>,
    opened: OnceCell<Opened>,
}

enum Source<'a> {
    /// The operating system's account, at an installation.
    At {
        place: &'a PlaceArgs,
        why: &'a WhyArgs,
        /// The folder of keys, where it is not the installation's.
        keys: Option<PathBuf>,
    },
    /// One that is at work already.
    Ready(Operator),
}

struct Opened {
    operator: Operator,
    uses: SealingKeyUses,
}

impl<'a> Operators<'a> {
    pub fn at(place: &'a PlaceArgs, why: &'a WhyArgs) -> Self {
        Self { source: Source::At { place, why, keys: None }, keyring: None, opened: OnceCell::new() }
    }

    pub fn ready(operator: Operator) -> Self {
        Self { source: Source::Ready(operator), keyring: None, opened: OnceCell::new() }
    }

    /// Names the keyring that the command itself seals with.
    #[must_use]
    pub fn with_keyring(self, keyring: Keyring) -> Self {
        Self { keyring: Some(keyring), ..self }
    }

    /// Names another folder of keys than the installation's.
    #[must_use]
    pub fn with_keys(mut self, folder: PathBuf) -> Self {
        if let Source::At { keys, .. } = &mut self.source {
            *keys = Some(folder);
        }
        self
    }

    /// Opens the store for changes and a log to record them in; the same again for each later change.
    ///
    /// # Errors
    /// If no reason is given, or the change could not be recorded.
    pub async fn open(&self) -> Result<Operator, OperateError> {
        match &self.source {
            Source::Ready(operator) => Ok(operator.clone()),
            Source::At { place, why, keys } => {
                let open = || self.open_at(place, why, keys.as_deref());
                Ok(self.opened.get_or_try_init(open).await?.operator.clone())
            }
        }
    }

    async fn open_at(&self, place: &PlaceArgs, why: &WhyArgs, keys: Option<&Path>) -> Result<Opened, OperateError> {
        let why = match (&why.why, place.is_demo()) {
            (Some(why), _) => why.clone(),
            (None, true) => demo_reason(),
            (None, false) => return Err(OperateError::NoReason),
        };
        let found = place.find_with_keys(keys)?;
        let audit = place.audit()?;
        let keyring = match &self.keyring {
            Some(keyring) => keyring.clone(),
            None => found.load_keys()?,
        };
        let store = found.open_for_changes()?;
        let uses = SealingKeyUses::open(store.clone(), keyring.clone(), &Metrics::default()).await?;
        let config = AuditConfig::new(&audit.origin, audit.state);
        let audit = Audit::open_for_command(store.clone(), keyring, config, clock(), entropy()).await?;
        let (account, clock, entropy) = (account(), clock(), entropy());
        Ok(Opened { operator: Operator::new(OperatorParts { store, audit, account, why, clock, entropy }), uses })
    }

    /// Ends what was opened, in order.
    pub async fn close(&self) {
        if let Some(Opened { operator, uses }) = self.opened.get() {
            // Where this fails, a range that was not used up stays counted.
            let _ = uses.close().await;
            operator.close().await;
        }
    }
}

/// What the demo gives as its reason.
pub fn demo_reason() -> Why {
    "demo".parse().unwrap_or_else(|_| unreachable!("four letters are a reason"))
}

/// Whose process this is.
pub fn account() -> OperatorAccount {
    let uid = rustix::process::getuid().as_raw();
    OperatorAccount { uid, name: name_of(uid), sudo_user: config::sudo_user().filter(|name| is_account(name)) }
}

/// The name of a user in `/etc/passwd`; users of a directory service have their number alone.
fn name_of(uid: u32) -> Option<String> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _, number) = (fields.next()?, fields.next()?, fields.next()?);
        (number.parse() == Ok(uid)).then(|| name.to_owned())
    });
    named.filter(|name| is_account(name))
}

/// Names of accounts are short and plain; what is not is left out of the record.
fn is_account(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}
