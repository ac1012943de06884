//! How long confirmations are kept.

use std::time::Duration;

use super::store::confirmations;
use crate::kernel::Text;
use crate::storage::RetentionRule;

/// `after`: how long after their end, in which it can be told of one read by telephone that it is expired.
pub fn retention_rules(after: Duration) -> Vec<RetentionRule> {
    vec![RetentionRule::ending(
        ("confirmations", Text::new("Giấy xác nhận thông tin về cư trú", "Confirmations of residence information")),
        &["residence_confirmations", "residence_subjects"],
        (after, Text::new("khi hết hạn", "their end")),
        &[confirmations::sweep],
    )]
}
