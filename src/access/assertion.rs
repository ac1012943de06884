//! Client authentication by a signed assertion: `private_key_jwt` (RFC 7523, OpenID Connect Core
//! section 9), with ES256 or EdDSA.

use std::sync::Arc;
use std::time::Duration;

use super::service::Access;
use super::store::spent::{self, SpendError};
use super::{AccessConfig, AssertionFault, GrantError};
use crate::clients::{Client, ClientProfile, RegistryBehind, SecretTag};
use crate::crypto::digest::sha256;
use crate::crypto::jose::{AudienceRule, ClaimFault, Expected, Header, RegisteredClaims, Typ, Unverified, jwt};
use crate::crypto::{Algorithm, Secret, VerifyingKey};
use crate::http::Form;
use crate::kernel::{ClientId, Entropy, Instant};
use crate::storage::StorageError;

/// `client_assertion_type` of a JWT (RFC 7523 section 2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const LONGEST_ASSERTION: usize = 4 * 1024;
const LONGEST_JTI: usize = 256;
/// How far a client's clock may run ahead (FAPI 2.0 Security Profile section 5.3.2.1).
const SKEW: Duration = Duration::from_secs(10);
/// How long a spent `jti` is remembered beyond its expiry, for replicas whose clocks differ.
const REMEMBERED: Duration = Duration::from_secs(60);

impl Access {
    /// The client that signed the request's assertion, which is spent by this.
    ///
    /// # Errors
    /// `Unauthenticated`, whatever the cause, until the signature has shown whom we speak to. An
    /// unknown client costs the same verification as a known one.
    pub async fn authenticate(&self, credentials: &Credentials<'_>) -> Result<Arc<Client>, GrantError> {
        let form = credentials.form;
        let assertion = match method_of(credentials)? {
            Method::Assertion(assertion) => assertion,
            Method::Secret(basic) => return self.by_secret(basic, form),
        };
        let now = self.clock.now();
        let (client, claims) = self.verified(assertion, now)?;
        if form.get("client_id").is_some_and(|named| named != client.id.as_str()) {
            return Err(GrantError::Unauthenticated);
        }
        let (jti, expires) = check(&claims, &client, &self.config, now)?;
        let digest = sha256(&[b"client assertion\0", client.id.as_str().as_bytes(), b"\0", jti.as_bytes()]);
        self.spend(digest, expires.plus(REMEMBERED)).await?;
        Ok(client)
    }

    /// The client and its claims, if one of its keys signed the assertion. Where there is no
    /// key to verify with, a decoy is tried, so that the answer takes its usual time.
    fn verified(&self, assertion: &str, now: Instant) -> Result<(Arc<Client>, RegisteredClaims), GrantError> {
        let parse = || Unverified::parse(assertion, LONGEST_ASSERTION).map_err(|_| GrantError::Unauthenticated);
        let token = parse()?;
        let header = token.header();
        let client = self.claimed_client(&token)?.filter(|_| is_assertion(header));
        let mut keys: Vec<&VerifyingKey> = client
            .iter()
            .flat_map(|client| client.keys_for(header.kid.as_deref(), header.algorithm, now))
            .map(|held| &held.key)
            .collect();
        if keys.is_empty() {
            keys.push(self.decoys.of(header.algorithm));
        }
        let claims = keys.into_iter().find_map(|key| jwt::verify(parse().ok()?, key, Typ::Any).ok());
        // Nobody signs with a decoy: claims that verified are those of the client.
        match (client.as_ref(), claims) {
            (Some(client), Some(_)) if client.is_stopped() => Err(GrantError::ClientStopped),
            (Some(client), Some(claims)) => Ok((Arc::clone(client), claims)),
            _ => Err(GrantError::Unauthenticated),
        }
    }

    /// The client an assertion says it is from: believed only to find its keys.
    fn claimed_client(&self, token: &Unverified<'_>) -> Result<Option<Arc<Client>>, RegistryBehind> {
        let claims: Option<RegisteredClaims> = jwt::unverified_claims(token).ok();
        let id: Option<ClientId> = claims.and_then(|claims| claims.sub?.parse().ok());
        id.map_or(Ok(None), |id| self.clients.find_current(&id))
    }

    /// Spends what may be used once.
    async fn spend(&self, digest: [u8; 32], until: Instant) -> Result<(), GrantError> {
        if self.spend_once(digest, until).await? { Ok(()) } else { Err(AssertionFault::Replayed.into()) }
    }

    /// Spends what may be used once, on whichever replica, and is remembered until `until`; whether
    /// it was the first use. The digest says what kind of thing it is of.
    pub async fn spend_once(&self, digest: [u8; 32], until: Instant) -> Result<bool, StorageError> {
        match self.store.write(move |tx| spent::spend(tx.db()?, &digest, until)).await {
            Ok(()) => Ok(true),
            Err(SpendError::Spent) => Ok(false),
            Err(SpendError::Storage(error)) => Err(error),
        }
    }
}

/// Whether the header may be an assertion's: not that of an access token or a proof.
fn is_assertion(header: &Header) -> bool {
    header
        .typ
        .as_deref()
        .is_none_or(|typ| typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case("client-authentication+jwt"))
}

/// How a request shows who its client is.
pub struct Credentials<'a> {
    pub form: &'a Form,
    /// The one `Authorization` field.
    pub authorization: Option<&'a str>,
}

enum Method<'a> {
    Assertion(&'a str),
    /// `client_secret_basic`, as the field has it.
    Secret(&'a str),
}

/// The one way in which the request authenticates its client (RFC 6749 section 2.3).
fn method_of<'a>(credentials: &Credentials<'a>) -> Result<Method<'a>, GrantError> {
    let Credentials { form, authorization } = credentials;
    let assertion = form.get("client_assertion");
    let ways = [assertion.is_some(), form.get("client_secret").is_some(), authorization.is_some()];
    if ways.into_iter().filter(|way| *way).count() > 1 {
        return Err(GrantError::SeveralMethods);
    }
    if let Some(field) = authorization {
        return Ok(Method::Secret(field));
    }
    let assertion = assertion.filter(|_| form.get("client_assertion_type") == Some(ASSERTION_TYPE));
    assertion.map(Method::Assertion).ok_or(GrantError::Unauthenticated)
}

/// Checks what a client claims (RFC 7523 section 3): the `jti` to spend, and until when.
fn check<'a>(
    claims: &'a RegisteredClaims,
    client: &Client,
    config: &AccessConfig,
    now: Instant,
) -> Result<(&'a str, Instant), AssertionFault> {
    let token_endpoint = config.token_endpoint();
    let (audiences, audience_rule): (&[&str], _) = match client.profile {
        ClientProfile::Service | ClientProfile::Baseline => (&[&config.issuer, &token_endpoint], AudienceRule::Any),
        ClientProfile::Fapi2 => (&[&config.issuer], AudienceRule::Text),
    };
    let expected = Expected {
        issuer: Some(client.id.as_str()),
        subject: Some(client.id.as_str()),
        audiences,
        audience_rule,
        skew: SKEW,
        max_lifetime: Some(config.assertion_lifetime),
        ..Expected::default()
    };
    expected.check(claims, now)?;
    let expires = claims.exp.ok_or(ClaimFault::Missing("exp"))?.0;
    if expires <= now {
        return Err(ClaimFault::Expired.into());
    }
    let jti = claims.jti.as_deref().filter(|jti| (1..=LONGEST_JTI).contains(&jti.len()));
    Ok((jti.ok_or(ClaimFault::Missing("jti"))?, expires))
}

/// Keys that nobody signs with, to verify against where no client is known.
pub(super) struct Decoys {
    p256: VerifyingKey,
    ed25519: VerifyingKey,
    pub(super) secret: SecretTag,
}

impl Decoys {
    pub(super) fn new(entropy: &dyn Entropy) -> Result<Self, crate::crypto::jose::JwkFault> {
        use crate::crypto::jose::PrivateJwk;
        Ok(Self {
            p256: PrivateJwk::generate(Algorithm::P256)?.public().key,
            ed25519: PrivateJwk::generate(Algorithm::Ed25519)?.public().key,
            secret: SecretTag::of(&Secret::random(entropy), entropy),
        })
    }

    fn of(&self, algorithm: Algorithm) -> &VerifyingKey {
        match algorithm {
            Algorithm::P256 => &self.p256,
            Algorithm::Ed25519 => &self.ed25519,
        }
    }
}
