//! The rows of the citizen store, as its tables hold them.

use diesel::prelude::*;

use crate::kernel::CitizenId;
use crate::storage::StorageError;
use crate::storage::schema::{citizen_changes, citizens, household_members, households, identifiers};

/// What an identifier is. The numbers are stored: never change them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i16)]
pub enum IdentifierKind {
    /// A personal number: active if held, inactive if cancelled. Belongs to one person for ever.
    Number = 1,
    /// An old CMND number; may be shared.
    Legacy = 2,
    /// Name and birth date together, at the precision the record knows; may be shared.
    NameAndBirth = 3,
    /// The number of somebody whom a record names as parent of a minor, or as legal representative:
    /// leads from the guardian to the wards, who need not live with them or stand in their record.
    Guardian = 4,
}

impl IdentifierKind {
    pub const ALL: [Self; 4] = [Self::Number, Self::Legacy, Self::NameAndBirth, Self::Guardian];
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = citizens, treat_none_as_default_value = false)]
pub struct CitizenRow {
    pub citizen_id: Vec<u8>,
    pub row_version: i64,
    pub key_version: i32,
    pub sealed: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = identifiers, treat_none_as_default_value = false)]
pub struct IdentifierRow {
    pub kind: i16,
    pub key_version: i32,
    pub hash: Vec<u8>,
    /// 0 for a personal number, so that nobody else can have it; else the last eight bytes of
    /// `citizen_id`, so that several people can share one hash.
    pub holder: i64,
    pub citizen_id: Vec<u8>,
    pub active: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = households, treat_none_as_default_value = false)]
pub struct HouseholdRow {
    pub household_id: Vec<u8>,
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = household_members, treat_none_as_default_value = false)]
pub struct HouseholdMemberRow {
    pub household_id: Vec<u8>,
    pub citizen_id: Vec<u8>,
}

/// A line of the change log.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = citizen_changes)]
pub struct ChangeRow {
    pub seq: i64,
    pub citizen_id: Vec<u8>,
    pub row_version: i64,
    /// [`ChangeKinds`](crate::citizens::change::ChangeKinds).
    pub kinds: i16,
    /// Unix microseconds.
    pub changed_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Insertable)]
#[diesel(table_name = citizen_changes, treat_none_as_default_value = false)]
pub struct NewChangeRow {
    pub citizen_id: Vec<u8>,
    pub row_version: i64,
    pub kinds: i16,
    pub changed_at: i64,
}

/// Reads a column of 16 bytes as the key of a citizen.
pub fn citizen_id(table: &'static str, bytes: &[u8]) -> Result<CitizenId, StorageError> {
    CitizenId::from_slice(bytes).ok_or_else(|| StorageError::Inconsistent {
        table,
        column: "citizen_id",
        row: format!("{} bytes", bytes.len()),
    })
}
