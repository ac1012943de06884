//! Which officers sign in by their own e-ID.

use diesel::prelude::*;

use crate::storage::schema::desk_officers;
use crate::storage::{Db, StorageError};

/// An e-ID, and the officer it signs in.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = desk_officers, treat_none_as_default_value = false)]
pub struct OfficerRow {
    pub citizen_id: Vec<u8>,
    pub client_id: String,
    pub officer_id: String,
    pub unit: String,
    pub bound_at: i64,
}

/// Puts it in the place of what the citizen, and what the officer, had before: an officer is one
/// person, and a person is one officer.
pub fn bind(db: &mut Db, row: &OfficerRow) -> Result<(), StorageError> {
    diesel::delete(
        desk_officers::table.filter(
            desk_officers::citizen_id.eq(&row.citizen_id).or(desk_officers::client_id
                .eq(&row.client_id)
                .and(desk_officers::officer_id.eq(&row.officer_id))
                .and(desk_officers::unit.eq(&row.unit))),
        ),
    )
    .execute(db)?;
    diesel::insert_into(desk_officers::table).values(row).execute(db)?;
    Ok(())
}

pub fn find(db: &mut Db, citizen: &[u8]) -> Result<Option<OfficerRow>, StorageError> {
    Ok(desk_officers::table.find(citizen).select(OfficerRow::as_select()).first(db).optional()?)
}
