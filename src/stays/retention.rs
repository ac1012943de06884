//! How long stays and places of lodging are kept.

use std::time::Duration;

use super::store::{facilities, stays};
use crate::kernel::Text;
use crate::storage::RetentionRule;

/// `after`: how long after a stay's end (its check-out, else its planned departure, else its arrival; a notice that came
/// later, its coming), and after a facility was closed.
pub fn retention_rules(after: Duration) -> Vec<RetentionRule> {
    vec![
        RetentionRule::ending(
            ("stays", Text::new("Lượt lưu trú, khách và dấu tìm kiếm", "Stays, their guests and search marks")),
            &["stays", "stay_guests", "stay_approvals"],
            (after, Text::new("khi kết thúc lưu trú", "the end of the stay")),
            &[stays::sweep],
        ),
        RetentionRule::ending(
            ("facilities", Text::new("Cơ sở lưu trú đã đóng", "Places of lodging that were closed")),
            &["facilities", "facility_delegations"],
            (after, Text::new("khi đóng, khi không còn lượt lưu trú", "the closing, once no stay is left")),
            &[facilities::sweep],
        ),
    ]
}
