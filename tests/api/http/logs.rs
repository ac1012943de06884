//! One line a request, and nothing in it that a caller could smuggle in.

use serde_json::Value;

use super::harness::{CANARY, JSON, get, post, start};
use crate::support::warnings;

#[tokio::test(flavor = "multi_thread")]
async fn lines_hold_patterns_and_ids_and_no_input() {
    let bench = start();
    let fields = format!(
        "{JSON}Request-Id: id-{CANARY}\r\nUser-Agent: {CANARY}\r\nReferer: https://x/{CANARY}\r\nCookie: a={CANARY}\r\n\
         X-{CANARY}: {CANARY}\r\nAuthorization: Bearer {CANARY}\r\nIdempotency-Key: key-{CANARY}\r\n"
    );
    let body = format!(r#"{{"id_number": "{CANARY}", "full_name": "Canary {CANARY}", "{CANARY}": "{CANARY}"}}"#);
    post(bench.address, "/person", &fields, body.as_bytes());
    post(bench.address, "/person", JSON, br#"{"id_number": "098300000002", "full_name": "An"}"#);
    get(bench.address, &format!("/things/{CANARY}?q={CANARY}"), &fields);
    get(bench.address, &format!("/{CANARY}/{CANARY}"), &fields);
    get(bench.address, "/panic", "");
    get(bench.address, "/stream", "Request-Id: of-the-stream\r\n");
    let metrics = bench.metrics.clone();
    let log = bench.log.clone();
    bench.server.stop().await.unwrap();
    let text = log.text();
    assert!(!text.contains(CANARY), "{text}");
    assert!(!metrics.encode().contains(CANARY));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said = |line: &Value| {
        let part = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
        format!("{} {} {} {} {}", part("method"), part("route"), line["status"], part("client"), part("problem"))
    };
    assert_eq!(
        lines.iter().map(said).collect::<Vec<_>>(),
        [
            "POST /person 422 portal invalid-fields",
            "POST /person 200 portal -",
            "GET /things/{thing} 200 - -",
            "GET unmatched 404 - not-found",
            "GET unmatched 500 - internal",
            "GET /stream 200 - -",
        ]
    );
    assert_eq!(lines[5]["bytes"], 100);
    assert_eq!(lines[5]["request_id"], "of-the-stream");
    assert!(lines[5]["duration_us"].as_u64().unwrap() > 40_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cause_of_a_failure_stands_in_the_log_and_nowhere_else() {
    warnings::listen();
    let bench = start();
    for (how, status, level, cause) in [
        ("key", 503, "WARN", "version 7 of the seal keys is not in the keyring: reload keys"),
        ("invariant", 500, "ERROR", "an invariant of the program is broken: a notice has no outcome"),
        ("oauth", 503, "WARN", "the database is unavailable: the connection was lost"),
        ("oauth-invariant", 500, "ERROR", "an invariant of the program is broken: a code has no client"),
        ("page", 503, "WARN", "the database is unavailable: the pool is empty"),
    ] {
        let id = format!("cause-of-{how}-failures");
        let answer = get(bench.address, &format!("/fails/{how}"), &format!("Request-Id: {id}\r\n"));
        assert_eq!((answer.status, answer.header("request-id")), (status, Some(id.as_str())), "{answer:?}");
        assert!(!answer.body.contains(cause), "{answer:?}");
        let told = warnings::of_request(&id);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((&told[0]["level"], &told[0]["fields"]["cause"]), (&level.into(), &cause.into()), "{told:?}");
    }
    bench.server.stop().await.unwrap();
}
