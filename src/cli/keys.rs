//! `dancu keys`: makes, lists, rotates and retires keys. Never shows material.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::audit::OperatorAct;
use crate::crypto::{KeyInfo, KeyState, KeyUse, Keyring, KeyringError, SEALS_LIMIT};
use crate::kernel::{Clock, Entropy};
use crate::sealing::{KeyUsage, TableRows};

/// How long a version is handed out before it may be used: replicas read the folder more often.
const HAND_OUT: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
pub struct KeysArgs {
    /// The folder of keys, in place of the configuration's `keys.dir` or the demo's
    #[arg(long, value_name = "DIR", global = true)]
    keys: Option<PathBuf>,
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Make a first key for each use in a folder without keys.
    Init {
        /// Only for uses that have none yet, after an upgrade; never to replace a lost key.
        #[arg(long)]
        missing: bool,
    },
    /// Step 1 of a rotation: hand out a new version, with which nothing is written yet.
    Rotate {
        /// index, seal, token, audit, qr or document
        key_use: KeyUse,
    },
    /// Step 2 of a rotation: write with the version that was handed out.
    Activate {
        /// index, seal, token, audit, qr or document
        key_use: KeyUse,
        /// Even if it was handed out less than a minute ago.
        #[arg(long)]
        now: bool,
    },
    /// Show every key without its material.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Delete a version that nothing needs any more; refused while rows stand under it.
    Retire {
        /// index, seal, token, qr or document
        key_use: KeyUse,
        /// The version, as `list` shows it
        version: u32,
    },
}

/// What every command may need.
pub struct Tools<'a> {
    /// `keys.dir` of the configuration.
    pub configured: Option<&'a Path>,
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
    pub out: &'a mut dyn Write,
}

/// Why the database told no count.
pub type CountError = Box<dyn std::error::Error + Send + Sync>;

/// What only the database can tell.
pub struct Counts<R, U> {
    /// The tables that have rows under a version of [`KeyUse::Index`] or [`KeyUse::Seal`].
    pub rows_under: R,
    /// How much each sealing key was used; asked by `list`.
    pub uses: U,
}

/// The exit code: 0 done, 1 refused or failed. `record` is told what will be done to which folder, before it
/// is done: files and database do not change as one.
pub async fn run<R, U>(
    args: KeysArgs,
    tools: Tools<'_>,
    record: impl AsyncFnOnce(PathBuf, OperatorAct) -> Result<(), String>,
    counts: Counts<impl Fn(Keyring, KeyUse, u32) -> R, impl FnOnce() -> U>,
) -> io::Result<u8>
where
    R: Future<Output = Result<Vec<TableRows>, CountError>>,
    U: Future<Output = Result<Vec<KeyUsage>, CountError>>,
{
    let Some(folder) = args.keys.as_deref().or(tools.configured) else {
        writeln!(tools.out, "no folder of keys: give --keys, or set keys.dir in the configuration")?;
        return Ok(1);
    };
    let (clock, entropy, out) = (tools.clock, tools.entropy, tools.out);
    if let Some(act) = args.command.act()
        && let Err(error) = record(folder.to_owned(), act).await
    {
        return refuse(out, &error);
    }
    let done = match args.command {
        KeysCommand::Init { missing } => init(folder, missing, entropy, clock),
        KeysCommand::Rotate { key_use } => rotate(folder, key_use, entropy, clock),
        KeysCommand::Activate { key_use, now } => activate(folder, key_use, now, clock),
        KeysCommand::List { json } => list(folder, json, &counts.rows_under, (counts.uses)().await).await,
        KeysCommand::Retire { key_use, version } => {
            let needed = match Keyring::load(folder) {
                Ok(keyring) => needed_by(&keyring, key_use, version, &counts.rows_under).await,
                Err(error) => return refuse(out, &with_cause(&error)),
            };
            match needed {
                Ok(tables) => match retire(folder, key_use, version, &tables, clock) {
                    Err(error @ KeyringError::RowsRemain { .. }) => {
                        return refuse(out, &format!("{error}:{}", tables.iter().map(line_of).collect::<String>()));
                    }
                    done => done,
                },
                Err(error) => return refuse(out, &format!("cannot count the rows under {key_use} {version}: {error}")),
            }
        }
    };
    match done {
        Ok(text) => out.write_all(text.as_bytes()).map(|()| 0),
        Err(error) => refuse(out, &with_cause(&error)),
    }
}

impl KeysCommand {
    /// What the record says of it; `None` for what changes nothing, and for the first keys of a folder,
    /// before which there can be no record that a key has sealed.
    fn act(&self) -> Option<OperatorAct> {
        let (operation, target) = match self {
            Self::List { .. } | Self::Init { missing: false } => return None,
            Self::Init { missing: true } => ("keys.init", String::new()),
            Self::Rotate { key_use } => ("keys.rotate", key_use.to_string()),
            Self::Activate { key_use, .. } => ("keys.activate", key_use.to_string()),
            Self::Retire { key_use, version } => ("keys.retire", format!("{key_use} {version}")),
        };
        Some(OperatorAct { operation, target, concerned: Vec::new() })
    }
}

fn refuse(out: &mut dyn Write, text: &dyn Display) -> io::Result<u8> {
    writeln!(out, "{text}")?;
    Ok(1)
}

fn with_cause(error: &KeyringError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// Only rows are under index and seal keys; what others signed is the keyring's own affair.
async fn needed_by<R>(
    keyring: &Keyring,
    key_use: KeyUse,
    version: u32,
    rows_under: &impl Fn(Keyring, KeyUse, u32) -> R,
) -> Result<Vec<TableRows>, CountError>
where
    R: Future<Output = Result<Vec<TableRows>, CountError>>,
{
    match key_use {
        KeyUse::Index | KeyUse::Seal => rows_under(keyring.clone(), key_use, version).await,
        KeyUse::Token | KeyUse::Audit | KeyUse::Qr | KeyUse::Document => Ok(Vec::new()),
    }
}

/// A table that needs a version, and when it will need it no longer.
fn line_of(needing: &TableRows) -> String {
    let TableRows { table, under } = needing;
    match under.until {
        Some(until) => format!(
            "
  {table}: {} rows, the last of which expires at {until}",
            under.rows
        ),
        None => format!(
            "
  {table}: {} rows, which a running service brings to the active version",
            under.rows
        ),
    }
}

fn init(folder: &Path, missing: bool, entropy: &dyn Entropy, clock: &dyn Clock) -> Result<String, KeyringError> {
    let made = if missing {
        Keyring::init_missing(folder, entropy, clock)?
    } else {
        Keyring::init(folder, entropy, clock)?;
        KeyUse::ALL.to_vec()
    };
    let names: Vec<_> = made.iter().map(|key_use| key_use.name()).collect();
    Ok(match names.as_slice() {
        [] => format!("no use lacks a key in {}\n", folder.display()),
        names => format!(
            "made keys in {}: {}\nback this folder up, apart from the database\n",
            folder.display(),
            names.join(", ")
        ),
    })
}

fn rotate(folder: &Path, key_use: KeyUse, entropy: &dyn Entropy, clock: &dyn Clock) -> Result<String, KeyringError> {
    let version = Keyring::load(folder)?.rotate(key_use, entropy, clock)?;
    Ok(format!(
        "{key_use} {version} is handed out; nothing is written with it yet\n\
         bring it to every replica, then: dancu keys activate {key_use}\n"
    ))
}

fn activate(folder: &Path, key_use: KeyUse, now: bool, clock: &dyn Clock) -> Result<String, KeyringError> {
    let age = if now { Duration::ZERO } else { HAND_OUT };
    let version = Keyring::load(folder)?.activate(key_use, clock, age)?;
    Ok(format!("{key_use} {version} is active; older versions only read\n"))
}

fn retire(
    folder: &Path,
    key_use: KeyUse,
    version: u32,
    needed_by: &[TableRows],
    clock: &dyn Clock,
) -> Result<String, KeyringError> {
    let rows = needed_by.iter().map(|table| table.under.rows).sum();
    Keyring::load(folder)?.retire(key_use, version, rows, clock)?;
    Ok(format!("{key_use} {version} is deleted\n"))
}

/// A key as `list --json` shows it.
#[derive(Serialize)]
struct ListedKey<'k> {
    #[serde(flatten)]
    key: &'k KeyInfo,
    /// Of a sealing key, where the database tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    seals: Option<u64>,
    /// The tables whose rows keep an old version from being retired.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    needed_by: &'k [TableRows],
}

async fn list<R>(
    folder: &Path,
    json: bool,
    rows_under: &impl Fn(Keyring, KeyUse, u32) -> R,
    uses: Result<Vec<KeyUsage>, CountError>,
) -> Result<String, KeyringError>
where
    R: Future<Output = Result<Vec<TableRows>, CountError>>,
{
    let keyring = Keyring::load(folder)?;
    let keys = keyring.list();
    let mut needed = Vec::new();
    for key in keys.iter().filter(|key| key.state == KeyState::RetiredForWriting) {
        // Where the database does not answer, the use of the sealing keys is not known either, which is said.
        if let Ok(tables) = needed_by(&keyring, key.key_use, key.version, rows_under).await {
            needed.push((key.key_use, key.version, tables));
        }
    }
    let needing = |key: &KeyInfo| {
        let found = needed.iter().find(|(key_use, version, _)| (*key_use, *version) == (key.key_use, key.version));
        found.map(|(_, _, tables)| tables.as_slice())
    };
    let usage = |key: &KeyInfo| {
        let uses = uses.as_deref().ok().filter(|_| key.key_use == KeyUse::Seal)?;
        uses.iter().find(|usage| usage.version == key.version)
    };
    if json {
        let line = |key| {
            let needed_by = needing(key).unwrap_or_default();
            serde_json::json!(ListedKey { key, seals: usage(key).map(|usage| usage.seals), needed_by }).to_string()
        };
        return Ok(keys.iter().map(|key| line(key) + "\n").collect());
    }
    let mut text = format!("{:8} {:>7}  {:19}  {:20}  {:20}  key id\n", "use", "version", "state", "created", "since");
    for key in &keys {
        let whole = |instant: crate::kernel::Instant| crate::kernel::Instant::from_seconds(instant.as_seconds());
        let (created, since) = (whole(key.created).to_string(), whole(key.since).to_string());
        let kid = key.kid.clone().unwrap_or_default() + if key.demo { " (demo)" } else { "" };
        let (key_use, state) = (key.key_use.name(), key.state.to_string());
        let line = format!("{key_use:8} {:>7}  {state:19}  {created:20}  {since:20}  {kid}", key.version);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    for key in &keys {
        let Some(tables) = needing(key).filter(|tables| !tables.is_empty()) else { continue };
        let tables: String = tables.iter().map(line_of).collect();
        text += &format!("{} {} is still needed by:{tables}\n", key.key_use, key.version);
    }
    match &uses {
        Ok(_) => keys.iter().filter_map(|key| Some((key, usage(key)?))).for_each(|(key, usage)| {
            let due = usage.is_rotation_due() && key.state == KeyState::Active;
            let advice = if due { "; rotate it: dancu keys rotate seal" } else { "" };
            text += &format!("seal {}: {} of {SEALS_LIMIT} seals used{advice}\n", usage.version, usage.seals);
        }),
        Err(error) => text += &format!("how much the sealing keys were used is not known: {error}\n"),
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
