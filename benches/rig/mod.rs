//! What the benches of the whole service share: a served Dancu on one worker, a driver, and the
//! processor time of every thread but the driver's.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web;
use dancu::access::AccessConfig;
use dancu::app::{App, AppConfig, Ground, PagesConfig, RetentionPeriods};
use dancu::audit::AuditConfig;
use dancu::citizens::sealing::Sealing;
use dancu::citizens::seed::Seeder;
use dancu::citizens::{CacheConfig, GuardConfig};
use dancu::cli::operate::{account, demo_reason};
use dancu::cli::token::assertion;
use dancu::clients::samples;
use dancu::crypto::{Keyring, SystemEntropy};
use dancu::eid::{EidConfig, Sending};
use dancu::http::middleware::AccessLog;
use dancu::http::{Contact, Limits};
use dancu::kernel::clock::SystemClock;
use dancu::server::{self, RunningServer, ServerConfig, Service};
use dancu::storage::{StoreConfig, migrate};
use dancu::telemetry::Metrics;
use serde_json::json;

#[global_allocator]
static ALLOCATOR: dancu::Allocator = dancu::Allocator;

pub const CITIZENS: u64 = 5_000;
const CONNECTIONS: usize = 64;

/// Processor time of every thread but the one that drives.
fn serving_cpu() -> Duration {
    let nanos = |path: &Path| -> u64 {
        let account = std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
        account.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0)
    };
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux").flatten();
    let serving = tasks
        .filter(|task| !std::fs::read_to_string(task.path().join("comm")).unwrap_or_default().starts_with("driver"));
    Duration::from_nanos(serving.map(|task| nanos(&task.path())).sum())
}

/// Sends the requests in turn over kept-alive connections, one at a time on each. It never sleeps: to wake
/// it from an idle processor would be counted as the server's work, and for the quickest answers it never is.
fn drive(address: SocketAddr, requests: &[Vec<u8>], time: Duration) -> u64 {
    let end = Instant::now() + time;
    let clients = (0..CONNECTIONS).map(|_| TcpStream::connect(address).expect("the server listens"));
    let mut clients: Vec<_> = clients.collect();
    for client in &clients {
        client.set_nodelay(true).and_then(|()| client.set_nonblocking(true)).expect("a socket");
    }
    let (mut sent, mut bytes) = (0_usize, vec![0; 1 << 16]);
    while Instant::now() < end {
        for client in &mut clients {
            let spread = (sent as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
            client.write_all(&requests[(spread % requests.len() as u64) as usize]).expect("the server reads");
            sent += 1;
        }
        for client in &mut clients {
            let length = loop {
                match client.read(&mut bytes) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
                    read => break read.expect("the server answers"),
                }
            };
            let answer = String::from_utf8_lossy(&bytes[..length.min(200)]);
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
    }
    sent as u64
}

/// Microseconds of server processor time a request, and requests a second.
pub async fn measure(address: SocketAddr, requests: Vec<Vec<u8>>) -> (f64, f64) {
    let driver = std::thread::Builder::new().name("driver".into()).spawn(move || {
        // Until SQLite's write-ahead log has grown to the length it is then written over at.
        drive(address, &requests, Duration::from_secs(8));
        let (before, began) = (serving_cpu(), Instant::now());
        let answered = drive(address, &requests, Duration::from_secs(6)) as f64;
        ((serving_cpu() - before).as_secs_f64() * 1e6 / answered, answered / began.elapsed().as_secs_f64())
    });
    let driver = driver.expect("a thread");
    tokio::task::spawn_blocking(move || driver.join().expect("the driver ends")).await.expect("the driver ends")
}

/// A served Dancu with people in it, and what its sample client needs to ask.
pub struct Served {
    pub app: App,
    pub running: RunningServer,
    pub token: String,
    pub purpose: serde_json::Value,
}

impl Served {
    pub fn address(&self) -> SocketAddr {
        self.running.addresses()[0]
    }

    /// A request with the client's token, ready to be sent.
    pub fn post(&self, path: &str, body: &serde_json::Value) -> Vec<u8> {
        let (token, body) = (&self.token, body.to_string());
        let length = body.len();
        format!(
            "POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }

    pub async fn stop(self) {
        self.running.stop().await.expect("a graceful stop");
        self.app.close().await.expect("an orderly end");
    }
}

/// One worker over the database at `url`, with `more` routes beside the service's own.
pub async fn serve(folder: &Path, url: String, cache_bytes: u64, more: fn(&mut web::ServiceConfig)) -> Served {
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy::default()));
    let keys = folder.join("keys");
    Keyring::init_missing(&keys, &*entropy, &*clock).expect("keys");
    let keyring = Keyring::load(&keys).expect("keys");
    migrate::run(&url).expect("a schema");
    let listeners = server::listen(&["127.0.0.1:0".parse().expect("an address")]).expect("a free port");
    let issuer = format!("http://{}", listeners[0].local_addr().expect("an address"));
    let ground = Ground { keyring, clock: clock.clone(), entropy: entropy.clone(), metrics: Metrics::default() };
    let contact = || "bench".to_owned();
    let config = AppConfig {
        store: StoreConfig { url, readers: 4 },
        audit: AuditConfig::new("bench/audit", folder.join(format!("audit-{cache_bytes}"))),
        access: AccessConfig::new(&issuer),
        cache: CacheConfig { bytes: cache_bytes, ..CacheConfig::default() },
        guards: GuardConfig::default(),
        forms: dancu::forms::FormsConfig::default(),
        eid: EidConfig::default(),
        codes: Sending::Nowhere,
        oidc: dancu::oidc::OidcConfig::default(),
        confirmation_validity: Duration::from_secs(365 * 24 * 3600),
        contact: Contact {
            office: contact(),
            name: contact(),
            position: contact(),
            phone: contact(),
            email: contact(),
        },
        pages: PagesConfig::default(),
        retention: RetentionPeriods::with_stays(30),
    };
    let app = App::open(config, ground.clone()).await.expect("the service opens");
    let sealing = Sealing::new(ground.keyring.clone(), entropy.clone());
    Seeder::new(app.store.clone(), sealing, clock.clone()).seed(1, CITIZENS, |_| ()).await.expect("people");
    let sample = samples(ground.clock.now()).expect("samples").into_iter().find(|s| s.new.id.as_str() == "loadtest");
    let sample = sample.expect("the sample client");
    let id = sample.new.id.clone();
    let operator = app.operator(account(), demo_reason());
    let changes = app.clients.under(&operator);
    let token = match app.clients.find(&id) {
        Some(_) => {
            let key = sample.new.key.clone().expect("the sample signs with a key");
            changes.rotate_key(&id, key, Duration::ZERO).await
        }
        None => changes.add(sample.new.clone()).await,
    };
    token.expect("the client is known");
    let assertion = assertion(&sample.private_key, &id, &issuer, &*clock, &*entropy).expect("an assertion");
    let out = std::fs::File::create("/dev/null").expect("/dev/null");
    let service = Service {
        routes: app.routes().with((), more, utoipa::openapi::OpenApi::default()),
        health: app.health(),
        metrics: ground.metrics.clone(),
        access_log: Some(AccessLog::start(Box::new(out), clock, &ground.metrics).expect("a thread")),
        entropy,
    };
    // A machine that others use too may let a queue stand for longer than is served normally.
    let limits = Limits { queue_delay: Duration::from_secs(5), ..Limits::default() };
    let config = ServerConfig { workers: Some(1), limits, ..ServerConfig::default() };
    let running = server::start(&config, listeners, service).expect("a server");
    let form = format!(
        "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={assertion}"
    );
    let answer = reqwest::Client::new()
        .post(format!("{issuer}/oauth2/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let answer: serde_json::Value = answer.send().await.expect("an answer").json().await.expect("JSON");
    let token = answer["access_token"].as_str().expect("a token").to_owned();
    let purpose = json!({
        "procedure": sample.new.agreement.procedures.iter().next(),
        "legal_basis": sample.new.agreement.legal_bases.iter().find(|basis| !basis.is_consent()),
        "officer": sample.new.officers.first(),
    });
    Served { app, running, token, purpose }
}
