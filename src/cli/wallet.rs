//! `dancu wallet`: the e-ID app for scripts and trials. Blocks.

mod commands;
mod folder;
mod remote;

use std::path::PathBuf;

use clap::{Args, Subcommand};

pub use commands::{Ticket, Tools, activate, run};
pub use folder::{FolderError, Wallet};
pub use remote::RemoteError;

use crate::crypto::jose::JwkFault;
use crate::kernel::TransactionId;

#[derive(Debug, Args)]
pub struct WalletArgs {
    #[command(subcommand)]
    command: WalletCommand,
}

#[derive(Debug, Subcommand)]
enum WalletCommand {
    /// Make a device key and enrol it; a person as JSON is read from a file or standard input
    Enrol(EnrolArgs),
    /// What waits for a decision
    Pending(FolderArgs),
    /// Approve a request
    Approve(ApproveArgs),
    /// Reject a request
    Reject(RejectArgs),
    /// Tell what comes, a line of JSON each
    Watch(WatchArgs),
    /// The account's devices
    Devices(FolderArgs),
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
    /// The service
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
    /// Approve everything; a demo tells its wallets the digits, no other service does
    #[arg(long)]
    auto_approve: bool,
    /// End after so many requests
    #[arg(long)]
    count: Option<u64>,
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
    #[error("no request waits")]
    NothingWaits,
    #[error("several requests wait: name one with --id")]
    SeveralWait,
    #[error("the output cannot be written: {0}")]
    Output(#[source] std::io::Error),
}
