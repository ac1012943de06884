//! How long each kind of row is kept, over all slices, and the one sweeper that erases what has ended.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{RetentionConfig, days, hours};
use crate::kernel::{Clock, Instant, Text};
use crate::storage::{RetentionRule, RetentionTerm, StorageError, Store, erase_ended};
use crate::telemetry::metrics::{Counter, Gauge, Metrics};
use crate::{access, citizens, consent, eid, oidc, qr, residence, stays};

/// Between two sweeps.
const EVERY: Duration = Duration::from_secs(30);

/// How long after their end rows are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionPeriods {
    pub stays: Duration,
    pub requests: Duration,
    pub sessions: Duration,
    pub codes: Duration,
    pub answers: Duration,
    pub counters: Duration,
    pub changes: Duration,
    pub credentials: Duration,
    pub confirmations: Duration,
    pub eid: Duration,
}

impl RetentionPeriods {
    /// `None` if the period of stays is not set.
    pub fn of(config: &RetentionConfig) -> Option<Self> {
        Some(Self::with(config, config.stays_days?))
    }

    /// The defaults of the configuration, and stays for so many days.
    pub fn with_stays(stays_days: u32) -> Self {
        Self::with(&RetentionConfig::default(), stays_days)
    }

    fn with(config: &RetentionConfig, stays_days: u32) -> Self {
        Self {
            stays: days(stays_days),
            requests: hours(config.requests_hours),
            sessions: hours(config.sessions_hours),
            codes: hours(config.codes_hours),
            answers: hours(config.answers_hours),
            counters: days(config.counters_days),
            changes: days(config.changes_days),
            credentials: days(config.credentials_days),
            confirmations: days(config.confirmations_days),
            eid: days(config.eid_days),
        }
    }
}

/// A rule for every table; `audit`: how long entries are kept.
pub fn retention_rules(periods: &RetentionPeriods, audit: Duration) -> Vec<RetentionRule> {
    let mut rules = stays::retention_rules(periods.stays);
    rules.extend(access::retention_rules(periods.sessions));
    rules.extend(oidc::retention_rules(periods.requests));
    rules.extend(eid::retention_rules(&eid::RetentionPeriods {
        requests: periods.requests,
        codes: periods.codes,
        counters: periods.counters,
        accounts: periods.eid,
    }));
    rules.extend(citizens::retention_rules(periods.answers, periods.counters, periods.changes));
    rules.extend(qr::retention_rules(periods.credentials));
    rules.extend(residence::retention_rules(periods.confirmations));
    rules.extend(consent::retention_rules(audit));
    rules.push(RetentionRule {
        name: "audit",
        label: Text::new("Nhật ký tra cứu", "The log of looks at people's data"),
        tables: &["audit_entries", "audit_lists", "audit_finder", "audit_data_keys", "audit_tiles", "audit_logs"],
        term: RetentionTerm::EndsInItsRoom {
            after: audit,
            counted_from: Text::new("khi ghi; mã băm của cây được giữ lại", "the entry; the tree's hashes stay"),
        },
    });
    rules.extend(lasting());
    rules
}

/// What has no period, and why.
fn lasting() -> [RetentionRule; 4] {
    [
        RetentionRule::lasting(
            ("register", Text::new("Dữ liệu công dân và sự kiện hộ tịch", "Citizens' records and life events")),
            &["citizens", "identifiers", "households", "household_members", "life_events", "life_event_subjects"],
            Text::new(
                "giữ theo cơ sở dữ liệu dân cư: sự kiện đến muộn cần các sự kiện trước đó",
                "kept with the register of the population: an event that comes late needs those before it",
            ),
        ),
        RetentionRule::lasting(
            ("subjects", Text::new("Định danh riêng theo từng bên", "What each sector's clients call a citizen")),
            &["pairwise_subjects"],
            Text::new(
                "giữ khi công dân còn trong cơ sở dữ liệu: định danh không được đổi giữa hai lần đăng nhập",
                "kept with the citizen's record: it must not change between two sign-ins",
            ),
        ),
        RetentionRule::lasting(
            ("organisations", Text::new("Tổ chức, khóa, cán bộ", "Organisations, their keys and officers")),
            &[
                "clients",
                "client_keys",
                "client_officers",
                "client_stops",
                "client_changes",
                "client_registry",
                "desk_officers",
            ],
            Text::new(
                "giữ khi thỏa thuận hoặc cán bộ còn được đăng ký; lịch sử thay đổi là hồ sơ của tổ chức",
                "kept while the agreement or officer is registered; the history of changes is the organisation's record",
            ),
        ),
        RetentionRule::lasting(
            ("bookkeeping", Text::new("Trạng thái của chính dịch vụ", "The service's own state")),
            &[
                "store_info",
                "heartbeats",
                "sealing_key_uses",
                "population_mark",
                "import_runs",
                "reactor_cursors",
                "resealing_progress",
                "qr_status_lists",
                "qr_revocations",
            ],
            Text::new("không có dữ liệu cá nhân", "holds nothing about a person"),
        ),
    ]
}

/// Erases what has ended.
pub struct Sweeper {
    store: Store,
    clock: Arc<dyn Clock>,
    rules: Arc<[RetentionRule]>,
    erased: Counter,
    swept_at: Gauge,
}

impl Sweeper {
    pub(super) fn new(store: Store, clock: Arc<dyn Clock>, rules: Vec<RetentionRule>, metrics: &Metrics) -> Self {
        Self {
            store,
            clock,
            rules: rules.into(),
            erased: metrics.counter("retention_erased_rows", "Rows erased because their period was over"),
            swept_at: metrics
                .gauge("retention_swept_timestamp_seconds", "When everything that had ended was last erased"),
        }
    }

    pub fn rules(&self) -> &[RetentionRule] {
        &self.rules
    }

    /// Erases what has ended by now; how many rows.
    ///
    /// # Errors
    /// The first failure; other kinds of rows were erased all the same.
    pub async fn sweep(&self) -> Result<u64, StorageError> {
        let now: Instant = self.clock.now();
        let erased = erase_ended(&self.store, &self.rules, now).await?;
        self.erased.inc_by(erased);
        self.swept_at.set(now.as_seconds());
        Ok(erased)
    }

    /// Sweeps for ever. What fails is in the log, and is tried again.
    pub(super) async fn run(self: Arc<Self>) {
        loop {
            let _ = self.sweep().await;
            tokio::time::sleep(EVERY).await;
        }
    }
}
