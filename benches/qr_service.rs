//! Credentials verified over HTTP, each answer's audit entry durable before it leaves, beside ring's
//! bare Ed25519 verification in the same run: server processor time a request on one worker.
//!
//! `cargo bench --bench qr_service`; with `DANCU_TEST_POSTGRES_URL` (an empty database) PostgreSQL too.

mod rig;

use std::time::{Duration, Instant};

use actix_web::web;
use dancu::citizens::seed::Population;
use dancu::crypto::{Algorithm, SigningKey};
use rig::{CITIZENS, Served, measure};
use serde_json::{Value, json};

const CREDENTIALS: usize = 500;

/// Microseconds of one bare verification of a credential's length.
fn bare() -> f64 {
    let der = SigningKey::generate_pkcs8(Algorithm::Ed25519).expect("a key");
    let key = SigningKey::from_pkcs8(Algorithm::Ed25519, &der).expect("a key");
    let message = [7; 223];
    let (signature, public) = (key.sign(&message), key.verifying_key());
    let (mut rounds, began) = (0_u32, Instant::now());
    while began.elapsed() < Duration::from_secs(3) {
        assert!(public.verify(&message, &signature).is_ok());
        rounds += 1;
    }
    began.elapsed().as_secs_f64() * 1e6 / f64::from(rounds)
}

/// Showings of static credentials, each of another person who is alive.
async fn showings(served: &Served) -> Vec<Vec<u8>> {
    let (url, http) = (format!("http://{}", served.address()), reqwest::Client::new());
    let mut showings = Vec::new();
    for citizen in Population::new(1, CITIZENS).flatten() {
        let ask = json!({
            "id_number": citizen.id_number, "full_name": citizen.full_name, "date_of_birth": citizen.date_of_birth,
            "purpose": served.purpose, "attributes": ["full_name", "id_number", "date_of_birth", "sex"],
            "kind": "static", "lifetime_seconds": 86_400,
        });
        let request = http.post(format!("{url}/v1/qr/credentials")).bearer_auth(&served.token).json(&ask);
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        if let Some(payload) = answer["payload"].as_str() {
            let body = json!({ "payload": payload, "purpose": served.purpose });
            showings.push(served.post("/v1/qr/verify", &body));
        }
        if showings.len() == CREDENTIALS {
            return showings;
        }
    }
    panic!("only {} of {CREDENTIALS} credentials were issued", showings.len());
}

fn no_more(_: &mut web::ServiceConfig) {}

#[tokio::main]
async fn main() {
    // `cargo test --all-targets` runs benches too, without this word.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let mut backends = vec![("SQLite", None)];
    #[allow(clippy::disallowed_methods, reason = "a bench is told its database by the environment")]
    if let Ok(url) = std::env::var("DANCU_TEST_POSTGRES_URL") {
        backends.push(("PostgreSQL", Some(url)));
    }
    for (name, url) in backends {
        let folder = tempfile::tempdir().expect("a folder");
        let url = url.unwrap_or_else(|| format!("sqlite:{}", folder.path().join("bench.db").display()));
        let served = rig::serve(folder.path(), url, 256 << 20, no_more).await;
        let showings = showings(&served).await;
        let before = bare();
        let (cpu, rate) = measure(served.address(), showings).await;
        let bare = f64::midpoint(before, bare());
        println!("bare Ed25519 verification                {bare:6.1} µs");
        println!(
            "over HTTP with audit, {name:10}         {cpu:6.1} µs  {rate:6.0}/s  {:.0} % of bare",
            100.0 * bare / cpu
        );
        served.stop().await;
    }
}
