//! How long kept answers, counters and the log of changes stay.

use std::sync::Arc;
use std::time::Duration;

use super::store::{guards, kept_answers, reactors};
use crate::kernel::{Instant, Text};
use crate::storage::{Db, RetentionRule, RetentionTerm};

/// `answers`: how long a first answer is repeated; `counters`: after they last counted; `changes`: after the change.
pub fn retention_rules(answers: Duration, counters: Duration, changes: Duration) -> Vec<RetentionRule> {
    // Its row says when an answer ends, the rule when it was given.
    let erase = move |db: &mut Db, before: Instant, limit| kept_answers::sweep(db, before.plus(answers), limit);
    vec![
        RetentionRule {
            name: "idempotent_answers",
            label: Text::new("Câu trả lời đầu tiên theo Idempotency-Key", "First answers under an Idempotency-Key"),
            tables: &["kept_answers"],
            term: RetentionTerm::Ends {
                after: answers,
                counted_from: Text::new("khi trả lời", "the answer"),
                erase: vec![Arc::new(erase)],
            },
        },
        RetentionRule::ending(
            ("guard_counters", Text::new("Bộ đếm hạn mức và câu hỏi sai", "Counters of quotas and failed questions")),
            &["guard_counters"],
            (counters, Text::new("lần đếm cuối", "their last count")),
            &[guards::sweep],
        ),
        RetentionRule::ending(
            (
                "changes",
                Text::new("Nhật ký thay đổi của bản ghi công dân", "Which citizens' records changed, and when"),
            ),
            &["citizen_changes"],
            (changes, Text::new("khi thay đổi", "the change")),
            &[reactors::sweep_changes],
        ),
    ]
}
