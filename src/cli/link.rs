//! `dancu link`: a link that opens a page of this service once, signed in as an officer.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Deserialize;

use super::operate::{OperateError, Operators};
use super::place::{self, PlaceArgs, PlaceError};
use crate::access::{Access, AccessConfig, AccessParts, OpenAccessError};
use crate::clients::{Client, Clients, Operation};
use crate::config::{self, ConfigFaults};
use crate::crypto::{Keyring, KeyringError};
use crate::kernel::{ClientId, Officer};
use crate::stays::{DeskLink, desk_link};
use crate::storage::StorageError;

#[derive(Debug, Args)]
pub struct LinkArgs {
    /// The officer's organisation
    #[arg(long)]
    client: ClientId,
    /// The officer's id, as registered
    #[arg(long)]
    officer: String,
    /// The page that the link opens
    #[arg(long, value_enum, default_value_t = Opens::Desk)]
    page: Opens,
    /// For how many hours the link can be used
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=24 * 30))]
    hours: u32,
}

/// Pages for officers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Opens {
    #[value(name = "/desk", alias = "desk")]
    Desk,
}

#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error(transparent)]
    Place(#[from] PlaceError),
    #[error(transparent)]
    Operate(#[from] OperateError),
    #[error("{0}")]
    Config(#[from] ConfigFaults),
    #[error("server.issuer is not set")]
    NoIssuer,
    #[error("{path}: {source} (has `dancu demo` been run with this folder?)")]
    Demo { path: PathBuf, source: std::io::Error },
    #[error("demo.json: {0}")]
    Json(#[from] serde_json::Error),
    #[error("keys: {0}")]
    Keys(#[from] KeyringError),
    #[error(transparent)]
    Access(#[from] OpenAccessError),
    #[error("database: {0}")]
    Storage(#[from] StorageError),
    #[error("there is no client {0}, or it is stopped")]
    NoClient(ClientId),
    #[error("the agreement of {0} does not list {1}")]
    NotAgreed(ClientId, Operation),
    #[error("{0} has no registered officer of this id, or they are stopped; see `dancu clients officers add`")]
    NoOfficer(ClientId),
    #[error(transparent)]
    Out(#[from] std::io::Error),
}

#[derive(Deserialize)]
struct Demo {
    base_url: String,
}

/// Makes the link and prints it.
///
/// # Errors
/// If the officer is not registered, the client may not report stays, or something cannot be read.
pub async fn run(
    at: &PlaceArgs,
    args: &LinkArgs,
    operators: &Operators<'_>,
    out: &mut dyn Write,
) -> Result<(), LinkError> {
    let issuer = issuer(at)?;
    let found = at.find()?;
    let (store, clock) = (found.open_store()?, place::clock());
    let clients = Clients::open(store.clone(), clock.clone()).await?;
    let client = clients.find(&args.client).filter(|client| !client.is_stopped());
    let client = client.ok_or_else(|| LinkError::NoClient(args.client.clone()))?;
    let officer = officer(&client, args)?;
    let access = Access::open(AccessParts {
        config: AccessConfig::new(&issuer),
        clients,
        keyring: Keyring::load(&found.keys)?,
        store: store.clone(),
        clock,
        entropy: place::entropy(),
    })
    .await?;
    let operator = operators.open().await?;
    let lifetime = Duration::from_secs(u64::from(args.hours) * 3600);
    let link = match args.page {
        Opens::Desk => {
            let link = DeskLink { client: client.id.clone(), officer, lifetime };
            desk_link(&access, link, &operator).await?
        }
    };
    store.close().await;
    writeln!(out, "{issuer}{link}")?;
    Ok(())
}

fn officer(client: &Client, args: &LinkArgs) -> Result<Officer, LinkError> {
    let needed = match args.page {
        Opens::Desk => Operation::StaysReport,
    };
    if !client.agreement.operations.contains(needed) {
        return Err(LinkError::NotAgreed(client.id.clone(), needed));
    }
    let at_work = client.officers.iter().filter(|officer| client.has_officer(officer));
    let found = { at_work }.find(|officer| officer.id.as_str() == args.officer);
    found.cloned().ok_or_else(|| LinkError::NoOfficer(client.id.clone()))
}

/// Where browsers find the service.
fn issuer(at: &PlaceArgs) -> Result<String, LinkError> {
    if let Some(dir) = &at.dir {
        let path = dir.join("demo.json");
        let json = std::fs::read(&path).map_err(|source| LinkError::Demo { path, source })?;
        return Ok(serde_json::from_slice::<Demo>(&json)?.base_url);
    }
    let config = config::from_environment(at.config.as_deref())?;
    Ok(config.server.issuer.ok_or(LinkError::NoIssuer)?.as_str().to_owned())
}
