//! Questions that rooms above put within a change of their own: admitted many at once, and recorded
//! in the transaction that makes the change.

use super::draft::{Draft, Question};
use super::guard::meter::Standing;
use super::guard::{Failure, Guards};
use super::service::{Citizens, CitizensError, Drafted};
use super::store::guards::Counter;
use crate::access::Caller;
use crate::audit::{Entry, PendingReceipt, Receipt};
use crate::kernel::Instant;
use crate::storage::{StorageError, Tx};

/// Entries, and the failed anchors that go with them, in a running transaction.
pub struct Written {
    pending: Vec<PendingReceipt>,
    failures: Vec<Failure>,
    totals: Vec<Counter>,
    at: Instant,
}

impl Citizens {
    /// Admits the same question `wanted` times, each time a call of the client's quota; how many of
    /// them were granted. The draft is that of each; see [`Draft::under`].
    pub async fn admit_many(&self, caller: &Caller, question: Question, wanted: u32) -> Drafted<(u32, Standing)> {
        let now = self.0.clock.now();
        let (granted, standing) = self.0.guards.take(&caller.client, wanted, now);
        let (admitted, draft) = self.admitted(caller, question, granted > 0, standing, now).await;
        (admitted.map(|standing| (granted, standing)), draft)
    }

    /// Writes what drafts record into a running transaction. Its outcome is for
    /// [`settled`](Self::settled), once it is durable.
    pub fn write_drafts(&self, tx: &mut Tx<'_>, drafts: &[Draft]) -> Result<Written, StorageError> {
        let failures = drafts.iter().filter_map(|draft| draft.failure.clone()).collect();
        self.write_entries(tx, drafts.iter().map(Draft::entry), failures)
    }

    /// The same of entries that no client's question led to, with the failed anchors they record.
    pub fn write_entries<'a>(
        &self,
        tx: &mut Tx<'_>,
        entries: impl IntoIterator<Item = &'a Entry>,
        failures: Vec<Failure>,
    ) -> Result<Written, StorageError> {
        let at = self.0.clock.now();
        let totals = match failures.is_empty() {
            true => Vec::new(),
            false => Guards::store_failures(tx.db()?, &failures, at)?,
        };
        let pending = entries.into_iter().map(|entry| self.0.audit.append(tx, entry)).collect();
        Ok(Written { pending, failures, totals, at })
    }

    /// Where the drafts of a durable transaction stand, in their order.
    pub fn settled(&self, written: &Written) -> Result<Vec<Receipt>, CitizensError> {
        if !written.failures.is_empty() {
            self.0.guards.stored(&written.failures, &written.totals, written.at);
        }
        Ok(written.pending.iter().map(PendingReceipt::receipt).collect::<Result<_, _>>()?)
    }
}
