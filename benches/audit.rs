//! What making entries durable costs on SQLite, by how many callers ask at once:
//! `cargo bench --bench audit`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dancu::access::{Caller, CitizenGrant, Verified};
use dancu::audit::{Audit, AuditConfig, Entry, OfficerStanding, Operator, OperatorParts, Outcome, Page};
use dancu::citizens::sealing::Sealing;
use dancu::citizens::seed::showcase;
use dancu::citizens::{CacheConfig, Citizen, Citizens, CitizensParts, GuardConfig, upsert};
use dancu::cli::operate::{account, demo_reason};
use dancu::clients::{Clients, OperationSet, samples};
use dancu::consent::{Consents, ConsentsParts};
use dancu::crypto::{Keyring, SystemEntropy};
use dancu::kernel::clock::SystemClock;
use dancu::kernel::purpose::OfficerCode;
use dancu::kernel::{AttributeSet, CitizenId, Clock, LegalBasis, Level, Officer, ProcedureCode, TransactionId};
use dancu::storage::{Store, StoreConfig, migrate};
use dancu::telemetry::Metrics;
use dancu::transparency::me::{HistoryQuery, Me, MeParts};
use divan::Bencher;
use divan::counter::ItemsCount;
use tempfile::TempDir;
use tokio::runtime::Runtime;

struct Bench {
    audit: Audit,
    store: Store,
    keyring: Keyring,
    runtime: Runtime,
    _dir: TempDir,
}

/// In the working directory: a temporary one may lie in memory, where a sync costs nothing.
fn open() -> Arc<Bench> {
    let dir = TempDir::new_in(env!("CARGO_MANIFEST_DIR")).unwrap();
    let url = format!("sqlite:{}", dir.path().join("bench.db").display());
    migrate::run(&url).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (audit, store, keyring) = runtime.block_on(async {
        let keys = dir.path().join("keys");
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy::default()));
        Keyring::init(&keys, &*entropy, &*clock).unwrap();
        let store = Store::open(&StoreConfig { url, readers: 3 }).unwrap();
        let config = AuditConfig::new("dancu.example/audit", dir.path().join("state"));
        let keyring = Keyring::load(&keys).unwrap();
        let audit = Audit::open(store.clone(), keyring.clone(), config, clock, entropy).await.unwrap();
        (audit, store, keyring)
    });
    Arc::new(Bench { audit, store, keyring, runtime, _dir: dir })
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

/// Two years of one citizen, seven looks a day, among all others' entries: what a page of the citizen's
/// view costs through the service, its own reading recorded, by the place of the page. The goal: under
/// 50 ms.
#[divan::bench(args = [Part::First, Part::Middle, Part::Last, Part::Proven], sample_count = 20)]
fn two_years(bencher: Bencher, part: Part) {
    const ENTRIES: usize = 200_000;
    const LOOKS: usize = 5_000;
    const SHOWN: usize = 50;
    let citizen = showcase(1).remove(0).citizens.remove(0);
    let id = citizen.citizen_id;
    let bench = open();
    let (me, caller) = bench.runtime.block_on(bench.view(citizen));
    bench.runtime.block_on(async {
        let every = ENTRIES / LOOKS;
        for slice in 0..ENTRIES / 2_000 {
            let entries = (0..2_000).map(|place| {
                let looked = (slice * 2_000 + place).is_multiple_of(every);
                if looked { Entry { subjects: vec![id], ..entry() } } else { entry() }
            });
            bench.audit.record_all(entries.collect()).await.unwrap();
        }
        // The log tidies itself meanwhile; of two the second begins again.
        let mut tries = 0;
        while let Err(error) = bench.audit.tidy_now().await {
            tries += 1;
            assert!(tries < 100, "{error}");
        }
        bench.audit.sign_now().await.unwrap();
    });
    let skip = match part {
        Part::First | Part::Proven => 0,
        Part::Middle => LOOKS / 2,
        Part::Last => LOOKS - SHOWN,
    };
    bencher.bench(|| {
        let now = SystemClock.now();
        let query = HistoryQuery {
            child: None,
            range: now.minus(Duration::from_secs(731 * 24 * 3600))..now.plus(Duration::from_secs(1)),
            page: Page { skip, limit: SHOWN },
            proofs: part == Part::Proven,
        };
        let page = bench.runtime.block_on(me.history(&caller, query)).unwrap();
        assert!(page.total >= LOOKS && page.looks.len() == SHOWN);
    });
}

/// Which page of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    First,
    Middle,
    Last,
    /// The first, with proofs.
    Proven,
}

impl Bench {
    /// The citizen's view, and the citizen who asks.
    async fn view(&self, citizen: Citizen) -> (Me, Caller) {
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy::default()));
        let clients = Clients::open(self.store.clone(), clock.clone()).await.unwrap();
        let portal = samples(clock.now()).unwrap().into_iter().find(|sample| sample.new.id.as_str() == "portal");
        let operator = Operator::new(OperatorParts {
            store: self.store.clone(),
            audit: self.audit.clone(),
            account: account(),
            why: demo_reason(),
            clock: clock.clone(),
            entropy: entropy.clone(),
        });
        clients.under(&operator).add(portal.unwrap().new).await.unwrap();
        let consents = Consents::new(ConsentsParts {
            store: self.store.clone(),
            audit: self.audit.clone(),
            keyring: self.keyring.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
        });
        let citizens = Citizens::open(CitizensParts {
            store: self.store.clone(),
            audit: self.audit.clone(),
            consents: consents.clone(),
            keyring: self.keyring.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            metrics: Metrics::default(),
            cache: CacheConfig::default(),
            guards: GuardConfig::default(),
            answers_kept: Duration::from_secs(24 * 3600),
        });
        let citizens = citizens.await.unwrap();
        let (sealing, now, id) = (Sealing::new(self.keyring.clone(), entropy.clone()), clock.now(), citizen.citizen_id);
        self.store.write(move |tx| upsert(tx, &sealing, &citizen, None, now)).await.unwrap();
        let client = clients.find(&"portal".parse().unwrap()).unwrap();
        let (keyring, audit) = (self.keyring.clone(), self.audit.clone());
        let me = Me::new(MeParts { audit, citizens, clients, consents, keyring, clock, entropy });
        let grant = CitizenGrant {
            citizen_id: id,
            level: Level::L2,
            attributes: AttributeSet::EMPTY,
            consent: None,
            grant_id: TransactionId([7; 16]),
        };
        let token = Verified {
            client: client.id.clone(),
            subject: String::new(),
            scope: String::new(),
            scopes: OperationSet::all(),
            issued: now,
            expires: now.plus(Duration::from_secs(3600)),
            id: String::new(),
            grant: Some(grant.grant_id),
            attributes: None,
            key: None,
        };
        (me, Caller::of_token(client, Some(Arc::new(grant)), Arc::new(token)))
    }
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
