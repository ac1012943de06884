//! The end of what citizens approved: revocation, logout, and the second use of what is used once.
//! Each is recorded in the transaction that makes it.

use std::sync::Arc;

use super::codec::digest_of;
use super::tokens::REFRESH;
use super::{Oidc, entry};
use crate::access::{Grant, Verified};
use crate::audit::{Entry, Outcome};
use crate::clients::Client;
use crate::crypto::KeyUse;
use crate::crypto::jose::{Typ, Unverified, jwt};
use crate::kernel::{ClientId, TransactionId};
use crate::oidc::protocol::LogoutHint;
use crate::oidc::store::refresh_tokens;
use crate::storage::{Reach, StorageError, Tx};

const LONGEST_ID_TOKEN: usize = 4 * 1024;

/// Why nobody is logged out.
#[derive(Debug, thiserror::Error)]
pub enum LogoutError {
    #[error("id_token_hint is missing, or no ID token of this server")]
    Hint,
    #[error("the address to return to is not registered")]
    ReturnAddress,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Oidc {
    /// Ends a grant of which something was used a second time: somebody else may hold it.
    pub(super) fn end_reused(
        &self,
        tx: &mut Tx<'_>,
        (client, grant): (&ClientId, TransactionId),
        reason: &'static str,
    ) -> Result<(), StorageError> {
        let Some(grant) = self.0.access.grant_in(tx, grant)? else { return Ok(()) };
        if self.0.access.revoke_grant(tx, grant.id)? {
            let noted = entry("oidc.reuse", client, Some(grant.citizen_id), (grant.id, self.0.clock.now()));
            self.0.audit.append(tx, &Entry { outcome: Outcome::Refused, reason, ..noted });
        }
        Ok(())
    }

    /// The client and grant of a refresh token that is good.
    pub(in crate::oidc) async fn inspect_refresh(&self, token: &str) -> Result<Option<Grant>, StorageError> {
        let digest = digest_of(REFRESH, token);
        let row = self.0.store.read(Reach::Key, move |db| refresh_tokens::find(db, &digest)).await?;
        let Some(row) = row.filter(|row| row.spent_at.is_none()) else { return Ok(None) };
        match TransactionId::from_slice(&row.grant_id) {
            Some(id) => self.0.access.find_grant(id).await,
            None => Err(StorageError::inconsistent("oidc_refresh_tokens", "grant_id")),
        }
    }

    /// Revokes a token of `client`, and the grant it rests on (RFC 7009). What is unknown, or of
    /// another client, is left alone, and nobody is told.
    pub async fn revoke(&self, client: &Client, token: &str) -> Result<(), StorageError> {
        let found: Option<Grant> = match self.0.access.inspect(token).await? {
            Some((verified, grant)) => {
                if verified.client != client.id {
                    return Ok(());
                }
                if grant.is_none() {
                    return self.0.access.revoke_token(&verified).await;
                }
                grant
            }
            None => self.inspect_refresh(token).await?,
        };
        let Some(grant) = found.filter(|grant| grant.client == client.id) else { return Ok(()) };
        let oidc = self.clone();
        self.0
            .store
            .write(move |tx| {
                if oidc.0.access.revoke_grant(tx, grant.id)? {
                    let at = (grant.id, oidc.0.clock.now());
                    oidc.0.audit.append(tx, &entry("oidc.revoke", &grant.client, Some(grant.citizen_id), at));
                }
                Ok(())
            })
            .await
    }

    /// What is known of a token of `client`: an access token and its grant.
    pub(in crate::oidc) async fn inspect(
        &self,
        client: &Client,
        token: &str,
    ) -> Result<Option<(Arc<Verified>, Option<Grant>)>, StorageError> {
        Ok(self.0.access.inspect(token).await?.filter(|(verified, _)| verified.client == client.id))
    }

    /// Ends every grant that the hint's client has about its subject; where the browser may go on to.
    pub async fn log_out<'a>(
        &self,
        hint: &str,
        client_id: Option<&str>,
        return_to: Option<&'a str>,
    ) -> Result<Option<&'a str>, LogoutError> {
        let claims = self.logout_hint(hint).ok_or(LogoutError::Hint)?;
        let id = claims.aud.parse::<ClientId>().map_err(|_| LogoutError::Hint)?;
        let client = self.0.clients.find_current(&id).map_err(StorageError::from)?;
        let client = client.filter(|client| client_id.is_none_or(|named| named == client.id.as_str()));
        let client = client.ok_or(LogoutError::Hint)?;
        if return_to.is_some_and(|uri| !client.registration.returns_to(uri)) {
            return Err(LogoutError::ReturnAddress);
        }
        // Whoever logs out is let go, and sent nowhere: the client's own site may be what it was stopped for.
        let return_to = return_to.filter(|_| !client.is_stopped());
        let oidc = self.clone();
        let ended = self.0.store.write(move |tx| -> Result<(), StorageError> {
            let now = oidc.0.clock.now();
            for (grant, citizen) in oidc.0.access.revoke_grants_of(tx, &client.id, &claims.sub)? {
                oidc.0.audit.append(tx, &entry("oidc.logout", &client.id, Some(citizen), (grant, now)));
            }
            Ok(())
        });
        ended.await?;
        Ok(return_to)
    }

    /// The claims of an ID token of ours, however old.
    fn logout_hint(&self, hint: &str) -> Option<LogoutHint> {
        let token = Unverified::parse(hint, LONGEST_ID_TOKEN).ok()?;
        let kid = token.header().kid.clone()?;
        let keys = self.0.keyring.verifying_keys(KeyUse::Token);
        let (_, key) = keys.into_iter().find(|(id, _)| *id == kid)?;
        let claims: LogoutHint = jwt::verify(token, &key, Typ::Exactly("JWT")).ok()?;
        (claims.iss == self.issuer()).then_some(claims)
    }
}
