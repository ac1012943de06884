//! What a citizen sees of Dancu: who looked at their data and why, and what they have consented to.
//!
//! Asked with the citizen's own token or session only. Reading is an answer about a person like any
//! other, so it is recorded, too: whoever has taken over a session leaves a trace that the citizen
//! sees. A guardian sees the history of a child under 16.

mod api;
mod history;
mod model;
mod pages;
mod service;
mod wards;

pub use api::{MeApi, routes};
pub use model::{HistoryPage, HistoryQuery, Look, LookProof, Relation, Tree, WHOLE, Ward};
pub use pages::page_routes;
pub use service::{Me, MeError, MeParts};
