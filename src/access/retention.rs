//! How long sessions, sign-ins and used tokens are kept.

use std::time::Duration;

use super::store::{grants, sessions, spent};
use crate::kernel::Text;
use crate::storage::RetentionRule;

/// `after`: how long after their end.
pub fn retention_rules(after: Duration) -> Vec<RetentionRule> {
    let end = (after, Text::new("khi hết hạn", "their end"));
    vec![
        RetentionRule::ending(
            (
                "sessions",
                Text::new("Phiên trên trang và liên kết mở phiên", "Sessions of pages, and links that open them"),
            ),
            &["sessions", "page_links"],
            end,
            &[sessions::sweep, sessions::sweep_links],
        ),
        RetentionRule::ending(
            ("sign_ins", Text::new("Lần đăng nhập được công dân chấp thuận", "Sign-ins that citizens approved")),
            &["citizen_grants"],
            end,
            &[grants::sweep],
        ),
        RetentionRule::ending(
            ("used_tokens", Text::new("Dấu của thẻ đã dùng hoặc thu hồi", "Marks of tokens used or revoked")),
            &["spent_tokens", "revoked_tokens"],
            end,
            &[spent::sweep, grants::sweep_tokens],
        ),
    ]
}
