//! Every statement that must differ between the backends.

use diesel::sql_types::BigInt;
use diesel::{QueryResult, QueryableByName, RunQueryDsl};

use super::Db;

/// Takes the write lock at once: a transaction that reads first and then finds the lock taken
/// would have to start again.
pub(super) const BEGIN_SQLITE: &str = "BEGIN IMMEDIATE";
pub(super) const BEGIN_POSTGRES: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

/// The database's clock, in µs since 1970.
pub(super) fn now_micros(db: &mut Db) -> QueryResult<i64> {
    let sql = match db {
        Db::Pg(_) => "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS value",
        Db::Lite(_) => "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER) AS value",
    };
    diesel::sql_query(sql).get_result::<Number>(db).map(|row| row.value)
}

/// Whether this database has the table (PostgreSQL: in the schema that comes first).
pub(super) fn has_table(db: &mut Db, table: &'static str) -> QueryResult<bool> {
    let sql = match db {
        Db::Pg(_) => format!(
            "SELECT count(*) AS value FROM pg_tables WHERE schemaname = current_schema() AND tablename = '{table}'"
        ),
        Db::Lite(_) => {
            format!("SELECT count(*) AS value FROM sqlite_schema WHERE type = 'table' AND name = '{table}'")
        }
    };
    diesel::sql_query(sql).get_result::<Number>(db).map(|row| row.value > 0)
}

/// A number that moves when another connection has committed (SQLite).
pub(super) fn data_version(db: &mut Db) -> QueryResult<Option<i64>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        data_version: i64,
    }
    match db {
        Db::Lite(connection) => {
            diesel::sql_query("PRAGMA data_version").get_result::<Row>(connection).map(|row| Some(row.data_version))
        }
        Db::Pg(_) => Ok(None),
    }
}

/// Wakes the followers on other replicas once the transaction is committed (PostgreSQL).
pub(super) fn announce(db: &mut Db, channel: &str) -> QueryResult<()> {
    use diesel::connection::SimpleConnection;
    match db {
        Db::Pg(connection) => connection.batch_execute(&format!("NOTIFY {channel}")),
        Db::Lite(_) => Ok(()),
    }
}

/// One migration at a time per schema (PostgreSQL; SQLite's own lock does).
pub(super) fn lock_schema(db: &mut Db) -> QueryResult<()> {
    match db {
        Db::Pg(connection) => {
            diesel::sql_query("SELECT pg_advisory_lock(hashtextextended('dancu migrate ' || current_schema(), 0))")
                .execute(connection)
                .map(drop)
        }
        Db::Lite(_) => Ok(()),
    }
}
