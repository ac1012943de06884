//! Clients that do not read, do not send, or are too many: none of them shuts the others out.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use dancu::http::Limits;
use socket2::{Domain, Socket, Type};

use super::harness::{Answer, Bench, JSON, connect, eventually, get, patient, post, start, start_limited};

const GOOD: &[u8] = br#"{"id_number": "098300000002", "full_name": "Nguyen Van Mau"}"#;

/// A connection from another address of this machine: all of 127.0.0.0/8 is.
fn connect_from(source: [u8; 4], address: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::new(IpAddr::from(source), 0).into()).unwrap();
    socket.connect(&address.into()).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

fn thing_over(mut stream: TcpStream) -> u16 {
    let _ = stream.write_all(b"GET /things/1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    Answer::parse(&answer).status
}

fn is_closed(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let closed = match stream.read(&mut [0]) {
        Ok(0) => true,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
        Ok(_) => false,
    };
    stream.set_nonblocking(false).unwrap();
    closed
}

fn told(bench: &Bench, line: &str) -> bool {
    bench.metrics.encode().contains(line)
}

/// Writes as much as the server takes; how much that was.
fn write_without_reading(stream: &mut TcpStream, bytes: &[u8]) -> usize {
    stream.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut written = 0;
    while written < bytes.len() {
        match stream.write(&bytes[written..]) {
            Ok(count) => written += count,
            Err(_) => break,
        }
    }
    written
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_sent_ahead_are_answered_in_order() {
    let bench = start();
    let mut stream = connect(bench.address);
    for i in 0..500 {
        write!(stream, "GET /things/{i}x HTTP/1.1\r\nHost: t\r\n\r\n").unwrap();
        let length = GOOD.len();
        write!(stream, "POST /person HTTP/1.1\r\nHost: t\r\n{JSON}Content-Length: {length}\r\n\r\n").unwrap();
        stream.write_all(GOOD).unwrap();
    }
    stream.write_all(b"GET /things/last HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n").unwrap();
    let mut answers = Vec::new();
    stream.read_to_end(&mut answers).unwrap();
    let answers = String::from_utf8(answers).unwrap();
    let bodies: Vec<&str> =
        answers.split("\r\n\r\n").skip(1).map(|rest| rest.split("HTTP/1.1").next().unwrap()).collect();
    assert_eq!(bodies.len(), 1001);
    for (i, pair) in bodies[..1000].chunks(2).enumerate() {
        assert_eq!(pair, [format!("thing {i}x"), "26".to_owned()]);
    }
    assert_eq!(bodies[1000], "thing last");
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_piles_up_no_answers_and_is_cut() {
    let bench = start_limited(Limits { write_timeout: Duration::from_secs(2), ..patient() });
    let mut stream = connect(bench.address);
    let requests = b"GET /long HTTP/1.1\r\nHost: t\r\n\r\n".repeat(2_000);
    write_without_reading(&mut stream, &requests);
    eventually("cut", || told(&bench, "dancu_http_connections_ended_total{reason=\"not_read\"} 1"));
    // What the kernel holds on both sides, and one answer more.
    let handled = bench.handled.0.load(Ordering::SeqCst);
    assert!((1..200).contains(&handled), "{handled} of 2000 answers of 100 kB were made for nobody");
    eventually("gone", || told(&bench, "dancu_http_connections 0"));
    assert_eq!(get(bench.address, "/things/1", "").status, 200);
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_a_stream_is_cut() {
    let bench = start_limited(Limits { write_timeout: Duration::from_secs(1), ..patient() });
    let mut stream = connect(bench.address);
    stream.write_all(b"GET /endless HTTP/1.1\r\nHost: t\r\n\r\n").unwrap();
    let mut some = vec![0; 1_000_000];
    stream.read_exact(&mut some).unwrap();
    eventually("cut", || told(&bench, "dancu_http_connections_ended_total{reason=\"not_read\"} 1"));
    eventually("over", || told(&bench, "dancu_http_requests_in_flight 0"));
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_slowly_is_not_cut() {
    let bench = start_limited(Limits { write_timeout: Duration::from_secs(2), ..patient() });
    let mut stream = connect(bench.address);
    stream.write_all(&b"GET /long HTTP/1.1\r\nHost: t\r\n\r\n".repeat(100)).unwrap();
    let began = Instant::now();
    let mut read = 0;
    // Ten megabytes in some five seconds: longer than any single wait may be.
    while read < 100 * 100_000 {
        let mut bytes = vec![0; 200_000];
        let count = stream.read(&mut bytes).unwrap();
        assert!(count > 0, "cut after {read} bytes and {:?}", began.elapsed());
        read += count;
        std::thread::sleep(Duration::from_millis(count as u64 / 2_000));
    }
    assert!(began.elapsed() > Duration::from_secs(3), "{:?}", began.elapsed());
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_without_bodies_take_no_place() {
    let bench = start_limited(Limits { in_flight: 4, body_timeout: Duration::from_secs(20), ..patient() });
    let head = format!("POST /person HTTP/1.1\r\nHost: t\r\n{JSON}Content-Length: {}\r\n\r\n", GOOD.len());
    let mut waiting: Vec<TcpStream> = (0..40)
        .map(|_| {
            let mut stream = connect(bench.address);
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    eventually("all wait", || told(&bench, "dancu_http_connections 40"));
    for _ in 0..10 {
        assert_eq!(get(bench.address, "/things/1", "").status, 200);
        assert_eq!(post(bench.address, "/person", JSON, GOOD).body, "26");
    }
    // Each that sends its body after all is answered.
    for stream in &mut waiting {
        stream.write_all(GOOD).unwrap();
        let mut bytes = [0; 2048];
        let count = stream.read(&mut bytes).unwrap();
        assert_eq!(Answer::parse(&bytes[..count]).status, 200);
    }
    assert!(told(&bench, "dancu_http_requests_shed_total 0\n"));
    drop(waiting);
    eventually("over", || told(&bench, "dancu_http_requests_in_flight 0"));
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_comes_when_the_room_is_full_is_shed() {
    let bench = start_limited(Limits { in_flight: 2, body_timeout: Duration::from_secs(20), ..patient() });
    let address = bench.address;
    let mut late = connect(address);
    let head = format!(
        "POST /person HTTP/1.1\r\nHost: t\r\nConnection: close\r\n{JSON}Content-Length: {}\r\n\r\n",
        GOOD.len()
    );
    late.write_all(head.as_bytes()).unwrap();
    let slow: Vec<_> = (0..2).map(|_| std::thread::spawn(move || get(address, "/slow/1500", ""))).collect();
    eventually("full", || bench.handled.0.load(Ordering::SeqCst) == 2);
    late.write_all(GOOD).unwrap();
    let mut answer = Vec::new();
    late.read_to_end(&mut answer).unwrap();
    let answer = Answer::parse(&answer);
    assert_eq!((answer.status, answer.problem().as_str()), (503, "overloaded"));
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert!(slow.into_iter().all(|request| request.join().unwrap().status == 200));
    eventually("over", || told(&bench, "dancu_http_requests_in_flight 0"));
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_head_that_trickles_is_given_up_too() {
    let bench = start_limited(Limits { head_timeout: Duration::from_millis(300), ..patient() });
    let mut stream = connect(bench.address);
    stream.write_all(b"GET /things/1 HTTP/1.1\r\nHost: t\r\n\r\nGET /things/1 HTTP/1.1\r\nX-Slow: ").unwrap();
    let mut bytes = [0; 2048];
    let count = stream.read(&mut bytes).unwrap();
    assert_eq!(Answer::parse(&bytes[..count]).status, 200);
    let began = Instant::now();
    while !is_closed(&mut stream) {
        assert!(began.elapsed() < Duration::from_secs(20), "still open");
        let _ = stream.write_all(b"x");
        std::thread::sleep(Duration::from_millis(50));
    }
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_shut_nobody_out() {
    let bench = start_limited(Limits { connections: 60, ..patient() });
    let mut idle: Vec<TcpStream> = (0..150_u8).map(|i| connect_from([127, 1, 0, 1 + i], bench.address)).collect();
    let mut heads: Vec<TcpStream> = (0..150_u8)
        .map(|i| {
            let mut stream = connect_from([127, 1, 1, 1 + i], bench.address);
            let _ = stream.write_all(b"GET /things/1 HTTP/1.1\r\nX-Slow: ");
            stream
        })
        .collect();
    for _ in 0..20 {
        assert_eq!(get(bench.address, "/things/1", "").status, 200);
    }
    let open = idle.iter_mut().chain(&mut heads).filter_map(|stream| (!is_closed(stream)).then_some(())).count();
    assert!(open <= 60, "{open}");
    assert!(!told(&bench, "dancu_http_connections_refused_total{"), "nobody was refused");
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_a_budget_that_others_do_not_feel() {
    let bench = start_limited(Limits { connections_per_address: 5, ..patient() });
    let address = bench.address;
    let slow = |host: u8| {
        let mut stream = connect_from([127, 2, 0, host], address);
        stream.write_all(b"GET /slow/3000 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n").unwrap();
        stream
    };
    let busy: Vec<TcpStream> = (0..5).map(|_| slow(1)).collect();
    eventually("at work", || bench.handled.0.load(Ordering::SeqCst) == 5);
    assert_eq!(thing_over(connect_from([127, 2, 0, 1], address)), 0, "closed without an answer");
    assert_eq!(thing_over(connect_from([127, 2, 0, 2], address)), 200);
    assert!(told(&bench, "dancu_http_connections_refused_total{reason=\"address\"} 1"));
    for mut stream in busy {
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert_eq!(Answer::parse(&answer).status, 200, "what is at work is answered");
    }
    assert_eq!(thing_over(connect_from([127, 2, 0, 1], address)), 200);
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_has_no_budget_and_its_clients_have_one() {
    let trusted_proxies = vec!["127.3.0.0/16".parse().unwrap()];
    let limits = Limits { connections_per_address: 4, anonymous_per_minute: 3, trusted_proxies, ..patient() };
    let bench = start_limited(limits);
    let proxied: Vec<TcpStream> = (0..20).map(|_| connect_from([127, 3, 0, 1], bench.address)).collect();
    eventually("open", || told(&bench, "dancu_http_connections 20"));
    let ask = |source: [u8; 4], named: &str| {
        let mut stream = connect_from(source, bench.address);
        let head = "POST /anonymous HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 0\r\n";
        write!(stream, "{head}X-Forwarded-For: {named}\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        Answer::parse(&answer)
    };
    let statuses = |source: [u8; 4], named: &str| (0..5).map(|_| ask(source, named).status).collect::<Vec<_>>();
    assert_eq!(statuses([127, 3, 0, 1], "198.51.100.1"), [200, 200, 200, 429, 429]);
    assert_eq!(statuses([127, 3, 0, 2], "203.0.113.9, 198.51.100.1"), [429; 5], "the same client by another proxy");
    assert_eq!(statuses([127, 3, 0, 1], "198.51.100.2"), [200, 200, 200, 429, 429]);
    assert_eq!(statuses([127, 4, 0, 1], "198.51.100.77"), [200, 200, 200, 429, 429]);
    assert_eq!(statuses([127, 4, 0, 1], "198.51.100.78"), [429; 5], "who is no proxy names nobody else");
    let refused = ask([127, 4, 0, 1], "");
    assert_eq!((refused.problem().as_str(), refused.header("retry-after").is_some()), ("rate-limited", true));
    drop(proxied);
    bench.server.stop().await.unwrap();
}

/// How many connections the process has accepted on a port and not closed. Those that wait with the system
/// have no file yet.
fn accepted(port: u16) -> usize {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let local = format!(":{port:04X}");
    let sockets = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    sockets.filter(|fields| fields[1].ends_with(&local) && fields[3] != "0A" && fields[9] != "0").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_wait_for_a_busy_worker_take_no_open_files() {
    let bench = start_limited(Limits { connections: 60, ..patient() });
    let address = bench.address;
    let mut hold = connect(address);
    hold.write_all(b"GET /busy/3000 HTTP/1.1\r\nHost: t\r\n\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let began = Instant::now();
    let mut waiting: Vec<TcpStream> = (0..500_u16)
        .map(|i| {
            let mut stream = connect_from([127, 5, (i / 250) as u8, 1 + (i % 250) as u8], address);
            stream.write_all(b"GET /things/1 HTTP/1.1\r\nX-Slow: ").unwrap();
            stream
        })
        .collect();
    std::thread::sleep(Duration::from_millis(200));
    assert!(began.elapsed() < Duration::from_millis(2_500), "the worker is no longer busy");
    let open = accepted(address.port());
    assert!((200..=60 + 256).contains(&open), "{open}");
    assert_eq!(get(address, "/things/1", "").status, 200);
    eventually("all have come", || waiting.iter_mut().map(is_closed).filter(|closed| !closed).count() <= 60);
    eventually("closed", || accepted(address.port()) <= 60);
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_come_and_go_leave_no_files_open_beyond_the_budget() {
    let bench = start_limited(Limits { connections: 400, ..patient() });
    let address = bench.address;
    let most = std::thread::scope(|scope| {
        let floods: Vec<_> = (1..=4_u8)
            .map(|host| {
                scope.spawn(move || {
                    let mut open = std::collections::VecDeque::new();
                    for _ in 0..1_000 {
                        let mut stream = connect_from([127, 6, 0, host], address);
                        let _ = stream.write_all(b"GET / HTTP/1.1\r\n");
                        open.push_back(stream);
                        if open.len() > 150 {
                            open.pop_front();
                        }
                    }
                })
            })
            .collect();
        let mut most = 0;
        while floods.iter().any(|flood| !flood.is_finished()) {
            most = most.max(accepted(address.port()));
            // As a client tries again whose connection was closed.
            assert!((0..3).any(|_| get(address, "/things/1", "").status == 200));
        }
        most
    });
    // The budget, those that wait for the worker, and those that have lost their place.
    assert!(most <= 400 + 256 + 256 + 1, "{most}");
    eventually("gone", || told(&bench, "dancu_http_connections 0"));
    bench.server.stop().await.unwrap();
}

fn ended(bench: &Bench, reason: &str) -> u64 {
    let start = format!("dancu_http_connections_ended_total{{reason=\"{reason}\"}} ");
    let metrics = bench.metrics.encode();
    metrics.lines().find_map(|line| line.strip_prefix(&start)).map_or(0, |count| count.parse().unwrap())
}

fn all_of(mut stream: TcpStream) -> u16 {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    Answer::parse(&answer).status
}

#[tokio::test(flavor = "multi_thread")]
async fn every_connection_that_is_ended_is_counted_once() {
    // actix's clock is half a second exact.
    let times = (Duration::from_secs(1), Duration::from_millis(500));
    let bench = start_limited(Limits { head_timeout: times.0, keep_alive: times.1, ..patient() });
    let reasons = ["no_head", "malformed", "idle", "made_room", "not_read", "no_tls"];
    let counted = || reasons.map(|reason| ended(&bench, reason));
    let said = |bytes: &[u8]| {
        let mut stream = connect(bench.address);
        stream.write_all(bytes).unwrap();
        all_of(stream)
    };
    assert_eq!(said(b"GET /things/1 HTTP/1.1\r\n"), 408);
    assert_eq!(all_of(connect(bench.address)), 408, "nothing was sent");
    eventually("no head", || counted() == [2, 0, 0, 0, 0, 0]);
    let mut later = connect(bench.address);
    later.write_all(b"GET /things/1 HTTP/1.1\r\nHost: t\r\n\r\n").unwrap();
    assert!(later.read(&mut [0; 2048]).unwrap() > 0);
    later.write_all(b"GET / HTTP/1.1\r\nX-Slow: ").unwrap();
    eventually("no later head", || counted() == [3, 0, 0, 0, 0, 0]);
    assert_eq!(said(b"\x16\x03\x01 is no HTTP\r\n\r\n"), 400);
    assert_eq!(said(b"GET /things/1 HTTP/1.1\r\nHost: t\r\n\r\nnor is\x00this\r\n\r\n"), 200, "and 400 behind it");
    // Answered by 431, of which little is heard while the rest is being sent.
    let mut stream = connect(bench.address);
    let _ = write!(stream, "GET / HTTP/1.1\r\nX-Long: {}", "x".repeat(140_000));
    eventually("malformed", || counted() == [3, 3, 0, 0, 0, 0]);
    assert_eq!(said(b"GET /things/1 HTTP/1.1\r\nHost: t\r\n\r\n"), 200);
    eventually("idle", || counted() == [3, 3, 1, 0, 0, 0]);
    // Who goes on their own is not ended by the service.
    assert_eq!(said(b"GET /things/1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"), 200);
    drop(connect(bench.address));
    connect(bench.address).write_all(b"GET / HT").unwrap();
    eventually("gone", || told(&bench, "dancu_http_connections 0"));
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(counted(), [3, 3, 1, 0, 0, 0]);
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_make_room_are_counted() {
    let bench = start_limited(Limits { connections: 5, ..patient() });
    let heads: Vec<TcpStream> = (1..=25_u8)
        .map(|i| {
            let mut stream = connect_from([127, 1, 0, i], bench.address);
            stream.write_all(b"GET /things/1 HTTP/1.1\r\n").unwrap();
            stream
        })
        .collect();
    eventually("20 are gone", || ended(&bench, "made_room") == 20 && told(&bench, "dancu_http_connections 5"));
    assert_eq!(ended(&bench, "no_head"), 0);
    drop(heads);
    bench.server.stop().await.unwrap();
}
