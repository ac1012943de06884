//! Organisations, their officers, keys and agreements.

mod agreement_file;
mod model;
mod operation;
mod service;
mod store;

pub use agreement_file::{AgreementFault, AgreementFaults};
pub use model::{Agreement, Client, ClientKey, ClientProfile, Detail, Refusal};
pub use operation::{Operation, OperationSet, UnknownOperation};
pub use service::{Clients, ClientsError, NewClient, PublicKey};
pub use store::{Action, Change};
