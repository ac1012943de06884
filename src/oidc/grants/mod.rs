//! What the token endpoint grants for citizens' approvals, one file each.

mod authorization_code;
mod ciba;
mod refresh_token;

pub use authorization_code::AuthorizationCode;
pub use ciba::Ciba;
pub use refresh_token::RefreshToken;

use super::service::{Oidc, WeakOidc};
use crate::access::{GrantError, GrantRequest};
use crate::clients::Client;
use crate::kernel::Instant;
use crate::storage::StorageError;

/// The provider, while it is there.
fn provider(weak: &WeakOidc) -> Result<Oidc, GrantError> {
    weak.upgrade().ok_or_else(|| StorageError::unavailable("the service is stopping").into())
}

/// Whether the client may have tokens for citizens now.
fn check_agreement(client: &Client, covered: bool, now: Instant) -> Result<(), GrantError> {
    if !client.agreement.in_force(now) {
        Err(GrantError::NotInForce)
    } else if !covered {
        Err(GrantError::GrantNotAgreed)
    } else {
        Ok(())
    }
}

/// A client that may not have Bearer tokens is told before anything is spent.
fn check_binding(request: &GrantRequest<'_>) -> Result<(), GrantError> {
    if request.binding.is_none() && !request.client.may_use_bearer_for_citizens() {
        Err(GrantError::ProofMissing)
    } else {
        Ok(())
    }
}
