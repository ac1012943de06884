//! The e-ID: accounts, devices, and what citizens approve on them.

mod api;
mod metrics;
pub mod model;
mod pages;
mod reactor;
pub mod request;
mod retention;
mod sender;
mod service;
mod store;
mod codec;
mod keyed_tables;

pub use api::{EidApi, routes};
pub use keyed_tables::keyed_tables;
pub use model::{
    Approval, ApprovalRequest, Begun, Channel, MatchNumber, ScanSecret, Statement, TAKING_TIME, TransactionState,
};
pub use pages::{sign_in_routes, wallet_routes};
pub use retention::{RetentionPeriods, retention_rules};
pub use sender::{CodeSender, FileSender, Message, SendError, Sending, WebhookSender};
pub use service::{Addressed, BeginError, Eid, EidConfig, EidError, EidParts, SignIn, SignInTarget};
