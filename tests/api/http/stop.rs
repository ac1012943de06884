//! Stopping loses no request that reached a handler.

use std::io::{Read, Write};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use dancu::server::ServerConfig;

use super::harness::{Answer, connect, eventually, get, start_with};

#[tokio::test(flavor = "multi_thread")]
async fn every_request_in_work_is_answered() {
    let bench = start_with(ServerConfig { workers: Some(2), ..ServerConfig::default() }, &["127.0.0.1:0"]);
    let address = bench.address;
    let clients: Vec<_> = (0..8)
        .map(|_| {
            std::thread::spawn(move || {
                let mut stream = connect(address);
                let mut answered = 0;
                // One connection kept alive until the server closes it.
                while stream.write_all(b"GET /slow/20 HTTP/1.1\r\nHost: t\r\n\r\n").is_ok() {
                    let mut bytes = [0; 2048];
                    match stream.read(&mut bytes) {
                        Ok(length) if Answer::parse(&bytes[..length]).status == 200 => answered += 1,
                        _ => break,
                    }
                }
                answered
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let handled = bench.handled.clone();
    bench.server.stop().await.unwrap();
    let answered: usize = clients.into_iter().map(|client| client.join().unwrap()).sum();
    assert!(answered > 8, "{answered}");
    assert_eq!(handled.0.load(Ordering::SeqCst), answered);
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_ready_before_it_stops_to_listen() {
    let config = ServerConfig { workers: Some(1), stop_delay: Duration::from_millis(400), ..ServerConfig::default() };
    let bench = start_with(config, &["127.0.0.1:0"]);
    let address = bench.address;
    eventually("ready", || get(address, "/health/ready", "").status == 200);
    let stopping = tokio::spawn(bench.server.stop());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let ready = get(address, "/health/ready", "");
    assert_eq!((ready.status, ready.body.as_str()), (503, "stopping"));
    assert_eq!(get(address, "/things/1", "").status, 200);
    stopping.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_at_work_is_answered_while_newcomers_are_refused() {
    let bench = start_with(ServerConfig { workers: Some(2), ..ServerConfig::default() }, &["127.0.0.1:0"]);
    let address = bench.address;
    let idle = connect(address);
    let slow = std::thread::spawn(move || get(address, "/slow/2000", ""));
    let handled = bench.handled.clone();
    eventually("at work", || handled.0.load(Ordering::SeqCst) == 1);
    let began = Instant::now();
    let stopping = tokio::spawn(bench.server.stop());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(std::net::TcpStream::connect(address).is_err(), "nobody listens");
    assert_eq!(slow.join().unwrap().status, 200);
    stopping.await.unwrap().unwrap();
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    drop(idle);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_is_not_waited_for() {
    let config = ServerConfig { workers: Some(1), stop_timeout: Duration::from_secs(1), ..ServerConfig::default() };
    let bench = start_with(config, &["127.0.0.1:0"]);
    let address = bench.address;
    let slow = std::thread::spawn(move || get(address, "/slow/8000", ""));
    let handled = bench.handled.clone();
    eventually("at work", || handled.0.load(Ordering::SeqCst) == 1);
    let began = Instant::now();
    bench.server.stop().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert_eq!(slow.join().unwrap().status, 0);
}
