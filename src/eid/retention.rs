//! How long accounts, devices, requests and codes are kept.

use std::time::Duration;

use super::store::sweep;
use crate::kernel::Text;
use crate::storage::RetentionRule;

/// How long after their end.
pub struct RetentionPeriods {
    /// Requests for approval and activations.
    pub requests: Duration,
    /// Codes that could not be delivered.
    pub codes: Duration,
    pub counters: Duration,
    /// Revoked devices and closed accounts.
    pub accounts: Duration,
}

pub fn retention_rules(periods: &RetentionPeriods) -> Vec<RetentionRule> {
    let ended = Text::new("khi hết hạn", "their end");
    vec![
        RetentionRule::ending(
            ("approvals", Text::new("Yêu cầu chấp thuận và kích hoạt", "Requests for approval, and activations")),
            &["eid_transactions", "eid_activations"],
            (periods.requests, ended),
            &[sweep::transactions, sweep::activations],
        ),
        RetentionRule::ending(
            ("codes", Text::new("Mã một lần chưa gửi được", "One-time codes that were not delivered")),
            &["eid_outbox"],
            (
                periods.codes,
                Text::new("khi mã hết hạn; mã đã gửi bị xóa ngay", "the code's end; a sent one goes at once"),
            ),
            &[sweep::outbox],
        ),
        RetentionRule::ending(
            ("eid_counters", Text::new("Bộ đếm của ứng dụng định danh", "Counters of the e-ID")),
            &["eid_counters"],
            (periods.counters, Text::new("đầu khoảng đếm", "the beginning of what they count")),
            &[sweep::counters],
        ),
        RetentionRule::ending(
            ("accounts", Text::new("Thiết bị bị thu hồi, tài khoản đã đóng", "Revoked devices and closed accounts")),
            &["eid_devices", "eid_accounts"],
            (periods.accounts, Text::new("khi thu hồi hoặc đóng", "the revocation or closing")),
            &[sweep::devices, sweep::accounts],
        ),
    ]
}
