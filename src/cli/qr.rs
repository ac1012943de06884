//! `dancu qr verify`: what a QR is worth, with the issuer's keys alone: no server, no database.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Deserialize;

use crate::crypto::cose::read_key_set;
use crate::crypto::jose::JwkSet;
use crate::kernel::{ClientId, Instant};
use crate::qr::card::CardText;
use crate::qr::credential::{CredentialStatus, CwtClaims, TrustedIssuer, Verdict};
use crate::qr::faults_of;
use crate::qr::image::{ImageFault, read_qr};
use crate::qr::model::{NotShown, QrKind, Shown, claimed_fields, recognise};
use crate::qr::status::{StatusListFault, is_revoked, read_list};

/// The longest file of any kind, in bytes: more than a picture, a list or keys have.
const LONGEST_FILE: u64 = 32 << 20;
/// Every code is longer.
const SHORTEST_TEXT: usize = 48;

#[derive(Debug, Args)]
pub struct QrArgs {
    #[command(subcommand)]
    command: QrCommand,
}

#[derive(Debug, Subcommand)]
enum QrCommand {
    /// Verify a QR without a server: signature, issuer, times, reader, and revocation by a list
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
struct VerifyArgs {
    /// The issuer's public keys: `/.well-known/dancu-qr-keys` as JWK set or as COSE_KeySet
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,
    /// Whose keys they are; a JWK set of Dancu says so itself
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The status list the credential names, as JWT or CWT
    #[arg(long, value_name = "FILE")]
    status: Option<PathBuf>,
    /// Who reads: a credential may be for one client alone
    #[arg(long, value_name = "CLIENT")]
    reader: Option<ClientId>,
    /// What the holder was asked to sign; of a credential that is bound to its holder's key
    #[arg(long)]
    nonce: Option<String>,
    /// A picture of the QR (PNG, JPEG, WebP), a file with its text, or the text; standard input if it is missing
    #[arg(value_name = "IMAGE|TEXT")]
    shown: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum QrCommandError {
    #[error("{path}: {reason}")]
    File { path: PathBuf, reason: String },
    #[error("the keys do not say whose they are: give --issuer")]
    NoIssuer,
    #[error("no Ed25519 key is among the keys")]
    NoKey,
    #[error("the picture: {0}")]
    Image(#[from] ImageFault),
    #[error("the QR: {}", words(.0))]
    NotShown(NotShown),
    #[error("there is no file {0}, and as the text of a QR it is neither a card's nor a credential's")]
    NoSuchFile(String),
    #[error("standard input cannot be read: {0}")]
    Input(#[from] io::Error),
}

impl QrCommandError {
    /// As [`Worth::exit_code`]: 1 for what is no QR of ours, 3 where the fault is not the QR's.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::NotShown(_) | Self::Image(_) => 1,
            Self::File { .. } | Self::NoIssuer | Self::NoKey | Self::NoSuchFile(_) | Self::Input(_) => 3,
        }
    }
}

/// What is wrong with a text, fault by fault.
fn words(fault: &NotShown) -> String {
    let faults = faults_of(fault.clone()).into_vec();
    faults.iter().map(|fault| fault.text.en).collect::<Vec<_>>().join(" ")
}

/// What was found, in words.
#[derive(Debug)]
pub struct Finding {
    pub text: String,
    pub worth: Worth,
}

/// How the command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// Everything that can be checked here is good.
    Good,
    Bad,
    /// Something that decides was not checked.
    Open,
}

impl Worth {
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Bad => 1,
            Self::Open => 2,
        }
    }
}

/// Verifies what the arguments name.
///
/// # Errors
/// If a file cannot be used, or there is no QR of a card or credential.
pub fn run(args: QrArgs, now: Instant) -> Result<Finding, QrCommandError> {
    let QrCommand::Verify(args) = args.command;
    let issuers = [trusted(&args.keys, args.issuer)?];
    let text = shown(args.shown.as_deref())?;
    let reader = args.reader.as_ref().map_or("", ClientId::as_str);
    let recognised = recognise(&text, &issuers, reader, now).map_err(|fault| match &args.shown {
        // Nobody types a code by hand.
        Some(name) if name.len() < SHORTEST_TEXT && *name == text => QrCommandError::NoSuchFile(name.clone()),
        _ => QrCommandError::NotShown(fault),
    });
    Ok(match recognised? {
        Shown::Card(card) => of_card(&card),
        Shown::Credential(verdict) => {
            let verdict = (*verdict).expecting(args.nonce.as_deref());
            let list = match &verdict.claims {
                Some(claims) => {
                    args.status.as_deref().map(|path| status_of(path, &issuers, claims, now)).transpose()?
                }
                None => None,
            };
            of_credential(verdict, list)
        }
    })
}

fn file(path: &Path) -> Result<Vec<u8>, QrCommandError> {
    let read = File::open(path).and_then(bounded);
    read.map_err(|e| QrCommandError::File { path: path.to_owned(), reason: e.to_string() })
}

/// Everything that is read, if it is not too long.
fn bounded(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LONGEST_FILE + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > LONGEST_FILE {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is longer than 32 MiB")),
        false => Ok(bytes),
    }
}

fn trusted(path: &Path, issuer: Option<String>) -> Result<TrustedIssuer, QrCommandError> {
    #[derive(Deserialize)]
    struct Named {
        issuer: Option<String>,
    }
    let bytes = file(path)?;
    let failed = |reason: String| QrCommandError::File { path: path.to_owned(), reason };
    let is_json = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    let (named, keys): (_, Vec<_>) = if is_json {
        let named: Named = serde_json::from_slice(&bytes).map_err(|e| failed(e.to_string()))?;
        let set = JwkSet::parse(&bytes).map_err(|e| failed(e.to_string()))?;
        let keys = set.keys.into_iter().filter_map(|jwk| Some((jwk.kid?.into_bytes(), jwk.key)));
        (named.issuer, keys.collect())
    } else {
        (None, read_key_set(&bytes).map_err(|e| failed(e.to_string()))?)
    };
    if keys.is_empty() {
        return Err(QrCommandError::NoKey);
    }
    Ok(TrustedIssuer { issuer: issuer.or(named).ok_or(QrCommandError::NoIssuer)?, keys })
}

/// The text of the QR.
fn shown(given: Option<&str>) -> Result<String, QrCommandError> {
    let bytes = match given {
        None => bounded(io::stdin())?,
        Some(path) if path.len() < 1024 && Path::new(path).is_file() => file(Path::new(path))?,
        Some(text) => return Ok(text.to_owned()),
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
        Err(binary) => Ok(read_qr(binary.as_bytes())?),
    }
}

/// What a list says of the credential.
struct Looked {
    revoked: bool,
    made: Instant,
    /// Older than its readers may use a copy of it without looking again.
    stale: bool,
}

type Listed = Result<Looked, StatusListFault>;

fn status_of(
    path: &Path,
    issuers: &[TrustedIssuer],
    claims: &CwtClaims,
    now: Instant,
) -> Result<Listed, QrCommandError> {
    let bytes = file(path)?;
    Ok(read_list(&bytes, issuers, now).and_then(|list| {
        let stale = now.since(list.issued).as_secs() > u64::from(list.ttl_seconds);
        Ok(Looked { revoked: is_revoked(claims, &list)?, made: list.issued, stale })
    }))
}

fn named(status: CredentialStatus) -> String {
    serde_json::to_value(status).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn of_card(card: &CardText) -> Finding {
    let mut text =
        "kind: printed card\nproof: none: anyone can print this; only the citizen store can confirm it\n".to_owned();
    for (attribute, value) in card.fields() {
        let _ = writeln!(text, "{attribute}: {}", plain(&value));
    }
    Finding { text, worth: Worth::Open }
}

fn of_credential(verdict: Verdict, list: Option<Listed>) -> Finding {
    let Verdict { status, claims, holder } = verdict;
    let Some(claims) = &claims else {
        return Finding { text: format!("kind: credential\nstatus: {}\n", named(status)), worth: Worth::Bad };
    };
    let kind = match QrKind::of_claims(claims) {
        QrKind::ResidenceConfirmation => "residence confirmation",
        _ => "credential",
    };
    let proof = if holder.is_some() { "signature+holder" } else { "signature" };
    let mut text = format!("kind: {kind}\nproof: {proof}\n");
    let (status, note, worth) = match (status, &claims.status, list) {
        (CredentialStatus::Valid, Some(_), Some(Ok(list))) => {
            let old = if list.stale { "; there is a newer one by now: fetch it" } else { "" };
            let note = Some(format!("by the list of {}{old}", list.made));
            if list.revoked { (CredentialStatus::Revoked, note, Worth::Bad) } else { (status, note, Worth::Good) }
        }
        (CredentialStatus::Valid, Some(reference), Some(Err(fault))) => {
            (status, Some(format!("NOT CHECKED: {fault}; wanted is {}", reference.uri)), Worth::Open)
        }
        (CredentialStatus::Valid, Some(reference), None) => {
            (status, Some(format!("NOT CHECKED: give --status with {}", reference.uri)), Worth::Open)
        }
        (CredentialStatus::Valid, None, _) => (status, None, Worth::Good),
        (other, _, _) => (other, None, Worth::Bad),
    };
    let _ = writeln!(
        text,
        "status: {}{}",
        named(status),
        if worth == Worth::Open { ", unless it was revoked" } else { "" }
    );
    if let Some(note) = note {
        let _ = writeln!(text, "revocation: {note}");
    }
    text.push_str("replay: not checked: only the service knows what was shown before\n");
    for (name, value) in [("issuer", &claims.issuer), ("audience", &claims.audience)] {
        if let Some(value) = value {
            let _ = writeln!(text, "{name}: {value}");
        }
    }
    if let Some(expires) = claims.expires {
        let _ = writeln!(text, "expires: {expires}");
    }
    if let Some(residence) = &claims.residence {
        let _ = writeln!(text, "form: {}\nrecipient: {}", residence.form, residence.recipient);
        if let Some(other) = &residence.other_content {
            let _ = writeln!(text, "other content: {other}");
        }
    }
    for (attribute, value) in claimed_fields(claims) {
        let _ = writeln!(text, "{attribute}: {}", plain(&value));
    }
    Finding { text, worth }
}

fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        // A photo is no text for a terminal.
        serde_json::Value::Object(members) if members.contains_key("data") => "(a picture)".to_owned(),
        other => other.to_string(),
    }
}
