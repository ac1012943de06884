//! Tokens for what citizens approved.

use serde_json::Value;

use super::Oidc;
use super::codec::digest_of;
use crate::access::{Binding, Grant, GrantError, IssuedToken, Part};
use crate::clients::{Client, ClientProfile, Stops};
use crate::crypto::KeyUse;
use crate::crypto::jose::{NumericDate, Signer, jwt};
use crate::kernel::{ClientId, Instant, TransactionId};
use crate::oidc::model::{Code, CodeFault, FreshCode, Redemption};
use crate::oidc::protocol::{IdToken, PopulationData, Scope, access_token_hash};
use crate::oidc::store::codes;
use crate::oidc::store::refresh_tokens::{self, RefreshRow};
use crate::storage::{StorageError, Tx};

const CODE: &str = "code";
pub(super) const REFRESH: &str = "refresh_token";

/// What a code, a refresh token or an approval came to; a fault too is committed, with the end of its
/// grant.
pub(super) enum Spent {
    Grant(Box<Given>),
    Fault(&'static str),
    /// More than the grant's scope was asked for.
    Scope,
    /// Operators have stopped what the citizen approved it for. Nothing is spent: after a start it is good
    /// again.
    Stopped,
}

/// What tokens are made for.
pub(super) struct Given {
    pub grant: Grant,
    /// What of it the access token gives, where that is less than all.
    pub part: Option<Part>,
    pub refresh: Option<String>,
    pub nonce: Option<String>,
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
        let stops = client.stops.clone();
        let spent = self.0.store.write(move |tx| oidc.spend_code(tx, &digest, &asked, &stops)).await?;
        self.tokens(client, spent, &binding)
    }

    fn spend_code(
        &self,
        tx: &mut Tx<'_>,
        digest: &[u8; 32],
        asked: &Redemption,
        stops: &Stops,
    ) -> Result<Spent, StorageError> {
        const USED: &str = "the code was used before; what it gave is revoked";
        let now = self.0.clock.now();
        let Some(row) = codes::find(tx.db()?, digest)? else { return Ok(Spent::Fault("the code is unknown")) };
        if row.client_id != asked.client.as_str() {
            return Ok(Spent::Fault("the code is unknown"));
        }
        let wrong = |column| StorageError::inconsistent("oidc_codes", column);
        let grant = TransactionId::from_slice(&row.grant_id).ok_or_else(|| wrong("grant_id"))?;
        match Code::found(row.spent_at.is_some(), Instant::from_micros(row.expires_at), now) {
            Code::Fresh => {}
            Code::Spent => {
                self.end_reused(tx, (&asked.client, grant), "code_reused")?;
                return Ok(Spent::Fault(USED));
            }
            Code::Over => return Ok(Spent::Fault("the code has expired")),
        }
        let fresh = FreshCode {
            client: row.client_id.parse().map_err(|_| wrong("client_id"))?,
            bound: self.0.codec.codes.open(&[&row.digest], row.key_version, &row.sealed)?,
        };
        let nonce = match fresh.redeem(asked) {
            Ok(nonce) => nonce,
            Err(fault) => return Ok(Spent::Fault(code_fault(fault))),
        };
        let approved = self.0.access.grant_in(tx, grant)?;
        if approved.as_ref().is_some_and(|approved| is_for_stopped_procedure(&approved.details, stops)) {
            return Ok(Spent::Stopped);
        }
        if !codes::spend(tx.db()?, digest, now)? {
            self.end_reused(tx, (&asked.client, grant), "code_reused")?;
            return Ok(Spent::Fault(USED));
        }
        let Some(grant) = approved else { return Ok(Spent::Fault("the grant has ended")) };
        let refresh = Some(self.new_refresh_token(tx, &grant)?);
        Ok(Spent::Grant(Box::new(Given { grant, part: None, refresh, nonce })))
    }

    pub(super) fn new_refresh_token(&self, tx: &mut Tx<'_>, grant: &Grant) -> Result<String, StorageError> {
        let secret = self.0.codec.secret();
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
        let (oidc, digest) = (self.clone(), digest_of(REFRESH, token));
        let (of, stops) = (client.id.clone(), client.stops.clone());
        let spent = self
            .0
            .store
            .write(move |tx| oidc.spend_refresh_token(tx, &digest, (&of, &stops), (rotate, scope.as_deref())))
            .await?;
        self.tokens(client, spent, binding)
    }

    fn spend_refresh_token(
        &self,
        tx: &mut Tx<'_>,
        digest: &[u8; 32],
        (client, stops): (&ClientId, &Stops),
        (rotate, scope): (bool, Option<&str>),
    ) -> Result<Spent, StorageError> {
        let now = self.0.clock.now();
        let found = refresh_tokens::find(tx.db()?, digest)?.filter(|row| row.client_id == client.as_str());
        let Some(row) = found else { return Ok(Spent::Fault("the refresh token is unknown")) };
        let id = TransactionId::from_slice(&row.grant_id);
        let id = id.ok_or(StorageError::inconsistent("oidc_refresh_tokens", "grant_id"))?;
        const USED: &str = "the refresh token was used before; all of its family are revoked";
        if row.spent_at.is_some() {
            self.end_reused(tx, (client, id), "refresh_token_reused")?;
            return Ok(Spent::Fault(USED));
        }
        let Some(grant) = self.0.access.grant_in(tx, id)? else {
            return Ok(Spent::Fault("the refresh token is revoked or over"));
        };
        if is_for_stopped_procedure(&grant.details, stops) {
            return Ok(Spent::Stopped);
        }
        // The access token may give less of what the citizen approved, never more. The refresh token
        // stays good for the whole (RFC 6749 section 6).
        let Ok(narrowed) = scope.map_or(Ok(None), |asked| Scope::narrowed(&grant.scope, asked)) else {
            return Ok(Spent::Scope);
        };
        let part =
            narrowed.map(|part| Part { scope: part.text, attributes: grant.attributes.difference(part.dropped) });
        if rotate && !refresh_tokens::spend(tx.db()?, digest, now)? {
            self.end_reused(tx, (client, id), "refresh_token_reused")?;
            return Ok(Spent::Fault(USED));
        }
        let refresh = if rotate { Some(self.new_refresh_token(tx, &grant)?) } else { None };
        Ok(Spent::Grant(Box::new(Given { grant, part, refresh, nonce: None })))
    }

    pub(super) fn tokens(&self, client: &Client, spent: Spent, binding: &Binding) -> Result<IssuedToken, GrantError> {
        let Given { grant, part, refresh, nonce } = match spent {
            Spent::Grant(given) => *given,
            Spent::Fault(description) => return Err(GrantError::Invalid(description)),
            Spent::Scope => return Err(GrantError::Scope),
            Spent::Stopped => return Err(GrantError::ProcedureStopped),
        };
        let issued = self.0.access.issue_for(client, (&grant, part.as_ref()), binding)?;
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
}

/// Whether operators have stopped the procedure that the citizen approved this for.
pub(super) fn is_for_stopped_procedure(details: &str, stops: &Stops) -> bool {
    let details: Option<PopulationData> = serde_json::from_str(details).ok();
    details.is_some_and(|details| stops.is_procedure_stopped(&details.procedure))
}

const fn code_fault(fault: CodeFault) -> &'static str {
    match fault {
        CodeFault::Client => "the code is unknown",
        CodeFault::RedirectUri => "redirect_uri is not the one of the request",
        CodeFault::Verifier => "code_verifier does not fit the code_challenge",
        CodeFault::Key => "the code is bound to another DPoP key",
    }
}
