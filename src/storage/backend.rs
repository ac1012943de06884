//! One enum over both backends.

/// A connection. Ordinary queries run on the enum itself; `on_conflict`, batches and the hottest
/// point reads through [`per_arm`].
#[derive(diesel::MultiConnection)]
pub enum Db {
    Pg(diesel::PgConnection),
    Lite(diesel::SqliteConnection),
}

/// Compiles one body for each backend: `per_arm!(db, conn => diesel::insert_into(t).….execute(conn))`.
#[macro_export]
macro_rules! per_arm {
    ($db:expr, $conn:ident => $body:expr) => {
        match $db {
            $crate::storage::Db::Pg($conn) => $body,
            $crate::storage::Db::Lite($conn) => $body,
        }
    };
}
#[doc(inline)]
pub use per_arm;
