//! What everybody may read: keys and status lists.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde::Serialize;

use super::issue::LIST_PLACES;
use super::{Qr, short};
use crate::crypto::jose::{JwkSet, Signer};
use crate::crypto::{KeyUse, cose};
use crate::kernel::Instant;
use crate::qr::status::{CWT_TYPE, JWT_TYPE, StatusBits, StatusListClaims, to_cwt_payload, to_jwt_payload};
use crate::qr::store::credentials;
use crate::storage::{Reach, StorageError};

/// How long a reader may use a copy before it looks again.
pub const LIST_TTL: Duration = Duration::from_secs(60);
/// How long a reader without a connection may go on using it.
const LIST_LIFE: Duration = Duration::from_secs(24 * 3600);
/// How long this process hands out the same token.
const LIST_KEPT: Duration = Duration::from_secs(1);

/// A status list, signed in both forms.
pub struct SignedList {
    made: Instant,
    pub jwt: String,
    pub cwt: Vec<u8>,
}

/// The public keys of credentials and status lists.
#[derive(Debug, Serialize)]
pub struct KeySet {
    /// The `iss` of what they sign.
    pub issuer: String,
    #[serde(flatten)]
    pub keys: JwkSet,
}

impl Qr {
    pub(super) fn list_uri(&self, list: i32) -> String {
        format!("{}/v1/status-lists/{list}", self.0.issuer)
    }

    /// Those in use, the next, and the last.
    pub fn public_keys(&self) -> KeySet {
        let keys = self.0.keyring.verifying_keys(KeyUse::Qr).into_iter();
        let keys = JwkSet::of(keys.map(|(kid, key)| (short(&kid).to_owned(), key)));
        KeySet { issuer: self.0.issuer.clone(), keys }
    }

    /// The same as a COSE_KeySet.
    pub fn public_cose_keys(&self) -> Vec<u8> {
        let keys = self.0.keyring.verifying_keys(KeyUse::Qr);
        cose::cose_key_set(keys.iter().map(|(kid, key)| (short(kid).as_bytes(), key)))
    }

    /// A status list as of no more than a second ago; `None` if there is none of this number.
    pub async fn status_list(&self, list: i32) -> Result<Option<Arc<SignedList>>, StorageError> {
        let now = self.0.clock.now();
        let held = self.0.lists.lock().unwrap_or_else(PoisonError::into_inner).get(&list).cloned();
        if let Some(held) = held.filter(|held| now.since(held.made) < LIST_KEPT) {
            return Ok(Some(held));
        }
        let revoked = self.0.store.read(Reach::Scan, move |db| -> Result<_, StorageError> {
            if credentials::has_list(db, list)? { credentials::revoked_in(db, list).map(Some) } else { Ok(None) }
        });
        let Some(revoked) = revoked.await? else { return Ok(None) };
        let signed = Arc::new(self.sign_list(list, &revoked, now));
        self.0.lists.lock().unwrap_or_else(PoisonError::into_inner).insert(list, signed.clone());
        Ok(Some(signed))
    }

    pub(super) fn forget_lists(&self) {
        self.0.lists.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn sign_list(&self, list: i32, revoked: &[i32], now: Instant) -> SignedList {
        let mut bits = StatusBits::new(LIST_PLACES.cast_unsigned());
        for index in revoked {
            // Places are drawn within the list.
            let _ = bits.revoke(u64::from(index.cast_unsigned()));
        }
        let claims = StatusListClaims {
            uri: self.list_uri(list),
            issued: Instant::from_seconds(now.as_seconds()),
            expires: Instant::from_seconds(now.plus(LIST_LIFE).as_seconds()),
            ttl_seconds: LIST_TTL.as_secs() as u32,
            bits,
        };
        let (kid, key) = self.signing_key();
        let jwt = Signer::new(key.clone(), Some(&kid), Some(JWT_TYPE)).sign(to_jwt_payload(&claims).as_bytes());
        let cwt = cose::sign_typed(&key, kid.as_bytes(), CWT_TYPE, &to_cwt_payload(&claims));
        SignedList { made: now, jwt, cwt }
    }
}
