use clap::Parser;
use dancu::cli::qr::{QrArgs, QrCommandError, Worth, run};
use dancu::kernel::Instant;
use serde_json::json;

use super::shown::{AN_CARD, dynamic, issue};
use crate::api::citizens::desk::{Desk, PORTAL, purpose};
use crate::support::house::ISSUER;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: QrArgs,
}

fn dancu(words: &[&str], now: Instant) -> Result<(String, Worth), QrCommandError> {
    let line = Line::try_parse_from(["qr", "verify"].iter().chain(words)).unwrap_or_else(|e| panic!("{e}"));
    run(line.args, now).map(|found| (found.text, found.worth))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_without_a_connection_says_what_it_did_not_check() {
    let backend = crate::support::Backend::sqlite();
    let desk = Desk::open(&backend).await;
    let path = |name: &str| backend.dir().join(name).to_str().unwrap().to_owned();
    let keep = async |name: &str, from: &str, accept: &str| {
        let file = path(name);
        std::fs::write(&file, desk.get(from, accept).await.2).unwrap();
        file
    };
    let (id, payload) = desk.give(&issue(json!({}))).await;
    let jwks = keep("keys.json", "/.well-known/dancu-qr-keys", "*/*").await;
    let cose = keep("keys.cbor", "/.well-known/dancu-qr-keys", "application/cose-key-set").await;
    let list = keep("list.jwt", "/v1/status-lists/1", "*/*").await;
    let now = desk.house.now();
    let (text, worth) = dancu(&["--keys", &jwks, "--status", &list, &payload], now).unwrap();
    assert_eq!(worth, Worth::Good, "{text}");
    assert!(text.contains("status: valid\n") && text.contains("replay: not checked") && text.contains("Nguyễn Văn An"));
    assert!(text.contains("revocation: by the list of ") && !text.contains("newer"), "{text}");
    let later = now.plus(std::time::Duration::from_secs(90));
    let (text, worth) = dancu(&["--keys", &jwks, "--status", &list, &payload], later).unwrap();
    assert!(worth == Worth::Good && text.contains("there is a newer one by now"), "{text}");
    desk.house.clock.advance(std::time::Duration::from_secs(5));
    let (_, younger) = desk.give(&issue(json!({}))).await;
    let (text, worth) = dancu(&["--keys", &jwks, "--status", &list, &younger], later).unwrap();
    assert!(worth == Worth::Open && text.contains("NOT CHECKED: the list was made before"), "{text}");
    let (text, worth) = dancu(&["--keys", &cose, "--issuer", ISSUER, &payload], now).unwrap();
    assert_eq!(worth, Worth::Open);
    assert!(text.contains("unless it was revoked") && text.contains("/v1/status-lists/1"), "{text}");
    assert!(matches!(dancu(&["--keys", &cose, &payload], now), Err(QrCommandError::NoIssuer)));
    let broken = path("broken.jwt");
    std::fs::write(&broken, "eyJ").unwrap();
    assert_eq!(dancu(&["--keys", &jwks, "--status", &broken, &payload], now).unwrap().1, Worth::Open);
    let revoke = format!("/v1/qr/credentials/{id}/revoke");
    assert_eq!(desk.post("portal", &revoke, &json!({ "purpose": purpose(PORTAL) })).await.status, 200);
    let list = keep("list.cwt", "/v1/status-lists/1", "application/statuslist+cwt").await;
    let (text, worth) = dancu(&["--keys", &jwks, "--status", &list, &payload], now).unwrap();
    assert_eq!(worth, Worth::Bad);
    assert!(text.contains("status: revoked"), "{text}");
    let (_, once) = desk.give(&dynamic("hotel")).await;
    assert_eq!(dancu(&["--keys", &jwks, "--reader", "hotel", &once], now).unwrap().1, Worth::Good);
    assert_eq!(dancu(&["--keys", &jwks, &once], now).unwrap().1, Worth::Bad);
    let picture = path("code.png");
    let drawn = dancu::qr::image::Symbol::of_text(&payload).unwrap().to_png();
    std::fs::write(&picture, drawn).unwrap();
    assert_eq!(dancu(&["--keys", &jwks, "--status", &list, &picture], now).unwrap().1, Worth::Bad);
    let (text, worth) = dancu(&["--keys", &jwks, AN_CARD], now).unwrap();
    assert!(worth == Worth::Open && text.contains("proof: none"), "{text}");
    let fault = |words: &[&str]| {
        let fault = dancu(words, now).unwrap_err();
        (fault.exit_code(), fault.to_string())
    };
    assert_eq!(fault(&["--keys", &jwks, "nothing.png"]).0, 3);
    assert_eq!(fault(&["--keys", &path("none.json"), &payload]).0, 3);
    assert_eq!(fault(&["--keys", &cose, &payload]).0, 3);
    let (code, words) = fault(&["--keys", &jwks, &payload.to_lowercase()]);
    assert!(code == 1 && words.contains("neither a card's nor a signed credential's"), "{words}");
    let (code, words) = fault(&["--keys", &jwks, &format!("https://example.vn/{}", "a".repeat(60))]);
    assert!(code == 1 && words.starts_with("the QR: "), "{words}");
}
