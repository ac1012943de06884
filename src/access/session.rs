//! Sessions of browsers: an opaque cookie that resolves to the same [`Caller`] as a token does, and
//! the links that open one, once. Only keyed hashes of both are stored.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::caller::CallerProof;
use super::service::Access;
use super::store::sessions::{self, LinkRow, SessionRow};
use super::{Caller, CitizenGrant, Denied};
use crate::clients::{Client, OperationSet};
use crate::crypto::{KeyUse, Secret};
use crate::kernel::{CitizenId, ClientId, DeviceId, Officer};
use crate::storage::{Reach, StorageError, Tx};

const LABEL: &str = "sessions";
/// Longer cookies are not ours.
const LONGEST_COOKIE: usize = 128;

/// What a session stands for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionGrant {
    /// The page's own client; what its agreement allows bounds the session.
    pub client: ClientId,
    pub scopes: OperationSet,
    pub citizen: Option<CitizenGrant>,
    /// The citizen's device that approved it; the session ends with the device.
    #[serde(default)]
    pub device: Option<DeviceId>,
    /// The officer who signed in; stands in the place of whom a request names.
    pub officer: Option<Officer>,
    /// From its opening.
    pub lifetime: Duration,
}

/// A session's cookie, for its browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionCookie {
    value: Secret,
    name: &'static str,
    secure: bool,
    lifetime: Duration,
}

impl SessionCookie {
    /// The value of `Set-Cookie` (RFC 6265 section 4.1).
    pub fn header_value(&self) -> String {
        let Self { value, name, secure, lifetime } = self;
        let secure = if *secure { "; Secure" } else { "" };
        let seconds = lifetime.as_secs();
        format!("{name}={}; Path=/; Max-Age={seconds}{secure}; HttpOnly; SameSite=Lax", value.expose())
    }

    /// The cookie alone, as the browser sends it.
    pub fn pair(&self) -> String {
        format!("{}={}", self.name, self.value.expose())
    }
}

/// The code of a link that opens a session once.
pub type OneTimeCode = Secret;

impl Access {
    /// The name of the session cookie: bound to this host alone where TLS allows it.
    pub fn session_cookie_name(&self) -> &'static str {
        if self.config().is_secure() { "__Host-dancu" } else { "dancu_session" }
    }

    /// `Set-Cookie` that makes the browser forget its session.
    pub fn forget_cookie(&self) -> String {
        let secure = if self.config().is_secure() { "; Secure" } else { "" };
        format!("{}=; Path=/; Max-Age=0{secure}; HttpOnly; SameSite=Lax", self.session_cookie_name())
    }

    /// Opens a session in the caller's transaction, in the place of the one that the browser's cookie
    /// `replaced` names: a browser has one session, and whoever signs in ends what was open there.
    pub fn open_session(
        &self,
        tx: &mut Tx<'_>,
        grant: &SessionGrant,
        replaced: Option<&str>,
    ) -> Result<SessionCookie, StorageError> {
        if let Some(replaced) = replaced {
            sessions::delete(tx.db()?, &self.session_digests(replaced))?;
        }
        let value = Secret::random(&*self.entropy);
        let (officer_id, unit) = officer_columns(grant);
        let row = SessionRow {
            client_id: grant.client.to_string(),
            officer_id,
            unit,
            digest: self.session_digest(&value),
            body: body_of(grant)?,
            citizen_id: grant.citizen.as_ref().map(|citizen| citizen.citizen_id.as_bytes().to_vec()),
            device_id: grant.device.map(|device| device.as_bytes().to_vec()),
            expires_at: self.clock.now().plus(grant.lifetime).as_micros(),
        };
        sessions::insert(tx.db()?, &row)?;
        Ok(SessionCookie {
            value,
            name: self.session_cookie_name(),
            secure: self.config().is_secure(),
            lifetime: grant.lifetime,
        })
    }

    /// Ends the session of this cookie's value, if there is one.
    pub async fn close_session(&self, cookie: &str) -> Result<(), StorageError> {
        let digests = self.session_digests(cookie);
        self.store.write(move |tx| sessions::delete(tx.db()?, &digests)).await
    }

    /// A code that opens the session once, within `lifetime`.
    pub async fn page_link(
        self: &Arc<Self>,
        grant: SessionGrant,
        lifetime: Duration,
    ) -> Result<OneTimeCode, StorageError> {
        let access = Arc::clone(self);
        self.store.write(move |tx| access.page_link_in(tx, &grant, lifetime)).await
    }

    /// The same, in the caller's transaction.
    pub fn page_link_in(
        &self,
        tx: &mut Tx<'_>,
        grant: &SessionGrant,
        lifetime: Duration,
    ) -> Result<OneTimeCode, StorageError> {
        let code = Secret::random(&*self.entropy);
        let expires_at = self.clock.now().plus(lifetime).as_micros();
        let (officer_id, unit) = officer_columns(grant);
        let client_id = grant.client.to_string();
        let body = body_of(grant)?;
        let row = LinkRow { digest: self.session_digest(&code), body, client_id, officer_id, unit, expires_at };
        sessions::insert_link(tx.db()?, &row)?;
        Ok(code)
    }

    /// What a link stands for; `None` if its code is unknown, over or was used. The link stays good.
    pub async fn find_page_link(&self, code: &str) -> Result<Option<SessionGrant>, StorageError> {
        let (digests, now) = (self.session_digests(code), self.clock.now());
        let found = self.store.read(Reach::Key, move |db| sessions::find_link(db, &digests, now)).await?;
        found.map(|body| read_grant("page_links", &body)).transpose()
    }

    /// Uses a link up in the caller's transaction and tells what it stood for; `None` if its code is
    /// unknown, over or was used. One whose officer is not at work is not used up: who was stopped may be
    /// started again.
    pub fn take_page_link(&self, tx: &mut Tx<'_>, code: &str) -> Result<Option<SessionGrant>, StorageError> {
        let (digests, now) = (self.session_digests(code), self.clock.now());
        let Some(body) = sessions::find_link(tx.db()?, &digests, now)? else { return Ok(None) };
        let grant = read_grant("page_links", &body)?;
        if grant.officer.as_ref().is_some_and(|officer| !self.lists_officer(&grant.client, officer)) {
            return Ok(None);
        }
        Ok(sessions::take_link(tx.db()?, &digests, now)?.map(|_| grant))
    }

    /// Who calls with this cookie.
    pub(super) async fn session_caller(&self, cookie: &str) -> Result<Caller, Denied> {
        if cookie.len() > LONGEST_COOKIE {
            return Err(Denied::TokenMissing);
        }
        self.caller_of_session(self.session_digests(cookie).into()).await
    }

    /// Who calls with the cookie of these hashes.
    pub(super) async fn caller_of_session(&self, digests: Arc<[[u8; 32]]>) -> Result<Caller, Denied> {
        let (sought, now) = (digests.clone(), self.clock.now());
        let found = self.store.read(Reach::Key, move |db| sessions::find(db, &sought)).await;
        let row = found?.filter(|row| now.as_micros() < row.expires_at).ok_or(Denied::TokenMissing)?;
        let grant = read_grant("sessions", &row.body)?;
        let client = self.client_at_work(&grant.client)?;
        if grant.officer.as_ref().is_some_and(|officer| client.stops.is_officer_stopped(officer)) {
            return Err(Denied::OfficerStopped);
        }
        Ok(Caller {
            client,
            scopes: grant.scopes,
            citizen: grant.citizen.map(Arc::new),
            officer: grant.officer,
            proof: CallerProof::Session(digests),
        })
    }

    /// Whether the client, as it stands now, is at work and so is this officer of it.
    pub fn lists_officer(&self, client: &ClientId, officer: &Officer) -> bool {
        self.client_of_officer(client, officer).is_some()
    }

    /// The client, if it is at work and so is this officer of it.
    pub fn client_of_officer(&self, client: &ClientId, officer: &Officer) -> Option<Arc<Client>> {
        self.client_at_work(client).ok().filter(|client| client.has_officer(officer))
    }

    fn session_digest(&self, value: &Secret) -> Vec<u8> {
        self.keyring.active_index_key(LABEL).1.tag(&[value.expose().as_bytes()]).to_vec()
    }

    /// Under each version of the key, newest first.
    fn session_digests(&self, value: &str) -> Vec<[u8; 32]> {
        let versions = self.keyring.versions(KeyUse::Index).into_iter();
        versions.filter_map(|version| Some(self.keyring.index_key(LABEL, version)?.tag(&[value.as_bytes()]))).collect()
    }
}

/// Ends every session of a citizen: their devices are lost, or they are dead.
pub fn close_sessions_of_citizen(tx: &mut Tx<'_>, citizen: CitizenId) -> Result<usize, StorageError> {
    sessions::delete_of_citizen(tx.db()?, citizen)
}

/// Ends the sessions that one device of a citizen approved.
pub fn close_sessions_of_device(tx: &mut Tx<'_>, citizen: CitizenId, device: DeviceId) -> Result<usize, StorageError> {
    sessions::delete_of_device(tx.db()?, citizen, device)
}

/// Whose being struck off ends what the grant is for.
fn officer_columns(grant: &SessionGrant) -> (Option<String>, Option<String>) {
    grant.officer.as_ref().map(|officer| (officer.id.to_string(), officer.unit.to_string())).unzip()
}

fn body_of(grant: &SessionGrant) -> Result<String, StorageError> {
    serde_json::to_string(grant).map_err(|_| StorageError::BrokenInvariant("a session cannot be written as JSON"))
}

fn read_grant(table: &'static str, body: &str) -> Result<SessionGrant, StorageError> {
    serde_json::from_str(body).map_err(|_| StorageError::inconsistent(table, "body"))
}
