//! Batches that are running, by client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::lock;
use crate::kernel::ClientId;

/// How many batches each client has open. Cheap to clone.
#[derive(Clone)]
pub struct Batches {
    most: u32,
    running: Arc<Mutex<HashMap<ClientId, u32>>>,
}

/// A batch that is running, until this is dropped.
pub struct RunningBatch {
    batches: Batches,
    client: ClientId,
}

impl Batches {
    /// At most `most` of one client at once.
    pub(super) fn new(most: u32) -> Self {
        Self { most, running: Arc::default() }
    }

    /// `None` where the client has as many as it may.
    pub fn begin(&self, client: &ClientId) -> Option<RunningBatch> {
        let mut running = lock(&self.running);
        let count = running.entry(client.clone()).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(RunningBatch { batches: self.clone(), client: client.clone() })
    }
}

impl Drop for RunningBatch {
    fn drop(&mut self) {
        let mut running = lock(&self.batches.running);
        if let Some(count) = running.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_has_its_own_count_and_gets_it_back() {
        let batches = Batches::new(2);
        let client = |id: &str| id.parse::<ClientId>().unwrap();
        let (first, second) = (batches.begin(&client("bank")), batches.begin(&client("bank")));
        assert!(first.is_some() && second.is_some() && batches.begin(&client("bank")).is_none());
        let other = batches.begin(&client("shop"));
        assert!(other.is_some());
        drop(first);
        let third = batches.begin(&client("bank"));
        assert!(third.is_some());
        drop((second, third, other));
        assert!(lock(&batches.running).is_empty());
    }
}
