//! Clients and access on a backend, as one process of the service holds them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::HeaderMap;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{App, HttpResponse, get, test};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dancu::access::{ASSERTION_TYPE, Access, AccessApi, AccessConfig, AccessParts, Caller, Verified};
use dancu::audit::{Audit, AuditConfig, Operator, OperatorParts};
use dancu::cli::operate::{account, demo_reason};
use dancu::clients::{Client, ClientChanges, Clients, Operation, OperationSet, samples};
use dancu::crypto::jose::PrivateJwk;
use dancu::crypto::{Keyring, SystemEntropy};
use dancu::http::{Problem, Routes};
use dancu::kernel::{ClientId, Clock, Entropy, Instant, ManualClock};
use dancu::server::{self, RunningServer, ServerConfig, Service};
use dancu::storage::{Store, StoreConfig};
use dancu::telemetry::{Health, Metrics};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use utoipa::OpenApi;

use super::Backend;

pub const ISSUER: &str = "https://dancu.test";

/// One process: its store, its registry of clients, its access.
pub struct House {
    pub store: Store,
    pub clients: Clients,
    pub access: Arc<Access>,
    pub keyring: Keyring,
    pub clock: Arc<ManualClock>,
    /// The sample clients' private keys, by client.
    pub keys: HashMap<String, PrivateJwk>,
    key_folder: PathBuf,
    place: (StoreConfig, PathBuf),
    operator: OnceCell<Operator>,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Status and OAuth error, or the problem's slug.
    pub fn told(&self) -> (u16, &str) {
        let error = self.body["error"].as_str();
        let slug = self.body["type"].as_str().and_then(|uri| uri.rsplit('/').next());
        (self.status.as_u16(), error.or(slug).unwrap_or_default())
    }
}

pub fn id(text: &str) -> ClientId {
    text.parse().expect("a client id")
}

impl House {
    /// A first process on an empty database, with the sample clients.
    pub async fn new(backend: &Backend) -> Self {
        let mut house = Self::empty(backend).await;
        for sample in samples(house.now()).expect("samples are made") {
            house.keys.insert(sample.new.id.to_string(), sample.private_key);
            house.changes().await.add(sample.new).await.expect("a sample is added");
        }
        house
    }

    /// A first process without any client.
    pub async fn empty(backend: &Backend) -> Self {
        let clock = Arc::new(ManualClock::at(Instant::parse_rfc3339("2026-11-21T03:00:00Z").expect("an instant")));
        let key_folder = backend.dir().join("keys");
        Keyring::init(&key_folder, &SystemEntropy::default(), &*clock).expect("keys are made");
        Self::open(backend, clock, key_folder, HashMap::new(), ISSUER).await
    }

    /// A further process on the same database and keys.
    pub async fn twin(&self, backend: &Backend) -> Self {
        self.under_issuer(backend, ISSUER).await
    }

    /// A process that shares the keys and gives tokens for another audience.
    pub async fn under_issuer(&self, backend: &Backend, issuer: &str) -> Self {
        Self::open(backend, self.clock.clone(), self.key_folder.clone(), self.keys.clone(), issuer).await
    }

    async fn open(
        backend: &Backend,
        clock: Arc<ManualClock>,
        key_folder: PathBuf,
        keys: HashMap<String, PrivateJwk>,
        issuer: &str,
    ) -> Self {
        let store = backend.store();
        let keyring = Keyring::load(&key_folder).expect("the keys load");
        let clients = Clients::open(store.clone(), clock.clone()).await.expect("the registry opens");
        let access = Access::open(AccessParts {
            config: AccessConfig::new(issuer),
            clients: clients.clone(),
            keyring: keyring.clone(),
            store: store.clone(),
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy::default()),
        })
        .await;
        let place = (backend.config(), backend.dir().to_owned());
        let access = access.expect("access opens");
        Self { store, clients, access, keyring, clock, keys, key_folder, place, operator: OnceCell::new() }
    }

    /// An operator at the command line, beside this process.
    pub async fn operator(&self) -> &Operator {
        let open = async || {
            let (config, dir) = &self.place;
            let (clock, entropy) = (self.clock.clone(), Arc::new(SystemEntropy::default()));
            operator_at(config, dir, self.keyring.clone(), clock, entropy).await
        };
        self.operator.get_or_init(open).await
    }

    /// Where that operator changes the registry.
    pub async fn changes(&self) -> ClientChanges<'_> {
        self.clients.under(self.operator().await)
    }

    /// Serves the OAuth endpoints on a socket; the server and its URL.
    pub fn serve(&self) -> (RunningServer, String) {
        let service = Service {
            routes: Routes::default().with_shared(self.access.clone(), dancu::access::routes, AccessApi::openapi()),
            health: Health::new(Vec::new()),
            metrics: Metrics::default(),
            access_log: None,
            entropy: Arc::new(SystemEntropy::default()),
        };
        let config = ServerConfig { workers: Some(1), ..ServerConfig::default() };
        let listeners = server::listen(&["127.0.0.1:0".parse().expect("an address")]).expect("a free port");
        let server = server::start(&config, listeners, service).expect("the server starts");
        let url = format!("http://{}", server.addresses()[0]);
        (server, url)
    }

    pub fn now(&self) -> Instant {
        dancu::kernel::Clock::now(&*self.clock)
    }

    /// The claims of a good assertion of `client`.
    pub fn claims(&self, client: &str) -> Value {
        let now = self.now().as_seconds();
        let jti = dancu::kernel::TransactionId::random(&SystemEntropy::default()).to_string();
        json!({ "iss": client, "sub": client, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": jti })
    }

    /// The header of a good assertion of `client`.
    pub fn header(&self, client: &str) -> Value {
        json!({ "alg": "ES256", "kid": self.keys[client].public().key_id() })
    }

    /// A good assertion of `client`.
    pub fn assertion(&self, client: &str) -> String {
        self.sign(client, &self.header(client), &self.claims(client))
    }

    /// Whatever header and claims, signed with the key of `client`.
    pub fn sign(&self, client: &str, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let signature = self.keys[client].key.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A token request with this assertion.
    pub async fn ask_with(&self, assertion: &str, more: &[(&str, &str)]) -> Answer {
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion),
        ];
        form.extend_from_slice(more);
        self.post_form(&form).await
    }

    pub async fn post_form(&self, form: &[(&str, &str)]) -> Answer {
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = test::TestRequest::post()
            .insert_header((header::CONTENT_TYPE, "application/x-www-form-urlencoded"))
            .set_payload(body);
        self.call(request, "/oauth2/token").await
    }

    /// An access token of `client`.
    pub async fn token(&self, client: &str) -> String {
        let answer = self.ask_with(&self.assertion(client), &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.body["access_token"].as_str().expect("a token").to_owned()
    }

    /// Calls an operation that needs `citizens:lookup`.
    pub async fn probe(&self, authorization: &str) -> Answer {
        self.call(test::TestRequest::get().insert_header((header::AUTHORIZATION, authorization)), "/probe").await
    }

    pub async fn probe_with(&self, token: &str) -> Answer {
        self.probe(&format!("Bearer {token}")).await
    }

    pub async fn call(&self, request: test::TestRequest, path: &str) -> Answer {
        let app = App::new().app_data(Data::from(self.access.clone())).configure(dancu::access::routes).service(probe);
        let app = test::init_service(app).await;
        read(test::call_service(&app, request.uri(path).to_request()).await).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(test::TestRequest::get(), path).await
    }
}

impl House {
    pub fn rows(&self) -> super::keys::Keys<'_> {
        super::keys::Keys { store: &self.store, keyring: &self.keyring, now: self.now() }
    }
}

/// The client, asking in this process with all that a token can allow.
pub fn caller_of(client: Arc<Client>, expires: Instant) -> Caller {
    let token = Verified {
        client: client.id.clone(),
        subject: client.id.to_string(),
        scope: String::new(),
        scopes: OperationSet::all(),
        issued: Instant::from_seconds(0),
        expires,
        id: String::new(),
        grant: None,
        attributes: None,
        key: None,
    };
    Caller::of_token(client, None, Arc::new(token))
}

/// An operator with a store and a log of their own, as a command has them.
pub async fn operator_at(
    config: &StoreConfig,
    dir: &Path,
    keyring: Keyring,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Operator {
    let store = Store::open(config).expect("the store opens");
    let settings = AuditConfig::new("dancu.test/audit", dir.join("audit-of-operators"));
    let audit = Audit::open_for_command(store.clone(), keyring, settings, clock.clone(), entropy.clone()).await;
    let audit = audit.expect("the operator's log opens");
    Operator::new(OperatorParts { store, audit, account: account(), why: demo_reason(), clock, entropy })
}

#[get("/probe")]
async fn probe(caller: Caller) -> Result<HttpResponse, Problem> {
    caller.require(Operation::CitizensLookup)?;
    Ok(HttpResponse::Ok().json(json!({ "client": caller.client.id })))
}

async fn read(response: ServiceResponse<impl MessageBody>) -> Answer {
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = test::read_body(response).await;
    Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
}

/// Header and claims in compact form, without a signature.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// Asks until `done`; how long that took.
pub async fn within(limit: Duration, mut done: impl AsyncFnMut() -> bool) -> Duration {
    let begun = std::time::Instant::now();
    while !done().await {
        assert!(begun.elapsed() < limit, "not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    begun.elapsed()
}
