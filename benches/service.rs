//! The main job beside the bare framework, in one run: server processor time a request, and requests
//! a second on one worker, for hello-JSON on bare actix, a look-up from the cache without an audit
//! entry (by a handler of this bench: the service has none that goes without), the look-up as it is
//! served, its entry durable before the answer, and one that misses the cache.
//!
//! `cargo bench --bench service`; with `DANCU_TEST_POSTGRES_URL` (an empty database) PostgreSQL too.
//! Ratios of one run can be compared, those of two runs hardly.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::{App as Actix, HttpResponse, HttpServer, web};
use dancu::access::{AccessConfig, Caller};
use dancu::app::{App, AppConfig, Ground, PagesConfig};
use dancu::audit::AuditConfig;
use dancu::citizens::matching::{Anchor, AnchorNumber};
use dancu::citizens::sealing::Sealing;
use dancu::citizens::seed::{Population, Seeder};
use dancu::citizens::{Anchoring, CacheConfig, Citizens, Disclosure, GuardConfig, Question, warnings_of};
use dancu::cli::token::assertion;
use dancu::clients::{Contact, Operation, samples};
use dancu::crypto::{Keyring, SystemEntropy};
use dancu::eid::{EidConfig, Sending};
use dancu::http::middleware::AccessLog;
use dancu::http::{Input, Json, Limits, Problem};
use dancu::kernel::clock::SystemClock;
use dancu::kernel::{AttributeSet, Faults, IdNumber, PartialDate, PersonName, Purpose};
use dancu::server::{self, RunningServer, ServerConfig, Service};
use dancu::storage::{StoreConfig, migrate};
use dancu::telemetry::Metrics;
use serde::Deserialize;
use serde_json::json;

#[global_allocator]
static ALLOCATOR: dancu::Allocator = dancu::Allocator;

const CITIZENS: u64 = 5_000;
const CONNECTIONS: usize = 64;
const HELLO: &str = r#"{"message":"Xin chao. This body is as long as a short answer about a person would be, so that writing it costs the same: two hundred bytes or so, which is what others have measured with as well, too."}"#;

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

/// Sends the requests in turn over kept-alive connections, one at a time on each.
fn drive(address: SocketAddr, requests: &[Vec<u8>], time: Duration) -> u64 {
    let end = Instant::now() + time;
    let clients = (0..CONNECTIONS).map(|_| TcpStream::connect(address).expect("the server listens"));
    let mut clients: Vec<_> = clients.collect();
    clients.iter().for_each(|client| client.set_nodelay(true).expect("a socket"));
    let (mut sent, mut bytes) = (0_usize, vec![0; 1 << 16]);
    while Instant::now() < end {
        for client in &mut clients {
            let spread = (sent as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
            client.write_all(&requests[(spread % requests.len() as u64) as usize]).expect("the server reads");
            sent += 1;
        }
        for client in &mut clients {
            let length = client.read(&mut bytes).expect("the server answers");
            let answer = String::from_utf8_lossy(&bytes[..length.min(200)]);
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
    }
    sent as u64
}

/// Microseconds of server processor time a request, and requests a second.
async fn measure(address: SocketAddr, requests: Vec<Vec<u8>>) -> (f64, f64) {
    let driver = std::thread::Builder::new().name("driver".into()).spawn(move || {
        drive(address, &requests, Duration::from_secs(2));
        let (before, began) = (serving_cpu(), Instant::now());
        let answered = drive(address, &requests, Duration::from_secs(6)) as f64;
        ((serving_cpu() - before).as_secs_f64() * 1e6 / answered, answered / began.elapsed().as_secs_f64())
    });
    let driver = driver.expect("a thread");
    tokio::task::spawn_blocking(move || driver.join().expect("the driver ends")).await.expect("the driver ends")
}

fn bare() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let hello = || async { HttpResponse::Ok().content_type("application/json").body(HELLO) };
    let server = HttpServer::new(move || Actix::new().route("/hello", web::get().to(hello)));
    tokio::spawn(server.workers(1).disable_signals().listen(listener).expect("a listener").run());
    address
}

#[derive(Deserialize)]
struct Ask {
    id_number: Input<IdNumber>,
    full_name: Input<PersonName>,
    date_of_birth: Input<PartialDate>,
    purpose: Input<Purpose>,
    attributes: Input<AttributeSet>,
}

impl Ask {
    fn read(self, faults: &mut Faults) -> Option<(Anchor, Purpose, AttributeSet)> {
        let anchor = Anchor {
            number: AnchorNumber::Personal(self.id_number.required("/id_number", faults)?),
            full_name: self.full_name.required("/full_name", faults)?,
            date_of_birth: self.date_of_birth.required("/date_of_birth", faults)?,
        };
        Some((anchor, self.purpose.required("/purpose", faults)?, self.attributes.required("/attributes", faults)?))
    }
}

/// All of a look-up but its entry.
async fn unrecorded(caller: Caller, citizens: web::Data<Citizens>, body: Json<Ask>) -> Result<HttpResponse, Problem> {
    let (anchor, purpose, attributes) = body.read(Ask::read)?;
    let question = Question { operation: Operation::CitizensLookup, name: "bench", purpose, attributes };
    let (anchoring, draft) = citizens.anchor(&caller, question, &anchor).await?;
    let Anchoring { person, .. } = anchoring?;
    let person = person.expect("everybody asked about is there");
    let allowance = draft.allowance(&caller.client.agreement, person.record.citizen.citizen_id);
    let warnings = warnings_of(&person.record.citizen, person.anchored.number, allowance);
    let disclosure = Disclosure::choose(person.record, attributes, allowance);
    let mut out = Vec::with_capacity(4096);
    disclosure.write(&mut out);
    serde_json::to_writer(&mut out, &(draft.transaction(), disclosure.withheld(), warnings)).expect("JSON");
    Ok(HttpResponse::Ok().content_type("application/json").body(out))
}

fn bench_routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/bench/lookup").route(web::post().to(unrecorded)));
}

/// A served Dancu, and look-ups for it.
async fn dancu(folder: &Path, url: String, cache_bytes: u64) -> (App, RunningServer, [Vec<Vec<u8>>; 2]) {
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
    };
    let app = App::open(config, ground.clone()).await.expect("the service opens");
    let sealing = Sealing::new(ground.keyring.clone(), entropy.clone());
    Seeder::new(app.store.clone(), sealing, clock.clone()).seed(1, CITIZENS, |_| ()).await.expect("people");
    let sample = samples(ground.clock.now()).expect("samples").into_iter().find(|s| s.new.id.as_str() == "loadtest");
    let sample = sample.expect("the sample client");
    let id = sample.new.id.clone();
    let token = match app.clients.find(&id) {
        Some(_) => {
            let key = sample.new.key.clone().expect("the sample signs with a key");
            app.clients.rotate_key(&id, key, Duration::ZERO).await
        }
        None => app.clients.add(sample.new.clone()).await,
    };
    token.expect("the client is known");
    let assertion = assertion(&sample.private_key, &id, &issuer, &*clock, &*entropy).expect("an assertion");
    let out = std::fs::File::create("/dev/null").expect("/dev/null");
    let service = Service {
        routes: app.routes().with((), bench_routes, utoipa::openapi::OpenApi::default()),
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
    let requests = ["/v1/citizens/lookup", "/bench/lookup"].map(|path| look_ups(path, &token, &purpose));
    (app, running, requests)
}

fn look_ups(path: &str, token: &str, purpose: &serde_json::Value) -> Vec<Vec<u8>> {
    let attributes = [
        "full_name",
        "other_name",
        "date_of_birth",
        "sex",
        "place_of_birth",
        "place_of_origin",
        "ethnicity",
        "nationality",
        "marital_status",
        "permanent_residence",
        "temporary_residence",
        "current_residence",
        "card",
        "phone",
        "status",
    ];
    let people = Population::new(1, CITIZENS).flatten();
    let look_up = people.map(|citizen| {
        let body = json!({
            "id_number": citizen.id_number, "full_name": citizen.full_name, "date_of_birth": citizen.date_of_birth,
            "attributes": attributes, "purpose": purpose,
        })
        .to_string();
        let length = body.len();
        format!(
            "POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    });
    look_up.collect()
}

#[tokio::main]
async fn main() {
    // `cargo test --all-targets` runs benches too, without this word.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let hello = b"GET /hello HTTP/1.1\r\nHost: bench\r\n\r\n".to_vec();
    let base = measure(bare(), vec![hello]).await;
    println!("hello-JSON on bare actix          {:6.1} µs  {:7.0}/s   × 1", base.0, base.1);
    let mut backends = vec![("SQLite", None)];
    #[allow(clippy::disallowed_methods, reason = "a bench is told its database by the environment")]
    if let Ok(url) = std::env::var("DANCU_TEST_POSTGRES_URL") {
        backends.push(("PostgreSQL", Some(url)));
    }
    for (name, url) in backends {
        let folder = tempfile::tempdir().expect("a folder");
        for (case, bytes) in [("cached", 256 << 20), ("a miss", 0)] {
            let url = url.clone().unwrap_or_else(|| format!("sqlite:{}", folder.path().join("bench.db").display()));
            let (app, running, requests) = dancu(folder.path(), url, bytes).await;
            let [audited, unaudited] = requests;
            let address = running.addresses()[0];
            if case == "cached" {
                let (cpu, rate) = measure(address, unaudited).await;
                println!("look-up, cached, not audited        {cpu:5.1} µs  {rate:7.0}/s   × {:.2}", cpu / base.0);
            }
            let before = app.store.writer_stats();
            let (cpu, rate) = measure(address, audited).await;
            let after = app.store.writer_stats();
            let group = (after.jobs - before.jobs) as f64 / (after.commits - before.commits).max(1) as f64;
            println!(
                "look-up, {case:6}, audited, {name:10} {cpu:5.1} µs  {rate:7.0}/s   × {:.2}   {group:.0} a commit",
                cpu / base.0
            );
            running.stop().await.expect("a graceful stop");
            app.close().await.expect("an orderly end");
        }
    }
}
