//! The table of entries.

use std::ops::Range;

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, HasSqlType, Integer};

use crate::audit::entry::Salt;
use crate::audit::position::Position;
use crate::audit::tree::Hash;
use crate::storage::schema::audit_entries;
use crate::storage::{Db, StorageError, per_arm};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::audit) struct EntryRow {
    pub position: Position,
    pub written_at: i64,
    pub data_key: i32,
    pub commitment: Hash,
    /// Salt and sealed body; `None` once the entry has expired.
    pub content: Option<(Salt, Vec<u8>)>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_entries)]
struct Row {
    position: i64,
    written_at: i64,
    data_key: i32,
    commitment: Vec<u8>,
    salt: Vec<u8>,
    body: Vec<u8>,
}

impl From<Row> for EntryRow {
    /// Bytes of a wrong length become zeros: the entry then does not match its commitment, and
    /// whoever reads it says so.
    fn from(row: Row) -> Self {
        let expired = row.salt.is_empty() && row.body.is_empty();
        Self {
            position: Position::from_column(row.position),
            written_at: row.written_at,
            data_key: row.data_key,
            commitment: row.commitment.try_into().unwrap_or_default(),
            content: (!expired).then(|| (row.salt.try_into().unwrap_or_default(), row.body)),
        }
    }
}

/// `N` rows in one statement whose text depends on `N` alone, so that it is prepared once: diesel's
/// own batches are parsed again each time.
struct InsertRows<'a, const N: usize>(&'a [EntryRow; N]);

impl<const N: usize> QueryId for InsertRows<'_, N> {
    type QueryId = InsertRows<'static, N>;
}

impl<const N: usize, C> RunQueryDsl<C> for InsertRows<'_, N> {}

const NOTHING: &[u8] = &[];

impl<DB, const N: usize> QueryFragment<DB> for InsertRows<'_, N>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Integer> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    i32: ToSql<Integer, DB>,
    [u8]: ToSql<Binary, DB>,
    Position: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("INSERT INTO audit_entries (position, written_at, data_key, commitment, salt, body) VALUES ");
        for (place, row) in self.0.iter().enumerate() {
            let (salt, body) = row.content.as_ref().map_or((NOTHING, NOTHING), |(salt, body)| (salt, body));
            out.push_sql(if place == 0 { "(" } else { ", (" });
            out.push_bind_param::<BigInt, _>(&row.position)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(&row.written_at)?;
            out.push_sql(", ");
            out.push_bind_param::<Integer, _>(&row.data_key)?;
            out.push_sql(", ");
            out.push_bind_param::<Binary, [u8]>(&row.commitment)?;
            out.push_sql(", ");
            out.push_bind_param::<Binary, [u8]>(salt)?;
            out.push_sql(", ");
            out.push_bind_param::<Binary, [u8]>(body)?;
            out.push_sql(")");
        }
        Ok(())
    }
}

impl<DB: Backend> ToSql<BigInt, DB> for Position
where
    i64: ToSql<BigInt, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, DB>) -> diesel::serialize::Result {
        self.as_column().to_sql(out)
    }
}

/// Stores the rows of a commit group with as few statements as four sizes allow.
pub(in crate::audit) fn insert_entries(db: &mut Db, rows: &[EntryRow]) -> Result<(), StorageError> {
    let (large, rest) = rows.as_chunks::<64>();
    let (middle, rest) = rest.as_chunks::<16>();
    let (small, rest) = rest.as_chunks::<4>();
    for chunk in large {
        per_arm!(db, connection => InsertRows(chunk).execute(connection))?;
    }
    for chunk in middle {
        per_arm!(db, connection => InsertRows(chunk).execute(connection))?;
    }
    for chunk in small {
        per_arm!(db, connection => InsertRows(chunk).execute(connection))?;
    }
    for row in rest {
        per_arm!(db, connection => InsertRows(std::array::from_ref(row)).execute(connection))?;
    }
    Ok(())
}

/// Up to `limit` entries of a log from `indexes`, in order.
pub(in crate::audit) fn entries_from(
    db: &mut Db,
    log: i32,
    indexes: Range<u64>,
    limit: u32,
) -> Result<Vec<EntryRow>, StorageError> {
    let columns = Position::columns(log, indexes);
    let rows: Vec<Row> = audit_entries::table
        .filter(audit_entries::position.ge(columns.start))
        .filter(audit_entries::position.lt(columns.end))
        .order(audit_entries::position.asc())
        .limit(i64::from(limit))
        .select(Row::as_select())
        .load(db)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The entries at these positions that still exist, in no particular order.
pub(in crate::audit) fn find_entries(db: &mut Db, positions: &[Position]) -> Result<Vec<EntryRow>, StorageError> {
    let mut found = Vec::with_capacity(positions.len());
    for chunk in positions.chunks(500) {
        let columns = chunk.iter().map(|position| position.column());
        let rows: Vec<Row> =
            audit_entries::table.filter(audit_entries::position.eq_any(columns)).select(Row::as_select()).load(db)?;
        found.extend(rows.into_iter().map(EntryRow::from));
    }
    Ok(found)
}

/// The first index of a log from `indexes` that was written at `cutoff` or later (the end of the
/// range if none was): a log is written in the order of time, so halving finds it.
pub(in crate::audit) fn first_written_since(
    db: &mut Db,
    log: i32,
    indexes: Range<u64>,
    cutoff: i64,
) -> Result<u64, StorageError> {
    let (mut low, mut high) = (indexes.start, indexes.end);
    while low < high {
        let middle = low + (high - low) / 2;
        let written_at: Option<i64> = audit_entries::table
            .filter(audit_entries::position.eq(Position::new(log, middle).column()))
            .select(audit_entries::written_at)
            .get_result(db)
            .optional()?;
        let written_at =
            written_at.ok_or_else(|| StorageError::inconsistent_row("audit_entries", "position", middle))?;
        if written_at < cutoff { low = middle + 1 } else { high = middle }
    }
    Ok(low)
}

/// Takes salt and body from up to `limit` entries from `indexes`: those whose bundle is complete go
/// altogether, the others keep their commitment. Returns how many.
pub(in crate::audit) fn expire_entries(
    db: &mut Db,
    log: i32,
    indexes: Range<u64>,
    bundled_below: u64,
) -> Result<usize, StorageError> {
    let bundled = Position::columns(log, indexes.start..indexes.end.min(bundled_below));
    let loose = Position::columns(log, indexes.start.max(bundled_below)..indexes.end);
    let deleted = diesel::delete(audit_entries::table)
        .filter(audit_entries::position.ge(bundled.start))
        .filter(audit_entries::position.lt(bundled.end))
        .execute(db)?;
    let emptied = diesel::update(audit_entries::table)
        .filter(audit_entries::position.ge(loose.start))
        .filter(audit_entries::position.lt(loose.end))
        .set((audit_entries::salt.eq(NOTHING), audit_entries::body.eq(NOTHING)))
        .execute(db)?;
    Ok(deleted + emptied)
}

/// When the entries at these positions that still exist were written.
pub(in crate::audit) fn written_at(db: &mut Db, positions: &[Position]) -> Result<Vec<(i64, Position)>, StorageError> {
    let mut found = Vec::with_capacity(positions.len());
    for chunk in positions.chunks(500) {
        let columns = chunk.iter().map(|position| position.column());
        let rows: Vec<(i64, i64)> = audit_entries::table
            .filter(audit_entries::position.eq_any(columns))
            .select((audit_entries::written_at, audit_entries::position))
            .load(db)?;
        found.extend(rows.into_iter().map(|(at, position)| (at, Position::from_column(position))));
    }
    Ok(found)
}

/// The first entry below `below` that still has something to expire.
pub(in crate::audit) fn first_expirable(
    db: &mut Db,
    log: i32,
    below: u64,
    bundled_below: u64,
) -> Result<Option<u64>, StorageError> {
    let columns = Position::columns(log, 0..below);
    let bundled = Position::columns(log, 0..bundled_below).end;
    let position: Option<i64> = audit_entries::table
        .filter(audit_entries::position.ge(columns.start))
        .filter(audit_entries::position.lt(columns.end))
        .filter(audit_entries::position.lt(bundled).or(audit_entries::salt.ne(NOTHING)))
        .order(audit_entries::position.asc())
        .limit(1)
        .select(audit_entries::position)
        .get_result(db)
        .optional()?;
    Ok(position.map(|position| Position::from_column(position).index()))
}
