//! A wallet for some of the demo's citizens, enrolled over HTTP at the portal's desk, as anybody
//! would be.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::citizens::Citizen;
use crate::citizens::seed::showcase;
use crate::cli::token::{self, TokenArgs, TokenCommandError};
use crate::cli::wallet::{Ticket, Wallet, WalletError, activate};
use crate::clients::DemoClient;
use crate::kernel::{Clock, Entropy, IdNumber};

/// Whose wallets there are, by case of the showcase.
const CASES: [&str; 5] =
    ["with_cmnd", "cancelled_number", "temporary_resident", "ethnic_minority", "household_of_five"];
/// The same for all: these people are invented, and so is what they remember.
const PASSCODE: &str = "735914";
const DESK: &str = "portal";
const TIMEOUT: Duration = Duration::from_secs(30);

/// A wallet as `demo.json` lists it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoWallet {
    pub id_number: IdNumber,
    pub wallet_dir: PathBuf,
    pub passcode: String,
}

#[derive(Debug, thiserror::Error)]
pub enum DemoWalletError {
    #[error(transparent)]
    Token(#[from] TokenCommandError),
    #[error(transparent)]
    Wallet(#[from] WalletError),
    #[error("the desk cannot be asked: {0}")]
    Desk(#[source] Box<ureq::Error>),
    #[error("the desk enrolled nobody: {0}")]
    Refused(String),
    #[error("the demo has no client {DESK}")]
    NoDesk,
    #[error("{path}: {source}")]
    Folder { path: PathBuf, source: std::io::Error },
}

/// Where the demo runs, and with what.
pub struct Place<'a> {
    pub dir: &'a Path,
    pub base_url: &'a str,
    pub seed: u64,
    pub clients: &'a [DemoClient],
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
}

/// The wallets: those of an earlier start, which learn where the demo runs now, and new ones. Blocks.
pub fn enrol(place: &Place<'_>) -> Result<Vec<DemoWallet>, DemoWalletError> {
    let mut token = None;
    let mut wallets = Vec::new();
    for shown in showcase(place.seed) {
        let (true, Some(citizen)) = (CASES.contains(&shown.case), shown.citizens.first()) else { continue };
        let path = place.dir.join("wallets").join(shown.case);
        let wallet_dir = std::path::absolute(&path).map_err(|source| DemoWalletError::Folder { path, source })?;
        match Wallet::find(&wallet_dir).map_err(WalletError::from)? {
            Some(mut wallet) if wallet.device_id.is_some() => {
                (wallet.url, wallet.issuer) = (place.base_url.to_owned(), place.base_url.to_owned());
                wallet.save(&wallet_dir).map_err(WalletError::from)?;
            }
            _ => {
                let token = match &token {
                    Some(token) => token,
                    None => token.insert(desk_token(place)?),
                };
                enrol_one(place, token, citizen, &wallet_dir)?;
            }
        }
        let id_number = citizen.id_number.clone();
        wallets.push(DemoWallet { id_number, wallet_dir, passcode: PASSCODE.to_owned() });
    }
    Ok(wallets)
}

fn desk_token(place: &Place<'_>) -> Result<String, DemoWalletError> {
    let desk = desk(place)?;
    let args = TokenArgs::new(place.dir.to_owned(), desk.client_id.clone());
    Ok(token::run(&args, place.clock, place.entropy)?)
}

fn desk<'a>(place: &Place<'a>) -> Result<&'a DemoClient, DemoWalletError> {
    place.clients.iter().find(|client| client.client_id.as_str() == DESK).ok_or(DemoWalletError::NoDesk)
}

fn enrol_one(place: &Place<'_>, token: &str, citizen: &Citizen, dir: &Path) -> Result<(), DemoWalletError> {
    let desk = desk(place)?;
    let body = json!({
        "id_number": citizen.id_number,
        "full_name": citizen.full_name,
        "date_of_birth": citizen.date_of_birth,
        "purpose": {
            "procedure": desk.procedures.first(),
            "legal_basis": desk.legal_bases.iter().find(|basis| !basis.is_consent()),
            "officer": desk.officer,
        },
        "action": "enrol",
    });
    let told = ask_desk(place.base_url, token, &body)?;
    let enrolment = &told["enrolment"];
    let refused = || DemoWalletError::Refused(told["outcome"].as_str().unwrap_or("refused").to_owned());
    let id = enrolment["activation_id"].as_str().and_then(|id| id.parse().ok()).ok_or_else(refused)?;
    let code = enrolment["code"].as_str().ok_or_else(refused)?.to_owned();
    let wallet = Wallet::new(place.base_url, place.base_url).map_err(WalletError::from)?;
    let ticket = Ticket { id, code, passcode: PASSCODE.to_owned(), name: "Ví mẫu".to_owned() };
    activate(wallet, dir, ticket, place.clock, place.entropy)?;
    Ok(())
}

fn ask_desk(base_url: &str, token: &str, body: &Value) -> Result<Value, DemoWalletError> {
    let failed = |error| DemoWalletError::Desk(Box::new(error));
    let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT)).build();
    let mut response = config
        .new_agent()
        .post(format!("{base_url}/v1/eid/desk"))
        .header("authorization", format!("Bearer {token}"))
        .send_json(body)
        .map_err(failed)?;
    response.body_mut().read_json().map_err(failed)
}
