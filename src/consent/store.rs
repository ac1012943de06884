//! The table of consents.

use diesel::prelude::*;

use super::model::Consent;
use crate::kernel::{AttributeSet, CitizenId, ConsentId, Instant, ProcedureCode};
use crate::sealing::Sealed;
use crate::storage::schema::consents;
use crate::storage::{Db, StorageError, per_arm};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = consents, treat_none_as_default_value = false)]
pub struct ConsentRow {
    pub consent_id: Vec<u8>,
    pub citizen_id: Vec<u8>,
    pub client_id: String,
    pub procedure: Option<String>,
    pub attributes: String,
    pub given_at: i64,
    pub until: i64,
    pub withdrawn_at: Option<i64>,
    pub key_version: i32,
    pub proof: Vec<u8>,
}

/// The columns but for the proof.
type Told = (Vec<u8>, Vec<u8>, String, Option<String>, String, i64, i64, Option<i64>);

macro_rules! told {
    () => {
        (
            consents::consent_id,
            consents::citizen_id,
            consents::client_id,
            consents::procedure,
            consents::attributes,
            consents::given_at,
            consents::until,
            consents::withdrawn_at,
        )
    };
}

fn consent(
    (id, citizen, client, procedure, attributes, given, until, withdrawn): Told,
) -> Result<Consent, StorageError> {
    let procedure = procedure
        .map(|code| ProcedureCode::parse(&code).map_err(|_| StorageError::inconsistent("consents", "procedure")));
    let attributes: AttributeSet =
        serde_json::from_str(&attributes).map_err(|_| StorageError::inconsistent("consents", "attributes"))?;
    Ok(Consent {
        id: ConsentId::from_slice(&id).ok_or(StorageError::inconsistent("consents", "consent_id"))?,
        citizen: CitizenId::from_slice(&citizen).ok_or(StorageError::inconsistent("consents", "citizen_id"))?,
        client: client.parse().map_err(|_| StorageError::inconsistent("consents", "client_id"))?,
        procedure: procedure.transpose()?,
        attributes,
        given_at: Instant::from_micros(given),
        until: Instant::from_micros(until),
        withdrawn_at: withdrawn.map(Instant::from_micros),
    })
}

pub fn insert(db: &mut Db, row: &ConsentRow) -> Result<(), StorageError> {
    diesel::insert_into(consents::table).values(row).execute(db)?;
    Ok(())
}

pub fn find(db: &mut Db, id: ConsentId) -> Result<Option<Consent>, StorageError> {
    let found: Option<Told> = per_arm!(db, conn => consents::table
        .find(id.as_bytes().as_slice())
        .select(told!())
        .get_result(conn)
        .optional())?;
    found.map(consent).transpose()
}

/// With its proof, sealed.
pub fn find_row(db: &mut Db, id: ConsentId) -> Result<Option<ConsentRow>, StorageError> {
    let found = consents::table.find(id.as_bytes().as_slice()).select(ConsentRow::as_select());
    Ok(found.get_result(db).optional()?)
}

/// Every consent of the citizen, newest first.
pub fn of_citizen(db: &mut Db, citizen: CitizenId) -> Result<Vec<Consent>, StorageError> {
    let found: Vec<Told> = consents::table
        .filter(consents::citizen_id.eq(citizen.as_bytes().as_slice()))
        .order((consents::given_at.desc(), consents::consent_id))
        .select(told!())
        .load(db)?;
    found.into_iter().map(consent).collect()
}

/// Withdraws; `false` if that was done before.
pub fn withdraw(db: &mut Db, id: ConsentId, at: Instant) -> Result<bool, StorageError> {
    let given = consents::table.find(id.as_bytes().as_slice()).filter(consents::withdrawn_at.is_null());
    Ok(diesel::update(given).set(consents::withdrawn_at.eq(at.as_micros())).execute(db)? == 1)
}

/// Up to `limit` rows whose proof is sealed under an older key.
pub fn under_older(db: &mut Db, version: i32, limit: i64) -> Result<Vec<ConsentRow>, StorageError> {
    Ok(consents::table
        .filter(consents::key_version.lt(version))
        .limit(limit)
        .select(ConsentRow::as_select())
        .load(db)?)
}

/// Puts a proof that was sealed anew in the place of the old one.
pub fn replace_proof(db: &mut Db, id: &[u8], sealed: &Sealed) -> Result<(), StorageError> {
    diesel::update(consents::table.find(id))
        .set((consents::key_version.eq(sealed.key_version), consents::proof.eq(&sealed.bytes)))
        .execute(db)?;
    Ok(())
}

/// How many proofs are sealed under a version of the key.
pub fn count_under(db: &mut Db, version: i32) -> Result<i64, StorageError> {
    Ok(consents::table.filter(consents::key_version.eq(version)).count().get_result(db)?)
}

/// Deletes up to `limit` consents that ended before `before`; how many there were.
pub fn sweep(db: &mut Db, before: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<Vec<u8>> = consents::table
        .filter(consents::until.lt(before.as_micros()))
        .order(consents::until)
        .limit(limit)
        .select(consents::consent_id)
        .load(db)?;
    Ok(diesel::delete(consents::table.filter(consents::consent_id.eq_any(over))).execute(db)?)
}
