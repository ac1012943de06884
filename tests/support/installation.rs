//! A whole installation, as `dancu demo` runs one: every slice and page, on a free port.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dancu::access::{ASSERTION_TYPE, AccessConfig};
use dancu::app::{App, AppConfig, Ground, PagesConfig};
use dancu::audit::{AuditConfig, Operator};
use dancu::citizens::sealing::Sealing;
use dancu::citizens::seed::showcase;
use dancu::citizens::{CacheConfig, GuardConfig, upsert};
use dancu::cli::demo::facilities;
use dancu::cli::operate::{account, demo_reason};
use dancu::clients::samples;
use dancu::console;
use dancu::crypto::jose::PrivateJwk;
use dancu::crypto::{Keyring, SystemEntropy};
use dancu::eid::{EidConfig, Sending};
use dancu::http::{Contact, Limits};
use dancu::kernel::TransactionId;
use dancu::kernel::clock::SystemClock;
use dancu::server::{self, RunningServer, ServerConfig, Service};
use dancu::telemetry::Metrics;
use serde_json::{Value, json};

use super::Backend;
use super::house::unsigned;

pub struct Installation {
    pub app: App,
    pub url: String,
    /// The secrets of the sample clients that have one.
    pub secrets: HashMap<String, String>,
    /// The sample clients' private keys, by client.
    keys: HashMap<String, PrivateJwk>,
    server: RunningServer,
}

impl Installation {
    /// The showcase, the sample clients and their facilities in an empty database, every page switched
    /// on.
    pub async fn start(backend: &Backend) -> Self {
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy::default()));
        let folder = backend.dir().join("keys");
        Keyring::init_demo(&folder, &*entropy, &*clock).expect("keys are made");
        let keyring = Keyring::load(&folder).expect("the keys load");
        let listeners = server::listen(&["127.0.0.1:0".parse().expect("an address")]).expect("a free port");
        let url = format!("http://{}", listeners[0].local_addr().expect("an address"));
        let ground = Ground { keyring, clock, entropy, metrics: Metrics::default() };
        let app = App::open(config(backend, &url), ground.clone()).await.expect("the service opens");
        let (mut secrets, mut keys) = (HashMap::new(), HashMap::new());
        for sample in samples(ground.clock.now()).expect("samples are made") {
            let client = sample.new.id.to_string();
            secrets.extend(sample.secret.map(|secret| (client.clone(), secret.expose().to_owned())));
            keys.insert(client, sample.private_key);
            app.clients.under(&operator(&app)).add(sample.new).await.expect("a sample is added");
        }
        people(&app).await;
        facilities::enter(&app, &operator(&app)).await.expect("the samples have facilities");
        let service = Service {
            routes: console::routes(&app),
            health: app.health(),
            metrics: ground.metrics.clone(),
            access_log: None,
            entropy: ground.entropy,
        };
        // A browser beside it may take the processor for longer than a load balancer would.
        let limits = Limits { queue_delay: Duration::from_secs(10), ..Limits::default() };
        let config = ServerConfig { workers: Some(1), limits, ..ServerConfig::default() };
        let server = server::start(&config, listeners, service).expect("the server starts");
        Self { app, url, secrets, keys, server }
    }

    /// How a client authenticates at OAuth endpoints.
    pub fn authenticated(&self, client: &str) -> [(&'static str, String); 2] {
        let (key, now) = (&self.keys[client], self.app.ground.clock.now().as_seconds());
        let claims = json!({
            "iss": client, "sub": client, "aud": self.url, "iat": now, "exp": now + 60,
            "jti": TransactionId::random(&*self.app.ground.entropy).to_string(),
        });
        let signed = unsigned(&json!({ "alg": "ES256", "kid": key.public().key_id() }), &claims);
        let assertion = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key.key.sign(signed.as_bytes())));
        [("client_assertion_type", ASSERTION_TYPE.to_owned()), ("client_assertion", assertion)]
    }

    /// An access token of a client, as its back end gets one.
    pub async fn token(&self, client: &str) -> String {
        let grant = ("grant_type", "client_credentials".to_owned());
        let form = self.authenticated(client).into_iter().chain([grant]);
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = reqwest::Client::new().post(format!("{}/oauth2/token", self.url)).body(body);
        let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await;
        let told: Value = answer.expect("an answer").json().await.expect("JSON");
        told["access_token"].as_str().unwrap_or_else(|| panic!("no token: {told}")).to_owned()
    }

    /// Posts JSON, with a token or without an account; the text of the answer.
    pub async fn post(&self, token: Option<&str>, path: &str, body: &Value) -> String {
        let mut request = reqwest::Client::new().post(format!("{}{path}", self.url)).json(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{path}: {status} {text}");
        text
    }

    pub async fn stop(self) {
        self.server.stop().await.expect("the server stops");
        self.app.close().await.expect("the service closes");
    }
}

/// An operator in the service's own process, as in a demo.
pub fn operator(app: &App) -> Operator {
    app.operator(account(), demo_reason())
}

fn config(backend: &Backend, url: &str) -> AppConfig {
    AppConfig {
        store: backend.config(),
        audit: AuditConfig::new("dancu.test/audit", backend.dir().join("audit")),
        access: AccessConfig::new(url),
        cache: CacheConfig::default(),
        guards: GuardConfig::default(),
        eid: EidConfig::default(),
        oidc: dancu::oidc::OidcConfig::default(),
        retention: dancu::app::RetentionPeriods::with_stays(30),
        confirmation_validity: std::time::Duration::from_secs(365 * 24 * 3600),
        forms: dancu::forms::FormsConfig::default(),
        codes: Sending::File(backend.dir().join("codes.ndjson")),
        contact: Contact {
            office: "Trung tâm dữ liệu dân cư".to_owned(),
            name: "Nguyễn Thị Mẫu".to_owned(),
            position: "Cán bộ đầu mối".to_owned(),
            phone: "+84 24 0000 0000".to_owned(),
            email: "daumoi@dancu.test".to_owned(),
        },
        pages: PagesConfig {
            demo: true,
            landing: true,
            me: true,
            desk: true,
            wallet: true,
            portal: true,
            client: "portal".parse().ok(),
        },
    }
}

/// Everybody of the showcase.
async fn people(app: &App) {
    let sealing = Sealing::new(app.ground.keyring.clone(), app.ground.entropy.clone());
    let now = app.ground.clock.now();
    for citizen in showcase(1).into_iter().flat_map(|shown| shown.citizens) {
        let sealing = sealing.clone();
        let put = app.store.write(move |tx| upsert(tx, &sealing, &citizen, None, now)).await;
        put.expect("a citizen is stored");
    }
}
