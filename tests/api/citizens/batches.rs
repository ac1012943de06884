use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::web::Bytes;
use dancu::audit::Outcome;
use dancu::citizens::GuardConfig;
use dancu::clients::Stoppable;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::desk::{Answer, Desk, an_claimed, but, read};
use crate::support::for_each_backend;

const BATCH: &str = "/v1/citizens/verify/batch";

async fn send(desk: &Desk, client: &str, body: impl Into<reqwest::Body>) -> Answer {
    let token = desk.house.token(client).await;
    read(desk.request(BATCH).bearer_auth(token).header("content-type", "application/x-ndjson").body(body)).await
}

fn lines_of(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    answer.text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"))).collect()
}

fn claiming(number: &str, name: &str) -> Value {
    let claims = json!({ "full_name": name, "date_of_birth": "1999-03-15" });
    but(an_claimed(), json!({ "id_number": number, "claims": claims }))
}

#[tokio::test(flavor = "multi_thread")]
async fn good_and_bad_lines_are_answered_in_their_order() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let mut body = Vec::new();
        let mut line = |text: &[u8]| {
            body.extend_from_slice(text);
            body.push(b'\n');
        };
        line(an_claimed().to_string().as_bytes());
        line(b"{");
        line(claiming("097099000001", "Trần Văn Bảy").to_string().as_bytes());
        line(claiming("123", "An").to_string().as_bytes());
        line(b"");
        line(b"\"\xff\"");
        line(&[b'x'; 20_000]);
        line(
            but(an_claimed(), json!({ "purpose": but(an_claimed()["purpose"].clone(), json!({ "procedure": "9" })) }))
                .to_string()
                .as_bytes(),
        );
        line(format!("{}\r", an_claimed()).as_bytes());
        body.extend_from_slice(an_claimed().to_string().as_bytes());
        let before = desk.entries().await;
        let answer = send(&desk, "portal", body).await;
        let lines = lines_of(&answer);
        let told: Vec<Value> = lines
            .iter()
            .map(|line| match &line["type"] {
                Value::String(uri) => json!([line["line"], line["status"], uri.rsplit('/').next()]),
                _ => line["verified"].clone(),
            })
            .collect();
        assert_eq!(
            told,
            [
                json!(true),
                json!([2, 400, "invalid-json"]),
                json!(false),
                json!([4, 422, "invalid-fields"]),
                json!([5, 400, "invalid-json"]),
                json!([6, 400, "not-utf8"]),
                json!([7, 413, "body-too-large"]),
                json!([8, 403, "procedure-not-agreed"]),
                json!(true),
                json!(true),
            ]
        );
        assert_eq!(lines[3]["errors"][0]["pointer"], "/id_number");
        assert_eq!(lines[0]["checks"]["full_name"]["verdict"], "exact");
        // Every answer and every refusal about a person has its entry; a line that says nothing has none.
        assert_eq!(desk.entries().await, before + 5);
        for (line, outcome) in [(0, Outcome::Answered), (2, Outcome::NoMatch), (9, Outcome::Answered)] {
            let entry = desk.entry_of(&lines[line]).await.entry;
            assert_eq!((entry.outcome, entry.operation.as_str()), (outcome, "citizens.verify.batch"));
        }
        assert!(answer.took_ms >= 25, "one line was a no");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_lines_are_answered_one_by_one_and_recorded() {
    for_each_backend(async |backend| {
        const LINES: usize = 10_000;
        let desk = Desk::open(&backend).await;
        let before = desk.entries().await;
        let line = |index: usize| match index % 10 {
            3 => "nothing\n".to_owned(),
            7 => format!("{}\n", but(an_claimed(), json!({ "claims": { "full_name": "Nguyễn Văn An", "date_of_birth": "1999-03-15", "sex": "female" } }))),
            _ => format!("{}\n", an_claimed()),
        };
        let body: String = (0..LINES).map(line).collect();
        let begun = std::time::Instant::now();
        let lines = lines_of(&send(&desk, "loadtest", body).await);
        eprintln!("{LINES} lines in {} ms", begun.elapsed().as_millis());
        assert_eq!(lines.len(), LINES);
        let mut recorded = std::collections::HashSet::new();
        for (index, line) in lines.iter().enumerate() {
            match index % 10 {
                3 => assert_eq!((&line["status"], &line["line"]), (&json!(400), &json!(index + 1))),
                7 => assert_eq!(line["verified"], false),
                _ => assert_eq!(line["verified"], true, "{line}"),
            }
            recorded.extend(line["audit"]["log_index"].as_u64());
        }
        assert_eq!(recorded.len(), 9_000, "each line has an entry of its own");
        assert_eq!(desk.entries().await, before + 9_000);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_answered_while_others_are_still_to_come_and_not_read_ahead_without_bound() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let token = desk.house.token("loadtest").await;
        // A sender that never stops, and counts what is taken from it.
        let taken = Arc::new(AtomicU64::new(0));
        let (line, count) = (Bytes::from(format!("{}\n", an_claimed())), taken.clone());
        let endless = stream::repeat_with(move || {
            count.fetch_add(line.len() as u64, Ordering::SeqCst);
            Ok::<_, std::io::Error>(line.clone())
        });
        let body = reqwest::Body::wrap_stream(endless);
        let request = desk.request(BATCH).bearer_auth(token).header("content-type", "application/x-ndjson").body(body);
        let mut answers = request.send().await.unwrap().bytes_stream();
        assert!(answers.next().await.is_some(), "answers come before the body has ended");
        // Nobody reads the answers: soon nobody reads the lines either.
        let mut before = u64::MAX;
        crate::support::house::within(Duration::from_secs(30), async || {
            tokio::time::sleep(Duration::from_millis(500)).await;
            std::mem::replace(&mut before, taken.load(Ordering::SeqCst)) == taken.load(Ordering::SeqCst)
        })
        .await;
        let held = taken.load(Ordering::SeqCst);
        eprintln!("{held} bytes were taken before the reader stopped");
        assert!(held < 64 << 20);
        // The caller goes away; others are served.
        drop(answers);
        assert_eq!(desk.verify(&an_claimed()).await.status, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_counts_against_the_quota() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("few", "portal", |agreement| agreement.per_minute = 3).await;
        let lines = lines_of(&send(&desk, "few", format!("{}\n", an_claimed()).repeat(5)).await);
        let verified = lines.iter().filter(|line| line["verified"] == true).count();
        let limited: Vec<_> = lines.iter().filter(|line| line["status"] == 429).map(|line| &line["line"]).collect();
        assert_eq!((verified, limited), (3, vec![&json!(4), &json!(5)]));
        assert_eq!(desk.last_entry().await.entry.reason, "over_quota");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_in_lines_are_stopped_like_guesses_in_calls() {
    for_each_backend(async |backend| {
        let desk = Desk::open_with(&backend, GuardConfig { per_number: 3, ..GuardConfig::default() }).await;
        let guess = |day: u32| {
            let claims = json!({ "full_name": "Nguyễn Văn An", "date_of_birth": format!("1999-03-{day:02}") });
            format!("{}\n", but(an_claimed(), json!({ "claims": claims })))
        };
        let lines = lines_of(&send(&desk, "portal", (1..=31).map(guess).collect::<String>()).await);
        assert_eq!(lines.iter().filter(|line| line["verified"] == false).count(), 3);
        assert_eq!(lines.iter().filter(|line| line["status"] == 429).count(), 28);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_does_not_outlive_its_token_or_its_client() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("briefly", "portal", |_| ()).await;
        for (status, end) in [(401, "token-expired"), (403, "client-stopped")] {
            let token = desk.house.token("briefly").await;
            let (sender, lines) = tokio::sync::mpsc::channel(8);
            let send = async || {
                let line = Bytes::from(format!("{}\n", an_claimed()));
                sender.send(Ok::<_, std::io::Error>(line)).await.unwrap();
            };
            let lines = stream::unfold(lines, async |mut lines| lines.recv().await.map(|line| (line, lines)));
            let body = reqwest::Body::wrap_stream(lines);
            let request = desk.request(BATCH).bearer_auth(token).header("content-type", "application/x-ndjson");
            send().await;
            let mut answers = request.body(body).send().await.unwrap().bytes_stream();
            let first: Value = serde_json::from_slice(&answers.next().await.unwrap().unwrap()).unwrap();
            assert_eq!(first["verified"], true, "{first}");
            match end {
                "token-expired" => desk.house.clock.advance(Duration::from_secs(3600)),
                _ => desk
                    .house
                    .changes()
                    .await
                    .stop(&crate::support::house::id("briefly"), Stoppable::Client)
                    .await
                    .unwrap(),
            }
            let before = desk.entries().await;
            send().await;
            let last: Value = serde_json::from_slice(&answers.next().await.unwrap().unwrap()).unwrap();
            assert_eq!((&last["line"], &last["status"]), (&json!(2), &json!(status)), "{last}");
            assert!(last["type"].as_str().unwrap().ends_with(end), "{last}");
            assert!(answers.next().await.is_none(), "nothing comes after it");
            assert_eq!(desk.entries().await, before);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_without_the_scope_is_refused_and_recorded() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("reader", "portal", |agreement| {
            agreement.operations = [dancu::clients::Operation::CitizensLookup].into_iter().collect();
        })
        .await;
        let answer = send(&desk, "reader", format!("{}\n", an_claimed())).await;
        assert_eq!(answer.problem(), (403, "insufficient-scope".to_owned()));
        let entry = desk.last_entry().await.entry;
        let told = (entry.outcome, entry.operation.as_str(), entry.reason.as_str());
        assert_eq!(told, (Outcome::Refused, "citizens.verify.batch", "insufficient_scope"));
    })
    .await;
}

/// A batch that stays open: its answers, and what sends lines.
async fn open_batch(
    desk: &Desk,
    token: &str,
) -> (impl futures_util::Stream<Item = reqwest::Result<Bytes>> + Unpin + use<>, tokio::sync::mpsc::Sender<Bytes>) {
    let (sender, lines) = tokio::sync::mpsc::channel(8);
    let lines = stream::unfold(lines, async |mut lines: tokio::sync::mpsc::Receiver<Bytes>| {
        let line = lines.recv().await?;
        Some((Ok::<_, std::io::Error>(line), lines))
    });
    let body = reqwest::Body::wrap_stream(lines);
    let request = desk.request(BATCH).bearer_auth(token).header("content-type", "application/x-ndjson");
    sender.send(Bytes::from(format!("{}\n", an_claimed()))).await.unwrap();
    let mut answers = Box::pin(request.body(body).send().await.unwrap().bytes_stream());
    let first: Value = serde_json::from_slice(&answers.next().await.unwrap().unwrap()).unwrap();
    assert_eq!(first["verified"], true, "{first}");
    (answers, sender)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_batch_ends_with_its_token_and_its_client() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("briefly", "portal", |_| ()).await;
        for (status, end) in [(401, "token-invalid"), (401, "token-expired"), (403, "client-stopped")] {
            let token = desk.house.token("briefly").await;
            let (mut answers, sender) = open_batch(&desk, &token).await;
            match end {
                "token-invalid" => {
                    let access = &desk.house.access;
                    let (verified, _) = access.inspect(&token).await.unwrap().expect("it is good");
                    access.revoke_token(&verified).await.unwrap();
                }
                "token-expired" => desk.house.clock.advance(Duration::from_secs(3600)),
                _ => desk
                    .house
                    .changes()
                    .await
                    .stop(&crate::support::house::id("briefly"), Stoppable::Client)
                    .await
                    .unwrap(),
            }
            let since = std::time::Instant::now();
            let last = tokio::time::timeout(Duration::from_secs(20), answers.next()).await.expect("it ends by itself");
            let last: Value = serde_json::from_slice(&last.unwrap().unwrap()).unwrap();
            eprintln!("{end}: ended after {} ms", since.elapsed().as_millis());
            assert_eq!((&last["line"], &last["status"]), (&json!(2), &json!(status)), "{last}");
            assert!(last["type"].as_str().unwrap().ends_with(end), "{last}");
            assert!(answers.next().await.is_none(), "nothing comes after it");
            drop(sender);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_has_as_many_batches_at_once_as_it_may() {
    for_each_backend(async |backend| {
        let desk = Desk::open_with(&backend, GuardConfig { batches: 2, ..GuardConfig::default() }).await;
        let token = desk.house.token("portal").await;
        let first = open_batch(&desk, &token).await;
        let second = open_batch(&desk, &token).await;
        let refused = send(&desk, "portal", format!("{}\n", an_claimed())).await;
        assert_eq!(refused.problem(), (429, "too-many-at-once".to_owned()));
        assert_eq!(refused.header("retry-after"), "5");
        let entry = desk.last_entry().await.entry;
        let told = (entry.outcome, entry.operation.as_str(), entry.reason.as_str());
        assert_eq!(told, (Outcome::Refused, "citizens.verify.batch", "too_many_batches"));
        assert_eq!(lines_of(&send(&desk, "loadtest", format!("{}\n", an_claimed())).await).len(), 1);
        drop(first);
        crate::support::house::within(Duration::from_secs(20), async || {
            send(&desk, "portal", format!("{}\n", an_claimed())).await.status == 200
        })
        .await;
        drop(second);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_chunk_ends_the_batch_and_no_more() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let token = desk.house.token("portal").await;
        let authority = desk.url("");
        let before = desk.entries().await;
        let mut stream = tokio::net::TcpStream::connect(authority.trim_start_matches("http://")).await.unwrap();
        let head = format!(
            "POST {BATCH} HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        let line = format!("{}\n{{\"part of", an_claimed());
        stream.write_all(format!("{head}{:x}\r\n{line}\r\n", line.len()).as_bytes()).await.unwrap();
        let mut told = String::new();
        while !told.contains("\"verified\":true") {
            let mut bytes = [0; 4096];
            let count = stream.read(&mut bytes).await.unwrap();
            assert!(count > 0, "{told}");
            told.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        stream.write_all(b"no chunk\r\n").await.unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        let rest = String::from_utf8_lossy(&rest);
        assert!(rest.contains("body-timeout"), "{rest}");
        assert_eq!(desk.verify(&an_claimed()).await.status, 200);
        assert_eq!(desk.entries().await, before + 2, "a line, no part of a line, and the call");
        crate::support::house::within(Duration::from_secs(20), async || desk.counted("http_requests_in_flight") == 0)
            .await;
    })
    .await;
}
