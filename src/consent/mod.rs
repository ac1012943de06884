//! What citizens have consented to: which client may read which attributes, for which procedure,
//! and until when (Law 91/2025/QH15: explicit, per purpose, provable, withdrawable).
//!
//! A consent is read by its key at each question that rests on it, and kept in no cache: withdrawn
//! by one replica, it is over for all with the next question.

mod model;
mod retention;
mod keyed_tables;
mod service;
mod store;

pub use keyed_tables::keyed_tables;
pub use model::{Consent, NewConsent, Uncovered};
pub use retention::retention_rules;
pub use service::{Consents, ConsentsParts, Withdrawn};
