//! What making entries durable costs on SQLite, by how many callers ask at once:
//! `cargo bench --bench audit`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dancu::audit::{Audit, AuditConfig, Entry, OfficerStanding, Outcome, Page};
use dancu::crypto::{Keyring, SystemEntropy};
use dancu::kernel::clock::SystemClock;
use dancu::kernel::purpose::OfficerCode;
use dancu::kernel::{AttributeSet, CitizenId, Clock, Instant, LegalBasis, Officer, ProcedureCode, TransactionId};
use dancu::storage::{Store, StoreConfig, migrate};
use divan::Bencher;
use divan::counter::ItemsCount;
use tempfile::TempDir;
use tokio::runtime::Runtime;

struct Bench {
    audit: Audit,
    runtime: Runtime,
    _dir: TempDir,
}

/// In the working directory: a temporary one may lie in memory, where a sync costs nothing.
fn open() -> Arc<Bench> {
    let dir = TempDir::new_in(env!("CARGO_MANIFEST_DIR")).unwrap();
    let url = format!("sqlite:{}", dir.path().join("bench.db").display());
    migrate::run(&url).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let audit = runtime.block_on(async {
        let keys = dir.path().join("keys");
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy::default()));
        Keyring::init(&keys, &*entropy, &*clock).unwrap();
        let store = Store::open(&StoreConfig { url, readers: 3 }).unwrap();
        let config = AuditConfig::new("dancu.example/audit", dir.path().join("state"));
        Audit::open(store, Keyring::load(&keys).unwrap(), config, clock, entropy).await.unwrap()
    });
    Arc::new(Bench { audit, runtime, _dir: dir })
}

/// A look-up of fifteen attributes, about somebody else each time.
fn entry() -> Entry {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number =
        u128::from(NEXT.fetch_add(1, Ordering::Relaxed)).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let code = |text| OfficerCode::parse(text).unwrap();
    Entry {
        transaction: TransactionId(number.to_be_bytes()),
        at: SystemClock.now(),
        client: Some("portal".parse().unwrap()),
        officer: Some((Officer { id: code("cb-17"), unit: code("ubnd") }, OfficerStanding::Registered)),
        subjects: vec![CitizenId((!number).to_be_bytes())],
        operation: "citizens.lookup",
        attributes: AttributeSet::all().iter().take(15).collect(),
        procedure: Some(ProcedureCode::parse("1.004222").unwrap()),
        legal_basis: Some(LegalBasis::parse("STATE_DUTY").unwrap()),
        consent: None,
        outcome: Outcome::Answered,
        reason: "",
    }
}

/// Callers that wait for their receipt before they ask again, as workers do.
#[divan::bench(args = [1, 16, 32, 64, 256], sample_count = 20)]
fn record(bencher: Bencher, callers: usize) {
    const EACH: usize = 50;
    let bench = open();
    bencher.counter(ItemsCount::new(callers * EACH)).bench(|| {
        bench.runtime.block_on(async {
            let asking: Vec<_> = (0..callers)
                .map(|_| {
                    let audit = bench.audit.clone();
                    tokio::spawn(async move {
                        for _ in 0..EACH {
                            audit.record(entry()).await.unwrap();
                        }
                    })
                })
                .collect();
            for caller in asking {
                caller.await.unwrap();
            }
        });
    });
}

/// One caller with many entries at a time, as a batch has them.
#[divan::bench(args = [64, 256, 1024], sample_count = 50)]
fn record_all(bencher: Bencher, entries: usize) {
    let bench = open();
    bencher.counter(ItemsCount::new(entries)).bench(|| {
        let entries = (0..entries).map(|_| entry()).collect();
        bench.runtime.block_on(bench.audit.record_all(entries)).unwrap()
    });
}

/// Two years of one citizen, two looks a day, in a log of a million entries: what a page of the
/// citizen's view reads, without and with proofs.
#[divan::bench(args = [false, true], sample_count = 20)]
fn two_years_of_one_citizen(bencher: Bencher, proofs: bool) {
    const ENTRIES: usize = 1_000_000;
    const LOOKS: usize = 2 * 731;
    let citizen = CitizenId([9; 16]);
    let bench = open();
    bench.runtime.block_on(async {
        let every = ENTRIES / LOOKS;
        for slice in 0..ENTRIES / 2_000 {
            let entries = (0..2_000).map(|place| {
                let looked = (slice * 2_000 + place).is_multiple_of(every);
                if looked { Entry { subjects: vec![citizen], ..entry() } } else { entry() }
            });
            bench.audit.record_all(entries.collect()).await.unwrap();
        }
        bench.audit.tidy_now().await.unwrap();
        bench.audit.sign_now().await.unwrap();
    });
    let range = || Instant::from_micros(0)..Instant::from_micros(i64::MAX);
    bencher.bench(|| {
        bench.runtime.block_on(async {
            let limit = if proofs { 50 } else { 2 * LOOKS };
            let history = bench.audit.access_history(citizen, range(), Page { skip: 0, limit }).await.unwrap();
            assert!(history.total >= LOOKS);
            if proofs {
                let receipts = history.entries.iter().map(|entry| entry.receipt.clone()).collect();
                assert!(bench.audit.prove_all(receipts).await.unwrap().iter().all(Option::is_some));
            }
        })
    });
}

/// The canonical form, the commitment and the tree are most of what is not the database.
#[divan::bench]
fn push_into_tree(bencher: Bencher) {
    let mut tree = dancu::audit::tree::Frontier::default();
    bencher.bench_local(|| {
        tree.push([7; 32], |_, hash| {
            divan::black_box(hash);
        });
    });
}

fn main() {
    divan::main();
}
