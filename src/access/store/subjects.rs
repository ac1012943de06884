//! What the clients of a sector call a citizen.

use diesel::prelude::*;

use crate::kernel::CitizenId;
use crate::storage::schema::pairwise_subjects;
use crate::storage::{Db, StorageError, per_arm};

pub fn find(db: &mut Db, sector: &str, citizen: CitizenId) -> Result<Option<String>, StorageError> {
    Ok(per_arm!(db, conn => pairwise_subjects::table
        .find((sector, citizen.as_bytes().as_slice()))
        .select(pairwise_subjects::subject)
        .get_result(conn)
        .optional())?)
}

/// Keeps a subject, unless another transaction has kept one meanwhile; the one that is kept.
pub fn keep(db: &mut Db, sector: &str, citizen: CitizenId, subject: &str) -> Result<String, StorageError> {
    let row = (
        pairwise_subjects::sector.eq(sector),
        pairwise_subjects::citizen_id.eq(citizen.as_bytes().as_slice()),
        pairwise_subjects::subject.eq(subject),
    );
    per_arm!(db, conn => diesel::insert_into(pairwise_subjects::table).values(row).on_conflict_do_nothing().execute(conn))?;
    find(db, sector, citizen)?.ok_or(StorageError::BrokenInvariant("a subject was not kept"))
}
