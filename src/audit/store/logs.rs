//! The table of logs: who writes which, and how far each is.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType, Integer, SmallInt};

use crate::audit::position::MAX_LOG;
use crate::storage::schema::audit_logs;
use crate::storage::{Db, StorageError, per_arm};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::audit) enum LogState {
    Open,
    /// Nothing will be added any more.
    Closed,
}

impl LogState {
    const fn column(self) -> i16 {
        match self {
            Self::Open => 0,
            Self::Closed => 1,
        }
    }
}

/// What kind of process writes a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::audit) enum LogWriterKind {
    /// One that answers.
    Server,
    /// The command line, beside it.
    Command,
}

impl LogWriterKind {
    const fn column(self) -> i16 {
        match self {
            Self::Server => 0,
            Self::Command => 1,
        }
    }
}

#[derive(Debug, Clone)]
pub(in crate::audit) struct LogRow {
    pub log: i32,
    pub name: String,
    pub origin: String,
    pub holder: Vec<u8>,
    pub epoch: i64,
    pub writer: LogWriterKind,
    pub state: LogState,
    pub size: u64,
    pub expired_below: u64,
    pub sorted_below: u64,
    /// The last signed checkpoint, or nothing.
    pub checkpoint: String,
    pub checkpoint_size: u64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_logs)]
struct Row {
    log: i32,
    name: String,
    origin: String,
    holder: Vec<u8>,
    epoch: i64,
    writer: i16,
    state: i16,
    size: i64,
    expired_below: i64,
    sorted_below: i64,
    checkpoint: String,
    checkpoint_size: i64,
}

impl TryFrom<Row> for LogRow {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self, StorageError> {
        let count = |value: i64, column| {
            u64::try_from(value).map_err(|_| StorageError::inconsistent_row("audit_logs", column, row.log))
        };
        Ok(Self {
            writer: match row.writer {
                0 => LogWriterKind::Server,
                1 => LogWriterKind::Command,
                _ => return Err(StorageError::inconsistent_row("audit_logs", "writer", row.log)),
            },
            state: match row.state {
                0 => LogState::Open,
                1 => LogState::Closed,
                _ => return Err(StorageError::inconsistent_row("audit_logs", "state", row.log)),
            },
            size: count(row.size, "size")?,
            expired_below: count(row.expired_below, "expired_below")?,
            sorted_below: count(row.sorted_below, "sorted_below")?,
            checkpoint_size: count(row.checkpoint_size, "checkpoint_size")?,
            log: row.log,
            name: row.name,
            origin: row.origin,
            holder: row.holder,
            epoch: row.epoch,
            checkpoint: row.checkpoint,
        })
    }
}

/// Every log, oldest first.
pub(in crate::audit) fn logs(db: &mut Db) -> Result<Vec<LogRow>, StorageError> {
    let rows: Vec<Row> = audit_logs::table.order(audit_logs::log.asc()).select(Row::as_select()).load(db)?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(in crate::audit) fn find_log(db: &mut Db, name: &str) -> Result<Option<LogRow>, StorageError> {
    let row: Option<Row> =
        audit_logs::table.filter(audit_logs::name.eq(name)).select(Row::as_select()).get_result(db).optional()?;
    row.map(TryInto::try_into).transpose()
}

pub(in crate::audit) struct NewLog<'a> {
    pub name: &'a str,
    pub origin: &'a str,
    pub holder: &'a [u8],
    pub writer: LogWriterKind,
    pub opened_at: i64,
}

/// Opens a log under the next free number, at epoch 1.
pub(in crate::audit) fn insert_log(db: &mut Db, new: &NewLog<'_>) -> Result<i32, StorageError> {
    let last: Option<i32> = audit_logs::table.select(diesel::dsl::max(audit_logs::log)).get_result(db)?;
    let log = last.unwrap_or(0) + 1;
    if log > MAX_LOG {
        return Err(StorageError::BrokenInvariant("no number is left for another log"));
    }
    diesel::insert_into(audit_logs::table)
        .values((
            audit_logs::log.eq(log),
            audit_logs::name.eq(new.name),
            audit_logs::origin.eq(new.origin),
            audit_logs::holder.eq(new.holder),
            audit_logs::epoch.eq(1_i64),
            audit_logs::writer.eq(new.writer.column()),
            audit_logs::state.eq(LogState::Open.column()),
            audit_logs::size.eq(0_i64),
            audit_logs::expired_below.eq(0_i64),
            audit_logs::sorted_below.eq(0_i64),
            audit_logs::checkpoint.eq(""),
            audit_logs::checkpoint_size.eq(0_i64),
            audit_logs::opened_at.eq(new.opened_at),
        ))
        .execute(db)?;
    Ok(log)
}

/// Takes the lease of an open log: who held it before can write no more. `None` if somebody else
/// was faster.
pub(in crate::audit) fn claim(db: &mut Db, log: i32, epoch: i64) -> Result<Option<i64>, StorageError> {
    let claimed = diesel::update(audit_logs::table)
        .filter(audit_logs::log.eq(log))
        .filter(audit_logs::epoch.eq(epoch))
        .filter(audit_logs::state.eq(LogState::Open.column()))
        .set(audit_logs::epoch.eq(epoch + 1))
        .execute(db)?;
    Ok((claimed == 1).then_some(epoch + 1))
}

/// Waits for whatever transaction is still changing the log's row (a commit whose answer was lost
/// may not have ended yet), and keeps others out until this one ends.
pub(in crate::audit) fn lock(db: &mut Db, log: i32) -> Result<(), StorageError> {
    diesel::update(audit_logs::table)
        .filter(audit_logs::log.eq(log))
        .set(audit_logs::epoch.eq(audit_logs::epoch))
        .execute(db)?;
    Ok(())
}

pub(in crate::audit) fn close(db: &mut Db, log: i32, closed_at: i64) -> Result<(), StorageError> {
    diesel::update(audit_logs::table)
        .filter(audit_logs::log.eq(log))
        .set((audit_logs::state.eq(LogState::Closed.column()), audit_logs::closed_at.eq(closed_at)))
        .execute(db)?;
    Ok(())
}

/// Grows the log, if the lease still holds and nobody else has grown it: this is the fence, checked
/// in the transaction of every commit group.
pub(in crate::audit) fn advance(db: &mut Db, log: i32, epoch: i64, from: u64, to: u64) -> Result<bool, StorageError> {
    let advance =
        Advance { log, epoch, from: from.cast_signed(), to: to.cast_signed(), state: LogState::Open.column() };
    let advanced = per_arm!(db, connection => advance.execute(connection))?;
    Ok(advanced == 1)
}

/// A statement of constant text, which is prepared once: diesel prepares its own updates anew each
/// time, and this one is in every commit group.
#[derive(QueryId)]
struct Advance {
    log: i32,
    epoch: i64,
    from: i64,
    to: i64,
    state: i16,
}

impl<C> RunQueryDsl<C> for Advance {}

impl<DB> QueryFragment<DB> for Advance
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Integer> + HasSqlType<SmallInt>,
    i64: ToSql<BigInt, DB>,
    i32: ToSql<Integer, DB>,
    i16: ToSql<SmallInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE audit_logs SET size = ");
        out.push_bind_param::<BigInt, _>(&self.to)?;
        out.push_sql(" WHERE log = ");
        out.push_bind_param::<Integer, _>(&self.log)?;
        out.push_sql(" AND epoch = ");
        out.push_bind_param::<BigInt, _>(&self.epoch)?;
        out.push_sql(" AND size = ");
        out.push_bind_param::<BigInt, _>(&self.from)?;
        out.push_sql(" AND state = ");
        out.push_bind_param::<SmallInt, _>(&self.state)
    }
}

/// Publishes a checkpoint unless a later one is there.
pub(in crate::audit) fn put_checkpoint(db: &mut Db, log: i32, size: u64, note: &str) -> Result<(), StorageError> {
    diesel::update(audit_logs::table)
        .filter(audit_logs::log.eq(log))
        .filter(audit_logs::checkpoint_size.lt(size.cast_signed()).or(audit_logs::checkpoint.eq("")))
        .set((audit_logs::checkpoint.eq(note), audit_logs::checkpoint_size.eq(size.cast_signed())))
        .execute(db)?;
    Ok(())
}

pub(in crate::audit) fn mark_sorted(db: &mut Db, log: i32, below: u64) -> Result<(), StorageError> {
    diesel::update(audit_logs::table)
        .filter(audit_logs::log.eq(log))
        .filter(audit_logs::sorted_below.lt(below.cast_signed()))
        .set(audit_logs::sorted_below.eq(below.cast_signed()))
        .execute(db)?;
    Ok(())
}

/// `false` if the mark was there already.
pub(in crate::audit) fn mark_expired(db: &mut Db, log: i32, below: u64) -> Result<bool, StorageError> {
    let marked = diesel::update(audit_logs::table)
        .filter(audit_logs::log.eq(log))
        .filter(audit_logs::expired_below.lt(below.cast_signed()))
        .set(audit_logs::expired_below.eq(below.cast_signed()))
        .execute(db)?;
    Ok(marked == 1)
}
