//! `dancu wallet`: the e-ID app for scripts and trials. Blocks.

mod commands;
mod folder;
mod own_qr;
mod remote;

use std::path::PathBuf;

use clap::{Args, Subcommand};

pub use commands::{Ticket, Tools, activate, run};
pub use folder::{FolderError, Wallet};
pub use remote::RemoteError;

use crate::crypto::cose::CoseFault;
use crate::crypto::jose::JwkFault;
use crate::kernel::{Attribute, ClientId, TransactionId};
use crate::qr::image::DrawFault;

#[derive(Debug, Args)]
pub struct WalletArgs {
    #[command(subcommand)]
    command: WalletCommand,
}

#[derive(Debug, Subcommand)]
enum WalletCommand {
    /// Make a device key and enrol it; a person as JSON is read from a file or standard input
    Enrol(EnrolArgs),
    /// The requests that wait for a decision, a line of JSON each
    Pending(FolderArgs),
    /// Approve a request; ends with 1 if the digits are others than the screen shows
    Approve(ApproveArgs),
    /// Reject a request
    Reject(RejectArgs),
    /// Tell requests as they come, a line of JSON each, or approve them
    Watch(WatchArgs),
    /// The account's devices
    Devices(FolderArgs),
    /// Print the text of the citizen's own QR: for one reader, once, within a minute
    Qr(QrArgs),
}

#[derive(Debug, Args)]
struct FolderArgs {
    /// The wallet's folder
    #[arg(long)]
    dir: PathBuf,
}

#[derive(Debug, Args)]
struct EnrolArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// The address of the service
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// JSON with `id_number`, `full_name`, `date_of_birth`; or, to end an enrolment, with `code`,
    /// `passcode` and, where a desk or a device gave it, `activation_id`. `-`: standard input
    #[arg(long, default_value = "-")]
    from: PathBuf,
}

#[derive(Debug, Args)]
struct ApproveArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// Which request, if several wait
    #[arg(long)]
    id: Option<TransactionId>,
    /// The two digits that the starting screen shows
    #[arg(long)]
    digits: String,
}

#[derive(Debug, Args)]
struct RejectArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// Which request, if several wait
    #[arg(long)]
    id: Option<TransactionId>,
}

#[derive(Debug, Args)]
struct WatchArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// Approve everything. A demo tells its wallets the digits; for any other service name
    /// --digits-from
    #[arg(long)]
    auto_approve: bool,
    /// Where the two digits of each request's starting screen come from, a line for each as it is told;
    /// `-`: standard input
    #[arg(long, requires = "auto_approve", value_name = "FILE")]
    digits_from: Option<PathBuf>,
    /// End after so many requests
    #[arg(long)]
    count: Option<u64>,
}

#[derive(Debug, Args)]
struct QrArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// The client that reads it, e.g. hotel
    #[arg(long)]
    audience: ClientId,
    /// What the reader asks to be signed
    #[arg(long)]
    nonce: Option<String>,
    /// The attributes it says, with commas
    #[arg(long, value_delimiter = ',', default_value = "full_name,id_number,date_of_birth")]
    attributes: Vec<Attribute>,
    /// Where the picture goes, as SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Print JSON: the text as `payload`, when it is over, and which attributes were left out
    #[arg(long)]
    json: bool,
}

/// Why a command of the wallet is not carried out.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error("the device's key: {0}")]
    Key(#[from] JwkFault),
    #[error("standard input: {0}")]
    Input(#[source] std::io::Error),
    #[error("the person is no JSON of id_number, full_name, date_of_birth, or of code and passcode: {0}")]
    Person(#[source] serde_json::Error),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error(
        "this service does not tell wallets the digits, only a demo does: pass the two digits that the starting \
         screen of each request shows with --digits-from, a line each"
    )]
    DigitsUntold,
    #[error("{0:?} is not two digits as a starting screen shows them, 10 to 99")]
    Digits(String),
    #[error("the digits end, and a request waits for some")]
    DigitsEnd,
    #[error("the digits cannot be read: {0}")]
    DigitsUnreadable(#[source] std::io::Error),
    #[error("the credential cannot be signed over: {0}")]
    Credential(#[from] CoseFault),
    #[error("the picture: {0}")]
    Picture(#[from] DrawFault),
    #[error(
        "these are not the two digits that the starting screen shows: nothing is approved, and the request is over. \
         Have it begun again"
    )]
    Mismatch,
    #[error("no request waits")]
    NothingWaits,
    #[error("several requests wait: name one with --id")]
    SeveralWait,
    #[error("the output cannot be written: {0}")]
    Output(#[source] std::io::Error),
}
