//! Facilities, and who else may report for them.

use diesel::prelude::*;

use crate::kernel::Instant;
use crate::storage::schema::{facilities, facility_delegations, stays};
use crate::storage::{Db, StorageError, per_arm};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = facilities, treat_none_as_default_value = false)]
pub struct FacilityRow {
    pub facility_id: Vec<u8>,
    pub client_id: String,
    pub kind: i16,
    pub commune: i32,
    pub created_at: i64,
    pub closed_at: Option<i64>,
    pub key_version: i32,
    pub sealed: Vec<u8>,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = facility_delegations, treat_none_as_default_value = false)]
pub struct DelegationRow {
    pub facility_id: Vec<u8>,
    pub client_id: String,
    pub valid_from: i64,
    pub valid_until: i64,
}

pub fn insert(db: &mut Db, row: &FacilityRow) -> Result<(), StorageError> {
    diesel::insert_into(facilities::table).values(row).execute(db)?;
    Ok(())
}

pub fn find(db: &mut Db, id: &[u8]) -> Result<Option<FacilityRow>, StorageError> {
    Ok(per_arm!(db, conn => facilities::table
        .find(id)
        .select(FacilityRow::as_select())
        .get_result(conn)
        .optional())?)
}

/// Those that are there of `ids`.
pub fn find_all(db: &mut Db, ids: &[Vec<u8>]) -> Result<Vec<FacilityRow>, StorageError> {
    Ok(facilities::table.filter(facilities::facility_id.eq_any(ids)).select(FacilityRow::as_select()).load(db)?)
}

/// Every facility, closed ones included; of one client, if it is named.
pub fn list(db: &mut Db, client: Option<&str>) -> Result<Vec<FacilityRow>, StorageError> {
    let rows = facilities::table.order((facilities::created_at, facilities::facility_id));
    Ok(match client {
        Some(client) => rows.filter(facilities::client_id.eq(client)).select(FacilityRow::as_select()).load(db)?,
        None => rows.select(FacilityRow::as_select()).load(db)?,
    })
}

pub fn delegations(db: &mut Db, ids: &[Vec<u8>]) -> Result<Vec<DelegationRow>, StorageError> {
    Ok(facility_delegations::table
        .filter(facility_delegations::facility_id.eq_any(ids))
        .order((facility_delegations::facility_id, facility_delegations::client_id))
        .select(DelegationRow::as_select())
        .load(db)?)
}

/// The facilities that were ever delegated to a client.
pub fn delegated_to(db: &mut Db, client: &str) -> Result<Vec<Vec<u8>>, StorageError> {
    Ok(facility_delegations::table
        .filter(facility_delegations::client_id.eq(client))
        .select(facility_delegations::facility_id)
        .load(db)?)
}

/// Delegates, in the place of what was delegated to the same client before.
pub fn delegate(db: &mut Db, row: &DelegationRow) -> Result<(), StorageError> {
    let key = (row.facility_id.as_slice(), row.client_id.as_str());
    diesel::delete(facility_delegations::table.find(key)).execute(db)?;
    diesel::insert_into(facility_delegations::table).values(row).execute(db)?;
    Ok(())
}

/// Closes; whether it was open.
pub fn close(db: &mut Db, id: &[u8], at: Instant) -> Result<bool, StorageError> {
    let open = facilities::table.find(id).filter(facilities::closed_at.is_null());
    Ok(diesel::update(open).set(facilities::closed_at.eq(at.as_micros())).execute(db)? == 1)
}

/// Deletes up to `limit` facilities that were closed before `before` and have no stay left; how many there were.
pub fn sweep(db: &mut Db, before: Instant, limit: i64) -> Result<usize, StorageError> {
    let used = stays::table.filter(stays::facility_id.eq(facilities::facility_id));
    let over: Vec<Vec<u8>> = facilities::table
        .filter(facilities::closed_at.lt(before.as_micros()))
        .filter(diesel::dsl::not(diesel::dsl::exists(used)))
        .limit(limit)
        .select(facilities::facility_id)
        .load(db)?;
    let delegations = facility_delegations::table.filter(facility_delegations::facility_id.eq_any(&over));
    diesel::delete(delegations).execute(db)?;
    Ok(diesel::delete(facilities::table.filter(facilities::facility_id.eq_any(&over))).execute(db)?)
}
