//! What the middleware costs: the CPU the serving thread spends on a request of hello-JSON, bare and
//! through everything the kit does (context, admission, time limit, headers, metrics, access log).
//!
//! `cargo bench --bench http`. Figures of one run can be compared, those of two runs hardly.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use dancu::crypto::SystemEntropy;
use dancu::http::Routes;
use dancu::http::middleware::AccessLog;
use dancu::kernel::clock::SystemClock;
use dancu::server::{self, ServerConfig, Service};
use dancu::telemetry::{Health, Metrics};

const CONNECTIONS: usize = 16;
const BODY: &str = r#"{"message":"Xin chao. This body is as long as a short answer about a person would be, so that writing it costs the same: two hundred bytes or so, which is what performance.md measured with as well."}"#;
const REQUEST: &[u8] = b"GET /hello HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\nUser-Agent: bench\r\n\r\n";

async fn hello() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(BODY)
}

fn routes(app: &mut ServiceConfig) {
    app.service(web::resource("/hello").get(hello));
}

/// CPU time of this process's serving threads, by the scheduler's account (nanoseconds).
fn serving_cpu() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux");
    let of_workers = tasks.flatten().filter(|task| {
        let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        name.starts_with("actix-server") || name.starts_with("actix-rt") || name.starts_with("access-log")
    });
    let nanos = of_workers.filter_map(|task| {
        let account = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        account.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

/// Sends requests over kept-alive connections, one at a time on each; gives how many were answered.
fn drive(address: SocketAddr, time: Duration) -> u64 {
    let end = Instant::now() + time;
    let clients = (0..CONNECTIONS).map(|_| TcpStream::connect(address).expect("the server listens"));
    let mut clients: Vec<_> = clients.collect();
    clients.iter().for_each(|client| client.set_nodelay(true).expect("a socket"));
    let (mut answered, mut bytes) = (0, [0; 4096]);
    while Instant::now() < end {
        for client in &mut clients {
            client.write_all(REQUEST).expect("the server reads");
        }
        for client in &mut clients {
            let length = client.read(&mut bytes).expect("the server answers");
            assert!(bytes[..length].starts_with(b"HTTP/1.1 200"));
            answered += 1;
        }
    }
    answered
}

fn measure(address: SocketAddr) -> f64 {
    drive(address, Duration::from_millis(500));
    let before = serving_cpu();
    let answered = drive(address, Duration::from_secs(3));
    (serving_cpu() - before).as_secs_f64() * 1e6 / answered as f64
}

#[tokio::main]
async fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let bare = listener.local_addr().expect("an address");
    let server = HttpServer::new(|| App::new().configure(routes)).workers(1).disable_signals();
    tokio::spawn(server.listen(listener).expect("a listener").run());

    let metrics = Metrics::default();
    let out = std::fs::File::create("/dev/null").expect("/dev/null");
    let access_log = AccessLog::start(Box::new(out), Arc::new(SystemClock), &metrics).expect("a thread");
    let service = Service {
        routes: Routes::default().with((), routes, utoipa::openapi::OpenApi::default()),
        health: Health::new(Vec::new()),
        metrics,
        access_log: Some(access_log),
        entropy: Arc::new(SystemEntropy::default()),
    };
    let config = ServerConfig { workers: Some(1), ..ServerConfig::default() };
    let listeners = server::listen(&["127.0.0.1:0".parse().expect("an address")]).expect("a free port");
    let kit = server::start(&config, listeners, service).expect("a server");

    for round in 1..=3 {
        let bare = measure(bare);
        let through_kit = measure(kit.addresses()[0]);
        println!(
            "round {round}: bare {bare:.2} µs, through the kit {through_kit:.2} µs a request: {:.2} ×, + {:.2} µs",
            through_kit / bare,
            through_kit - bare
        );
    }
    kit.stop().await.expect("a graceful stop");
}
