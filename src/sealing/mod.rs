//! What rests sealed in the database: one way to seal and open the rows of a table, one list of the tables that
//! stand under versions of the keys, one worker that brings them to the active ones.

mod key_uses;
mod keyed_table;
mod renewal;
mod sealed_table;
mod store;
mod tag;

pub use key_uses::{KeyUsage, SealingKeyUses, usage};
pub use keyed_table::{KeyedTable, Renewed, RowsUnder, TableRows, rows_under};
pub use renewal::Renewal;
pub use sealed_table::{Sealed, SealedTable};
pub use tag::tag;
