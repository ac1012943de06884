//! What sealing costs an import: `cargo bench --bench import [-- PEOPLE]` (default 100,000).
//!
//! For each backend, in one run: the rows put unsealed into the same schema and indexes, from
//! memory, in slices as short as the import's and in large ones; then `dancu import` of the same
//! people from a CSV file, with everything it does; then the same file again with a tenth of the
//! rows changed, and once more unchanged. PostgreSQL takes part where `DANCU_TEST_POSTGRES_URL`
//! names one.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use dancu::citizens::Citizen;
use dancu::citizens::import::export::Exporter;
use dancu::citizens::import::{Format, ImportCommand, Importer, Source};
use dancu::citizens::sealing::Sealing;
use dancu::citizens::seed::Population;
use dancu::crypto::digest::sha256;
use dancu::crypto::{Keyring, SystemEntropy};
use dancu::insert_rows;
use dancu::kernel::clock::SystemClock;
use dancu::storage::schema::{citizen_changes, citizens, household_members, households, identifiers};
use dancu::storage::{StorageError, Store, StoreConfig, migrate};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use tempfile::TempDir;

#[derive(diesel::Insertable, Clone)]
#[diesel(table_name = citizens, treat_none_as_default_value = false)]
struct Record {
    citizen_id: Vec<u8>,
    row_version: i64,
    key_version: i32,
    sealed: Vec<u8>,
}

#[derive(diesel::Insertable, Clone)]
#[diesel(table_name = identifiers, treat_none_as_default_value = false)]
struct Identifier {
    kind: i16,
    key_version: i32,
    hash: Vec<u8>,
    holder: i64,
    citizen_id: Vec<u8>,
    active: bool,
}

#[derive(diesel::Insertable, Clone)]
#[diesel(table_name = households, treat_none_as_default_value = false)]
struct Household {
    household_id: Vec<u8>,
    version: i64,
}

#[derive(diesel::Insertable, Clone)]
#[diesel(table_name = household_members, treat_none_as_default_value = false)]
struct Member {
    household_id: Vec<u8>,
    citizen_id: Vec<u8>,
}

#[derive(diesel::Insertable, Clone)]
#[diesel(table_name = citizen_changes, treat_none_as_default_value = false)]
struct Change {
    citizen_id: Vec<u8>,
    row_version: i64,
    kinds: i16,
    changed_at: i64,
}

/// The rows of some people, as plain as can be.
#[derive(Default)]
struct Rows {
    records: Vec<Record>,
    identifiers: Vec<Identifier>,
    households: Vec<Household>,
    members: Vec<Member>,
    changes: Vec<Change>,
}

impl Rows {
    fn of(people: &[Citizen], known: &mut HashMap<Vec<u8>, ()>) -> Self {
        let mut rows = Self::default();
        for person in people {
            let id = person.citizen_id.0.to_vec();
            let sealed = serde_json::to_vec(person).unwrap();
            rows.records.push(Record { citizen_id: id.clone(), row_version: 1, key_version: 1, sealed });
            let name = format!("{} {}", person.full_name.expose(), person.date_of_birth);
            let legacy = person.legacy_id_number.iter().map(|number| (2, number.expose()));
            let cancelled = person.cancelled_id_numbers.iter().map(|number| (1, number.expose()));
            let current = [(1, person.id_number.expose()), (3, &*name)];
            for (kind, text) in current.into_iter().chain(legacy).chain(cancelled) {
                let hash = sha256(&[text.as_bytes()])[..16].to_vec();
                let holder =
                    if kind == 1 { 0 } else { i64::from_be_bytes(person.citizen_id.0[8..].try_into().unwrap()) };
                rows.identifiers.push(Identifier {
                    kind,
                    key_version: 1,
                    hash,
                    holder,
                    citizen_id: id.clone(),
                    active: true,
                });
            }
            if let Some(household) = &person.household {
                let household_id = household.household_id.0.to_vec();
                if known.insert(household_id.clone(), ()).is_none() {
                    rows.households.push(Household { household_id: household_id.clone(), version: 1 });
                }
                rows.members.push(Member { household_id, citizen_id: id.clone() });
            }
            rows.changes.push(Change { citizen_id: id, row_version: 1, kinds: 1, changed_at: 0 });
        }
        rows
    }
}

async fn put_unsealed(store: &Store, people: &[Citizen], slice: usize) -> f64 {
    let mut known = HashMap::new();
    let slices: Vec<Arc<Rows>> = people.chunks(slice).map(|people| Arc::new(Rows::of(people, &mut known))).collect();
    let since = Instant::now();
    for rows in slices {
        let put = move |db: &mut dancu::storage::Db| -> Result<(), StorageError> {
            insert_rows!(db, citizens::table, &rows.records, columns = 4)?;
            insert_rows!(db, identifiers::table, &rows.identifiers, columns = 6)?;
            insert_rows!(db, households::table, &rows.households, columns = 2)?;
            insert_rows!(db, household_members::table, &rows.members, columns = 2)?;
            insert_rows!(db, citizen_changes::table, &rows.changes, columns = 4)?;
            Ok(())
        };
        store.bulk(put).await.unwrap();
    }
    people.len() as f64 / since.elapsed().as_secs_f64()
}

/// A fresh database; on PostgreSQL a schema of its own.
struct Place {
    url: String,
    dir: TempDir,
}

impl Place {
    /// In the working directory: a temporary one may lie in memory, where a sync costs nothing.
    fn new(postgres: Option<&str>, name: &str) -> Self {
        let dir = TempDir::new_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        let url = match postgres {
            None => format!("sqlite:{}", dir.path().join("bench.db").display()),
            Some(admin) => {
                let schema = format!("dancu_bench_{}_{name}", std::process::id());
                let mut connection = PgConnection::establish(admin).unwrap();
                connection.batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
                format!("{admin}?options=-csearch_path%3D{schema}&application_name={schema}")
            }
        };
        migrate::run(&url).unwrap();
        Self { url, dir }
    }

    fn store(&self) -> Store {
        Store::open(&StoreConfig { url: self.url.clone(), readers: 4 }).unwrap()
    }

    async fn end(self, postgres: Option<&str>, store: Store) {
        store.close().await;
        drop(store);
        if let (Some(admin), Some((_, schema))) = (postgres, self.url.split_once("application_name=")) {
            let mut connection = PgConnection::establish(admin).unwrap();
            connection.batch_execute(&format!("DROP SCHEMA {schema} CASCADE")).unwrap();
        }
    }
}

fn write_csv(path: &Path, people: &[Citizen], changed: bool) {
    let mut exporter = Exporter::new(BufWriter::new(File::create(path).unwrap()), Format::Csv).unwrap();
    for (index, person) in people.iter().enumerate() {
        let mut person = person.clone();
        if changed && index % 10 == 0 {
            person.email = Some("moi@example.vn".to_owned());
        }
        exporter.write(&person).unwrap();
    }
    exporter.finish().unwrap();
}

async fn import(importer: &Importer, file: PathBuf, rows: usize) -> f64 {
    let rejects = file.with_extension("rejects");
    let command =
        ImportCommand { source: Source::File(file), format: Format::Csv, rejects, synthetic: true, fresh_days: 365 };
    let since = Instant::now();
    let imported = importer.import(&command, &mut tokio::sync::watch::channel(false).1, |_| ()).await.unwrap();
    assert_eq!((imported.report.tally.rows, imported.report.tally.refused), (rows as u64, 0));
    rows as f64 / since.elapsed().as_secs_f64()
}

async fn compare(name: &str, postgres: Option<&str>, people: &[Citizen]) {
    let mut unsealed = Vec::new();
    for (label, slice) in [("short", if postgres.is_some() { 1_000 } else { 150 }), ("large", 10_000)] {
        let place = Place::new(postgres, label);
        let store = place.store();
        unsealed.push((label, put_unsealed(&store, people, slice).await));
        place.end(postgres, store).await;
    }
    let place = Place::new(postgres, "sealed");
    let store = place.store();
    let keys = place.dir.path().join("keys");
    Keyring::init(&keys, &SystemEntropy::default(), &SystemClock).unwrap();
    let entropy = Arc::new(SystemEntropy::default());
    let sealing = Sealing::new(Keyring::load(&keys).unwrap(), entropy.clone());
    let importer = Importer::new(store.clone(), sealing, Arc::new(SystemClock), entropy);
    let (first, second) = (place.dir.path().join("1.csv"), place.dir.path().join("2.csv"));
    write_csv(&first, people, false);
    write_csv(&second, people, true);
    let fresh = import(&importer, first, people.len()).await;
    let changed = import(&importer, second.clone(), people.len()).await;
    let unchanged = import(&importer, second, people.len()).await;
    place.end(postgres, store).await;
    for (label, rate) in &unsealed {
        println!("{name}: unsealed rows from memory, {label} slices  {rate:>9.0} /s");
    }
    let share = |of: f64| 100.0 * fresh / of;
    println!(
        "{name}: import of a CSV file, fresh               {fresh:>9.0} /s = {:.0} % and {:.0} % of these",
        share(unsealed[0].1),
        share(unsealed[1].1)
    );
    println!("{name}: import again, every tenth row changed    {changed:>9.0} /s");
    println!("{name}: import again, nothing changed            {unchanged:>9.0} /s");
}

#[allow(clippy::disallowed_methods, reason = "a bench takes its backends from the environment")]
fn main() {
    // `cargo test --all-targets` runs benches too, without this word.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    dancu::storage::prepare_sqlite();
    let count = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(100_000);
    let since = Instant::now();
    let people: Vec<Citizen> = Population::new(1, count).flatten().collect();
    println!("people drawn on one core: {:.0} /s", count as f64 / since.elapsed().as_secs_f64());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        compare("sqlite", None, &people).await;
        match std::env::var("DANCU_TEST_POSTGRES_URL") {
            Ok(url) => compare("postgres", Some(&url), &people).await,
            Err(_) => println!("postgres: SKIPPED, DANCU_TEST_POSTGRES_URL names none"),
        }
    });
}
