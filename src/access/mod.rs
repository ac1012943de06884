//! Every access token and grant, and the [`Caller`] a handler receives.

use std::sync::Arc;

use crate::clients::{Client, OperationSet};
use crate::kernel::CitizenId;

/// Who is calling, proven by an access token. An actix extractor (`extractor.rs`).
#[derive(Debug, Clone)]
pub struct Caller {
    pub client: Arc<Client>,
    /// What the token allows; the agreement may allow less by now.
    pub scopes: OperationSet,
    /// Set where the citizen's own token stands in the officer's place (e-ID).
    pub citizen: Option<CitizenId>,
}
