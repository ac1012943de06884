//! The e-ID: accounts, devices, and what citizens approve on them.

pub mod model;
pub mod request;
mod sender;
mod service;
mod store;
mod vault;

pub use model::{
    Approval, ApprovalRequest, BeginError, Begun, Channel, MatchNumber, ScanSecret, Statement, TransactionState,
};
pub use sender::{CodeSender, FileSender, Message, NoSender, SendError, WebhookSender};
pub use service::{Addressed, Eid, EidConfig, EidParts};
