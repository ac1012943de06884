//! Credentials that a citizen's own device asks for, bound to its key: shown by nobody else.

use std::time::Duration;

use super::issue::{NewClaims, drawn};
use super::{Qr, QrError, said_tag};
use crate::citizens::{OpenRecord, is_still_at};
use crate::crypto::cose::{self, Countersignature, Sign1};
use crate::crypto::{KeyUse, VerifyingKey};
use crate::kernel::{AttributeSet, CitizenId, ClientId, Instant, TransactionId};
use crate::qr::credential::{CwtClaims, MAX_TEXT, pack};
use crate::qr::image::ImageKind;
use crate::qr::said::{Omitted, say};
use crate::qr::store::credentials::{self, CredentialRow};
use crate::storage::{StorageError, Tx};

/// It is made to be shown at once.
const LIFETIME: Duration = Duration::from_secs(60);

/// A credential of one showing, signed, for its holder to sign over.
#[derive(Clone)]
pub struct HolderCredential {
    pub id: TransactionId,
    /// The COSE_Sign1, not packed yet.
    pub bytes: Vec<u8>,
    pub expires: Instant,
    pub attributes: AttributeSet,
    pub omitted: Vec<Omitted>,
    row: CredentialRow,
    citizen: CitizenId,
    record_version: i64,
}

/// What a reader scans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolderQr {
    pub text: String,
    /// SVG.
    pub image: String,
}

impl Qr {
    /// Signs a credential of what a citizen's record says, for `audience` alone, bound to the key of
    /// their device. [`enter_holder`] makes it known.
    ///
    /// # Errors
    /// [`QrError::NothingToSay`] if none of the attributes can be said.
    pub fn bind(
        &self,
        record: &OpenRecord,
        key: &VerifyingKey,
        attributes: AttributeSet,
        audience: &ClientId,
    ) -> Result<HolderCredential, QrError> {
        let said = say(&record.citizen, attributes);
        if said.attributes.is_empty() {
            return Err(QrError::NothingToSay);
        }
        let NewClaims { id, expires, claims } = self.claims(&said, Some(audience), LIFETIME);
        let claims = CwtClaims { confirmation: Some(cose::holder_key(key)), ..claims };
        let (kid, signer) = self.signing_key();
        let bytes = cose::sign(&signer, kid.as_bytes(), &claims.to_payload());
        let said_key = self.0.keyring.active(KeyUse::Index);
        let lost = || StorageError::BrokenInvariant("a credential cannot be kept");
        let citizen = record.citizen.citizen_id;
        let row = CredentialRow {
            credential_id: id.to_vec(),
            citizen_id: citizen.as_bytes().to_vec(),
            // No client issued it, and none revokes it.
            client_id: String::new(),
            dynamic: true,
            status_list: None,
            status_index: None,
            attributes: serde_json::to_string(&said.attributes).map_err(|_| lost())?,
            said: said_tag(&self.0.keyring, said_key, &said).ok_or_else(lost)?.to_vec(),
            said_key: said_key as i32,
            issued_at: self.0.clock.now().as_micros(),
            expires_at: expires.as_micros(),
            revoked_at: None,
            spent_at: None,
            kind: credentials::CREDENTIAL,
        };
        let (attributes, omitted) = (said.attributes, said.omitted);
        let (id, record_version) = (TransactionId(id), record.row_version);
        Ok(HolderCredential { id, bytes, expires, attributes, omitted, row, citizen, record_version })
    }

    /// The QR of a credential of ours and its holder's countersignature, if the holder made it.
    ///
    /// # Errors
    /// [`QrError::NotOfHolder`] if it is no credential of ours, or another key signed.
    pub fn show(&self, credential: &[u8], countersignature: &[u8]) -> Result<HolderQr, QrError> {
        let signed = Sign1::read(credential).map_err(|_| QrError::NotOfHolder)?;
        let trusted = self.issuers();
        let mut keys = trusted.iter().flat_map(|issuer| &issuer.keys);
        let ours = keys.any(|(kid, key)| signed.kid == Some(kid.as_slice()) && signed.verify(key).is_ok());
        let claims = CwtClaims::read(signed.payload).ok().filter(|_| ours).ok_or(QrError::NotOfHolder)?;
        let key = claims.confirmation.as_deref().and_then(|key| cose::read_holder_key(key).ok());
        let proof = Countersignature::read(countersignature).map_err(|_| QrError::NotOfHolder)?;
        if key.is_none_or(|key| proof.verify(&signed, &key).is_err()) {
            return Err(QrError::NotOfHolder);
        }
        let text = pack(&signed.with_countersignature(countersignature));
        if text.len() > MAX_TEXT {
            return Err(QrError::DoesNotFit);
        }
        Ok(HolderQr { image: drawn(&text, ImageKind::Svg)?, text })
    }
}

/// Makes a credential known, in a running transaction.
///
/// # Errors
/// `Unavailable` if the record changed while it was made.
pub fn enter_holder(tx: &mut Tx<'_>, credential: &HolderCredential) -> Result<(), StorageError> {
    // A change of the record after this is seen by the reactor, which then sees this row.
    if !is_still_at(tx, credential.citizen, credential.record_version)? {
        return Err(StorageError::unavailable("the record changed while a credential was made"));
    }
    credentials::insert(tx.db()?, &credential.row)
}
