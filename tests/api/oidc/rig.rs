//! The whole service on a socket, relying parties that speak to it, and citizens who approve.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use dancu::access::{ASSERTION_TYPE, AccessConfig};
use dancu::app::{App, AppConfig, Ground};
use dancu::audit::{AuditConfig, OpenedEntry, Receipt};
use dancu::citizens::sealing::Sealing;
use dancu::citizens::seed::showcase;
use dancu::citizens::{CacheConfig, Citizen, GuardConfig, upsert};
use dancu::clients::{Agreement, NewClient, samples};
use dancu::crypto::digest::sha256;
use dancu::crypto::jose::PrivateJwk;
use dancu::crypto::{Algorithm, Keyring, SystemEntropy};
use dancu::eid::{EidConfig, Sending};
use dancu::http::{Contact, Limits};
use dancu::kernel::{Clock, Instant, ManualClock, TransactionId};
use dancu::oidc::OidcConfig;
use dancu::server::{self, RunningServer, ServerConfig, Service};
use dancu::telemetry::Metrics;
use serde_json::{Value, json};

use crate::support::house::{ISSUER, id, unsigned};
use crate::support::{Backend, operator};

pub const CALLBACK: &str = "http://127.0.0.1:49152/cb";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const CIBA: &str = "urn:openid:params:grant-type:ciba";

/// One process.
pub struct Rig {
    pub app: App,
    pub clock: Arc<ManualClock>,
    /// Private keys and secrets, by client.
    pub keys: HashMap<String, PrivateJwk>,
    pub secrets: HashMap<String, String>,
    pub people: Vec<Citizen>,
    /// A relying party's DPoP key.
    pub dpop: PrivateJwk,
    server: RunningServer,
    web: reqwest::Client,
    backend_url: String,
}

/// An answer as it came.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    pub fn text_of(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The status, and the error of OAuth, of a redirect or of a problem; `page` for a page.
    pub fn told(&self) -> (u16, String) {
        let body = self.json();
        let slug = body["type"].as_str().and_then(|uri| uri.rsplit('/').next());
        let error = body["error"].as_str().or(slug).map(str::to_owned);
        let redirected = self.query().remove("error");
        let page = self.header("content-type").starts_with("text/html").then(|| "page".to_owned());
        (self.status, error.or(redirected).or(page).unwrap_or_default())
    }

    /// The query of the redirect.
    pub fn query(&self) -> HashMap<String, String> {
        let query = self.header("location").split_once('?').map_or("", |(_, query)| query);
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    fn cookie(&self) -> Option<String> {
        let set = self.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        set.filter_map(|text| text.split(';').next()).next().map(str::to_owned)
    }
}

/// Anonymous parameters of a request.
pub type Form = Vec<(String, String)>;

pub fn form(pairs: &[(&str, &str)]) -> Form {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// `form` with one parameter set or, by `None`, taken away.
pub fn but(form: &Form, name: &str, value: Option<&str>) -> Form {
    let mut changed: Form = form.iter().filter(|(known, _)| known != name).cloned().collect();
    changed.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    changed
}

/// A good authorization request.
pub fn asking() -> Form {
    form(&[
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid citizen:full_name citizen:date_of_birth"),
        ("state", "the-state"),
        ("nonce", "the-nonce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ])
}

impl Rig {
    /// A first process on an empty database, with the samples and the showcase.
    pub async fn new(backend: &Backend) -> Self {
        let clock = Arc::new(ManualClock::at(Instant::parse_rfc3339("2026-11-21T03:00:00Z").unwrap()));
        let folder = backend.dir().join("keys");
        Keyring::init(&folder, &SystemEntropy::default(), &*clock).expect("keys are made");
        let mut rig = Self::open(backend, clock, "first").await;
        for sample in samples(rig.now()).unwrap() {
            let client = sample.new.id.to_string();
            rig.secrets.extend(sample.secret.map(|secret| (client.clone(), secret.expose().to_owned())));
            rig.keys.insert(client, sample.private_key);
            rig.app.clients.under(&operator(&rig.app)).add(sample.new).await.expect("a sample is added");
        }
        let sealing = Sealing::new(rig.app.ground.keyring.clone(), rig.app.ground.entropy.clone());
        for citizen in rig.people.clone() {
            let (sealing, at) = (sealing.clone(), rig.now());
            let put = rig.app.store.write(move |tx| upsert(tx, &sealing, &citizen, None, at)).await;
            put.expect("a citizen is stored");
        }
        rig
    }

    /// A further process on the same database and keys.
    pub async fn twin(&self, backend: &Backend) -> Self {
        let mut twin = Self::open(backend, self.clock.clone(), "second").await;
        (twin.keys, twin.secrets, twin.dpop) = (self.keys.clone(), self.secrets.clone(), self.dpop.clone());
        twin
    }

    async fn open(backend: &Backend, clock: Arc<ManualClock>, name: &str) -> Self {
        let ground = Ground {
            keyring: Keyring::load(&backend.dir().join("keys")).expect("the keys load"),
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy::default()),
            metrics: Metrics::default(),
        };
        let config = AppConfig {
            store: backend.config(),
            audit: AuditConfig::new("dancu.test/audit", backend.dir().join(format!("audit-{name}"))),
            access: AccessConfig::new(ISSUER),
            cache: CacheConfig::default(),
            guards: GuardConfig::default(),
            eid: EidConfig::default(),
            codes: Sending::Nowhere,
            oidc: OidcConfig::default(),
            retention: dancu::app::RetentionPeriods::with_stays(30),
            confirmation_validity: std::time::Duration::from_secs(365 * 24 * 3600),
            forms: dancu::forms::FormsConfig::default(),
            pages: dancu::app::PagesConfig::default(),
            contact: Contact {
                office: "Văn phòng mẫu".to_owned(),
                name: "Người mẫu".to_owned(),
                position: "Vận hành".to_owned(),
                phone: "+84 24 0000 0000".to_owned(),
                email: "mau@example.vn".to_owned(),
            },
        };
        let app = App::open(config, ground).await.expect("the service is built");
        let service = Service {
            routes: app.routes(),
            health: app.health(),
            metrics: app.ground.metrics.clone(),
            access_log: None,
            entropy: app.ground.entropy.clone(),
        };
        let limits = Limits {
            queue_delay: std::time::Duration::from_secs(60),
            anonymous_per_minute: 100_000,
            ..Limits::default()
        };
        let config = ServerConfig { workers: Some(2), limits, ..ServerConfig::default() };
        let listeners = server::listen(&["127.0.0.1:0".parse().unwrap()]).expect("a port");
        let server = server::start(&config, listeners, service).expect("the server starts");
        Self {
            app,
            clock,
            keys: HashMap::new(),
            secrets: HashMap::new(),
            people: showcase(1).into_iter().flat_map(|shown| shown.citizens).collect(),
            dpop: PrivateJwk::generate(Algorithm::P256).unwrap(),
            server,
            web: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap(),
            backend_url: backend.url().to_owned(),
        }
    }

    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.addresses()[0])
    }

    pub fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.web.get(self.url(path)).header("accept-language", "en")
    }

    pub fn post(&self, path: &str, form: &Form) -> reqwest::RequestBuilder {
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.web
            .post(self.url(path))
            .header("accept-language", "en")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }

    /// The same agreement but for `change`.
    pub async fn amend(&self, client: &str, change: impl FnOnce(&mut Agreement)) {
        let mut agreement = self.app.clients.find(&id(client)).unwrap().agreement.clone();
        change(&mut agreement);
        self.app
            .clients
            .under(&operator(&self.app))
            .amend(&id(client), agreement)
            .await
            .expect("the agreement is amended");
    }

    /// A client like the sample `like`.
    pub async fn add(&mut self, client: &str, like: &str) {
        let samples = samples(self.now()).unwrap();
        let sample = samples.into_iter().find(|sample| sample.new.id.as_str() == like).unwrap();
        self.secrets.extend(sample.secret.map(|secret| (client.to_owned(), secret.expose().to_owned())));
        self.keys.insert(client.to_owned(), sample.private_key);
        let new = NewClient { id: id(client), ..sample.new };
        self.app.clients.under(&operator(&self.app)).add(new).await.expect("the client is added");
    }

    /// A good assertion of `client`.
    pub fn assertion(&self, client: &str) -> String {
        self.assertion_with(client, json!({}), json!({}))
    }

    /// The same with members of header and claims changed.
    pub fn assertion_with(&self, client: &str, header: Value, claims: Value) -> String {
        let now = self.now().as_seconds();
        let key = &self.keys[client];
        let good = json!({ "iss": client, "sub": client, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": unique() });
        let head = json!({ "alg": "ES256", "kid": key.public().key_id() });
        sign(key, &merged(head, header), &merged(good, claims))
    }

    /// Authenticates as `client` does by default.
    pub fn authenticated(&self, client: &str, form: &Form) -> Form {
        let mut form = form.clone();
        form.push(("client_assertion_type".to_owned(), ASSERTION_TYPE.to_owned()));
        form.push(("client_assertion".to_owned(), self.assertion(client)));
        form
    }

    pub fn basic(&self, client: &str) -> String {
        format!("Basic {}", STANDARD.encode(format!("{client}:{}", self.secrets[client])))
    }

    /// A good proof for the token endpoint.
    pub fn proof(&self) -> String {
        self.proof_with("POST", "/oauth2/token", json!({ "nonce": self.app.access.dpop_nonce() }))
    }

    /// A proof with claims added or, by `null`, taken away.
    pub fn proof_with(&self, method: &str, path: &str, claims: Value) -> String {
        self.proof_by(&self.dpop, json!({}), method, path, claims)
    }

    pub fn proof_by(&self, key: &PrivateJwk, header: Value, method: &str, path: &str, claims: Value) -> String {
        let jwk = serde_json::to_value(key.public()).unwrap();
        let algorithm = jwk["alg"].clone();
        let head = json!({ "typ": "dpop+jwt", "alg": algorithm, "jwk": jwk });
        let now = self.now().as_seconds();
        let good = json!({ "jti": unique(), "htm": method, "htu": format!("{ISSUER}{path}"), "iat": now });
        sign(key, &merged(head, header), &merged(good, claims))
    }

    /// Calls a resource with a bound token.
    pub async fn call_bound(&self, path: &str, token: &str) -> Answer {
        let ath = URL_SAFE_NO_PAD.encode(sha256(&[token.as_bytes()]));
        let proof = self.proof_with("GET", path, json!({ "ath": ath }));
        read(self.get(path).header("authorization", format!("DPoP {token}")).header("dpop", proof)).await
    }

    pub async fn userinfo(&self, token: &str) -> Answer {
        read(self.get("/oauth2/userinfo").bearer_auth(token)).await
    }

    /// Pushes a request of `client`.
    pub async fn push(&self, client: &str, asked: &Form) -> Answer {
        read(self.post("/oauth2/par", &self.authenticated(client, asked))).await
    }

    /// Pushes a good request; its address at the authorization endpoint.
    pub async fn pushed(&self, client: &str, asked: &Form) -> String {
        let answer = self.push(client, asked).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        authorize_path(client, &answer.text_of("request_uri"))
    }

    /// Opens the page as a new browser; its cookie.
    pub async fn open_page(&self, path: &str) -> (Answer, String) {
        let page = read(self.get(path)).await;
        let cookie = page.cookie().unwrap_or_default();
        (page, cookie)
    }

    pub async fn reload(&self, path: &str, cookie: &str) -> Answer {
        read(self.get(path).header("cookie", cookie)).await
    }

    /// Every request that waits is approved by the holder of `number`, as their device would.
    pub async fn approve(&self, number: &str) {
        self.decide(number, 1).await;
    }

    pub async fn reject(&self, number: &str) {
        self.decide(number, 2).await;
    }

    /// Writes the citizen's decision into every waiting request.
    async fn decide(&self, number: &str, state: i16) {
        let citizen = self.people.iter().find(|citizen| citizen.id_number.expose() == number).unwrap().citizen_id;
        let hex: String = citizen.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let at = self.now().as_micros();
        self.execute(&hex, |citizen| {
            format!(
                "UPDATE eid_transactions SET state = {state}, citizen_id = {citizen}, device_id = {citizen}, \
                 decided_at = {at} WHERE state = 0"
            )
        });
    }

    /// Runs a statement outside of the service.
    pub fn sql(&self, sql: &str) {
        self.execute("", |_| sql.to_owned());
    }

    /// How many approvals have been asked for.
    pub async fn asked(&self) -> i64 {
        use dancu::storage::schema::eid_transactions;
        use dancu::storage::{Reach, StorageError};
        use diesel::{QueryDsl, RunQueryDsl};
        let count = |db: &mut _| Ok::<i64, StorageError>(eid_transactions::table.count().get_result(db)?);
        self.app.store.read(Reach::Key, count).await.unwrap()
    }

    /// Runs a statement with bytes in it, as the database writes them.
    fn execute(&self, hex: &str, sql: impl Fn(String) -> String) {
        use diesel::connection::SimpleConnection;
        use diesel::{Connection, PgConnection, SqliteConnection};
        if let Some(path) = self.backend_url.strip_prefix("sqlite:") {
            let mut db = SqliteConnection::establish(path).unwrap();
            db.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
            db.batch_execute(&sql(format!("X'{hex}'"))).unwrap();
        } else {
            let mut db = PgConnection::establish(&self.backend_url).unwrap();
            db.batch_execute(&sql(format!("'\\x{hex}'::bytea"))).unwrap();
        }
    }

    /// Asks for a sign-in and approves it as Nguyễn Văn An; the code.
    pub async fn code(&self, client: &str, asked: &Form) -> String {
        let path = self.pushed(client, asked).await;
        let (page, cookie) = self.open_page(&path).await;
        assert_eq!(page.status, 200, "{page:?}");
        self.approve("097099000001").await;
        let back = self.reload(&path, &cookie).await;
        assert_eq!(back.status, 303, "{back:?}");
        back.query().remove("code").unwrap_or_else(|| panic!("no code: {back:?}"))
    }

    /// Every entry of this process about an operation.
    pub async fn recorded(&self, operation: &str) -> Vec<OpenedEntry> {
        let mut entries = self.entries().await;
        entries.retain(|entry| entry.entry.operation == operation);
        entries
    }

    /// Every entry of this process.
    pub async fn entries(&self) -> Vec<OpenedEntry> {
        let mut entries = Vec::new();
        for log_index in 0.. {
            let receipt = Receipt { log: self.app.audit.own_log().to_string(), log_index };
            match self.app.audit.find(&receipt).await.unwrap() {
                Some(entry) => entries.push(entry),
                None => break,
            }
        }
        entries
    }

    /// The parameters that turn a code into tokens.
    pub fn redeeming(code: &str) -> Form {
        form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ])
    }

    /// A token request of a client of profile `fapi2`, with a good proof.
    pub async fn token_bound(&self, client: &str, asked: &Form) -> Answer {
        let request = self.post("/oauth2/token", &self.authenticated(client, asked));
        read(request.header("dpop", self.proof())).await
    }

    /// A token request by secret.
    pub async fn token_by_secret(&self, client: &str, asked: &Form) -> Answer {
        read(self.post("/oauth2/token", asked).header("authorization", self.basic(client))).await
    }

    /// A token request by assertion, without a proof.
    pub async fn token_by_key(&self, client: &str, asked: &Form) -> Answer {
        read(self.post("/oauth2/token", &self.authenticated(client, asked))).await
    }

    /// A whole sign-in at `rp-baseline`; the token answer.
    pub async fn signed_in(&self) -> Answer {
        let code = self.code("rp-baseline", &asking()).await;
        let answer = self.token_by_secret("rp-baseline", &Self::redeeming(&code)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }
}

pub async fn read(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.expect("a body") }
}

/// The page of a pushed request.
pub fn authorize_path(client: &str, request_uri: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("client_id", client), ("request_uri", request_uri)])
        .finish();
    format!("/oauth2/authorize?{query}")
}

pub fn unique() -> String {
    TransactionId::random(&SystemEntropy::default()).to_string()
}

pub fn merged(mut good: Value, changes: Value) -> Value {
    for (name, change) in changes.as_object().unwrap() {
        match change {
            Value::Null => drop(good.as_object_mut().unwrap().remove(name)),
            change => good[name] = change.clone(),
        }
    }
    good
}

pub fn sign(key: &PrivateJwk, header: &Value, claims: &Value) -> String {
    let signed = unsigned(header, claims);
    let signature = key.key.sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// What a JWT claims.
pub fn claims_of(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a payload");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}
