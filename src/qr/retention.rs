//! How long credentials are kept.

use std::time::Duration;

use super::store::credentials;
use crate::kernel::Text;
use crate::storage::RetentionRule;

/// `after`: how long after their end, in which a late showing still names its holder in the audit.
pub fn retention_rules(after: Duration) -> Vec<RetentionRule> {
    vec![RetentionRule::ending(
        ("credentials", Text::new("Giấy chứng nhận QR đã cấp", "Signed credentials that were issued")),
        &["qr_credentials"],
        (after, Text::new("khi hết hạn", "their end")),
        &[credentials::sweep],
    )]
}
