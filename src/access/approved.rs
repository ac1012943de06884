//! What citizens approved, as it is kept: a token refers to it, and falls with it.

use std::time::Duration;

use super::service::Access;
use super::store::grants::{self, GrantRow};
use super::{CitizenGrant, Thumbprint};
use crate::clients::Client;
use crate::kernel::{AttributeSet, CitizenId, ClientId, ConsentId, DeviceId, Instant, Level, TransactionId};
use crate::storage::{Reach, StorageError, Tx};

/// An approval that a client may have tokens for.
#[derive(Debug, Clone)]
pub struct NewGrant {
    pub citizen_id: CitizenId,
    /// The citizen's device that approved; the grant ends with the device.
    pub device: DeviceId,
    pub level: Level,
    /// RFC 8176.
    pub amr: Vec<&'static str>,
    /// Every scope, separated by spaces.
    pub scope: String,
    pub attributes: AttributeSet,
    pub consent: Option<ConsentId>,
    /// `authorization_details` as granted, JSON; empty if none.
    pub details: String,
    pub approved_at: Instant,
    /// Whether it was asked for at the backchannel (CIBA), and not in a sign-in.
    pub backchannel: bool,
    pub lifetime: Duration,
}

/// A grant that stands.
#[derive(Debug, Clone)]
pub struct Grant {
    pub id: TransactionId,
    pub client: ClientId,
    pub citizen_id: CitizenId,
    /// How the client is told of the citizen.
    pub subject: String,
    pub level: Level,
    pub amr: Vec<String>,
    pub scope: String,
    pub attributes: AttributeSet,
    pub consent: Option<ConsentId>,
    pub details: String,
    pub approved_at: Instant,
    /// Whether it was asked for at the backchannel (CIBA), and not in a sign-in.
    pub backchannel: bool,
    pub expires_at: Instant,
}

impl Grant {
    /// As a caller carries it.
    pub fn to_citizen(&self) -> CitizenGrant {
        CitizenGrant {
            citizen_id: self.citizen_id,
            level: self.level,
            attributes: self.attributes,
            consent: self.consent,
            grant_id: self.id,
        }
    }
}

/// What of a grant a token gives, where that is less than all of it (RFC 6749 section 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Every scope, separated by spaces.
    pub scope: String,
    pub attributes: AttributeSet,
}

/// The key that tokens of a grant are bound to; `None`: plain Bearer tokens.
pub type Binding = Option<Thumbprint>;

impl Access {
    /// Keeps an approval, in the caller's transaction.
    pub fn keep_grant(&self, tx: &mut Tx<'_>, client: &Client, new: &NewGrant) -> Result<Grant, StorageError> {
        let now = self.clock.now();
        let grant = Grant {
            id: TransactionId::random(&*self.entropy),
            client: client.id.clone(),
            citizen_id: new.citizen_id,
            subject: self.subject(tx, client, new.citizen_id)?,
            level: new.level,
            amr: new.amr.iter().map(|&method| method.to_owned()).collect(),
            scope: new.scope.clone(),
            attributes: new.attributes,
            consent: new.consent,
            details: new.details.clone(),
            approved_at: new.approved_at,
            backchannel: new.backchannel,
            expires_at: now.plus(new.lifetime),
        };
        grants::insert(tx.db()?, &row_of(&grant, new.device)?)?;
        Ok(grant)
    }

    /// A grant that is neither revoked nor over.
    pub async fn find_grant(&self, id: TransactionId) -> Result<Option<Grant>, StorageError> {
        let now = self.clock.now();
        let row = self.store.read(Reach::Key, move |db| grants::find(db, id)).await?;
        standing(row, now)
    }

    /// The same, inside the caller's transaction.
    pub fn grant_in(&self, tx: &mut Tx<'_>, id: TransactionId) -> Result<Option<Grant>, StorageError> {
        standing(grants::find(tx.db()?, id)?, self.clock.now())
    }

    /// Ends a grant, and every token with it; whether it stood.
    pub fn revoke_grant(&self, tx: &mut Tx<'_>, id: TransactionId) -> Result<bool, StorageError> {
        grants::revoke(tx.db()?, id, self.clock.now())
    }

    /// Ends every grant a client has about one subject: those that stood, and whose they are.
    pub fn revoke_grants_of(
        &self,
        tx: &mut Tx<'_>,
        client: &ClientId,
        subject: &str,
    ) -> Result<Vec<(TransactionId, CitizenId)>, StorageError> {
        let ended = grants::revoke_all(tx.db()?, client, subject, self.clock.now())?;
        let read = |(grant, citizen): (Vec<u8>, Vec<u8>)| {
            let grant =
                TransactionId::from_slice(&grant).ok_or(StorageError::inconsistent("citizen_grants", "grant_id"))?;
            Ok((
                grant,
                CitizenId::from_slice(&citizen).ok_or(StorageError::inconsistent("citizen_grants", "citizen_id"))?,
            ))
        };
        ended.into_iter().map(read).collect()
    }
}

/// Ends every grant a citizen has given, whoever holds it: their devices are lost, or they are dead.
pub fn revoke_grants_of_citizen(tx: &mut Tx<'_>, citizen: CitizenId, now: Instant) -> Result<usize, StorageError> {
    grants::revoke_of_citizen(tx.db()?, citizen, now)
}

/// Ends every grant that one device of a citizen approved.
pub fn revoke_grants_of_device(
    tx: &mut Tx<'_>,
    citizen: CitizenId,
    device: DeviceId,
    now: Instant,
) -> Result<usize, StorageError> {
    grants::revoke_of_device(tx.db()?, citizen, device, now)
}

fn row_of(grant: &Grant, device: DeviceId) -> Result<GrantRow, StorageError> {
    Ok(GrantRow {
        grant_id: grant.id.as_bytes().to_vec(),
        client_id: grant.client.to_string(),
        citizen_id: grant.citizen_id.as_bytes().to_vec(),
        device_id: device.as_bytes().to_vec(),
        subject: grant.subject.clone(),
        level: grant.level.number(),
        amr: grant.amr.join(" "),
        scope: grant.scope.clone(),
        attributes: serde_json::to_string(&grant.attributes)
            .map_err(|_| StorageError::BrokenInvariant("attributes cannot be written as JSON"))?,
        consent_id: grant.consent.map(|consent| consent.as_bytes().to_vec()),
        details: grant.details.clone(),
        approved_at: grant.approved_at.as_micros(),
        expires_at: grant.expires_at.as_micros(),
        revoked_at: None,
        backchannel: grant.backchannel,
    })
}

fn standing(row: Option<GrantRow>, now: Instant) -> Result<Option<Grant>, StorageError> {
    let stands = |row: &GrantRow| row.revoked_at.is_none() && now.as_micros() < row.expires_at;
    row.filter(stands).map(grant_of).transpose()
}

fn grant_of(row: GrantRow) -> Result<Grant, StorageError> {
    let wrong = |column| StorageError::inconsistent("citizen_grants", column);
    let consent = row.consent_id.as_deref().map(|id| ConsentId::from_slice(id).ok_or_else(|| wrong("consent_id")));
    Ok(Grant {
        id: TransactionId::from_slice(&row.grant_id).ok_or_else(|| wrong("grant_id"))?,
        client: row.client_id.parse().map_err(|_| wrong("client_id"))?,
        citizen_id: CitizenId::from_slice(&row.citizen_id).ok_or_else(|| wrong("citizen_id"))?,
        subject: row.subject,
        level: Level::of_number(row.level).ok_or_else(|| wrong("level"))?,
        amr: row.amr.split(' ').map(str::to_owned).collect(),
        scope: row.scope,
        attributes: serde_json::from_str(&row.attributes).map_err(|_| wrong("attributes"))?,
        consent: consent.transpose()?,
        details: row.details,
        approved_at: Instant::from_micros(row.approved_at),
        backchannel: row.backchannel,
        expires_at: Instant::from_micros(row.expires_at),
    })
}
