//! What anybody may read, and what a client may have proven.

use std::ops::Range;
use std::sync::Arc;

use crate::access::{Caller, Denied};
use crate::audit::tile::Tile;
use crate::audit::{
    Audit, AuditError, ConsistencyProof, History, InclusionProof, LogInfo, OpenedEntry, Page, ProofError, Receipt,
};
use crate::clients::{Operation, Refusal};
use crate::crypto::jose::JwkSet;
use crate::crypto::{KeyUse, Keyring};
use crate::kernel::{Clock, Instant, TransactionId};

/// Which entries are to be proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProofTarget {
    /// Every entry of one of the client's own transactions.
    Transaction(TransactionId),
    /// Any entry by its place; it is opened only for the client that it is about.
    Entry { receipt: Receipt, tree_size: Option<u64> },
}

/// That an entry stands in its log, and for its own client what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    pub proof: InclusionProof,
    pub entry: Option<OpenedEntry>,
}

/// Between which sizes of a log consistency is to be proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consistency {
    pub log: String,
    pub from: u64,
    pub to: Option<u64>,
}

#[derive(Debug, thiserror::Error)]
pub enum ProofsError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The client has no such transaction, or it has expired.
    #[error("there is no such transaction of this client")]
    UnknownTransaction,
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error(transparent)]
    Audit(#[from] AuditError),
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Transparency {
    audit: Audit,
    keyring: Keyring,
    clock: Arc<dyn Clock>,
}

impl Transparency {
    pub fn new(audit: Audit, keyring: Keyring, clock: Arc<dyn Clock>) -> Self {
        Self { audit, keyring, clock }
    }

    /// The public keys of signed documents: those in use, the next, and the last.
    pub fn document_keys(&self) -> JwkSet {
        JwkSet::of(self.keyring.verifying_keys(KeyUse::Document))
    }

    pub async fn logs(&self) -> Result<Vec<LogInfo>, AuditError> {
        self.audit.logs().await
    }

    pub async fn checkpoint(&self, log: &str) -> Result<Option<String>, AuditError> {
        self.audit.checkpoint(log).await
    }

    pub async fn tile(&self, log: &str, tile: Tile) -> Result<Option<Vec<u8>>, AuditError> {
        self.audit.tile(log, tile).await
    }

    /// Proves that entries stand in their logs.
    pub async fn prove_inclusion(&self, caller: &Caller, target: ProofTarget) -> Result<Vec<Inclusion>, ProofsError> {
        self.authorise(caller)?;
        let own = |entry: &OpenedEntry| entry.entry.client.as_ref() == Some(&caller.client.id);
        match target {
            ProofTarget::Transaction(transaction) => {
                let mut inclusions = Vec::new();
                for entry in self.audit.find_transaction(transaction).await?.into_iter().filter(own) {
                    let Receipt { log, log_index } = &entry.receipt;
                    let proof = self.audit.prove_inclusion(log, *log_index, None).await?;
                    inclusions.push(Inclusion { proof, entry: Some(entry) });
                }
                if inclusions.is_empty() { Err(ProofsError::UnknownTransaction) } else { Ok(inclusions) }
            }
            ProofTarget::Entry { receipt, tree_size } => {
                let proof = self.audit.prove_inclusion(&receipt.log, receipt.log_index, tree_size).await?;
                let entry = self.audit.find(&receipt).await?.filter(own);
                Ok(vec![Inclusion { proof, entry }])
            }
        }
    }

    /// Proves that one tree of a log is a beginning of another.
    pub async fn prove_consistency(
        &self,
        caller: &Caller,
        wanted: Consistency,
    ) -> Result<ConsistencyProof, ProofsError> {
        self.authorise(caller)?;
        Ok(self.audit.prove_consistency(&wanted.log, wanted.from, wanted.to).await?)
    }

    /// What operators changed of the caller's organisation, newest first.
    pub async fn changes(&self, caller: &Caller, range: Range<Instant>, page: Page) -> Result<History, ProofsError> {
        self.authorise(caller)?;
        Ok(self.audit.changes_of(&caller.client.id, range, page).await?)
    }

    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    fn authorise(&self, caller: &Caller) -> Result<(), ProofsError> {
        caller.require(Operation::AuditRead)?;
        Ok(caller.client.allows(Operation::AuditRead, self.clock.now())?)
    }
}
