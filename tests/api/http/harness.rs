//! A server with routes that fail in every way, and a client that speaks raw HTTP.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::error::ErrorImATeapot;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use dancu::crypto::SystemEntropy;
use dancu::http::extract::{BoundedText, IdempotencyKey};
use dancu::http::middleware::AccessLog;
use dancu::http::page::PageFailure;
use dancu::http::{AnonymousRequest, Arrival, Input, Json, Limits, OauthError, Problem, ProblemKind, Routes, release};
use dancu::kernel::clock::SystemClock;
use dancu::kernel::{Faults, IdNumber, PersonName};
use dancu::server::{self, Listeners, RunningServer, ServerConfig, Service};
use dancu::storage::StorageError;
use dancu::telemetry::{Health, Metrics, Probe};
use serde::Deserialize;
use utoipa::OpenApi;

#[derive(Deserialize)]
struct Person {
    id_number: Input<IdNumber>,
    full_name: Input<PersonName>,
    note: Input<BoundedText<40>>,
}

impl Person {
    fn read(self, faults: &mut Faults) -> Option<usize> {
        let number = self.id_number.required("/id_number", faults);
        let name = self.full_name.required("/full_name", faults);
        let note = self.note.optional("/note", faults);
        note?;
        Some(number?.expose().len() + name?.expose().len())
    }
}

async fn person(arrival: Arrival, _: IdempotencyKey, body: Json<Person>) -> Result<String, Problem> {
    if let Ok(client) = "portal".parse() {
        arrival.note_client(&client);
    }
    body.read(Person::read).map(|length| length.to_string())
}

async fn problem(slug: web::Path<String>) -> Result<&'static str, Problem> {
    let kind = ProblemKind::ALL.iter().find(|kind| kind.slug() == slug.as_str()).copied();
    Err(kind.unwrap_or(ProblemKind::NotFound).into())
}

/// Fails for a reason that clients are not told.
async fn fails(how: web::Path<String>) -> Result<HttpResponse, actix_web::Error> {
    Err(match how.as_str() {
        "key" => Problem::from(StorageError::seal_key_missing(7)).into(),
        "invariant" => Problem::from(StorageError::BrokenInvariant("a notice has no outcome")).into(),
        "oauth" => OauthError::from(StorageError::unavailable("the connection was lost")).into(),
        "oauth-invariant" => OauthError::from(StorageError::BrokenInvariant("a code has no client")).into(),
        _ => {
            let mut page = HttpResponse::ServiceUnavailable().body("<p>Later.");
            let why = PageFailure::because(&StorageError::unavailable("the pool is empty"));
            page.extensions_mut().insert(why);
            return Ok(page);
        }
    })
}

/// Requests that reached a handler.
#[derive(Default)]
pub struct Handled(pub AtomicUsize);

async fn slow(ms: web::Path<u64>, handled: web::Data<Handled>) -> &'static str {
    handled.0.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(*ms)).await;
    "slow"
}

/// Holds the worker, as work for the processor does.
async fn busy(ms: web::Path<u64>) -> &'static str {
    std::thread::sleep(Duration::from_millis(*ms));
    "busy"
}

/// More than buffers take in of a few.
async fn long(handled: web::Data<Handled>) -> Vec<u8> {
    handled.0.fetch_add(1, Ordering::SeqCst);
    vec![b'x'; 100_000]
}

async fn endless() -> impl Responder {
    let chunk = || Ok::<_, actix_web::Error>(Bytes::from(vec![b'x'; 50_000]));
    HttpResponse::Ok().streaming(futures_util::stream::repeat_with(chunk))
}

async fn negative(arrival: Arrival) -> &'static str {
    release::negative(&arrival).await;
    "no_match"
}

async fn stream() -> impl Responder {
    let chunks = futures_util::stream::unfold(0, |chunk| async move {
        tokio::time::sleep(Duration::from_millis(5)).await;
        (chunk < 10).then(|| (Ok::<_, actix_web::Error>(Bytes::from_static(b"0123456789")), chunk + 1))
    });
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=60")).streaming(chunks)
}

#[derive(Deserialize)]
struct Numbered {
    number: u32,
}

fn routes(app: &mut ServiceConfig) {
    app.service(web::resource("/person").post(person))
        .service(web::resource("/problem/{slug}").get(problem))
        .service(web::resource("/slow/{ms}").get(slow))
        .service(web::resource("/busy/{ms}").get(busy))
        .service(web::resource("/long").get(long))
        .service(web::resource("/endless").get(endless))
        .service(web::resource("/negative").get(negative))
        .service(web::resource("/stream").get(stream))
        .service(web::resource("/things/{thing}").get(|thing: web::Path<String>| async move {
            if *thing == "1" { "thing".to_owned() } else { format!("thing {thing}") }
        }))
        .service(web::resource("/anonymous").post(|_: AnonymousRequest| async { "done" }))
        .service(web::resource("/panic").get(|| async { panic!("{CANARY}") as &str }))
        .service(web::resource("/query").get(|q: web::Query<Numbered>| async move { q.number.to_string() }))
        .service(web::resource("/actix-json").post(|j: web::Json<Numbered>| async move { j.number.to_string() }))
        .service(web::resource("/teapot").get(|| async { Err::<&str, _>(ErrorImATeapot(CANARY)) }))
        .service(
            web::resource("/broken")
                .get(|| async { Err::<&str, _>(Problem::internal(&std::io::Error::other("the disk is full"))) }),
        )
        .service(web::resource("/fails/{how}").get(fails))
        .service(web::resource("/oauth").post(|| async {
            let challenge = (header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic"));
            Err::<&str, _>(OauthError::invalid_client("unknown key").with_header(challenge.0, challenge.1))
        }));
}

#[derive(OpenApi)]
#[openapi()]
struct Nothing;

pub const CANARY: &str = "097099123456";

/// What was written, for later.
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub struct Bench {
    pub server: RunningServer,
    pub address: SocketAddr,
    /// Where metrics and the details of health are.
    pub private: SocketAddr,
    pub log: Kept,
    pub metrics: Metrics,
    pub handled: Arc<Handled>,
}

pub fn start() -> Bench {
    start_limited(patient())
}

/// Limits under which nothing is shed because the machine that runs the tests is slow.
pub fn patient() -> Limits {
    Limits { queue_delay: std::time::Duration::from_secs(10), ..Limits::default() }
}

pub fn start_limited(limits: Limits) -> Bench {
    start_with(ServerConfig { workers: Some(1), limits, ..ServerConfig::default() }, &["127.0.0.1:0"])
}

pub fn start_with(config: ServerConfig, addresses: &[&str]) -> Bench {
    let (log, metrics, handled) = (Kept::default(), Metrics::default(), Arc::new(Handled::default()));
    let access_log = AccessLog::start(Box::new(log.clone()), Arc::new(SystemClock), &metrics).unwrap();
    let service = Service {
        routes: Routes::default().with_shared(handled.clone(), routes, Nothing::openapi()),
        health: Health::new(vec![Probe::new("keys", || async { true })]),
        metrics: metrics.clone(),
        access_log: Some(access_log),
        entropy: Arc::new(SystemEntropy::default()),
    };
    let addresses: Vec<SocketAddr> = addresses.iter().map(|a| a.parse().unwrap()).collect();
    let listeners = Listeners {
        public: server::listen(&addresses).unwrap(),
        private: server::listen(&["127.0.0.1:0".parse().unwrap()]).unwrap(),
    };
    let server = server::start(&config, listeners, service).unwrap();
    let (address, private) = (server.addresses()[0], server.private_addresses()[0]);
    Bench { address, private, server, log, metrics, handled }
}

/// Looks again and again until it is so.
#[track_caller]
pub fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !so() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}: not within 20 s");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A response, as it came.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (field, value) = line.split_once(": ")?;
            field.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The problem's slug; checks what every problem must have.
    #[track_caller]
    pub fn problem(&self) -> String {
        let body = self.json();
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        assert_eq!(body["status"], self.status, "{self:?}");
        assert_eq!(body["request_id"].as_str(), self.header("request-id"), "{self:?}");
        assert!(body["request_id"].is_string(), "{self:?}");
        let uri = body["type"].as_str().unwrap();
        uri.strip_prefix("https://dancu.vn/problems/").unwrap().to_owned()
    }
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// Sends the bytes and reads until the server closes.
pub fn exchange(address: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = connect(address);
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    Answer::parse(&answer)
}

pub fn get(address: SocketAddr, path: &str, fields: &str) -> Answer {
    let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{fields}\r\n");
    exchange(address, request.as_bytes())
}

pub fn post(address: SocketAddr, path: &str, fields: &str, body: &[u8]) -> Answer {
    let length = body.len();
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {length}\r\n{fields}\r\n");
    exchange(address, &[head.as_bytes(), body].concat())
}

pub const JSON: &str = "Content-Type: application/json\r\n";
