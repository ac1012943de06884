//! An audit with keys, a clock and a state folder of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dancu::audit::{Audit, AuditConfig, AuditError, Entry, OfficerStanding, Outcome};
use dancu::crypto::{Keyring, SystemEntropy};
use dancu::kernel::purpose::OfficerCode;
use dancu::kernel::{Attribute, CitizenId, Instant, LegalBasis, ManualClock, Officer, ProcedureCode, TransactionId};
use dancu::storage::Store;
use diesel::sql_types::BigInt;
use diesel::{QueryableByName, RunQueryDsl};

use crate::support::Backend;

pub const ORIGIN: &str = "dancu.example/audit";

pub struct Rig<'b> {
    pub backend: &'b Backend,
    pub keyring: Keyring,
    pub clock: Arc<ManualClock>,
    pub entropy: Arc<SystemEntropy>,
}

impl<'b> Rig<'b> {
    pub fn new(backend: &'b Backend) -> Self {
        let clock = Arc::new(ManualClock::at(Instant::from_seconds(1_795_000_000)));
        let entropy = Arc::new(SystemEntropy::default());
        let keys = backend.dir().join("keys");
        Keyring::init_missing(&keys, &*entropy, &*clock).expect("keys");
        Self { keyring: Keyring::load(&keys).expect("keys"), backend, clock, entropy }
    }

    pub fn state(&self, name: &str) -> PathBuf {
        self.backend.dir().join(name)
    }

    pub fn config(&self, state: &str) -> AuditConfig {
        // Tests sign when they mean to.
        AuditConfig { checkpoint_every: Duration::from_secs(3600), ..AuditConfig::new(ORIGIN, self.state(state)) }
    }

    pub async fn try_open(&self, store: &Store, state: &str) -> Result<Audit, AuditError> {
        self.open_with(store, self.config(state)).await
    }

    pub async fn open_with(&self, store: &Store, config: AuditConfig) -> Result<Audit, AuditError> {
        Audit::open(store.clone(), self.keyring.clone(), config, self.clock.clone(), self.entropy.clone()).await
    }

    /// A process: a store and the audit on it, with the usual state folder.
    pub async fn open(&self) -> (Store, Audit) {
        let store = self.backend.store();
        let audit = self.try_open(&store, "state").await.expect("the audit opens");
        (store, audit)
    }

    /// An orderly end.
    pub async fn stop(&self, store: Store, audit: Audit) {
        audit.close().await.expect("the audit closes");
        self.crash(store, audit).await;
    }

    /// An end without a last signature.
    pub async fn crash(&self, store: Store, audit: Audit) {
        drop(audit);
        store.close().await;
        let lock = std::fs::File::open(self.state("state").join("lock")).expect("the lock's file");
        while lock.try_lock().is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    pub fn entry(&self, transaction: u128, subjects: &[u128]) -> Entry {
        let code = |text| OfficerCode::parse(text).expect("a code");
        Entry {
            transaction: TransactionId(transaction.to_be_bytes()),
            at: dancu::kernel::Clock::now(&*self.clock),
            client: Some("portal".parse().expect("a client")),
            officer: Some((Officer { id: code("cb-17"), unit: code("ubnd-x") }, OfficerStanding::Asserted)),
            subjects: subjects.iter().map(|subject| citizen(*subject)).collect(),
            operation: "citizens.lookup",
            attributes: [Attribute::FullName, Attribute::DateOfBirth].into_iter().collect(),
            procedure: Some(ProcedureCode::parse("1.004222").expect("a code")),
            legal_basis: Some(LegalBasis::parse("STATE_DUTY").expect("a code")),
            consent: None,
            outcome: Outcome::Answered,
            reason: "",
        }
    }

    pub fn entries(&self, transactions: std::ops::Range<u128>, subject: u128) -> Vec<Entry> {
        transactions.map(|transaction| self.entry(transaction, &[subject])).collect()
    }

    /// The one number that a query answers, past the store.
    pub fn number(&self, sql: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Number {
            #[diesel(sql_type = BigInt)]
            number: i64,
        }
        let sql = format!("SELECT CAST(({sql}) AS BIGINT) AS number");
        let row: Number = diesel::sql_query(sql).get_result(&mut self.backend.connect()).expect("a number");
        row.number
    }
}

pub fn citizen(number: u128) -> CitizenId {
    CitizenId(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes())
}
