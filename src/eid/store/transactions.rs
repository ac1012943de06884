//! Requests for an approval.

use diesel::dsl::{count_star, max};
use diesel::prelude::*;

use crate::eid::model::{Channel, TAKING_TIME, TransactionState};
use crate::kernel::{CitizenId, DeviceId, Instant, TransactionId};
use crate::storage::schema::eid_transactions;
use crate::storage::{Db, StorageError, per_arm};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = eid_transactions, treat_none_as_default_value = false)]
pub struct TransactionRow {
    pub transaction_id: Vec<u8>,
    pub client_id: String,
    pub citizen_id: Option<Vec<u8>>,
    pub state: i16,
    pub channel: i16,
    pub level: i16,
    pub digits: i16,
    pub scan: Vec<u8>,
    pub bound: bool,
    pub shown: bool,
    pub names_tried: i16,
    pub key_version: i32,
    pub sealed: Vec<u8>,
    pub created_at: i64,
    pub expires_at: i64,
    pub decided_at: Option<i64>,
    pub device_id: Option<Vec<u8>>,
    pub proof: Option<Vec<u8>>,
    pub taken_at: Option<i64>,
}

impl TransactionRow {
    pub fn id(&self) -> Result<TransactionId, StorageError> {
        TransactionId::from_slice(&self.transaction_id)
            .ok_or(StorageError::inconsistent("eid_transactions", "transaction_id"))
    }

    pub fn citizen(&self) -> Result<Option<CitizenId>, StorageError> {
        let read = |bytes: &Vec<u8>| {
            CitizenId::from_slice(bytes).ok_or(StorageError::inconsistent("eid_transactions", "citizen_id"))
        };
        self.citizen_id.as_ref().map(read).transpose()
    }

    pub fn state(&self, now: Instant) -> Result<TransactionState, StorageError> {
        let expires = Instant::from_micros(self.expires_at);
        TransactionState::of_row(self.state, self.taken_at.is_some(), expires, now)
            .ok_or(StorageError::inconsistent("eid_transactions", "state"))
    }
}

pub fn insert(db: &mut Db, row: &TransactionRow) -> Result<(), StorageError> {
    diesel::insert_into(eid_transactions::table).values(row).execute(db)?;
    Ok(())
}

pub fn find(db: &mut Db, id: TransactionId) -> Result<Option<TransactionRow>, StorageError> {
    let found = per_arm!(db, conn => eid_transactions::table
        .find(id.as_bytes().as_slice())
        .select(TransactionRow::as_select())
        .get_result(conn)
        .optional())?;
    Ok(found)
}

pub fn find_scanned(db: &mut Db, scan: &[u8; 32]) -> Result<Option<TransactionRow>, StorageError> {
    let found = per_arm!(db, conn => eid_transactions::table
        .filter(eid_transactions::scan.eq(scan.as_slice()))
        .select(TransactionRow::as_select())
        .get_result(conn)
        .optional())?;
    Ok(found)
}

/// State of a request, when it expires, and when it was taken.
pub fn state_of(db: &mut Db, id: TransactionId) -> Result<Option<(i16, i64, Option<i64>)>, StorageError> {
    let found = per_arm!(db, conn => eid_transactions::table
        .find(id.as_bytes().as_slice())
        .select((eid_transactions::state, eid_transactions::expires_at, eid_transactions::taken_at))
        .get_result(conn)
        .optional())?;
    Ok(found)
}

/// What waits for the citizen's decision, oldest first.
pub fn pending_of(
    db: &mut Db,
    citizen: CitizenId,
    now: Instant,
    limit: i64,
) -> Result<Vec<TransactionRow>, StorageError> {
    Ok(eid_transactions::table
        .filter(eid_transactions::citizen_id.eq(citizen.as_bytes().as_slice()))
        .filter(eid_transactions::expires_at.gt(now.as_micros()))
        .filter(eid_transactions::state.eq(TransactionState::Pending.number()))
        .filter(eid_transactions::shown.eq(true))
        .order((eid_transactions::created_at, eid_transactions::transaction_id))
        .limit(limit)
        .select(TransactionRow::as_select())
        .load(db)?)
}

/// How many requests of a channel wait for the citizen's decision, but for `other_than`.
pub fn count_pending(
    db: &mut Db,
    citizen: CitizenId,
    channel: Channel,
    other_than: Option<TransactionId>,
    now: Instant,
) -> Result<i64, StorageError> {
    let other = other_than.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
    Ok(eid_transactions::table
        .filter(eid_transactions::citizen_id.eq(citizen.as_bytes().as_slice()))
        .filter(eid_transactions::expires_at.gt(now.as_micros()))
        .filter(eid_transactions::state.eq(TransactionState::Pending.number()))
        .filter(eid_transactions::channel.eq(channel.number()))
        .filter(eid_transactions::shown.eq(true))
        .filter(eid_transactions::transaction_id.ne(other))
        .count()
        .get_result(db)?)
}

/// Makes a request that is bound to nobody one for another citizen, or for nobody, and counts the
/// name tried; `false` if it is over, bound, or `most` names were tried.
pub fn address(
    db: &mut Db,
    id: TransactionId,
    (to, shown): (Option<CitizenId>, bool),
    most: i16,
    now: Instant,
) -> Result<bool, StorageError> {
    let open = eid_transactions::table
        .find(id.as_bytes().as_slice())
        .filter(eid_transactions::state.eq(TransactionState::Pending.number()))
        .filter(eid_transactions::expires_at.gt(now.as_micros()))
        .filter(eid_transactions::bound.eq(false))
        .filter(eid_transactions::names_tried.lt(most));
    let addressed = diesel::update(open).set((
        eid_transactions::citizen_id.eq(to.map(|citizen| citizen.as_bytes().to_vec())),
        eid_transactions::shown.eq(shown),
        eid_transactions::names_tried.eq(eid_transactions::names_tried + 1),
    ));
    Ok(addressed.execute(db)? == 1)
}

/// Gives a request to the citizen who scanned it; `false` if it is over, or another has it.
pub fn claim(db: &mut Db, id: &[u8], by: CitizenId, now: Instant) -> Result<bool, StorageError> {
    let bytes = by.as_bytes().as_slice();
    let open = eid_transactions::table
        .find(id)
        .filter(eid_transactions::state.eq(TransactionState::Pending.number()))
        .filter(eid_transactions::expires_at.gt(now.as_micros()))
        .filter(eid_transactions::bound.eq(false).or(eid_transactions::citizen_id.eq(bytes)));
    let claimed = diesel::update(open)
        .set((
            eid_transactions::citizen_id.eq(bytes.to_vec()),
            eid_transactions::bound.eq(true),
            eid_transactions::shown.eq(true),
        ))
        .execute(db)?;
    Ok(claimed == 1)
}

/// A decision as it is written.
pub struct Decided {
    pub state: TransactionState,
    pub device: DeviceId,
    pub proof: Option<Vec<u8>>,
    pub at: Instant,
}

/// Decides a pending request of the citizen; `false` if it is not theirs, decided or over.
pub fn decide(db: &mut Db, id: TransactionId, citizen: CitizenId, decided: &Decided) -> Result<bool, StorageError> {
    let pending = eid_transactions::table
        .find(id.as_bytes().as_slice())
        .filter(eid_transactions::citizen_id.eq(citizen.as_bytes().as_slice()))
        .filter(eid_transactions::shown.eq(true))
        .filter(eid_transactions::state.eq(TransactionState::Pending.number()))
        .filter(eid_transactions::expires_at.gt(decided.at.as_micros()));
    let written = diesel::update(pending).set((
        eid_transactions::state.eq(decided.state.number()),
        eid_transactions::decided_at.eq(decided.at.as_micros()),
        eid_transactions::device_id.eq(decided.device.as_bytes().to_vec()),
        eid_transactions::proof.eq(decided.proof.clone()),
    ));
    Ok(written.execute(db)? == 1)
}

/// Takes an approval that nobody took, in time; `None` if there is none.
pub fn take(db: &mut Db, id: TransactionId, now: Instant) -> Result<Option<TransactionRow>, StorageError> {
    let approved = eid_transactions::table
        .find(id.as_bytes().as_slice())
        .filter(eid_transactions::state.eq(TransactionState::Approved.number()))
        .filter(eid_transactions::expires_at.gt(now.minus(TAKING_TIME).as_micros()))
        .filter(eid_transactions::taken_at.is_null());
    if diesel::update(approved).set(eid_transactions::taken_at.eq(now.as_micros())).execute(db)? == 0 {
        return Ok(None);
    }
    find(db, id)
}

/// Ends a request whose approval nobody took, as if its time were up: the row as it then is; `None`
/// if it was over.
pub fn withdraw(db: &mut Db, id: TransactionId, now: Instant) -> Result<Option<TransactionRow>, StorageError> {
    let over = now.minus(TAKING_TIME).as_micros();
    let pending = eid_transactions::state
        .eq(TransactionState::Pending.number())
        .and(eid_transactions::expires_at.gt(now.as_micros()));
    let approved =
        eid_transactions::state.eq(TransactionState::Approved.number()).and(eid_transactions::expires_at.gt(over));
    let open = eid_transactions::table
        .find(id.as_bytes().as_slice())
        .filter(pending.or(approved))
        .filter(eid_transactions::taken_at.is_null());
    if diesel::update(open).set(eid_transactions::expires_at.eq(over)).execute(db)? == 0 {
        return Ok(None);
    }
    find(db, id)
}

/// Takes back what one device approved and nobody has taken: the device is revoked.
pub fn abandon_of_device(db: &mut Db, citizen: CitizenId, device: DeviceId) -> Result<(), StorageError> {
    let untaken = eid_transactions::table
        .filter(eid_transactions::citizen_id.eq(citizen.as_bytes().as_slice()))
        .filter(eid_transactions::device_id.eq(device.as_bytes().as_slice()))
        .filter(eid_transactions::state.eq(TransactionState::Approved.number()))
        .filter(eid_transactions::taken_at.is_null());
    diesel::update(untaken).set(eid_transactions::state.eq(TransactionState::Rejected.number())).execute(db)?;
    Ok(())
}

/// Ends what waits for the citizen: the account closes, or its devices are revoked.
pub fn abandon(db: &mut Db, citizen: CitizenId) -> Result<(), StorageError> {
    let pending = eid_transactions::table
        .filter(eid_transactions::citizen_id.eq(citizen.as_bytes().as_slice()))
        .filter(eid_transactions::state.eq(TransactionState::Pending.number()));
    diesel::update(pending).set(eid_transactions::shown.eq(false)).execute(db)?;
    // An approval that nobody has taken yet goes with its citizen.
    let untaken = eid_transactions::table
        .filter(eid_transactions::citizen_id.eq(citizen.as_bytes().as_slice()))
        .filter(eid_transactions::state.eq(TransactionState::Approved.number()))
        .filter(eid_transactions::taken_at.is_null());
    diesel::update(untaken).set(eid_transactions::state.eq(TransactionState::Rejected.number())).execute(db)?;
    Ok(())
}

/// Requests sealed under a version, and when the last of them expires.
pub fn sealed_under(db: &mut Db, version: i32) -> Result<(i64, Option<i64>), StorageError> {
    Ok(eid_transactions::table
        .filter(eid_transactions::key_version.eq(version))
        .select((count_star(), max(eid_transactions::expires_at)))
        .get_result(db)?)
}
