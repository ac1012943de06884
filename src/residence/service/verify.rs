//! Confirmations verified by anybody who holds one: by its QR, its JWS, or its id and code.

use std::time::Duration;

use serde::Serialize;

use super::signing::{Claims, JWS_TYPE, ends};
use super::{Residence, ResidenceError, code};
use crate::crypto::KeyUse;
use crate::crypto::jose::jws::TOKEN_LIMIT;
use crate::crypto::jose::{Typ, Unverified};
use crate::crypto::mac::equal;
use crate::kernel::{Instant, TransactionId};
use crate::qr::VOIDER;
use crate::qr::credential::CredentialStatus;
use crate::qr::image::Symbol;
use crate::residence::model::Document;
use crate::residence::pages::confirmation;
use crate::residence::store::confirmations;
use crate::storage::StorageError;

/// Wrong codes one confirmation takes in a day; further ones are refused unread.
const WRONG_CODES: i32 = 10;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What is shown.
#[derive(Clone)]
pub enum ShownConfirmation {
    /// The text of the QR.
    Payload(String),
    Jws(String),
    /// As read by telephone.
    Code(TransactionId, String),
}

/// What a confirmation is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmationStatus {
    Valid,
    /// What it states has changed, or its issuer took it back. Why is not told.
    Void,
    Expired,
    /// Nobody here issued it.
    Unknown,
    /// It was altered after it was signed.
    Tampered,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct VerifiedConfirmation {
    pub status: ConfirmationStatus,
    /// Since when it is void.
    #[schema(value_type = Option<String>)]
    pub since: Option<Instant>,
    /// Of a valid one.
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Instant>,
}

impl VerifiedConfirmation {
    const fn of(status: ConfirmationStatus) -> Self {
        Self { status, since: None, valid_until: None }
    }

    const UNKNOWN: Self = Self::of(ConfirmationStatus::Unknown);
    const TAMPERED: Self = Self::of(ConfirmationStatus::Tampered);
    const EXPIRED: Self = Self::of(ConfirmationStatus::Expired);
}

impl Residence {
    /// Says what a confirmation is worth. Tells nothing of the person.
    ///
    /// # Errors
    /// [`ResidenceError::TooManyCodes`] if wrong codes were given too often, and
    /// [`ResidenceError::NotWatched`] in place of *valid* while it is not known what has changed.
    pub async fn verify(&self, shown: ShownConfirmation) -> Result<VerifiedConfirmation, ResidenceError> {
        match shown {
            ShownConfirmation::Payload(text) => self.verify_symbol(&text).await,
            ShownConfirmation::Jws(token) => match self.read_jws(&token) {
                Ok(claims) => self.standing(claims.document.confirmation_id, Some(ends(&claims))).await,
                Err(verdict) => Ok(verdict),
            },
            ShownConfirmation::Code(id, code) => self.verify_code(id, &code).await,
        }
    }

    /// The document of a JWS that this installation signed, whether or not it still stands.
    pub fn read_document(&self, token: &str) -> Option<Document> {
        self.read_jws(token).ok().map(|claims| claims.document)
    }

    /// A confirmation as a page to print.
    ///
    /// # Errors
    /// If its QR cannot be drawn or the page not be written.
    pub fn page(&self, document: &Document) -> Result<String, ResidenceError> {
        let text = self.symbol_text(document)?;
        let svg = Symbol::of_text(&text).map_err(|_| ResidenceError::DoesNotFit)?.to_svg();
        let lost = || StorageError::BrokenInvariant("the page cannot be written");
        Ok(confirmation(document, &svg).map_err(|_| lost())?)
    }

    async fn verify_symbol(&self, text: &str) -> Result<VerifiedConfirmation, ResidenceError> {
        let Ok(verdict) = self.0.qr.read_confirmation(text, self.0.clock.now()) else {
            return Ok(VerifiedConfirmation::TAMPERED);
        };
        let claims = match (verdict.status, verdict.claims) {
            (CredentialStatus::BadSignature, _) => return Ok(VerifiedConfirmation::TAMPERED),
            (_, Some(claims)) if claims.residence.is_some() => claims,
            _ => return Ok(VerifiedConfirmation::UNKNOWN),
        };
        let id = claims.id.as_deref().and_then(|id| <[u8; 16]>::try_from(id).ok());
        match id {
            Some(id) => self.standing(TransactionId(id), claims.expires).await,
            None => Ok(VerifiedConfirmation::UNKNOWN),
        }
    }

    fn read_jws(&self, token: &str) -> Result<Claims, VerifiedConfirmation> {
        let token = Unverified::parse(token.trim(), TOKEN_LIMIT).map_err(|_| VerifiedConfirmation::TAMPERED)?;
        let kid = token.header().kid.clone().unwrap_or_default();
        let keys = self.0.keyring.verifying_keys(KeyUse::Document);
        let (_, key) = keys.into_iter().find(|(id, _)| *id == kid).ok_or(VerifiedConfirmation::UNKNOWN)?;
        let payload = token.verify(&key, Typ::Exactly(JWS_TYPE)).map_err(|_| VerifiedConfirmation::TAMPERED)?;
        serde_json::from_slice(&payload).map_err(|_| VerifiedConfirmation::UNKNOWN)
    }

    /// How a confirmation stands that is known to be one. Its row is swept some time after its end.
    async fn standing(
        &self,
        id: TransactionId,
        signed_end: Option<Instant>,
    ) -> Result<VerifiedConfirmation, ResidenceError> {
        let now = self.0.clock.now();
        let over = |end: Option<Instant>| end.is_some_and(|end| end <= now);
        Ok(match self.0.qr.confirmation(id.0).await? {
            Some(standing) if standing.void_since.is_some() => VerifiedConfirmation {
                since: standing.void_since,
                ..VerifiedConfirmation::of(ConfirmationStatus::Void)
            },
            Some(standing) if standing.expires_at <= now => VerifiedConfirmation::EXPIRED,
            Some(_) if self.0.citizens.is_behind(VOIDER).await? => return Err(ResidenceError::NotWatched),
            Some(standing) => VerifiedConfirmation {
                valid_until: Some(standing.expires_at),
                ..VerifiedConfirmation::of(ConfirmationStatus::Valid)
            },
            None if over(signed_end) => VerifiedConfirmation::EXPIRED,
            None => VerifiedConfirmation::UNKNOWN,
        })
    }

    /// Judged and counted in one transaction: guesses made at once do not slip through together.
    async fn verify_code(&self, id: TransactionId, given: &str) -> Result<VerifiedConfirmation, ResidenceError> {
        let now = self.0.clock.now();
        let given = given.to_owned();
        let judged = self.0.store.write(move |tx| -> Result<Judged, StorageError> {
            let Some(row) = confirmations::find(tx.db()?, id.as_bytes())? else { return Ok(Judged::Wrong) };
            let age = now.since(Instant::from_micros(row.wrong_since));
            if row.wrong_codes >= WRONG_CODES && age < DAY {
                return Ok(Judged::TooMany(DAY.saturating_sub(age)));
            }
            let tag = code::tag(id, &given);
            if tag.is_some_and(|tag| equal(&tag, &row.code)) {
                return Ok(Judged::Right(Instant::from_micros(row.expires_at)));
            }
            confirmations::count_wrong(tx.db()?, id.as_bytes(), now.minus(DAY), now)?;
            Ok(Judged::Wrong)
        });
        match judged.await? {
            Judged::Right(end) => self.standing(id, Some(end)).await,
            Judged::Wrong => Ok(VerifiedConfirmation::UNKNOWN),
            Judged::TooMany(retry_after) => Err(ResidenceError::TooManyCodes { retry_after }),
        }
    }
}

/// A code, held against the confirmation's.
enum Judged {
    Right(Instant),
    Wrong,
    TooMany(Duration),
}
