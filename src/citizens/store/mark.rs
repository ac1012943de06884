//! Whether the people in a store are invented.

use diesel::prelude::*;

use crate::storage::schema::{citizens, population_mark};
use crate::storage::{Db, StorageError};

/// Real and invented people are never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mixed {
    #[error("this store holds invented people; it takes a file marked --synthetic only")]
    StoreIsSynthetic,
    #[error("this store holds real people; it takes no invented ones")]
    StoreIsReal,
}

/// Marks an unmarked store, or says why these people do not belong into it. A store that got its
/// people otherwise than by seed or import holds real ones.
pub fn claim(db: &mut Db, synthetic: bool) -> Result<Result<(), Mixed>, StorageError> {
    let marked: Option<bool> =
        population_mark::table.find(1_i16).select(population_mark::synthetic).get_result(db).optional()?;
    let marked = match marked {
        Some(marked) => marked,
        None => {
            let inhabited: bool =
                diesel::select(diesel::dsl::exists(citizens::table.select(citizens::citizen_id))).get_result(db)?;
            let mark = synthetic && !inhabited;
            diesel::insert_into(population_mark::table)
                .values((population_mark::id.eq(1_i16), population_mark::synthetic.eq(mark)))
                .execute(db)?;
            mark
        }
    };
    Ok(match (marked, synthetic) {
        (true, false) => Err(Mixed::StoreIsSynthetic),
        (false, true) => Err(Mixed::StoreIsReal),
        _ => Ok(()),
    })
}
