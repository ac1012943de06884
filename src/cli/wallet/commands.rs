//! What the wallet's commands do.

use std::io::{BufRead, Read, Write};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::folder::FolderError;
use super::own_qr;
use super::remote::{Remote, Waiting, issuer_of};
use super::{ApproveArgs, EnrolArgs, Wallet, WalletArgs, WalletCommand, WalletError, WatchArgs};
use crate::eid::model::MatchNumber;
use crate::kernel::{Clock, Entropy, TransactionId};

/// How long one question for news waits.
const WAIT_SECONDS: u64 = 25;
/// The outcome of an approval with other digits than the screen shows.
const MISMATCH: &str = "mismatch";

/// The clock and chance that requests are signed with, and where results are written.
pub struct Tools<'a> {
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
    pub out: &'a mut dyn Write,
}

/// Who enrols, or how an enrolment ends.
#[derive(Deserialize)]
struct Person {
    id_number: Option<String>,
    full_name: Option<String>,
    date_of_birth: Option<String>,
    activation_id: Option<TransactionId>,
    code: Option<String>,
    passcode: Option<String>,
    device_name: Option<String>,
}

/// Carries out a command.
pub fn run(args: WalletArgs, tools: Tools<'_>) -> Result<(), WalletError> {
    match args.command {
        WalletCommand::Enrol(args) => enrol(&args, tools),
        WalletCommand::Pending(args) => {
            let (_, remote) = open(&args.dir, &tools)?;
            remote.pending(&[], 0)?.iter().try_for_each(|waiting| say(tools.out, &told(waiting)))
        }
        WalletCommand::Approve(args) => approve(&args, tools),
        WalletCommand::Reject(args) => {
            let (_, remote) = open(&args.folder.dir, &tools)?;
            let waiting = choose(remote.pending(&[], 0)?, args.id)?;
            let outcome = remote.decide(&waiting, None, None)?;
            say(tools.out, &json!({ "transaction_id": waiting.transaction_id, "outcome": outcome }))
        }
        WalletCommand::Watch(args) => watch(&args, tools),
        WalletCommand::Qr(args) => own_qr::run(&args, tools),
        WalletCommand::Devices(args) => {
            let (_, remote) = open(&args.dir, &tools)?;
            let devices = remote.call("GET", "/v1/eid/devices", None, None)?;
            devices["devices"].as_array().into_iter().flatten().try_for_each(|device| say(tools.out, device))
        }
    }
}

pub(super) fn open<'a>(dir: &Path, tools: &Tools<'a>) -> Result<(Wallet, Remote<'a>), WalletError> {
    let wallet = Wallet::load(dir)?;
    let remote = Remote::of(&wallet, tools.clock, tools.entropy)?;
    Ok((wallet, remote))
}

pub(super) fn say(out: &mut dyn Write, line: &Value) -> Result<(), WalletError> {
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(WalletError::Output)
}

fn enrol(args: &EnrolArgs, tools: Tools<'_>) -> Result<(), WalletError> {
    let mut text = String::new();
    if args.from.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text).map_err(WalletError::Input)?;
    } else {
        text = std::fs::read_to_string(&args.from)
            .map_err(|source| FolderError::Io { path: args.from.clone(), source })?;
    }
    let person: Person = serde_json::from_str(&text).map_err(WalletError::Person)?;
    let dir = &args.folder.dir;
    let wallet = match Wallet::find(dir)? {
        Some(wallet) if wallet.device_id.is_some() => return Err(FolderError::Taken(dir.clone()).into()),
        Some(wallet) => wallet,
        None => Wallet::new(&args.url, &issuer_of(&args.url)?)?,
    };
    let line = match person.code {
        Some(_) => finish(wallet, dir, person, &tools)?,
        None => begin(wallet, dir, &person, &tools)?,
    };
    say(tools.out, &line)
}

/// Asks for a code.
fn begin(mut wallet: Wallet, dir: &Path, person: &Person, tools: &Tools<'_>) -> Result<Value, WalletError> {
    let remote = Remote::of(&wallet, tools.clock, tools.entropy)?;
    let body = json!({
        "id_number": person.id_number.as_deref().ok_or(WalletError::Missing("id_number"))?,
        "full_name": person.full_name.as_deref().ok_or(WalletError::Missing("full_name"))?,
        "date_of_birth": person.date_of_birth.as_deref().ok_or(WalletError::Missing("date_of_birth"))?,
    });
    let begun = remote.call("POST", "/v1/eid/accounts", Some(&body), None)?;
    wallet.activation_id = begun["activation_id"].as_str().and_then(|id| id.parse().ok());
    wallet.save(dir)?;
    Ok(begun)
}

/// Ends an enrolment by a code that was sent, or given by a desk or another device.
fn finish(wallet: Wallet, dir: &Path, person: Person, tools: &Tools<'_>) -> Result<Value, WalletError> {
    let id = person.activation_id.or(wallet.activation_id).ok_or(WalletError::Missing("activation_id"))?;
    let code = person.code.ok_or(WalletError::Missing("code"))?;
    let passcode = person.passcode.ok_or(WalletError::Missing("passcode"))?;
    let name = person.device_name.unwrap_or_else(|| "dancu wallet".to_owned());
    activate(wallet, dir, Ticket { id, code, passcode, name }, tools.clock, tools.entropy)
}

/// What it takes to end an enrolment.
pub struct Ticket {
    pub id: TransactionId,
    pub code: String,
    pub passcode: String,
    pub name: String,
}

/// Enrols the wallet's key as a device and keeps the wallet.
pub fn activate(
    mut wallet: Wallet,
    dir: &Path,
    ticket: Ticket,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<Value, WalletError> {
    // Kept before it is enrolled: a device whose key is lost would be of no use.
    wallet.save(dir)?;
    let remote = Remote::of(&wallet, clock, entropy)?;
    let body = json!({
        "activation_id": ticket.id, "code": ticket.code, "passcode": ticket.passcode, "device_name": ticket.name,
    });
    let enrolled = remote.call("POST", "/v1/eid/accounts/activate", Some(&body), None)?;
    wallet.device_id = enrolled["device_id"].as_str().and_then(|id| id.parse().ok());
    wallet.activation_id = None;
    wallet.passcode = Some(ticket.passcode);
    wallet.save(dir)?;
    Ok(enrolled)
}

fn approve(args: &ApproveArgs, tools: Tools<'_>) -> Result<(), WalletError> {
    let (wallet, remote) = open(&args.folder.dir, &tools)?;
    let waiting = choose(remote.pending(&[], 0)?, args.id)?;
    let digits = two_digits(&args.digits)?;
    let outcome = remote.decide(&waiting, Some(&digits), passcode_for(&wallet, &waiting))?;
    say(tools.out, &json!({ "transaction_id": waiting.transaction_id, "outcome": outcome }))?;
    if outcome == MISMATCH { Err(WalletError::Mismatch) } else { Ok(()) }
}

/// What may be two digits of a screen; anything else would end the request.
fn two_digits(text: &str) -> Result<String, WalletError> {
    let digits = MatchNumber::parse(text).map(|digits| digits.to_string());
    digits.ok_or_else(|| WalletError::Digits(text.to_owned()))
}

/// The one request that is meant.
fn choose(waiting: Vec<Waiting>, id: Option<TransactionId>) -> Result<Waiting, WalletError> {
    let mut meant = waiting.into_iter().filter(|waiting| id.is_none_or(|id| id == waiting.transaction_id));
    match (meant.next(), meant.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(WalletError::NothingWaits),
        (Some(_), Some(_)) => Err(WalletError::SeveralWait),
    }
}

fn statement(waiting: &Waiting) -> Value {
    serde_json::from_str(&waiting.statement).unwrap_or_default()
}

fn told(waiting: &Waiting) -> Value {
    json!({ "transaction_id": waiting.transaction_id, "statement": statement(waiting) })
}

/// The passcode, where the request's level takes one.
fn passcode_for<'a>(wallet: &'a Wallet, waiting: &Waiting) -> Option<&'a str> {
    let needed = statement(waiting)["level"] != crate::kernel::Level::L1.acr();
    wallet.passcode.as_deref().filter(|_| needed)
}

fn watch(args: &WatchArgs, tools: Tools<'_>) -> Result<(), WalletError> {
    let (wallet, remote) = open(&args.folder.dir, &tools)?;
    let mut digits = Digits::of(args.digits_from.as_deref())?;
    let mut known: Vec<TransactionId> = Vec::new();
    let mut left = args.count.unwrap_or(u64::MAX);
    while left > 0 {
        let waiting = remote.pending(&known, WAIT_SECONDS)?;
        let new: Vec<_> = waiting.iter().filter(|one| !known.contains(&one.transaction_id)).cloned().collect();
        known = waiting.iter().map(|one| one.transaction_id).collect();
        for one in new {
            if left == 0 {
                break;
            }
            left -= 1;
            if !args.auto_approve {
                say(tools.out, &told(&one))?;
                continue;
            }
            if digits.are_typed() {
                say(tools.out, &told(&one))?;
            }
            let digits = digits.of_request(&one)?;
            let outcome = match remote.decide(&one, Some(&digits), passcode_for(&wallet, &one)) {
                Ok(outcome) => outcome,
                // Another device may have been quicker.
                Err(super::RemoteError::Refused(why)) => why,
                Err(error) => return Err(error.into()),
            };
            say(tools.out, &json!({ "transaction_id": one.transaction_id, "outcome": outcome }))?;
        }
    }
    Ok(())
}

/// Where the digits of requests come from.
enum Digits {
    /// The service tells them with each request; only a demo does.
    Told,
    /// Somebody reads them off the starting screens, a line each.
    Typed(Box<dyn BufRead>),
}

impl Digits {
    fn of(from: Option<&Path>) -> Result<Self, WalletError> {
        Ok(match from {
            None => Self::Told,
            Some(path) if path.as_os_str() == "-" => Self::Typed(Box::new(std::io::stdin().lock())),
            Some(path) => {
                let file = std::fs::File::open(path).map_err(WalletError::DigitsUnreadable)?;
                Self::Typed(Box::new(std::io::BufReader::new(file)))
            }
        })
    }

    const fn are_typed(&self) -> bool {
        matches!(self, Self::Typed(_))
    }

    fn of_request(&mut self, waiting: &Waiting) -> Result<String, WalletError> {
        let Self::Typed(lines) = self else {
            return waiting.digits.clone().ok_or(WalletError::DigitsUntold);
        };
        let mut line = String::new();
        if lines.read_line(&mut line).map_err(WalletError::DigitsUnreadable)? == 0 {
            return Err(WalletError::DigitsEnd);
        }
        two_digits(line.trim())
    }
}
