//! Bodies and heads that are too long, too slow, or not what they should be.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use dancu::http::Limits;

use super::harness::{Answer, CANARY, JSON, connect, get, patient, post, start, start_limited};

const GOOD: &[u8] = br#"{"id_number": "098300000002", "full_name": "Nguyen Van Mau"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_good_body_is_read_whole_or_in_pieces() {
    let bench = start();
    assert_eq!(post(bench.address, "/person", JSON, GOOD).body, "26");
    let mut stream = connect(bench.address);
    let head =
        format!("POST /person HTTP/1.1\r\nHost: t\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n{JSON}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    for piece in GOOD.chunks(7) {
        write!(stream, "{:x}\r\n", piece.len()).unwrap();
        stream.write_all(piece).unwrap();
        stream.write_all(b"\r\n").unwrap();
        stream.flush().unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(Answer::parse(&answer).body.contains("26"));
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_body_has_its_problem() {
    let bench = start();
    let say = |fields: &str, body: &[u8]| {
        let answer = post(bench.address, "/person", fields, body);
        assert!(!answer.body.contains(CANARY), "{answer:?}");
        answer.problem()
    };
    assert_eq!(say("", GOOD), "unsupported-media-type");
    assert_eq!(say("Content-Type: text/plain\r\n", GOOD), "unsupported-media-type");
    assert_eq!(say("Content-Type: application/json; charset=utf-16\r\n", GOOD), "unsupported-media-type");
    assert_eq!(say(&format!("{JSON}Content-Encoding: gzip\r\n"), GOOD), "unsupported-media-type");
    assert_eq!(say(JSON, b"{\"full_name\": \"\xff\xfe\"}"), "not-utf8");
    assert_eq!(say(JSON, b""), "invalid-json");
    assert_eq!(say(JSON, format!("{{\"id_number\": {CANARY}").as_bytes()), "invalid-json");
    assert_eq!(say(JSON, format!("[\"{CANARY}\"]").as_bytes()), "invalid-fields");
    assert_eq!(say(JSON, &vec![b' '; 70_000]), "body-too-large");
    assert_eq!(say(&format!("{JSON}Idempotency-Key: a b\r\n"), GOOD), "invalid-idempotency-key");
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_in_one_answer() {
    let bench = start();
    let body = format!(r#"{{"id_number": "{CANARY}x", "note": 5, "surname": "{CANARY}", "note": 6}}"#);
    let answer = post(bench.address, "/person", &format!("{JSON}Accept-Language: en\r\n"), body.as_bytes());
    assert_eq!((answer.status, answer.problem().as_str()), (422, "invalid-fields"));
    let mut errors: Vec<_> = answer.json()["errors"].as_array().unwrap().clone();
    errors.sort_by_key(|error| error["pointer"].to_string() + &error["code"].to_string());
    let told: Vec<_> = errors.iter().map(|e| (e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap())).collect();
    assert_eq!(
        told,
        [
            ("/full_name", "missing"),
            ("/id_number", "id_number_format"),
            ("/note", "not_text"),
            ("/note", "repeated"),
            ("/surname", "unknown"),
        ]
    );
    assert_eq!(errors[0]["detail"], "This member is required.");
    assert!(!answer.body.contains(CANARY));
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_length_is_cut_off_at_the_limit() {
    let bench = start();
    let mut stream = connect(bench.address);
    let head =
        format!("POST /person HTTP/1.1\r\nHost: t\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n{JSON}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..70 {
        let _ = write!(stream, "400\r\n{}\r\n", " ".repeat(1024));
    }
    let sent = Instant::now();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert_eq!(Answer::parse(&answer).status, 413);
    assert!(sent.elapsed() < Duration::from_secs(5), "the connection stays open");
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_trickles_is_given_up() {
    let limits = Limits { body_timeout: Duration::from_millis(300), ..patient() };
    let bench = start_limited(limits);
    let mut stream = connect(bench.address);
    write!(stream, "POST /person HTTP/1.1\r\nHost: t\r\nContent-Length: 60\r\n{JSON}\r\n{{").unwrap();
    let start = Instant::now();
    let mut slow = stream.try_clone().unwrap();
    let trickle = std::thread::spawn(move || {
        while slow.write_all(b" ").is_ok() && start.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = Answer::parse(&answer);
    assert_eq!((answer.status, answer.problem().as_str()), (408, "body-timeout"));
    assert!((250..2000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    drop(stream);
    trickle.join().unwrap();
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_trickles_is_given_up() {
    let limits = Limits { head_timeout: Duration::from_millis(300), ..patient() };
    let bench = start_limited(limits);
    let mut stream = connect(bench.address);
    stream.write_all(b"GET /things/1 HTTP/1.1\r\nHost: t\r\nX-Slow: ").unwrap();
    let start = Instant::now();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(Answer::parse(&answer).status, 408);
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn long_heads_are_refused() {
    let bench = start();
    let answer = get(bench.address, "/things/1", &format!("X-Long: {}\r\n", "x".repeat(20_000)));
    assert_eq!((answer.status, answer.problem().as_str()), (431, "header-too-large"));
    let answer = get(bench.address, &format!("/things/{}", "x".repeat(20_000)), "");
    assert_eq!(answer.problem(), "header-too-large");
    let answer = get(bench.address, "/things/1", &format!("X-Long: {}\r\n", "x".repeat(200_000)));
    assert!(answer.status == 431 || answer.status == 0, "{answer:?}");
    assert_eq!(get(bench.address, "/things/1", "").status, 200);
    bench.server.stop().await.unwrap();
}
