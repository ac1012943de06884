//! Authorization requests: pushed, kept, found again.

use std::net::IpAddr;

use super::codec::digest_of;
use super::{Oidc, OidcError};
use crate::clients::Client;
use crate::kernel::{CitizenId, ClientId, IdNumber, Instant};
use crate::oidc::model::{Authorization, GRACE, Hint};
use crate::oidc::protocol::{AuthorizationError, Parameters};
use crate::oidc::store::requests::{self, RequestRow};
use crate::storage::{Reach, StorageError};

/// How a pushed request is named (RFC 9126 section 2.2).
const URN: &str = "urn:ietf:params:oauth:request_uri:";
const KIND: &str = "request";

/// A request that is kept.
#[derive(Debug, Clone)]
pub struct Pushed {
    pub request_uri: String,
    pub expires_in: u64,
}

/// A kept request that waits for its answer.
#[derive(Debug, Clone)]
pub struct Opened {
    pub digest: [u8; 32],
    pub asked: Authorization,
    pub expires: Instant,
}

impl Oidc {
    /// Checks a request and keeps it. `jkt` is the key of the DPoP proof that came with it.
    pub async fn push(
        &self,
        client: &Client,
        asked: &Parameters<'_>,
        jkt: Option<String>,
    ) -> Result<Pushed, OidcError> {
        let invalid = AuthorizationError::invalid_request;
        if asked.request_uri.is_some() {
            return Err(invalid("a pushed request names no request_uri").into());
        }
        let redirect_uri = self.redirect_of(client, asked)?;
        let mut checked = Authorization::check(asked, client, redirect_uri, self.0.clock.now())?;
        if let Some(shown) = jkt {
            if checked.jkt.as_ref().is_some_and(|named| *named != shown) {
                return Err(invalid("dpop_jkt is not the key of the proof").into());
            }
            checked.jkt = Some(shown);
        }
        if let Some(number) = asked.login_hint {
            let number = IdNumber::parse(number);
            let number = number.map_err(|_| invalid("login_hint must be a number of twelve digits"))?;
            self.0.citizens.charge(client).map_err(|_| OidcError::OverQuota)?;
            checked.hint = self.citizen_of(&number).await?.map_or(Hint::Nobody, Hint::Citizen);
        }
        Ok(self.keep(&checked).await?)
    }

    /// The redirect address, if it is one of the client's.
    pub fn redirect_of<'a>(&self, client: &Client, asked: &Parameters<'a>) -> Result<&'a str, AuthorizationError> {
        let uri = asked.redirect_uri.ok_or(AuthorizationError::invalid_request("redirect_uri is missing"))?;
        if client.registration.redirects_to(uri) {
            Ok(uri)
        } else {
            Err(AuthorizationError::invalid_request("redirect_uri is not registered"))
        }
    }

    /// Keeps a checked request until it is answered.
    async fn keep(&self, checked: &Authorization) -> Result<Pushed, StorageError> {
        let (pushed, row) = self.new_row(checked)?;
        self.0.store.write(move |tx| requests::insert(tx.db()?, &row)).await?;
        Ok(pushed)
    }

    /// The same for a request that no client has shown to be its own: anybody may send one, so there
    /// are only so many in a minute, from one address and in all.
    ///
    /// # Errors
    /// `temporarily_unavailable` if there are too many; nothing is kept then.
    pub async fn keep_of_browser(&self, checked: &Authorization, from: Option<IpAddr>) -> Result<Pushed, OidcError> {
        let ((pushed, row), eid) = (self.new_row(checked)?, self.0.eid.clone());
        let kept = self.0.store.write(move |tx| -> Result<bool, StorageError> {
            let admitted = eid.admit_page(tx, from)?;
            if admitted {
                requests::insert(tx.db()?, &row)?;
            }
            Ok(admitted)
        });
        if kept.await? { Ok(pushed) } else { Err(AuthorizationError::TOO_MANY.into()) }
    }

    fn new_row(&self, checked: &Authorization) -> Result<(Pushed, RequestRow), StorageError> {
        let secret = self.0.codec.secret();
        let digest = digest_of(KIND, secret.expose());
        let sealed = self.0.codec.requests.seal(&[&digest], checked)?;
        let lifetime = self.0.config.request_lifetime;
        let row = RequestRow {
            digest: digest.to_vec(),
            client_id: checked.client.to_string(),
            key_version: sealed.key_version,
            sealed: sealed.bytes,
            browsers: 0,
            completed_at: None,
            expires_at: self.0.clock.now().plus(lifetime).as_micros(),
        };
        Ok((Pushed { request_uri: format!("{URN}{}", secret.expose()), expires_in: lifetime.as_secs() }, row))
    }

    /// A request of `client` that waits for its answer, or was over a moment ago: what was approved
    /// in its last second still leads somewhere, and so does its end.
    ///
    /// # Errors
    /// `Over` if it is unknown, of another client, long over, or was answered.
    pub async fn opened(&self, client: &ClientId, request_uri: &str) -> Result<Opened, OidcError> {
        let secret = request_uri.strip_prefix(URN).ok_or(OidcError::Over)?;
        let digest = digest_of(KIND, secret);
        let row = self.0.store.read(Reach::Key, move |db| requests::find(db, &digest)).await?;
        let since = self.0.clock.now().minus(GRACE).as_micros();
        let waits =
            |row: &RequestRow| row.client_id == client.as_str() && row.completed_at.is_none() && since < row.expires_at;
        let row = row.filter(waits).ok_or(OidcError::Over)?;
        Ok(Opened {
            digest,
            asked: self.0.codec.requests.open(&[&row.digest], row.key_version, &row.sealed)?,
            expires: Instant::from_micros(row.expires_at),
        })
    }

    /// The citizen who holds a number. Whether they can be asked anything is for e-ID to say.
    pub(super) async fn citizen_of(&self, number: &IdNumber) -> Result<Option<CitizenId>, StorageError> {
        let record = self.0.citizens.holder_of_number(number).await?;
        Ok(record.map(|record| record.citizen.citizen_id))
    }
}
