//! Confirmations of the room above: one more kind of credential, with a place in the same lists.

use super::{Qr, QrError};
use crate::crypto::cose;
use crate::kernel::{CitizenId, ClientId, Instant};
use crate::qr::credential::{CwtClaims, MAX_TEXT, NotACredential, StatusReference, Verdict, pack, verify};
use crate::qr::store::credentials::{self, CONFIRMATION, CredentialRow};
use crate::storage::{Reach, StorageError, Tx};

/// The reactor of the room above that makes confirmations void.
pub const VOIDER: &str = "residence.confirmations";

/// A place in a status list that was free a moment ago.
#[derive(Debug, Clone)]
pub struct StatusPlace {
    list: i32,
    index: i32,
    pub reference: StatusReference,
}

/// A confirmation to be entered beside the credentials.
#[derive(Clone)]
pub struct NewConfirmation {
    pub id: [u8; 16],
    pub citizen: CitizenId,
    pub client: ClientId,
    pub place: StatusPlace,
    /// What it states, as JSON.
    pub attributes: String,
    pub issued_at: Instant,
    pub expires_at: Instant,
}

/// Whether a confirmation still stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub expires_at: Instant,
    pub void_since: Option<Instant>,
}

impl Qr {
    /// A place for a confirmation; [`enter_confirmation`] takes it.
    pub async fn status_place(&self) -> Result<StatusPlace, StorageError> {
        let (list, index) = self.free_place().await?;
        let reference = StatusReference { index: u64::from(index.cast_unsigned()), uri: self.list_uri(list) };
        Ok(StatusPlace { list, index, reference })
    }

    /// The signed text of a confirmation's QR.
    ///
    /// # Errors
    /// [`QrError::DoesNotFit`] if it is more than a symbol holds.
    pub fn sign_confirmation(&self, claims: &CwtClaims) -> Result<String, QrError> {
        let (kid, key) = self.signing_key();
        let text = pack(&cose::sign(&key, kid.as_bytes(), &claims.to_payload()));
        if text.len() > MAX_TEXT { Err(QrError::DoesNotFit) } else { Ok(text) }
    }

    /// What a text is worth by its signature and times alone.
    ///
    /// # Errors
    /// If it is no credential of any kind.
    pub fn read_confirmation(&self, text: &str, now: Instant) -> Result<Verdict, NotACredential> {
        verify(text.trim(), &self.issuers(), None, now)
    }

    /// How the confirmation of this id stands; `None` if there is none.
    pub async fn confirmation(&self, id: [u8; 16]) -> Result<Option<Standing>, StorageError> {
        let row = self.0.store.read(Reach::Key, move |db| credentials::find(db, &id)).await?;
        Ok(row.filter(|row| row.kind == CONFIRMATION).map(|row| Standing {
            expires_at: Instant::from_micros(row.expires_at),
            void_since: row.revoked_at.map(Instant::from_micros),
        }))
    }
}

/// Enters a confirmation in a running transaction.
///
/// # Errors
/// `Conflict` if its place in the status list was taken meanwhile.
pub fn enter_confirmation(tx: &mut Tx<'_>, new: &NewConfirmation) -> Result<(), StorageError> {
    let row = CredentialRow {
        credential_id: new.id.to_vec(),
        citizen_id: new.citizen.as_bytes().to_vec(),
        client_id: new.client.to_string(),
        dynamic: false,
        status_list: Some(new.place.list),
        status_index: Some(new.place.index),
        attributes: new.attributes.clone(),
        // The room above keeps what it states, and watches it.
        said: Vec::new(),
        said_key: 0,
        issued_at: new.issued_at.as_micros(),
        expires_at: new.expires_at.as_micros(),
        revoked_at: None,
        spent_at: None,
        kind: CONFIRMATION,
    };
    credentials::insert(tx.db()?, &row)
}

/// Makes a confirmation void in a running transaction; doing it again changes nothing.
pub fn void_confirmation(tx: &mut Tx<'_>, id: &[u8], now: Instant) -> Result<(), StorageError> {
    let db = tx.db()?;
    if credentials::find(db, id)?.is_some() {
        credentials::revoke(db, id, now)?;
    }
    Ok(())
}
