//! Organisations, their officers, keys and agreements.

mod model;

use std::sync::Arc;

pub use model::{Agreement, Client, ClientProfile, Detail, Operation, OperationSet, Refusal, RegisteredOfficer};

use crate::kernel::{ClientId, Clock};
use crate::storage::{StorageError, Store};

/// The registry of clients, held in memory and refreshed within a second of any change.
#[derive(Clone)]
pub struct Clients;

impl Clients {
    pub async fn open(_store: Store, _clock: Arc<dyn Clock>) -> Result<Self, StorageError> {
        todo!()
    }
    /// The client as it stands now, disabled ones included.
    pub fn find(&self, _id: &ClientId) -> Option<Arc<Client>> {
        todo!()
    }
}
