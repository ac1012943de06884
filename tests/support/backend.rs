//! The same story on every backend: SQLite always, PostgreSQL where the environment names one.
//!
//! `DANCU_TEST_POSTGRES_URL` names a PostgreSQL whose user may create schemas; each test gets one
//! of its own. With `DANCU_TEST_REQUIRE_POSTGRES=1` its absence fails the tests.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use dancu::storage::{Db, Store, StoreConfig, migrate};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;

/// An empty database with this program's schema; gone when dropped.
pub struct Backend {
    url: String,
    schema: Option<Schema>,
    dir: TempDir,
}

struct Schema {
    name: String,
    admin_url: String,
}

impl Drop for Schema {
    fn drop(&mut self) {
        let dropped = PgConnection::establish(&self.admin_url).map_err(|e| e.to_string()).and_then(|mut admin| {
            // A test may leave a connection in the middle of a transaction.
            let sql = format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{0}'; \
                     DROP SCHEMA IF EXISTS {0} CASCADE",
                self.name
            );
            admin.batch_execute(&sql).map_err(|e| e.to_string())
        });
        if let Err(error) = dropped {
            shout(&format!("the schema {} stays behind: {error}", self.name));
        }
    }
}

impl Backend {
    pub fn sqlite() -> Self {
        let backend = Self::empty_sqlite();
        migrate::run(backend.url()).expect("the schema is made");
        backend
    }

    /// Without any schema, as before `dancu migrate`.
    pub fn empty_sqlite() -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        let url = format!("sqlite:{}", dir.path().join("dancu.db").display());
        Self { url, schema: None, dir }
    }

    pub fn postgres() -> Option<Self> {
        let backend = Self::empty_postgres()?;
        migrate::run(backend.url()).expect("the schema is made");
        Some(backend)
    }

    pub fn empty_postgres() -> Option<Self> {
        let admin_url = postgres_url()?;
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("dancu_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let separator = if admin_url.contains('?') { '&' } else { '?' };
        let url = format!("{admin_url}{separator}options=-csearch_path%3D{name}&application_name={name}");
        let mut admin = PgConnection::establish(&admin_url).expect("DANCU_TEST_POSTGRES_URL is reachable");
        admin
            .batch_execute(&format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}"))
            .expect("a schema of the test's own");
        let dir = TempDir::new().expect("a temporary directory");
        Some(Self { url, schema: Some(Schema { name, admin_url }), dir })
    }

    pub fn name(&self) -> &'static str {
        if self.is_postgres() { "postgres" } else { "sqlite" }
    }

    pub fn is_postgres(&self) -> bool {
        self.schema.is_some()
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn config(&self) -> StoreConfig {
        StoreConfig { url: self.url.clone(), readers: 3 }
    }

    /// Opens the store; each call is a further process's view of the same database.
    pub fn store(&self) -> Store {
        Store::open(&self.config()).expect("the store opens")
    }

    /// A directory of the test's own (on SQLite the database lies in it).
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn sqlite_path(&self) -> PathBuf {
        PathBuf::from(self.url.strip_prefix("sqlite:").expect("a SQLite backend"))
    }

    /// A connection that knows nothing of the store.
    pub fn connect(&self) -> Db {
        dancu::storage::prepare_sqlite();
        if self.is_postgres() {
            Db::Pg(PgConnection::establish(&self.url).expect("PostgreSQL answers"))
        } else {
            let path = self.sqlite_path();
            let mut db = SqliteConnection::establish(path.to_str().expect("UTF-8")).expect("SQLite opens");
            db.batch_execute("PRAGMA busy_timeout = 5000").expect("a pragma");
            Db::Lite(db)
        }
    }

    /// Runs statements outside of the store.
    pub fn execute(&self, sql: &str) {
        self.connect().batch_execute(sql).expect("the statements run");
    }

    /// Ends every connection that the store has (PostgreSQL), as an operator or a restart would.
    pub fn kill_connections(&self) {
        let Some(schema) = &self.schema else { return };
        PgConnection::establish(&schema.admin_url)
            .expect("PostgreSQL answers")
            .batch_execute(&format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{}'",
                schema.name
            ))
            .expect("connections are ended");
    }
}

/// A connection that belongs to no test.
pub fn postgres_admin() -> PgConnection {
    let url = postgres_url().expect("a test on PostgreSQL");
    PgConnection::establish(&url).expect("PostgreSQL answers")
}

/// Tells `story` on a fresh database of each backend.
pub async fn for_each_backend(story: impl AsyncFn(Backend)) {
    for backend in std::iter::once(Backend::sqlite()).chain(Backend::postgres()) {
        let name = backend.name();
        eprintln!("on {name}:");
        story(backend).await;
    }
}

#[allow(clippy::disallowed_methods, reason = "tests take their backends from the environment")]
fn postgres_url() -> Option<String> {
    static SKIPPED: Once = Once::new();
    if let Some(url) = std::env::var("DANCU_TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty()) {
        return Some(url);
    }
    assert!(
        std::env::var("DANCU_TEST_REQUIRE_POSTGRES").as_deref() != Ok("1"),
        "PostgreSQL is required (DANCU_TEST_REQUIRE_POSTGRES=1), but DANCU_TEST_POSTGRES_URL names none"
    );
    SKIPPED
        .call_once(|| shout("SKIPPED: every test on PostgreSQL; set DANCU_TEST_POSTGRES_URL, or use ./scripts/test"));
    None
}

/// Past the capture of the test harness: nobody shall believe that both backends ran.
fn shout(line: &str) {
    let _ = writeln!(std::io::stderr(), "\n*** {line} ***\n");
}
