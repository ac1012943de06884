//! `dancu audit verify`: re-computes every log and holds it against what was seen before.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Deserialize;

use crate::audit::verify::{
    FetchError, Known, KnownError, Report, ServedLog, VerifyError, verify_database, verify_served,
};
use crate::crypto::{Keyring, KeyringError};
use crate::storage::{OpenError, Store, StoreConfig};

#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Re-compute every log: entries, leaves, tiles, signatures, and consistency with what was seen
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
struct VerifyArgs {
    /// Verify what a service serves, e.g. https://dancu.example: the tree, without opening entries
    #[arg(long, conflicts_with = "db")]
    url: Option<String>,
    /// Verify a database, its entries included; `database.url` of the configuration by default
    #[arg(long, value_name = "URL")]
    db: Option<String>,
    /// The folder of keys that opens entries; `keys.dir` of the configuration by default
    #[arg(long, value_name = "DIR", conflicts_with = "url")]
    keys: Option<PathBuf>,
    /// Checkpoints seen before: they must be a beginning of what is there now; updated if all is well
    #[arg(long, value_name = "DIR")]
    known: Option<PathBuf>,
    /// Certificates to trust for https, a PEM file
    #[arg(long, value_name = "FILE", requires = "url")]
    ca: Option<PathBuf>,
}

impl AuditArgs {
    /// Whether nothing is left for the configuration to say.
    pub fn names_everything(&self) -> bool {
        let AuditCommand::Verify(args) = &self.command;
        args.url.is_some() || (args.db.is_some() && args.keys.is_some())
    }
}

/// What the configuration has for commands that are not told.
#[derive(Debug, Clone, Copy, Default)]
pub struct Configured<'a> {
    pub store: Option<&'a str>,
    pub keys: Option<&'a Path>,
}

#[derive(Debug, thiserror::Error)]
pub enum AuditCommandError {
    #[error("nothing to verify: give --url or --db, or set database.url in the configuration")]
    NoSource,
    #[error("no folder of keys: give --keys, or set keys.dir in the configuration")]
    NoKeys,
    #[error("database: {0}")]
    Open(#[from] OpenError),
    #[error("keys: {0}")]
    Keys(#[from] KeyringError),
    #[error("known checkpoints: {0}")]
    Known(#[from] KnownError),
    #[error("{path}: {reason}")]
    Certificates { path: PathBuf, reason: String },
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the verification ended early")]
    Interrupted(#[from] tokio::task::JoinError),
    #[error("the report cannot be written: {0}")]
    Output(#[from] io::Error),
}

/// Runs the command; whether everything that was verified is sound.
pub async fn run(args: AuditArgs, configured: Configured<'_>, out: &mut dyn Write) -> Result<bool, AuditCommandError> {
    let AuditCommand::Verify(args) = args.command;
    let mut known = args.known.as_deref().map(Known::read).transpose()?.unwrap_or_default();
    let report = match args.url {
        Some(url) => {
            let service = Service::new(&url, args.ca.as_deref())?;
            tokio::task::spawn_blocking(move || service.verify(&mut known)).await??
        }
        None => {
            let url = args.db.as_deref().or(configured.store).ok_or(AuditCommandError::NoSource)?;
            let keys = args.keys.as_deref().or(configured.keys).ok_or(AuditCommandError::NoKeys)?;
            let store = Store::open_reading(&StoreConfig { url: url.to_owned(), readers: 2 })?;
            let report = verify_database(&store, &Keyring::load(keys)?, &mut known).await?;
            store.close().await;
            report
        }
    };
    tell(&report, out)?;
    Ok(report.is_sound())
}

fn tell(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{report}")?;
    let logs = report.logs.len();
    match (report.is_sound(), logs) {
        (true, 0) => writeln!(out, "there are no logs"),
        (true, _) => writeln!(out, "{logs} log(s) verified"),
        (false, _) => writeln!(out, "VERIFICATION FAILED"),
    }
}

/// Tiles have 8 KiB, bundles 8.5, checkpoints and lists of logs less than this.
const LONGEST_ANSWER: u64 = 1 << 20;
const PATIENCE: Duration = Duration::from_secs(30);

struct Service {
    agent: ureq::Agent,
    prefix: String,
}

#[derive(Deserialize)]
struct Logs {
    logs: Vec<Log>,
}

#[derive(Deserialize)]
struct Log {
    log: String,
    verifier_keys: Vec<String>,
}

impl Service {
    fn new(url: &str, ca: Option<&Path>) -> Result<Self, AuditCommandError> {
        let mut config =
            ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).max_redirects(0);
        if let Some(path) = ca {
            let failed = |reason: String| AuditCommandError::Certificates { path: path.to_owned(), reason };
            let pem = std::fs::read(path).map_err(|e| failed(e.to_string()))?;
            let certificates: Vec<_> = ureq::tls::parse_pem(&pem)
                .filter_map(|item| match item {
                    Ok(ureq::tls::PemItem::Certificate(certificate)) => Some(Ok(certificate)),
                    Ok(_) => None,
                    Err(error) => Some(Err(failed(error.to_string()))),
                })
                .collect::<Result<_, _>>()?;
            let roots = ureq::tls::RootCerts::new_with_certs(&certificates);
            config = config.tls_config(ureq::tls::TlsConfig::builder().root_certs(roots).build());
        }
        let prefix = format!("{}/audit", url.trim_end_matches('/').trim_end_matches("/audit"));
        Ok(Self { agent: config.build().into(), prefix })
    }

    fn verify(&self, known: &mut Known) -> Result<Report, FetchError> {
        let failed = |reason: &str| FetchError::Failed { path: "logs".to_owned(), reason: reason.to_owned() };
        let listed = self.fetch("logs")?.ok_or_else(|| failed("the service lists no logs"))?;
        let listed: Logs = serde_json::from_slice(&listed).map_err(|e| failed(&e.to_string()))?;
        let logs: Vec<_> =
            listed.logs.into_iter().map(|log| ServedLog { name: log.log, verifier_keys: log.verifier_keys }).collect();
        verify_served(&logs, known, &mut |path| self.fetch(path))
    }

    fn fetch(&self, path: &str) -> Result<Option<Vec<u8>>, FetchError> {
        let failed = |reason: String| FetchError::Failed { path: path.to_owned(), reason };
        let response = self.agent.get(format!("{}/{path}", self.prefix)).call();
        let mut response = response.map_err(|e| failed(e.to_string()))?;
        match response.status().as_u16() {
            200 => {
                let body = response.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec();
                body.map(Some).map_err(|e| failed(e.to_string()))
            }
            404 => Ok(None),
            status => Err(failed(format!("status {status}"))),
        }
    }
}
