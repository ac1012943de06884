//! The schema: what it should be, what it is, and `dancu migrate`.

use std::collections::BTreeSet;

use diesel::backend::Backend;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::sqlite::Sqlite;
use diesel::{QueryDsl, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connect::{Intent, connect};
use super::location::Location;
use super::{Db, OpenError, dialect};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

/// The database's schema against this program's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Names, in order, as the folders are called.
    pub applied: Vec<String>,
    pub pending: Vec<String>,
    /// Versions that this program does not know: the database is newer.
    pub unknown: Vec<String>,
}

/// Brings the schema up to date and tells what it applied. Makes a SQLite file that is missing.
///
/// # Errors
/// [`OpenError::Newer`] if the database is ahead of this program; nothing is changed then.
pub fn run(url: &str) -> Result<Vec<String>, OpenError> {
    let location = Location::parse(url)?;
    let mut db = connect(&location, Intent::Migrate)?;
    dialect::lock_schema(&mut db).map_err(failed)?;
    let status = status_of(&mut db)?;
    if !status.unknown.is_empty() {
        return Err(OpenError::Newer(status.unknown));
    }
    match &mut db {
        Db::Pg(connection) => connection.run_pending_migrations(POSTGRES).map(drop),
        Db::Lite(connection) => connection.run_pending_migrations(SQLITE).map(drop),
    }
    .map_err(|e| OpenError::Migration(e.to_string()))?;
    Ok(status.pending)
}

pub fn status(url: &str) -> Result<Status, OpenError> {
    let location = Location::parse(url)?;
    status_of(&mut connect(&location, Intent::Follow)?)
}

/// Refuses a schema that is not this program's.
pub(super) fn check(db: &mut Db) -> Result<(), OpenError> {
    let status = status_of(db)?;
    if !status.unknown.is_empty() {
        return Err(OpenError::Newer(status.unknown));
    }
    if !status.pending.is_empty() {
        return Err(OpenError::Older(status.pending));
    }
    Ok(())
}

fn status_of(db: &mut Db) -> Result<Status, OpenError> {
    let known = match db {
        Db::Pg(_) => known::<Pg>(&POSTGRES)?,
        Db::Lite(_) => known::<Sqlite>(&SQLITE)?,
    };
    let found: BTreeSet<String> = if dialect::has_table(db, "__diesel_schema_migrations").map_err(failed)? {
        let versions = __diesel_schema_migrations::table.select(__diesel_schema_migrations::version);
        versions.load::<String>(db).map_err(failed)?.into_iter().collect()
    } else {
        BTreeSet::new()
    };
    let unknown = found.iter().filter(|v| known.iter().all(|(version, _)| version != *v)).cloned().collect();
    let (applied, pending): (Vec<_>, Vec<_>) = known.into_iter().partition(|(version, _)| found.contains(version));
    let names = |list: Vec<(String, String)>| list.into_iter().map(|(_, name)| name).collect();
    Ok(Status { applied: names(applied), pending: names(pending), unknown })
}

/// (version, name) of each migration in order.
fn known<DB: Backend>(source: &EmbeddedMigrations) -> Result<Vec<(String, String)>, OpenError>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    let migrations: Vec<Box<dyn Migration<DB>>> =
        source.migrations().map_err(|e| OpenError::Migration(e.to_string()))?;
    let mut names: Vec<(String, String)> =
        migrations.iter().map(|m| (m.name().version().to_string(), m.name().to_string())).collect();
    names.sort();
    Ok(names)
}

fn failed(error: diesel::result::Error) -> OpenError {
    OpenError::Unavailable(error.to_string())
}
