//! A process of the service with citizens in it, and somebody who asks it over HTTP.

use std::sync::Arc;

use dancu::access::{AccessApi, CitizenGrant, SessionGrant};
use dancu::audit::{Audit, AuditConfig, OpenedEntry, Receipt};
use dancu::citizens::sealing::Sealing;
use dancu::citizens::seed::showcase;
use dancu::citizens::{CacheConfig, Citizen, Citizens, CitizensApi, CitizensParts, GuardConfig, upsert};
use dancu::clients::{Agreement, NewClient, OperationSet, PublicKey, samples};
use dancu::consent::{Consents, ConsentsParts};
use dancu::crypto::SystemEntropy;
use dancu::forms::{Forms, FormsApi, FormsConfig, FormsParts};
use dancu::http::{Limits, Routes};
use dancu::kernel::{AttributeSet, CitizenId, Clock, ConsentId, IdNumber, LegacyIdNumber, Level, TransactionId};
use dancu::qr::{Qr, QrApi, QrParts};
use dancu::residence::{Residence, ResidenceApi, ResidenceParts};
use dancu::server::{self, RunningServer, ServerConfig, Service};
use dancu::stays::{Stays, StaysApi, StaysParts};
use dancu::telemetry::{Health, Metrics};
use dancu::transparency::me::{Me, MeApi, MeParts};
use serde_json::{Value, json};
use utoipa::OpenApi;

use crate::support::Backend;
use crate::support::house::House;

pub struct Desk {
    pub house: House,
    pub audit: Audit,
    pub consents: Consents,
    pub citizens: Citizens,
    pub residence: Residence,
    pub stays: Stays,
    pub metrics: Metrics,
    pub sealing: Sealing,
    server: RunningServer,
    web: reqwest::Client,
}

/// An answer as it came.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    pub took_ms: u128,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The status, and the problem's slug.
    #[track_caller]
    pub fn problem(&self) -> (u16, String) {
        let body = self.json();
        let slug = body["type"].as_str().and_then(|uri| uri.rsplit('/').next()).unwrap_or_default();
        (self.status, slug.to_owned())
    }

    /// The faults: pointer and code.
    #[track_caller]
    pub fn faults(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        let mut faults: Vec<_> = errors.iter().map(|fault| (text(&fault["pointer"]), text(&fault["code"]))).collect();
        faults.sort();
        faults
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

pub const PORTAL: &str =
    r#"{"procedure":"1.004222","legal_basis":"STATE_DUTY","officer":{"id":"canbo-01","unit":"mot-cua"}}"#;
pub const BANK: &str =
    r#"{"procedure":"KYC","legal_basis":"CUSTOMER_IDENTIFICATION","officer":{"id":"gdv-01","unit":"chi-nhanh-1"}}"#;

pub fn purpose(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Nguyễn Văn An of the showcase, who has a CMND.
pub fn an() -> Value {
    json!({
        "id_number": "097099000001", "full_name": "Nguyễn Văn An", "date_of_birth": "1999-03-15",
        "purpose": purpose(PORTAL), "attributes": ["full_name", "sex"],
    })
}

/// Claims about Nguyễn Văn An, as the portal makes them.
pub fn an_claimed() -> Value {
    json!({
        "id_number": "097099000001",
        "claims": {"full_name": "Nguyễn Văn An", "date_of_birth": "1999-03-15"},
        "purpose": purpose(PORTAL),
    })
}

/// `value` with members set or, by `null`, taken away.
pub fn but(mut value: Value, changes: Value) -> Value {
    for (name, change) in changes.as_object().unwrap() {
        match change {
            Value::Null => drop(value.as_object_mut().unwrap().remove(name)),
            change => value[name] = change.clone(),
        }
    }
    value
}

pub fn number(text: &str) -> IdNumber {
    IdNumber::parse(text).unwrap()
}

pub fn legacy(text: &str) -> LegacyIdNumber {
    LegacyIdNumber::parse(text).unwrap()
}

/// Everybody of the showcase, and who makes CMND numbers ambiguous.
pub fn people() -> Vec<Citizen> {
    let mut people: Vec<Citizen> = showcase(1).into_iter().flat_map(|shown| shown.citizens).collect();
    let mut twin = people[0].clone();
    twin.citizen_id.0[15] ^= 255;
    twin.id_number = number("097099900001");
    twin.legacy_id_number = Some(legacy("970000009"));
    // The same CMND, the same name, the same birth date: nobody can tell them apart by these.
    let mut other_twin = twin.clone();
    other_twin.citizen_id.0[14] ^= 255;
    other_twin.id_number = number("097099900002");
    // The CMND of An, but another name.
    let mut namesake = twin.clone();
    namesake.citizen_id.0[13] ^= 255;
    namesake.id_number = number("097099900003");
    namesake.legacy_id_number = Some(legacy("970000001"));
    namesake.full_name = dancu::kernel::PersonName::parse("Hồ Ngọc Hà").unwrap();
    people.extend([twin, other_twin, namesake]);
    people
}

impl Desk {
    /// A first process on an empty database, with the showcase in it.
    pub async fn open(backend: &Backend) -> Self {
        Self::open_with(backend, GuardConfig::default()).await
    }

    pub async fn open_with(backend: &Backend, guards: GuardConfig) -> Self {
        let desk = Self::serve(House::new(backend).await, backend, "first", guards, CacheConfig::default()).await;
        for citizen in people() {
            desk.put(&citizen).await;
        }
        desk
    }

    /// A further process on the same database and keys.
    pub async fn twin(&self, backend: &Backend) -> Self {
        self.twin_with(backend, GuardConfig::default(), CacheConfig::default()).await
    }

    pub async fn twin_with(&self, backend: &Backend, guards: GuardConfig, cache: CacheConfig) -> Self {
        let name = dancu::kernel::TransactionId::random(&SystemEntropy::default()).to_string();
        Self::serve(self.house.twin(backend).await, backend, &name, guards, cache).await
    }

    /// The process started anew.
    pub async fn again(house: House, backend: &Backend) -> Self {
        Self::serve(house, backend, "again", GuardConfig::default(), CacheConfig::default()).await
    }

    async fn serve(house: House, backend: &Backend, name: &str, guards: GuardConfig, cache: CacheConfig) -> Self {
        let entropy = Arc::new(SystemEntropy::default());
        let mut config = AuditConfig::new("dancu.test/audit", backend.dir().join(format!("audit-{name}")));
        config.checkpoint_every = std::time::Duration::from_secs(60);
        let (store, keyring, clock) = (house.store.clone(), house.keyring.clone(), house.clock.clone());
        let audit = Audit::open(store.clone(), keyring.clone(), config, clock.clone(), entropy.clone());
        let audit = audit.await.expect("the audit opens");
        let metrics = Metrics::default();
        let consents = Consents::new(ConsentsParts {
            store: store.clone(),
            audit: audit.clone(),
            keyring: keyring.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
        });
        let citizens = Citizens::open(CitizensParts {
            store,
            audit: audit.clone(),
            consents: consents.clone(),
            keyring: keyring.clone(),
            clock,
            entropy: entropy.clone(),
            metrics: metrics.clone(),
            cache,
            guards,
            answers_kept: std::time::Duration::from_secs(24 * 3600),
        });
        let citizens = citizens.await.expect("the citizens' room opens");
        let qr = Qr::open(QrParts {
            issuer: crate::support::house::ISSUER.to_owned(),
            store: house.store.clone(),
            audit: audit.clone(),
            citizens: citizens.clone(),
            keyring: keyring.clone(),
            clock: house.clock.clone(),
            entropy: entropy.clone(),
        });
        citizens.register(qr.reactor());
        let dir = backend.dir().join("forms");
        std::fs::create_dir_all(&dir).expect("a folder of forms");
        let config = FormsConfig { dir: Some(dir) };
        let forms = FormsParts { config, citizens: citizens.clone(), metrics: metrics.clone() };
        let forms = Forms::open(forms).expect("the forms open");
        let me = Me::new(MeParts {
            audit: audit.clone(),
            citizens: citizens.clone(),
            clients: house.clients.clone(),
            consents: consents.clone(),
            keyring: keyring.clone(),
            clock: house.clock.clone(),
            entropy: entropy.clone(),
        });
        let residence = Residence::open(ResidenceParts {
            issuer: crate::support::house::ISSUER.to_owned(),
            store: house.store.clone(),
            audit: audit.clone(),
            citizens: citizens.clone(),
            qr: qr.clone(),
            keyring: keyring.clone(),
            clock: house.clock.clone(),
            entropy: entropy.clone(),
            validity: std::time::Duration::from_secs(365 * 24 * 3600),
        });
        citizens.register(residence.reactor());
        let stays = Stays::open(StaysParts {
            issuer: crate::support::house::ISSUER.to_owned(),
            store: house.store.clone(),
            audit: audit.clone(),
            access: house.access.clone(),
            citizens: citizens.clone(),
            qr: qr.clone(),
            keyring: keyring.clone(),
            clock: house.clock.clone(),
            entropy: entropy.clone(),
        });
        let routes = Routes::default()
            .with_shared(house.access.clone(), dancu::access::routes, AccessApi::openapi())
            .with(citizens.clone(), dancu::citizens::routes, CitizensApi::openapi())
            .with(qr.clone(), dancu::qr::routes, QrApi::openapi())
            .with(forms, dancu::forms::routes, FormsApi::openapi())
            .with(me, dancu::transparency::me::routes, MeApi::openapi())
            .with(residence.clone(), dancu::residence::routes, ResidenceApi::openapi())
            .with(stays.clone(), dancu::stays::routes, StaysApi::openapi());
        let health = Health::new(Vec::new());
        let service = Service { routes, health, metrics: metrics.clone(), access_log: None, entropy: entropy.clone() };
        // The machine that tests run on may be slow: nothing is shed.
        let limits = Limits {
            queue_delay: std::time::Duration::from_secs(60),
            anonymous_per_minute: 100_000,
            ..Limits::default()
        };
        let config = ServerConfig { workers: Some(2), limits, ..ServerConfig::default() };
        let listeners = server::listen(&["127.0.0.1:0".parse().unwrap()]).expect("a port");
        let server = server::start(&config, listeners, service).expect("the server starts");
        let sealing = Sealing::new(keyring, entropy);
        Self {
            house,
            audit,
            consents,
            citizens,
            residence,
            stays,
            metrics,
            sealing,
            server,
            web: reqwest::Client::new(),
        }
    }

    /// Writes a citizen, as an import would.
    pub async fn put(&self, citizen: &Citizen) {
        let (sealing, citizen, at) = (self.sealing.clone(), citizen.clone(), self.house.clock.now());
        let put = self.house.store.write(move |tx| upsert(tx, &sealing, &citizen, None, at)).await;
        put.expect("the citizen is stored");
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.addresses()[0])
    }

    pub async fn get(&self, path: &str, accept: &str) -> (reqwest::header::HeaderMap, u16, Vec<u8>) {
        let response = self.web.get(self.url(path)).header("accept", accept).send().await.expect("an answer");
        let (headers, status) = (response.headers().clone(), response.status().as_u16());
        (headers, status, response.bytes().await.expect("a body").to_vec())
    }

    /// The same with a token.
    pub async fn get_with(&self, token: &str, path: &str) -> (reqwest::header::HeaderMap, u16, Vec<u8>) {
        let response = self.web.get(self.url(path)).bearer_auth(token).send().await.expect("an answer");
        let (headers, status) = (response.headers().clone(), response.status().as_u16());
        (headers, status, response.bytes().await.expect("a body").to_vec())
    }

    pub fn request(&self, path: &str) -> reqwest::RequestBuilder {
        self.web.post(self.url(path)).header("accept-language", "en")
    }

    /// Opens a session of a citizen at the portal's pages; the cookie.
    pub async fn session(&self, citizen: CitizenId, attributes: AttributeSet, consent: Option<ConsentId>) -> String {
        self.session_at("portal", citizen, attributes, consent).await
    }

    pub async fn session_at(
        &self,
        client: &str,
        citizen_id: CitizenId,
        attributes: AttributeSet,
        consent: Option<ConsentId>,
    ) -> String {
        let citizen =
            CitizenGrant { citizen_id, level: Level::L2, attributes, consent, grant_id: TransactionId([7; 16]) };
        let client = client.parse().unwrap();
        let scopes = OperationSet::all();
        let lifetime = std::time::Duration::from_secs(3600);
        let grant = SessionGrant { client, scopes, citizen: Some(citizen), device: None, officer: None, lifetime };
        let access = self.house.access.clone();
        let opened = self.house.store.write(move |tx| access.open_session(tx, &grant, None)).await;
        opened.expect("the session opens").pair()
    }

    /// Posts JSON from a page, by its session.
    pub async fn page_post(&self, cookie: &str, path: &str, body: &Value) -> Answer {
        let request = self.request(path).header("cookie", cookie).header("origin", crate::support::house::ISSUER);
        read(request.json(body)).await
    }

    /// Gets something from a page, by its session.
    pub async fn page_get(&self, cookie: &str, path: &str) -> Answer {
        read(self.web.get(self.url(path)).header("accept-language", "en").header("cookie", cookie)).await
    }

    /// Posts JSON with a token of `client`.
    pub async fn post(&self, client: &str, path: &str, body: &Value) -> Answer {
        let token = self.house.token(client).await;
        self.post_with(&token, path, body).await
    }

    pub async fn post_with(&self, token: &str, path: &str, body: &Value) -> Answer {
        read(self.request(path).bearer_auth(token).json(body)).await
    }

    pub async fn look_up(&self, body: &Value) -> Answer {
        self.post("portal", "/v1/citizens/lookup", body).await
    }

    pub async fn verify(&self, body: &Value) -> Answer {
        self.post("portal", "/v1/citizens/verify", body).await
    }

    /// A client like the sample `like`, under another agreement.
    pub async fn client(&mut self, id: &str, like: &str, change: impl FnOnce(&mut Agreement)) {
        let samples = samples(self.house.now()).unwrap();
        let sample = samples.into_iter().find(|sample| sample.new.id.as_str() == like).unwrap();
        let mut agreement = sample.new.agreement.clone();
        change(&mut agreement);
        let key = PublicKey { id: sample.private_key.public().key_id(), key: sample.private_key.public().key };
        let new = NewClient { id: id.parse().unwrap(), key: Some(key), agreement, ..sample.new };
        self.house.changes().await.add(new).await.expect("the client is added");
        self.house.keys.insert(id.to_owned(), sample.private_key);
    }

    /// The audit entry an answer names.
    pub async fn entry_of(&self, answer: &Value) -> OpenedEntry {
        let receipt = Receipt {
            log: answer["audit"]["log"].as_str().expect("an answer names its entry").to_owned(),
            log_index: answer["audit"]["log_index"].as_u64().expect("an index"),
        };
        let entry = self.audit.find(&receipt).await.unwrap().expect("the entry is there");
        assert_eq!(entry.entry.transaction.to_string(), answer["transaction_id"].as_str().unwrap());
        entry
    }

    async fn entry_at(&self, log_index: u64) -> Option<OpenedEntry> {
        let receipt = Receipt { log: self.audit.own_log().to_string(), log_index };
        self.audit.find(&receipt).await.unwrap()
    }

    /// How many entries this process's log has.
    pub async fn entries(&self) -> u64 {
        let mut above = 1;
        while self.entry_at(above - 1).await.is_some() {
            above *= 2;
        }
        let (mut low, mut high) = (above / 2, above);
        while low + 1 < high {
            let middle = u64::midpoint(low, high);
            if self.entry_at(middle - 1).await.is_some() { low = middle } else { high = middle }
        }
        low
    }

    /// The last entry of this process's log.
    pub async fn last_entry(&self) -> OpenedEntry {
        self.entry_at(self.entries().await - 1).await.expect("the entry is there")
    }

    /// A counter among the metrics.
    pub fn counted(&self, name: &str) -> u64 {
        let text = self.metrics.encode();
        let line = text.lines().find(|line| line.starts_with(&format!("dancu_{name} ")));
        let value = line.and_then(|line| line.split(' ').nth(1)).and_then(|value| value.parse::<f64>().ok());
        value.unwrap_or_else(|| panic!("no metric {name} in {text}")) as u64
    }
}

pub async fn read(request: reqwest::RequestBuilder) -> Answer {
    let begun = std::time::Instant::now();
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.expect("a body");
    Answer { status, headers, text, took_ms: begun.elapsed().as_millis() }
}
