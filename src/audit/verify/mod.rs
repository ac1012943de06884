//! Re-computing logs from what is stored or served, and holding them against what was seen before.

mod database;
mod known;
mod rebuild;
mod remote;
mod report;
mod trails;

pub use database::{VerifyError, verify_database};
pub use known::{Known, KnownError, KnownLog};
pub use remote::{Fetch, FetchError, ServedLog, verify_served};
pub use report::{Fault, LogReport, Report};
