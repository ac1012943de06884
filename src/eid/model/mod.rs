//! Accounts, devices and approvals, as rules without input or output.

mod account;
mod approval;
mod digits;
mod passcode;
mod scan;
mod statement;
mod tries;

pub use account::{AccountLevel, Guardianship, needs_representative, stands_for};
pub use approval::{
    Approval, ApprovalRequest, Begun, Channel, Decision, LONGEST_LIFETIME, Outcome, TAKING_TIME, TransactionState,
};
pub use digits::MatchNumber;
pub use passcode::{Passcode, PasscodeFault};
pub use scan::ScanSecret;
pub use statement::{Asker, Statement};
pub use tries::{Standing, TRIES, after_failure, quiet_after, standing};
