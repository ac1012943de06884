//! `dancu token` against a server on a socket.

use std::path::Path;

use clap::Parser;
use dancu::cli::token::{self, TokenArgs, TokenCommandError};
use dancu::clients::samples;
use dancu::crypto::SystemEntropy;
use dancu::kernel::Clock;
use serde_json::json;

use crate::support::Backend;
use crate::support::house::{House, ISSUER};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: TokenArgs,
}

async fn ask(house: &House, dir: &Path, more: &[&str]) -> Result<String, TokenCommandError> {
    let dir = dir.to_str().unwrap();
    let line = Line::parse_from(["token", "--dir", dir].iter().chain(more));
    let clock = house.clock.clone();
    let asked = tokio::task::spawn_blocking(move || token::run(&line.args, &*clock, &SystemEntropy::default()));
    asked.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_prints_a_token_that_works() {
    let backend = Backend::sqlite();
    let house = House::empty(&backend).await;
    let mut listed = Vec::new();
    for sample in samples(house.clock.now()).unwrap() {
        listed.push(sample.to_demo().unwrap());
        house.changes().await.add(sample.new).await.unwrap();
    }
    let (server, base_url) = house.serve();
    let demo = json!({ "base_url": base_url, "issuer": ISSUER, "clients": listed, "citizens": [] });
    std::fs::write(backend.dir().join("demo.json"), demo.to_string()).unwrap();

    let token = ask(&house, backend.dir(), &[]).await.unwrap();
    assert_eq!(house.probe_with(&token).await.status, 200);
    let narrow = ask(&house, backend.dir(), &["--client", "bank", "--scope", "citizens:verify"]).await.unwrap();
    assert_eq!(house.probe_with(&narrow).await.told(), (403, "insufficient-scope"));
    let refused = ask(&house, backend.dir(), &["--client", "bank", "--scope", "citizens:lookup"]).await.unwrap_err();
    assert!(refused.to_string().contains("invalid_scope"), "{refused}");
    let unknown = ask(&house, backend.dir(), &["--client", "nobody"]).await.unwrap_err();
    assert_eq!(unknown.to_string(), "the demo has no client nobody");
    let proof = ask(&house, backend.dir(), &["--client", "hotel", "--assertion"]).await.unwrap();
    assert_eq!(house.ask_with(&proof, &[]).await.status, 200, "it proves who the client is");
    assert_eq!(house.ask_with(&proof, &[]).await.told(), (401, "invalid_client"), "once");
    server.stop().await.unwrap();
    let gone = ask(&house, backend.dir(), &[]).await.unwrap_err();
    assert!(gone.to_string().contains("is the server running?"), "{gone}");
    let nowhere = ask(&house, &backend.dir().join("elsewhere"), &[]).await.unwrap_err();
    assert!(nowhere.to_string().contains("demo.json"), "{nowhere}");
}
