//! Who signed a request: a device of an account, or a key that wants to become one.

use std::time::Duration;

use super::{Eid, EidError};
use crate::crypto::VerifyingKey;
use crate::crypto::digest::sha256;
use crate::crypto::jose::{Audience, Typ, Unverified, jwt};
use crate::eid::request::{ApprovalClaim, Claims, TYPE, base64url};
use crate::eid::store::devices::DeviceRow;
use crate::eid::store::{accounts, devices};
use crate::kernel::{CitizenId, DeviceId, Instant};
use crate::storage::{Reach, StorageError};

const LONGEST_TOKEN: usize = 4 * 1024;
/// How far a device's clock may be off.
const SKEW: Duration = Duration::from_secs(60);
/// How long a spent `jti` is remembered beyond the time it could be used, for replicas whose clocks
/// differ.
const REMEMBERED: Duration = Duration::from_secs(60);

/// A request as it came, and the signature it came with.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    pub token: &'a str,
    pub method: &'a str,
    pub path: &'a str,
    pub body: &'a [u8],
}

/// A device whose signature was right.
#[derive(Debug, Clone)]
pub struct Device {
    pub id: DeviceId,
    pub citizen: CitizenId,
    pub(super) row: DeviceRow,
    /// The signature itself, for requests that are decisions.
    pub(super) token: String,
    pub(super) approval: Option<ApprovalClaim>,
}

impl Eid {
    /// The device that signed a request, which is spent by this.
    ///
    /// # Errors
    /// `DeviceSignature`, whatever is wrong.
    pub async fn device(&self, request: SignedRequest<'_>) -> Result<Device, EidError> {
        let token = parse(request.token)?;
        let kid = token.header().kid.as_deref().filter(|_| token.header().jwk.is_none());
        let id: DeviceId = kid.and_then(|kid| kid.parse().ok()).ok_or(EidError::DeviceSignature)?;
        let row = self.in_use(id).await?.ok_or(EidError::DeviceSignature)?;
        let claims = self.verified(token, &row.key()?, request)?;
        self.spend(&row.public_key, &claims).await?;
        Ok(Device { id, citizen: row.citizen()?, row, token: request.token.to_owned(), approval: claims.approval })
    }

    /// The key that signed a request and came with it: nobody's yet.
    ///
    /// # Errors
    /// `DeviceSignature`, whatever is wrong.
    pub async fn new_key(&self, request: SignedRequest<'_>) -> Result<VerifyingKey, EidError> {
        let token = parse(request.token)?;
        let jwk = token.header().jwk.as_ref().filter(|_| token.header().kid.is_none());
        let key = jwk.map(|jwk| jwk.key.clone()).ok_or(EidError::DeviceSignature)?;
        let claims = self.verified(token, &key, request)?;
        self.spend(key.as_bytes(), &claims).await?;
        Ok(key)
    }

    /// The device, if it is not revoked and its account is open.
    async fn in_use(&self, id: DeviceId) -> Result<Option<DeviceRow>, StorageError> {
        self.0
            .store
            .read(Reach::Key, move |db| {
                let Some(row) = devices::find(db, id)?.filter(|row| row.revoked_at.is_none()) else {
                    return Ok(None);
                };
                let account = accounts::find(db, row.citizen()?)?;
                Ok(account.filter(|account| account.closed_at.is_none()).map(|_| row))
            })
            .await
    }

    fn verified(
        &self,
        token: Unverified<'_>,
        key: &VerifyingKey,
        request: SignedRequest<'_>,
    ) -> Result<Claims, EidError> {
        let claims: Claims = jwt::verify(token, key, Typ::Exactly(TYPE)).map_err(|_| EidError::DeviceSignature)?;
        let now = self.0.clock.now();
        let fits = claims.aud == Audience::One(self.0.access.config().issuer.clone())
            && claims.htm == request.method
            && claims.htp == request.path
            && claims.bsh == base64url(&sha256(&[request.body]))
            && claims.iat.0 <= now.plus(SKEW)
            && claims.iat.0 >= now.minus(SKEW)
            && (8..=128).contains(&claims.jti.len());
        if fits { Ok(claims) } else { Err(EidError::DeviceSignature) }
    }

    async fn spend(&self, key: &[u8], claims: &Claims) -> Result<(), EidError> {
        let until: Instant = claims.iat.0.plus(SKEW).plus(REMEMBERED);
        let digest = sha256(&[b"device request\0", key, b"\0", claims.jti.as_bytes()]);
        if self.0.access.spend_once(digest, until).await? { Ok(()) } else { Err(EidError::DeviceSignature) }
    }
}

fn parse(token: &str) -> Result<Unverified<'_>, EidError> {
    Unverified::parse(token, LONGEST_TOKEN).map_err(|_| EidError::DeviceSignature)
}
