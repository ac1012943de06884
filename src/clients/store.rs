//! The clients' SQL.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{Agreement, Client, ClientKey, ClientProfile, Registration, SecretTag, Stoppable, Stops};
use crate::crypto::{Algorithm, VerifyingKey};
use crate::kernel::purpose::OfficerCode;
use crate::kernel::{ClientId, Instant, Officer, ProcedureCode};
use crate::storage::schema::{client_changes, client_keys, client_officers, client_registry, client_stops, clients};
use crate::storage::{Db, StorageError};

/// What was done to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Added,
    KeyRotated,
    Stopped,
    Started,
    OfficerAdded,
    Amended,
    RedirectsSet,
    SecretSet,
    OfficerRemoved,
}

impl Action {
    const ALL: [Self; 9] = [
        Self::Added,
        Self::KeyRotated,
        Self::Stopped,
        Self::Started,
        Self::OfficerAdded,
        Self::Amended,
        Self::RedirectsSet,
        Self::SecretSet,
        Self::OfficerRemoved,
    ];

    /// What the history calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::KeyRotated => "key_rotated",
            Self::Stopped => "stopped",
            Self::Started => "started",
            Self::OfficerAdded => "officer_added",
            Self::Amended => "amended",
            Self::RedirectsSet => "redirects_set",
            Self::SecretSet => "secret_set",
            Self::OfficerRemoved => "officer_removed",
        }
    }

    /// What the audit calls it.
    pub const fn operation(self) -> &'static str {
        match self {
            Self::Added => "clients.add",
            Self::KeyRotated => "clients.rotate_key",
            Self::Stopped => "clients.stop",
            Self::Started => "clients.start",
            Self::OfficerAdded => "clients.officers.add",
            Self::Amended => "clients.amend",
            Self::RedirectsSet => "clients.redirects",
            Self::SecretSet => "clients.new_secret",
            Self::OfficerRemoved => "clients.officers.remove",
        }
    }

    const fn code(self) -> i16 {
        self as i16
    }

    fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.code() == code)
    }
}

/// One row of a client's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub at: Instant,
    pub action: Action,
    /// JSON: what came in by the change.
    pub detail: String,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = clients, treat_none_as_default_value = false)]
struct ClientRow {
    client_id: String,
    name: String,
    profile: i16,
    state_body: bool,
    agreement: String,
    created_at: i64,
    registration: String,
    secret: Option<Vec<u8>>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = client_keys, treat_none_as_default_value = false)]
struct KeyRow {
    client_id: String,
    key_id: String,
    algorithm: i16,
    public_key: Vec<u8>,
    valid_from: i64,
    valid_until: Option<i64>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = client_officers, treat_none_as_default_value = false)]
struct OfficerRow {
    client_id: String,
    officer_id: String,
    unit: String,
    added_at: i64,
}

const fn profile_code(profile: ClientProfile) -> i16 {
    match profile {
        ClientProfile::Service => 0,
        ClientProfile::Fapi2 => 1,
        ClientProfile::Baseline => 2,
    }
}

const fn algorithm_code(algorithm: Algorithm) -> i16 {
    match algorithm {
        Algorithm::P256 => 0,
        Algorithm::Ed25519 => 1,
    }
}

impl ClientRow {
    fn into_client(self) -> Result<Client, StorageError> {
        let profile = match self.profile {
            0 => ClientProfile::Service,
            1 => ClientProfile::Fapi2,
            2 => ClientProfile::Baseline,
            _ => return Err(StorageError::inconsistent_row("clients", "profile", &self.client_id)),
        };
        let agreement: Agreement = serde_json::from_str(&self.agreement)
            .map_err(|_| StorageError::inconsistent_row("clients", "agreement", &self.client_id))?;
        let registration = serde_json::from_str(&self.registration)
            .map_err(|_| StorageError::inconsistent_row("clients", "registration", &self.client_id))?;
        let secret = self.secret.as_deref().map(|bytes| {
            SecretTag::from_bytes(bytes)
                .ok_or_else(|| StorageError::inconsistent_row("clients", "secret", &self.client_id))
        });
        Ok(Client {
            id: self
                .client_id
                .parse()
                .map_err(|_| StorageError::inconsistent_row("clients", "client_id", &self.client_id))?,
            name: self.name,
            profile,
            state_body: self.state_body,
            stops: Stops::default(),
            keys: Vec::new(),
            officers: Default::default(),
            agreement,
            registration,
            secret: secret.transpose()?,
        })
    }
}

impl KeyRow {
    fn new(client: &ClientId, key: &ClientKey) -> Self {
        Self {
            client_id: client.to_string(),
            key_id: key.id.clone(),
            algorithm: algorithm_code(key.key.algorithm()),
            public_key: key.key.as_bytes().to_vec(),
            valid_from: key.valid_from.as_micros(),
            valid_until: key.valid_until.map(Instant::as_micros),
        }
    }

    fn into_key(self) -> Result<ClientKey, StorageError> {
        let algorithm = match self.algorithm {
            0 => Algorithm::P256,
            1 => Algorithm::Ed25519,
            _ => return Err(StorageError::inconsistent_row("client_keys", "algorithm", &self.client_id)),
        };
        Ok(ClientKey {
            key: VerifyingKey::new(algorithm, &self.public_key)
                .map_err(|_| StorageError::inconsistent_row("client_keys", "public_key", &self.client_id))?,
            id: self.key_id,
            valid_from: Instant::from_micros(self.valid_from),
            valid_until: self.valid_until.map(Instant::from_micros),
        })
    }
}

impl OfficerRow {
    fn into_officer(self) -> Result<Officer, StorageError> {
        let code = |text: &str, column| {
            OfficerCode::parse(text)
                .map_err(|_| StorageError::inconsistent_row("client_officers", column, &self.client_id))
        };
        Ok(Officer { id: code(&self.officer_id, "officer_id")?, unit: code(&self.unit, "unit")? })
    }
}

/// The version of the registry: it grows with every change.
pub fn version(db: &mut Db) -> Result<i64, StorageError> {
    Ok(client_registry::table.find(1).select(client_registry::version).get_result(db)?)
}

/// Every client, with its keys and officers.
pub fn all(db: &mut Db) -> Result<Vec<Client>, StorageError> {
    let rows: Vec<ClientRow> = clients::table.select(ClientRow::as_select()).load(db)?;
    let mut found = rows
        .into_iter()
        .map(|row| Ok((row.client_id.clone(), row.into_client()?)))
        .collect::<Result<HashMap<String, Client>, StorageError>>()?;
    let keys: Vec<KeyRow> = client_keys::table.select(KeyRow::as_select()).order(client_keys::valid_from).load(db)?;
    for row in keys {
        if let Some(client) = found.get_mut(&row.client_id) {
            client.keys.push(row.into_key()?);
        }
    }
    let officers: Vec<OfficerRow> = client_officers::table.select(OfficerRow::as_select()).load(db)?;
    for row in officers {
        if let Some(client) = found.get_mut(&row.client_id) {
            client.officers.insert(row.into_officer()?);
        }
    }
    let stops = client_stops::table.select((client_stops::client_id, client_stops::kind, client_stops::name));
    for (client_id, kind, name) in stops.load::<(String, i16, String)>(db)? {
        if let Some(client) = found.get_mut(&client_id) {
            // What cannot be read must not let anybody through.
            client.stops.insert(
                stoppable(kind, &name)
                    .ok_or_else(|| StorageError::inconsistent_row("client_stops", "kind", &client_id))?,
            );
        }
    }
    Ok(found.into_values().collect())
}

/// Notes a change in the history. Goes first in every change: the registry's row puts them in order.
pub fn note(db: &mut Db, client: &ClientId, action: Action, detail: &str, at: Instant) -> Result<(), StorageError> {
    let version: i64 = diesel::update(client_registry::table.find(1))
        .set(client_registry::version.eq(client_registry::version + 1))
        .returning(client_registry::version)
        .get_result(db)?;
    diesel::insert_into(client_changes::table)
        .values((
            client_changes::version.eq(version),
            client_changes::at.eq(at.as_micros()),
            client_changes::client_id.eq(client.as_str()),
            client_changes::action.eq(action.code()),
            client_changes::detail.eq(detail),
        ))
        .execute(db)?;
    Ok(())
}

/// A client's history, oldest first.
pub fn history(db: &mut Db, client: &ClientId) -> Result<Vec<Change>, StorageError> {
    let rows: Vec<(i64, i16, String)> = client_changes::table
        .filter(client_changes::client_id.eq(client.as_str()))
        .order(client_changes::version)
        .select((client_changes::at, client_changes::action, client_changes::detail))
        .load(db)?;
    rows.into_iter()
        .map(|(at, code, detail)| {
            let action = Action::from_code(code)
                .ok_or_else(|| StorageError::inconsistent_row("client_changes", "action", client.as_str()))?;
            Ok(Change { at: Instant::from_micros(at), action, detail })
        })
        .collect()
}

pub fn exists(db: &mut Db, client: &ClientId) -> Result<bool, StorageError> {
    let found: i64 = clients::table.filter(clients::client_id.eq(client.as_str())).count().get_result(db)?;
    Ok(found > 0)
}

/// The keys of one client as they stand inside the running transaction.
pub fn keys(db: &mut Db, client: &ClientId) -> Result<Vec<ClientKey>, StorageError> {
    let rows: Vec<KeyRow> = client_keys::table
        .filter(client_keys::client_id.eq(client.as_str()))
        .select(KeyRow::as_select())
        .order(client_keys::valid_from)
        .load(db)?;
    rows.into_iter().map(KeyRow::into_key).collect()
}

pub fn insert(db: &mut Db, client: &Client, at: Instant) -> Result<(), StorageError> {
    diesel::insert_into(clients::table)
        .values(ClientRow {
            client_id: client.id.to_string(),
            name: client.name.clone(),
            profile: profile_code(client.profile),
            state_body: client.state_body,
            agreement: agreement_text(&client.agreement)?,
            created_at: at.as_micros(),
            registration: registration_text(&client.registration)?,
            secret: client.secret.as_ref().map(SecretTag::to_bytes),
        })
        .execute(db)?;
    replace_keys(db, &client.id, &client.keys)?;
    client.officers.iter().try_for_each(|officer| insert_officer(db, &client.id, officer, at).map(|_| ()))
}

/// Puts `keys` in the place of all keys the client had.
pub fn replace_keys(db: &mut Db, client: &ClientId, keys: &[ClientKey]) -> Result<(), StorageError> {
    diesel::delete(client_keys::table.filter(client_keys::client_id.eq(client.as_str()))).execute(db)?;
    for key in keys {
        diesel::insert_into(client_keys::table).values(KeyRow::new(client, key)).execute(db)?;
    }
    Ok(())
}

/// Adds an officer; whether they are new.
pub fn insert_officer(db: &mut Db, client: &ClientId, officer: &Officer, at: Instant) -> Result<bool, StorageError> {
    let key = (client.as_str(), officer.id.as_str(), officer.unit.as_str());
    let known: i64 = client_officers::table.find(key).count().get_result(db)?;
    if known > 0 {
        return Ok(false);
    }
    diesel::insert_into(client_officers::table)
        .values(OfficerRow {
            client_id: client.to_string(),
            officer_id: officer.id.to_string(),
            unit: officer.unit.to_string(),
            added_at: at.as_micros(),
        })
        .execute(db)?;
    Ok(true)
}

/// Strikes an officer off; whether they were there.
pub fn delete_officer(db: &mut Db, client: &ClientId, officer: &Officer) -> Result<bool, StorageError> {
    let key = (client.as_str(), officer.id.as_str(), officer.unit.as_str());
    Ok(diesel::delete(client_officers::table.find(key)).execute(db)? > 0)
}

/// Stops something of a client; what is stopped already stays so since then.
pub fn stop(db: &mut Db, client: &ClientId, what: &Stoppable, at: Instant) -> Result<(), StorageError> {
    let (kind, name) = stop_key(what);
    let stopped: i64 = client_stops::table.find((client.as_str(), kind, &name)).count().get_result(db)?;
    if stopped == 0 {
        diesel::insert_into(client_stops::table)
            .values((
                client_stops::client_id.eq(client.as_str()),
                client_stops::kind.eq(kind),
                client_stops::name.eq(name),
                client_stops::stopped_at.eq(at.as_micros()),
            ))
            .execute(db)?;
    }
    Ok(())
}

/// Starts it again; whether it was stopped.
pub fn start(db: &mut Db, client: &ClientId, what: &Stoppable) -> Result<bool, StorageError> {
    let (kind, name) = stop_key(what);
    Ok(diesel::delete(client_stops::table.find((client.as_str(), kind, name))).execute(db)? > 0)
}

fn stop_key(what: &Stoppable) -> (i16, String) {
    match what {
        Stoppable::Client => (0, String::new()),
        Stoppable::Procedure(code) => (1, code.to_string()),
        Stoppable::Officer(id) => (2, id.to_string()),
    }
}

fn stoppable(kind: i16, name: &str) -> Option<Stoppable> {
    match kind {
        0 => Some(Stoppable::Client),
        1 => ProcedureCode::parse(name).ok().map(Stoppable::Procedure),
        2 => OfficerCode::parse(name).ok().map(Stoppable::Officer),
        _ => None,
    }
}

pub fn set_agreement(db: &mut Db, client: &ClientId, agreement: &Agreement) -> Result<(), StorageError> {
    let text = agreement_text(agreement)?;
    diesel::update(clients::table.find(client.as_str())).set(clients::agreement.eq(text)).execute(db)?;
    Ok(())
}

pub fn set_registration(db: &mut Db, client: &ClientId, registration: &Registration) -> Result<(), StorageError> {
    let text = registration_text(registration)?;
    diesel::update(clients::table.find(client.as_str())).set(clients::registration.eq(text)).execute(db)?;
    Ok(())
}

/// Puts a secret in the place of the old one, if there was one.
pub fn set_secret(db: &mut Db, client: &ClientId, secret: &SecretTag) -> Result<(), StorageError> {
    diesel::update(clients::table.find(client.as_str())).set(clients::secret.eq(secret.to_bytes())).execute(db)?;
    Ok(())
}

/// The registration as the column holds it.
pub fn registration_text(registration: &Registration) -> Result<String, StorageError> {
    serde_json::to_string(registration)
        .map_err(|_| StorageError::BrokenInvariant("a registration cannot be written as JSON"))
}

/// The agreement as the column holds it.
pub fn agreement_text(agreement: &Agreement) -> Result<String, StorageError> {
    serde_json::to_string(agreement)
        .map_err(|_| StorageError::BrokenInvariant("an agreement cannot be written as JSON"))
}
