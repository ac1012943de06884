//! How long consents are kept.

use std::time::Duration;

use super::store;
use crate::kernel::Text;
use crate::storage::RetentionRule;

/// `after`: how long after its end a consent, and what the citizen signed, proves what was done under it.
pub fn retention_rules(after: Duration) -> Vec<RetentionRule> {
    vec![RetentionRule::ending(
        ("consents", Text::new("Sự đồng ý và chữ ký của công dân", "Consents, and what the citizen signed")),
        &["consents"],
        (after, Text::new("khi hết hiệu lực", "their end")),
        &[store::sweep],
    )]
}
