//! Many rows at once.

/// SQLite's limit on bound values in one statement.
pub const SQLITE_VALUES: usize = 32_766;

/// Inserts a slice of rows: COPY on PostgreSQL, multi-row INSERTs on SQLite. The rows' type derives
/// `Insertable` with `#[diesel(treat_none_as_default_value = false)]`; `columns` is how many it has.
///
/// `insert_rows!(db, citizens::table, &rows, columns = 7)` is a `QueryResult<usize>`.
#[macro_export]
macro_rules! insert_rows {
    ($db:expr, $table:expr, $rows:expr, columns = $columns:expr) => {
        match $db {
            _ if $rows.is_empty() => Ok(0),
            $crate::storage::Db::Pg(connection) => {
                use diesel::ExecuteCopyFromDsl as _;
                diesel::copy_from($table).from_insertable($rows).execute(connection)
            }
            $crate::storage::Db::Lite(connection) => {
                use diesel::RunQueryDsl as _;
                let mut inserted: diesel::QueryResult<usize> = Ok(0);
                for chunk in $rows.chunks($crate::storage::SQLITE_VALUES / $columns) {
                    let more = diesel::insert_into($table).values(chunk).execute(connection);
                    inserted = inserted.and_then(|so_far| Ok(so_far + more?));
                    if inserted.is_err() {
                        break;
                    }
                }
                inserted
            }
        }
    };
}
#[doc(inline)]
pub use insert_rows;
