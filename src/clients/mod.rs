//! Organisations, their officers, keys and agreements.

mod agreement_file;
mod api;
mod catalogue;
mod changes;
pub mod labels;
mod model;
mod operation;
mod registration;
mod samples;
mod secret;
mod service;
mod stops;
mod store;

pub use agreement_file::{AgreementFault, AgreementFaults};
pub use api::{ClientsApi, routes};
pub use catalogue::Catalogue;
pub use changes::{ClientChanges, NewClient, PublicKey};
pub use model::{Agreement, Client, ClientKey, ClientProfile, Detail, EidTerms, Refusal};
pub use operation::{Operation, OperationSet, UnknownOperation};
pub use registration::{RedirectFault, Registration};
pub use samples::{DemoClient, SampleClient, SampleFault, samples};
pub use secret::SecretTag;
pub use service::{Clients, ClientsError, RegistryBehind};
pub use stops::{Stoppable, Stops};
pub use store::{Action, Change};
