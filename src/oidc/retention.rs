//! How long requests to sign in are kept.

use std::time::Duration;

use super::store::{backchannel, codes, interactions, refresh_tokens, requests};
use crate::kernel::Text;
use crate::storage::RetentionRule;

/// `after`: how long after their end; longer than a late answer to one may take.
pub fn retention_rules(after: Duration) -> Vec<RetentionRule> {
    vec![RetentionRule::ending(
        (
            "authorization_requests",
            Text::new("Yêu cầu đăng nhập, mã và thẻ làm mới", "Requests to sign in, their codes and refresh tokens"),
        ),
        &["oidc_requests", "oidc_interactions", "oidc_backchannel", "oidc_codes", "oidc_refresh_tokens"],
        (after, Text::new("khi hết hạn", "their end")),
        &[requests::sweep, interactions::sweep, backchannel::sweep, codes::sweep, refresh_tokens::sweep],
    )]
}
