//! How much the sealing keys were used, counted over processes that share keys and database; and which rows stand under
//! versions of the keys.

use std::collections::BTreeSet;
use std::time::Duration;

use dancu::crypto::{KeyUse, Keyring, SEALS_WARNING, SystemEntropy};
use dancu::kernel::{Instant, ManualClock};
use dancu::sealing::{KeyUsage, SealingKeyUses, TableRows, usage};
use dancu::storage::Store;
use dancu::telemetry::Metrics;
use diesel::RunQueryDsl;

use crate::support::house::within;
use crate::support::keys::Keys;
use crate::support::{Backend, Installation, for_each_backend};

/// A process: its own handle of the store and its own reading of the keys.
struct Process {
    store: Store,
    keyring: Keyring,
    metrics: Metrics,
    uses: SealingKeyUses,
}

impl Process {
    async fn start(backend: &Backend) -> Self {
        let (store, metrics) = (backend.store(), Metrics::default());
        let keyring = Keyring::load(&backend.dir().join("keys")).unwrap();
        let uses = SealingKeyUses::open(store.clone(), keyring.clone(), &metrics).await.unwrap();
        Self { store, keyring, metrics, uses }
    }

    fn seal(&self, label: &'static str, count: usize) {
        let (_, key) = self.keyring.active_sealing_key(label);
        for _ in 0..count {
            key.seal(&SystemEntropy::default(), b"row", b"content");
        }
    }

    async fn counted(&self) -> u64 {
        usage(&self.store).await.unwrap().iter().map(|usage| usage.seals).sum()
    }

    fn told(&self, version: u32) -> Option<u64> {
        let text = self.metrics.encode();
        let name = format!("dancu_sealing_key_seals{{version=\"{version}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok())
    }
}

fn keys(backend: &Backend) {
    Keyring::init(&backend.dir().join("keys"), &SystemEntropy::default(), &ManualClock::default()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn seals_are_counted_over_processes_and_never_too_few() {
    for_each_backend(async |backend| {
        keys(&backend);
        let (one, two) = (Process::start(&backend).await, Process::start(&backend).await);
        assert!(one.counted().await >= 2, "each has a range before it seals anything");
        one.seal("citizens", 30_000);
        one.seal("stays", 7);
        two.seal("citizens", 5);
        let took = within(Duration::from_secs(20), async || one.counted().await >= 30_012).await;
        eprintln!("{}: counted {} ms after", backend.name(), took.as_millis());
        // Both end in order, and what they did not use is given back.
        one.uses.close().await.unwrap();
        two.uses.close().await.unwrap();
        assert_eq!(two.counted().await, 30_012, "whatever the label");
        // One is killed: its range stays.
        let killed = Process::start(&backend).await;
        killed.seal("citizens", 3);
        drop(killed);
        let after = Process::start(&backend).await;
        after.uses.close().await.unwrap();
        let counted = after.counted().await;
        assert!((30_015..30_012 + 10_000).contains(&counted), "{counted}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_is_asked_for_and_begins_a_count_of_its_own() {
    for_each_backend(async |backend| {
        keys(&backend);
        let process = Process::start(&backend).await;
        let told = process.told(1).expect("a metric from the first moment");
        assert!(told > 0 && told < SEALS_WARNING);
        // What others sealed in the years before.
        let others = format!("UPDATE sealing_key_uses SET seals = seals + {SEALS_WARNING}");
        process
            .store
            .bulk(move |db| Ok::<_, dancu::storage::StorageError>(diesel::sql_query(&others).execute(db)?))
            .await
            .unwrap();
        within(Duration::from_secs(30), async || process.told(1).is_some_and(|told| told >= SEALS_WARNING)).await;
        assert!(usage(&process.store).await.unwrap()[0].is_rotation_due());
        let clock = ManualClock::default();
        process.keyring.rotate(KeyUse::Seal, &SystemEntropy::default(), &clock).unwrap();
        process.keyring.activate(KeyUse::Seal, &clock, Duration::ZERO).unwrap();
        process.seal("citizens", 9);
        let new = async || usage(&process.store).await.unwrap().into_iter().find(|usage| usage.version == 2);
        within(Duration::from_secs(20), async || new().await.is_some()).await;
        let KeyUsage { seals, .. } = new().await.unwrap();
        assert!((9..SEALS_WARNING).contains(&seals));
    })
    .await;
}

#[derive(diesel::QueryableByName)]
struct TableName {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

/// A table with a column for a key's version stands in the list from which keys are retired and rows renewed.
#[tokio::test(flavor = "multi_thread")]
async fn every_table_under_a_key_is_registered() {
    let backend = Backend::sqlite();
    keys(&backend);
    let process = Process::start(&backend).await;
    let known = Keys { store: &process.store, keyring: &process.keyring, now: Instant::from_seconds(0) }.names();
    let with_versions = "SELECT DISTINCT tables.name FROM sqlite_master tables, pragma_table_info(tables.name) columns \
                         WHERE columns.name IN ('key_version', 'index_version', 'said_key')";
    let found: Vec<TableName> = diesel::sql_query(with_versions).load(&mut backend.connect()).unwrap();
    let mut found: BTreeSet<String> = found.into_iter().map(|table| table.name).collect();
    for bookkeeping in ["sealing_key_uses", "resealing_progress"] {
        assert!(found.remove(bookkeeping), "{bookkeeping} speaks of versions, and needs none");
    }
    assert_eq!(found, known, "a table in the database and in `app::keyed_tables`");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_service_brings_every_table_along() {
    for_each_backend(async |backend| {
        let site = Installation::start(&backend).await;
        let (store, keyring, clock) = (&site.app.store, &site.app.ground.keyring, &*site.app.ground.clock);
        let rows = Keys { store, keyring, now: clock.now() };
        let named = |found: Vec<TableRows>| -> Vec<&str> { found.into_iter().map(|found| found.table).collect() };
        let before = named(rows.under(KeyUse::Seal, 1).await);
        assert!(before.contains(&"audit_data_keys") && before.contains(&"citizens"), "{before:?}");
        for key_use in [KeyUse::Seal, KeyUse::Index] {
            keyring.rotate(key_use, &SystemEntropy::default(), clock).unwrap();
            keyring.activate(key_use, clock, Duration::ZERO).unwrap();
        }
        within(Duration::from_secs(20), async || {
            let left = [rows.under(KeyUse::Seal, 1).await, rows.under(KeyUse::Index, 1).await].concat();
            left.iter().all(|found| found.under.until.is_some())
        })
        .await;
        site.stop().await;
    })
    .await;
}
