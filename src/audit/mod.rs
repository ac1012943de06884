//! The record of every look at a person.
//!
//! An entry becomes durable at the end of its commit group ([`writer`]), sealed; a salted commitment
//! to it becomes a leaf of the log's Merkle tree ([`tree`]), whose head is signed about once a second
//! ([`notary`]) and kept outside the database as well ([`folder`]), so that a restored older copy is
//! noticed ([`opening`]). Persons and transactions are found through [`finder`].

pub mod checkpoint;
mod entry;
mod error;
mod expiry;
mod finder;
mod folder;
mod keyed_tables;
mod notary;
mod opening;
mod operator;
mod position;
mod proofs;
mod reading;
mod records;
mod sealing;
mod service;
mod shared;
mod sorting;
mod store;
mod tail;
pub mod tile;
pub mod tree;
mod upkeep;
pub mod verify;
mod writer;

pub use entry::{
    Entry, ExpiryNote, OfficerStanding, Outcome, Receipt, RecordedEntry, RecordedOfficer, Salt, commitment,
    officer_digest, subjects_digest,
};
pub use error::{AuditError, ProofError};
pub use keyed_tables::keyed_tables;
pub use operator::{Operator, OperatorAccount, OperatorAct, OperatorParts, RecordedAct, Why, WhyFault};
pub use reading::{ConsistencyProof, InclusionProof, LogInfo};
pub use records::{History, OpenedEntry, Page};
pub use service::{Audit, AuditConfig, PendingReceipt};
