//! Opens connections, each made ready for what it is meant for.

use std::path::Path;
use std::sync::OnceLock;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{Bool, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};

use super::location::Location;
use super::{Db, OpenError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    Read,
    Write,
    Bulk,
    /// Hears of other processes' changes (PostgreSQL).
    Follow,
    /// Moves the write-ahead log into the database (SQLite).
    Checkpoint,
    /// Changes the schema; the only intent that makes a missing SQLite file.
    Migrate,
}

/// Sets SQLite up for a program that guards its connections itself; the first thing `main` does.
///
/// # Panics
/// If SQLite was used before: its settings could not take effect.
pub fn prepare_sqlite() {
    static PREPARED: OnceLock<()> = OnceLock::new();
    PREPARED.get_or_init(|| {
        use libsqlite3_sys::{
            SQLITE_CONFIG_MEMSTATUS, SQLITE_CONFIG_MULTITHREAD, SQLITE_OK, sqlite3_config, sqlite3_initialize,
        };
        // SAFETY: the variadic arguments are those the two options document (an int, and none);
        // nothing else of SQLite runs yet, `OnceLock` lets one thread in.
        let answers = unsafe {
            [
                sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0),
                sqlite3_config(SQLITE_CONFIG_MULTITHREAD),
                sqlite3_initialize(),
            ]
        };
        assert_eq!(answers, [SQLITE_OK; 3], "SQLite was used before it was set up");
    });
}

pub(super) fn connect(location: &Location, intent: Intent) -> Result<Db, OpenError> {
    match location {
        Location::Sqlite(path) => connect_sqlite(path, intent).map(Db::Lite),
        Location::Postgres(url) => connect_postgres(url, intent).map(Db::Pg),
    }
}

/// `mmap_size` is at SQLite's own limit, which is address space, not memory.
const SQLITE_COMMON: &str = "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; \
     PRAGMA mmap_size = 2147418112; PRAGMA wal_autocheckpoint = 0;";

fn sqlite_settings(intent: Intent) -> &'static str {
    match intent {
        Intent::Read | Intent::Follow => {
            "PRAGMA busy_timeout = 5000; PRAGMA cache_size = -8192; PRAGMA query_only = ON;"
        }
        // What is erased is overwritten, and stays in no free page. Waiting for the write lock is ours to do:
        // see `turn`. Cached are 16 MiB, since a split of a page in the middle of an index makes SQLite look
        // through every slot of the cache at the commit: of 64 MiB that was a tenth of what a token costs.
        Intent::Write | Intent::Bulk => {
            "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA journal_size_limit = 100663296; PRAGMA secure_delete = ON; PRAGMA cache_size = -16384; PRAGMA busy_timeout = 0;"
        }
        // It looks for the write lock so long at a time. How long it waits for readers it sets by the log.
        Intent::Checkpoint => {
            "PRAGMA busy_timeout = 5; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 100663296;"
        }
        Intent::Migrate => "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
    }
}

fn connect_sqlite(path: &Path, intent: Intent) -> Result<SqliteConnection, OpenError> {
    prepare_sqlite();
    if intent == Intent::Migrate {
        make_private_file(path)?;
    } else if !path.exists() {
        return Err(OpenError::Missing(path.display().to_string()));
    }
    let uri = sqlite_uri(path).ok_or(OpenError::Url("the path is not UTF-8"))?;
    let mut connection = SqliteConnection::establish(&uri).map_err(|e| OpenError::Unavailable(e.to_string()))?;
    connection.batch_execute(SQLITE_COMMON).map_err(unavailable)?;
    connection.batch_execute(sqlite_settings(intent)).map_err(unavailable)?;
    if matches!(intent, Intent::Write | Intent::Migrate) && journal_mode(&mut connection)? != "wal" {
        return Err(OpenError::Unsafe("this file system does not carry SQLite's write-ahead log"));
    }
    Ok(connection)
}

/// `mode=rw`: a file that vanished is an error, not an empty database.
fn sqlite_uri(path: &Path) -> Option<String> {
    let mut uri = String::from("file:");
    for c in path.to_str()?.chars() {
        match c {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            _ => uri.push(c),
        }
    }
    uri.push_str("?mode=rw");
    Some(uri)
}

/// SQLite gives its log files the mode of the database: the owner's alone.
fn make_private_file(path: &Path) -> Result<(), OpenError> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map(drop)
        .map_err(|e| OpenError::Unavailable(format!("{}: {e}", path.display())))
}

#[derive(QueryableByName)]
struct JournalMode {
    #[diesel(sql_type = Text)]
    journal_mode: String,
}

fn journal_mode(connection: &mut SqliteConnection) -> Result<String, OpenError> {
    let row: JournalMode = diesel::sql_query("PRAGMA journal_mode").get_result(connection).map_err(unavailable)?;
    Ok(row.journal_mode)
}

fn postgres_settings(intent: Intent) -> &'static str {
    match intent {
        Intent::Read => "SET default_transaction_read_only = on",
        Intent::Write => {
            "SET lock_timeout = '5s'; SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s'"
        }
        Intent::Bulk => "SET lock_timeout = '30s'",
        Intent::Follow | Intent::Checkpoint | Intent::Migrate => "SET client_min_messages = warning",
    }
}

#[derive(QueryableByName)]
struct Durability {
    #[diesel(sql_type = Bool)]
    fsync: bool,
    #[diesel(sql_type = Bool)]
    synchronous_commit: bool,
}

fn connect_postgres(url: &str, intent: Intent) -> Result<PgConnection, OpenError> {
    // Before libpq does it: set up in this way, OpenSSL cleans nothing up at `exit`, where a thread that is still
    // connecting would use what was freed.
    openssl_sys::init();
    let mut connection = PgConnection::establish(url).map_err(|e| OpenError::Unavailable(e.to_string()))?;
    connection.batch_execute(postgres_settings(intent)).map_err(unavailable)?;
    if matches!(intent, Intent::Write | Intent::Bulk) {
        let durable: Durability = diesel::sql_query(
            "SELECT current_setting('fsync') = 'on' AS fsync, \
             current_setting('synchronous_commit') <> 'off' AS synchronous_commit",
        )
        .get_result(&mut connection)
        .map_err(unavailable)?;
        if !durable.fsync {
            return Err(OpenError::Unsafe("PostgreSQL runs with fsync = off"));
        }
        if !durable.synchronous_commit {
            return Err(OpenError::Unsafe("PostgreSQL runs with synchronous_commit = off"));
        }
    }
    Ok(connection)
}

fn unavailable(error: diesel::result::Error) -> OpenError {
    OpenError::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `.cargo/config.toml` says why.
    #[test]
    fn sqlite_is_compiled_as_it_should_be() {
        #[derive(diesel::QueryableByName)]
        struct Used {
            #[diesel(sql_type = diesel::sql_types::Integer)]
            used: i32,
        }
        prepare_sqlite();
        let mut memory = SqliteConnection::establish(":memory:").expect("a database");
        let asked = diesel::sql_query("SELECT sqlite_compileoption_used('ENABLE_QPSG') AS used");
        let found: Used = diesel::RunQueryDsl::get_result(asked, &mut memory).expect("an answer");
        assert_eq!(found.used, 1);
    }
}
