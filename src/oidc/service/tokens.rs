//! Tokens for what citizens approved, and their end.

use serde_json::Value;

use super::sealed::digest_of;
use super::{Oidc, entry};
use crate::access::{Binding, Grant, GrantError, IssuedToken, Verified};
use crate::clients::{Client, ClientProfile};
use crate::crypto::KeyUse;
use crate::crypto::jose::{NumericDate, Signer, Typ, Unverified, jwt};
use crate::kernel::{ClientId, TransactionId};
use crate::oidc::model::{Code, CodeFault, FreshCode, Redemption};
use crate::oidc::protocol::{IdToken, LogoutHint, access_token_hash};
use crate::oidc::store::refresh_tokens::{self, RefreshRow};
use crate::oidc::store::{codes, inconsistent};
use crate::storage::{Reach, StorageError, Tx};

const CODE: &str = "code";
const REFRESH: &str = "refresh_token";
const LONGEST_ID_TOKEN: usize = 4 * 1024;

/// What a code or a refresh token came to; a fault too is committed, with the end of its grant.
enum Spent {
    Grant {
        grant: Box<Grant>,
        refresh: Option<String>,
        nonce: Option<String>,
    },
    Fault(&'static str),
    /// Another scope than the grant's was asked for.
    Scope,
}

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
    /// Turns a code into tokens, once. A second use ends what the first gave (RFC 6749 section
    /// 4.1.2), however many come at the same time.
    pub(in crate::oidc) async fn redeem(
        &self,
        client: &Client,
        code: &str,
        asked: Redemption,
    ) -> Result<IssuedToken, GrantError> {
        let (oidc, digest, binding) = (self.clone(), digest_of(CODE, code), asked.binding.clone());
        let spent = self.0.store.write(move |tx| oidc.spend_code(tx, &digest, &asked)).await?;
        self.tokens(client, spent, &binding)
    }

    fn spend_code(&self, tx: &mut Tx<'_>, digest: &[u8; 32], asked: &Redemption) -> Result<Spent, StorageError> {
        const USED: &str = "the code was used before; what it gave is revoked";
        let now = self.0.clock.now();
        let Some(row) = codes::find(tx.db()?, digest)? else { return Ok(Spent::Fault("the code is unknown")) };
        if row.client_id != asked.client.as_str() {
            return Ok(Spent::Fault("the code is unknown"));
        }
        let wrong = |column| inconsistent("oidc_codes", column);
        let fresh = FreshCode {
            grant: TransactionId::from_slice(&row.grant_id).ok_or_else(|| wrong("grant_id"))?,
            client: row.client_id.parse().map_err(|_| wrong("client_id"))?,
            bound: self.0.vault.open(&row.digest, row.key_version, &row.sealed)?,
        };
        let expires = crate::kernel::Instant::from_micros(row.expires_at);
        let fresh = match Code::found(fresh, row.spent_at.is_some(), expires, now) {
            Code::Fresh(fresh) => fresh,
            Code::Spent(grant) => {
                self.0.access.revoke_grant(tx, grant)?;
                return Ok(Spent::Fault(USED));
            }
            Code::Over => return Ok(Spent::Fault("the code has expired")),
        };
        let (grant, nonce) = match fresh.redeem(asked) {
            Ok(redeemed) => redeemed,
            Err(fault) => return Ok(Spent::Fault(code_fault(fault))),
        };
        if !codes::spend(tx.db()?, digest, now)? {
            self.0.access.revoke_grant(tx, grant)?;
            return Ok(Spent::Fault(USED));
        }
        let Some(grant) = self.0.access.grant_in(tx, grant)? else { return Ok(Spent::Fault("the grant has ended")) };
        let refresh = Some(self.new_refresh_token(tx, &grant)?);
        Ok(Spent::Grant { grant: Box::new(grant), refresh, nonce })
    }

    fn new_refresh_token(&self, tx: &mut Tx<'_>, grant: &Grant) -> Result<String, StorageError> {
        let secret = self.0.vault.secret();
        refresh_tokens::insert(
            tx.db()?,
            &RefreshRow {
                digest: digest_of(REFRESH, secret.expose()).to_vec(),
                client_id: grant.client.to_string(),
                grant_id: grant.id.as_bytes().to_vec(),
                expires_at: grant.expires_at.as_micros(),
                spent_at: None,
            },
        )?;
        Ok(secret.expose().to_owned())
    }

    /// New tokens for a refresh token. Ordinary clients get another one each time, and a second use
    /// of an old one ends the family; FAPI 2.0 asks for none of that (section 5.3.2.1 point 9), since
    /// its clients and tokens are bound to keys.
    pub(in crate::oidc) async fn refresh(
        &self,
        client: &Client,
        (token, scope): (&str, Option<&str>),
        binding: &Binding,
    ) -> Result<IssuedToken, GrantError> {
        let scope = scope.map(str::to_owned);
        let rotate = client.profile != ClientProfile::Fapi2;
        let (oidc, digest, of) = (self.clone(), digest_of(REFRESH, token), client.id.clone());
        let spent = self
            .0
            .store
            .write(move |tx| oidc.spend_refresh_token(tx, &digest, (&of, rotate, scope.as_deref())))
            .await?;
        self.tokens(client, spent, binding)
    }

    fn spend_refresh_token(
        &self,
        tx: &mut Tx<'_>,
        digest: &[u8; 32],
        (client, rotate, scope): (&ClientId, bool, Option<&str>),
    ) -> Result<Spent, StorageError> {
        let now = self.0.clock.now();
        let found = refresh_tokens::find(tx.db()?, digest)?.filter(|row| row.client_id == client.as_str());
        let Some(row) = found else { return Ok(Spent::Fault("the refresh token is unknown")) };
        let id = TransactionId::from_slice(&row.grant_id);
        let id = id.ok_or_else(|| inconsistent("oidc_refresh_tokens", "grant_id"))?;
        const USED: &str = "the refresh token was used before; all of its family are revoked";
        if row.spent_at.is_some() {
            self.0.access.revoke_grant(tx, id)?;
            return Ok(Spent::Fault(USED));
        }
        let Some(grant) = self.0.access.grant_in(tx, id)? else {
            return Ok(Spent::Fault("the refresh token is revoked or over"));
        };
        // What the citizen approved stays whole: neither more of it nor less.
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
        if scope.is_some_and(|asked| words(asked) != words(&grant.scope)) {
            return Ok(Spent::Scope);
        }
        if rotate && !refresh_tokens::spend(tx.db()?, digest, now)? {
            self.0.access.revoke_grant(tx, id)?;
            return Ok(Spent::Fault(USED));
        }
        let refresh = if rotate { Some(self.new_refresh_token(tx, &grant)?) } else { None };
        Ok(Spent::Grant { grant: Box::new(grant), refresh, nonce: None })
    }

    /// The first tokens of an approval at the backchannel.
    pub(in crate::oidc) async fn first_tokens(
        &self,
        client: &Client,
        grant: Grant,
        binding: &Binding,
    ) -> Result<IssuedToken, GrantError> {
        let (oidc, of) = (self.clone(), grant.clone());
        let refresh = self.0.store.write(move |tx| oidc.new_refresh_token(tx, &of)).await?;
        self.tokens(client, Spent::Grant { grant: Box::new(grant), refresh: Some(refresh), nonce: None }, binding)
    }

    fn tokens(&self, client: &Client, spent: Spent, binding: &Binding) -> Result<IssuedToken, GrantError> {
        let (grant, refresh, nonce) = match spent {
            Spent::Grant { grant, refresh, nonce } => (grant, refresh, nonce),
            Spent::Fault(description) => return Err(GrantError::Invalid(description)),
            Spent::Scope => return Err(GrantError::Scope),
        };
        let issued = self.0.access.issue_for(client, &grant, binding)?;
        let id_token = self.id_token(client, &grant, nonce.as_deref(), &issued.access_token)?;
        let mut details: Option<Value> = serde_json::from_str(&grant.details).ok();
        // By its id the client's questions rest on the consent when the grant is over.
        if let (Some(Value::Object(details)), Some(consent)) = (&mut details, grant.consent) {
            details.insert("consent".to_owned(), Value::from(consent.to_string()));
        }
        Ok(IssuedToken {
            refresh_token: refresh,
            id_token: Some(id_token),
            authorization_details: details.map(|details| Value::Array(vec![details])),
            ..issued
        })
    }

    fn id_token(
        &self,
        client: &Client,
        grant: &Grant,
        nonce: Option<&str>,
        access_token: &str,
    ) -> Result<String, GrantError> {
        let now = self.0.clock.now();
        let claims = IdToken {
            iss: self.issuer(),
            sub: &grant.subject,
            aud: client.id.as_str(),
            iat: NumericDate(now),
            exp: NumericDate(now.plus(self.0.config.id_token_lifetime)),
            auth_time: NumericDate(grant.approved_at),
            acr: grant.level.acr(),
            amr: &grant.amr,
            nonce,
            at_hash: access_token_hash(access_token),
        };
        let (kid, key) = self.0.keyring.signing_key(KeyUse::Token);
        jwt::sign(&Signer::new(key, Some(&kid), Some("JWT")), &claims).map_err(|_| GrantError::Issue)
    }

    /// The client and grant of a refresh token that is good.
    pub(in crate::oidc) async fn inspect_refresh(&self, token: &str) -> Result<Option<Grant>, StorageError> {
        let digest = digest_of(REFRESH, token);
        let row = self.0.store.read(Reach::Key, move |db| refresh_tokens::find(db, &digest)).await?;
        let Some(row) = row.filter(|row| row.spent_at.is_none()) else { return Ok(None) };
        match TransactionId::from_slice(&row.grant_id) {
            Some(id) => self.0.access.find_grant(id).await,
            None => Err(inconsistent("oidc_refresh_tokens", "grant_id")),
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
        let (oidc, client) = (self.clone(), client.clone());
        self.0
            .store
            .write(move |tx| {
                if oidc.0.access.revoke_grant(tx, grant.id)? {
                    let noted = entry("oidc.revoke", &client, grant.citizen_id, grant.id, oidc.0.clock.now());
                    oidc.0.audit.append(tx, &noted);
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
    ) -> Result<Option<(std::sync::Arc<Verified>, Option<Grant>)>, StorageError> {
        Ok(self.0.access.inspect(token).await?.filter(|(verified, _)| verified.client == client.id))
    }

    /// Ends every grant that the hint's client has about its subject; the client.
    pub async fn log_out(
        &self,
        hint: &str,
        client_id: Option<&str>,
        return_to: Option<&str>,
    ) -> Result<(), LogoutError> {
        let claims = self.logout_hint(hint).ok_or(LogoutError::Hint)?;
        let client = claims.aud.parse::<ClientId>().ok().and_then(|id| self.0.clients.find(&id));
        let client = client.filter(|client| client_id.is_none_or(|named| named == client.id.as_str()));
        let client = client.ok_or(LogoutError::Hint)?;
        if return_to.is_some_and(|uri| !client.registration.returns_to(uri)) {
            return Err(LogoutError::ReturnAddress);
        }
        let access = std::sync::Arc::clone(&self.0.access);
        let ended = self.0.store.write(move |tx| access.revoke_grants_of(tx, &client.id, &claims.sub));
        Ok(ended.await.map(drop)?)
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

const fn code_fault(fault: CodeFault) -> &'static str {
    match fault {
        CodeFault::Client => "the code is unknown",
        CodeFault::RedirectUri => "redirect_uri is not the one of the request",
        CodeFault::Verifier => "code_verifier does not fit the code_challenge",
        CodeFault::Key => "the code is bound to another DPoP key",
    }
}
