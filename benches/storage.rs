//! What the store's doors cost on SQLite: `cargo bench --bench storage`.

use std::sync::Arc;

use dancu::storage::{Db, Reach, Record, Slot, StorageError, Store, StoreConfig, Trailer, migrate};
use diesel::connection::SimpleConnection;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use divan::Bencher;
use divan::counter::ItemsCount;
use tempfile::TempDir;
use tokio::runtime::Runtime;

diesel::table! {
    entries (position) {
        position -> BigInt,
        body -> Binary,
    }
}

#[derive(diesel::Insertable)]
#[diesel(table_name = entries, treat_none_as_default_value = false)]
struct Row<'a> {
    position: i64,
    body: &'a [u8],
}

/// Stores the bytes and nothing else.
struct Plain(i64);

impl Trailer for Plain {
    fn write(&mut self, db: &mut Db, records: &[Record]) -> Result<(), StorageError> {
        let rows: Vec<Row> =
            records.iter().zip(self.0..).map(|(record, position)| Row { position, body: &record.body }).collect();
        dancu::insert_rows!(db, entries::table, &rows, columns = 2)?;
        for (record, position) in records.iter().zip(self.0..) {
            record.slot.fill(position as u64);
        }
        self.0 += records.len() as i64;
        Ok(())
    }
    fn committed(&mut self) {}
    fn rolled_back(&mut self) {}
    fn in_doubt(&mut self) {}
}

struct Bench {
    store: Store,
    runtime: Runtime,
    _dir: TempDir,
}

/// In the working directory: a temporary one may lie in memory, where a sync costs nothing.
fn open() -> Arc<Bench> {
    let dir = TempDir::new_in(env!("CARGO_MANIFEST_DIR")).unwrap();
    let url = format!("sqlite:{}", dir.path().join("bench.db").display());
    migrate::run(&url).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let store = runtime.block_on(async {
        let store = Store::open(&StoreConfig { url, readers: 3 }).unwrap();
        let made = store.bulk(|db| {
            db.batch_execute("CREATE TABLE entries (position INTEGER PRIMARY KEY, body BLOB NOT NULL)")?;
            Ok::<_, StorageError>(())
        });
        made.await.unwrap();
        store.install_trailer(Box::new(Plain(0))).await.unwrap();
        store
    });
    Arc::new(Bench { store, runtime, _dir: dir })
}

fn record() -> Record {
    Record { body: vec![7; 300], subjects: vec![[1; 16]], slot: Slot::default() }
}

const APPENDS: usize = 4096;

/// Durable appends of 300 B by so many callers at once.
#[divan::bench(args = [1, 16, 64, 256], sample_count = 5, sample_size = 1)]
fn append(bencher: Bencher, callers: usize) {
    let bench = open();
    let appends = if callers == 1 { 256 } else { APPENDS };
    bencher.counter(ItemsCount::new(appends)).bench_local(|| {
        bench.runtime.block_on(async {
            let tasks: Vec<_> = (0..callers)
                .map(|_| {
                    let store = bench.store.clone();
                    tokio::spawn(async move {
                        for _ in 0..appends / callers {
                            store.append(vec![record()]).await.unwrap();
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

/// One row by its key, on the worker itself.
#[divan::bench(sample_count = 50, sample_size = 1000)]
fn read_by_key(bencher: Bencher) {
    let bench = open();
    bench.runtime.block_on(bench.store.append((0..1000).map(|_| record()).collect())).unwrap();
    let mut key = 0;
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        key = (key + 7) % 1000;
        let wanted = key;
        let read = bench.store.read(Reach::Key, move |db| {
            let Db::Lite(connection) = db else { unreachable!("a SQLite bench") };
            let found = entries::table.find(wanted).select(entries::body).get_result::<Vec<u8>>(connection);
            Ok::<_, StorageError>(found.optional()?)
        });
        assert!(bench.runtime.block_on(read).unwrap().is_some());
    });
}

/// The same through a blocking thread.
#[divan::bench(sample_count = 50, sample_size = 100)]
fn read_by_scan(bencher: Bencher) {
    let bench = open();
    bench.runtime.block_on(bench.store.append(vec![record()])).unwrap();
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        let read = bench.store.read(Reach::Scan, |db| {
            let found = entries::table.filter(entries::position.eq(0)).select(entries::body);
            Ok::<_, StorageError>(found.get_result::<Vec<u8>>(db).optional()?)
        });
        assert!(bench.runtime.block_on(read).unwrap().is_some());
    });
}

fn main() {
    divan::main();
}
