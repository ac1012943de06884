//! A citizen's own QR: issued to their device, signed over by its key, and worth nothing without.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Parser;
use dancu::crypto::cose::{Countersigned, Sign1, countersigned};
use dancu::crypto::{Algorithm, SystemEntropy, jose::PrivateJwk};
use dancu::kernel::Instant;
use dancu::qr::credential::{CredentialStatus, CwtClaims, pack, unpack, verify};
use serde_json::{Value, json};

use super::phone::Phone;
use super::rig::{PASSCODE, Rig, an};
use crate::api::citizens::desk::{PORTAL, but, purpose};
use crate::support::house::within;
use crate::support::{Backend, for_each_backend};

const PATH: &str = "/v1/eid/qr";

fn wanted() -> Value {
    json!({ "audience": "portal", "attributes": ["full_name", "id_number", "religion"], "passcode": PASSCODE })
}

async fn issued(rig: &Rig, phone: &Phone) -> Vec<u8> {
    let answer = phone.call(rig, "POST", PATH, &wanted()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    URL_SAFE_NO_PAD.decode(answer.json()["credential"].as_str().unwrap()).unwrap()
}

fn said(rig: &Rig, nonce: Option<&str>) -> Countersigned {
    let at = Instant::from_seconds(rig.desk.house.now().as_seconds());
    Countersigned { audience: "portal".to_owned(), at, nonce: nonce.map(str::to_owned) }
}

fn shown(bytes: &[u8], key: &PrivateJwk, claims: &Countersigned) -> String {
    pack(&countersigned(bytes, &key.key, claims).unwrap())
}

/// What the portal is told of a text.
async fn read_by(rig: &Rig, client: &str, payload: &str, nonce: Option<&str>) -> Value {
    let body = but(json!({ "payload": payload, "purpose": purpose(PORTAL) }), json!({ "nonce": nonce }));
    let answer = rig.desk.post(client, "/v1/qr/verify", &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_over_by_its_holder_it_is_good_once_for_its_reader() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let before = rig.desk.entries().await;
        let answer = phone.call(&rig, "POST", PATH, &wanted()).await.json();
        assert_eq!(answer["audience_name"], "Cổng dịch vụ công (mẫu)");
        assert_eq!(answer["omitted"][0]["attribute"], "religion", "{answer}");
        assert_eq!(rig.recorded_since(before).await, [("eid.qr".to_owned(), String::new())]);
        let bytes = URL_SAFE_NO_PAD.decode(answer["credential"].as_str().unwrap()).unwrap();
        let payload = shown(&bytes, &phone.key, &said(&rig, Some("7301")));

        let told = read_by(&rig, "portal", &payload, Some("7301")).await;
        assert_eq!((&told["proof"], &told["status"]), (&json!("signature+holder"), &json!("valid")), "{told}");
        assert_eq!((&told["fields"]["full_name"], &told["match"]["verified"]), (&json!("Nguyễn Văn An"), &json!(true)));
        let again = read_by(&rig, "portal", &payload, Some("7301")).await;
        assert_eq!(again["status"], "replayed");

        // Who reads without a server sees the same; who knows nothing of holders, what was always there.
        let now = rig.desk.house.now();
        let verdict = verify(&payload, &rig.desk.trusted(), Some("portal"), now).unwrap();
        assert!(verdict.is_bound() && verdict.holder.as_ref().unwrap().nonce.as_deref() == Some("7301"));
        assert_eq!(verdict.clone().expecting(Some("7302")).status, CredentialStatus::HolderProofInvalid);
        assert_eq!(verdict.status, CredentialStatus::Valid);
        let unpacked = unpack(&payload).unwrap();
        let claims = CwtClaims::read(Sign1::read(&unpacked).unwrap().payload).unwrap();
        assert_eq!(claims.person.full_name.as_deref(), Some("Nguyễn Văn An"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_holders_signature_or_with_another_it_is_refused_by_name_and_not_spent() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let bytes = issued(&rig, &phone).await;
        let thief = PrivateJwk::generate(Algorithm::P256).unwrap();
        let good = said(&rig, Some("7301"));
        let other = Countersigned { audience: "bank".to_owned(), ..good.clone() };
        let early = Countersigned { at: good.at.minus(Duration::from_secs(61)), ..good.clone() };
        let late = Countersigned { at: good.at.plus(Duration::from_secs(31)), ..good.clone() };
        let second = issued(&rig, &phone).await;
        let taken = countersigned(&second, &phone.key.key, &good).unwrap();
        let cases = [
            ("nothing signed", pack(&bytes), "holder_proof_missing"),
            ("another key", shown(&bytes, &thief, &good), "holder_proof_invalid"),
            ("another reader", shown(&bytes, &phone.key, &other), "holder_proof_invalid"),
            ("long ago", shown(&bytes, &phone.key, &early), "holder_proof_invalid"),
            ("yet to come", shown(&bytes, &phone.key, &late), "holder_proof_invalid"),
            ("another nonce", shown(&bytes, &phone.key, &said(&rig, Some("7302"))), "holder_proof_invalid"),
            ("no nonce", shown(&bytes, &phone.key, &said(&rig, None)), "holder_proof_invalid"),
            ("taken from another", moved(&taken, &bytes), "holder_proof_invalid"),
        ];
        for (why, payload, status) in cases {
            let told = read_by(&rig, "portal", &payload, Some("7301")).await;
            assert_eq!(
                (&told["status"], &told["proof"], &told["fields"]),
                (&json!(status), &json!("signature"), &json!({})),
                "{why}: {told}"
            );
        }
        let told = read_by(&rig, "portal", &shown(&bytes, &phone.key, &good), Some("7301")).await;
        assert_eq!(told["status"], "valid", "a thief's tries have not spent it");
        rig.advance(Duration::from_secs(61));
        let told = read_by(&rig, "portal", &pack(&taken), Some("7301")).await;
        assert_eq!(told["status"], "expired");
    })
    .await;
}

/// The countersignature of one credential on another.
fn moved(from: &[u8], to: &[u8]) -> String {
    let signed = Sign1::read(from).unwrap();
    let start = from.len() - signed.payload.len();
    // Found by what it begins with: an array of three whose first item is a protected header.
    let at = from.windows(2).position(|pair| pair == [0x0b, 0x83]).expect("label 11") + 1;
    assert!(at < start);
    let end = from.windows(signed.payload.len()).position(|part| part == signed.payload).unwrap();
    // Before the payload stands its head: three bytes for a length of two.
    let head = if signed.payload.len() < 256 { 2 } else { 3 };
    pack(&Sign1::read(to).unwrap().with_countersignature(&from[at..end - head]))
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_the_passcode_a_reader_and_a_device_in_use() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let ask = async |change: Value| phone.call(&rig, "POST", PATH, &but(wanted(), change)).await;
        assert_eq!(ask(json!({ "passcode": "246813" })).await.problem(), (403, "passcode-refused".to_owned()));
        assert_eq!(ask(json!({ "passcode": null })).await.faults(), [("/passcode".to_owned(), "missing".to_owned())]);
        let unknown = ask(json!({ "audience": "nobody" })).await;
        assert_eq!(unknown.faults(), [("/audience".to_owned(), "reader_unknown".to_owned())]);
        let nothing = ask(json!({ "attributes": ["religion"] })).await;
        assert_eq!(nothing.faults(), [("/attributes".to_owned(), "nothing_to_say".to_owned())]);
        assert_eq!(Phone::new().call(&rig, "POST", PATH, &wanted()).await.status, 401);
        // Drawn only for who signed.
        let bytes = issued(&rig, &phone).await;
        let draw = async |countersignature: &str| {
            let body = json!({ "credential": URL_SAFE_NO_PAD.encode(&bytes), "countersignature": countersignature });
            phone.call(&rig, "POST", "/v1/eid/qr/image", &body).await
        };
        for wrong in ["", "g0CgQA", "!"] {
            assert_eq!(draw(wrong).await.status, 422, "{wrong}");
        }
    })
    .await;
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: dancu::cli::wallet::WalletArgs,
}

#[derive(Parser)]
struct ReaderLine {
    #[command(flatten)]
    args: dancu::cli::qr::QrArgs,
}

/// What a command of the wallet writes.
async fn wallet(rig: &Rig, words: &[&str]) -> String {
    let line = Line::parse_from(std::iter::once(&"wallet").chain(words));
    let clock = rig.desk.house.clock.clone();
    let done = tokio::task::spawn_blocking(move || {
        let mut out = Vec::new();
        let tools = dancu::cli::wallet::Tools { clock: &*clock, entropy: &SystemEntropy::default(), out: &mut out };
        dancu::cli::wallet::run(line.args, tools).expect("it is done");
        out
    });
    String::from_utf8(done.await.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wallet_on_the_command_line_makes_one() {
    let backend = crate::support::Backend::sqlite();
    let rig = Rig::open(&backend).await;
    let dir = backend.dir().join("wallet");
    let told = rig.at_desk(&an(), "enrol", json!({})).await.json();
    let file = backend.dir().join("person.json");
    let enrolment = &told["enrolment"];
    let person = json!({
        "activation_id": enrolment["activation_id"], "code": enrolment["code"], "passcode": PASSCODE,
    });
    std::fs::write(&file, person.to_string()).unwrap();
    let (dir, file) = (dir.to_str().unwrap(), file.to_str().unwrap());
    let svg = backend.dir().join("own.svg");
    wallet(&rig, &["enrol", "--dir", dir, "--url", &rig.base_url(), "--from", file]).await;
    let qr = ["qr", "--dir", dir, "--audience", "portal", "--nonce", "7301", "--svg", svg.to_str().unwrap()];
    let text = wallet(&rig, &qr).await;
    // What one command writes the other reads, as it is.
    let path = |name: &str| backend.dir().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("shown"), &text).unwrap();
    std::fs::write(path("keys.json"), rig.desk.get("/.well-known/dancu-qr-keys", "*/*").await.2).unwrap();
    let (keys, shown) = (path("keys.json"), path("shown"));
    let line = ["qr", "verify", "--keys", &keys, "--reader", "portal", "--nonce", "7301", &shown];
    let found = dancu::cli::qr::run(ReaderLine::parse_from(line).args, rig.desk.house.now()).unwrap();
    assert_eq!(found.worth, dancu::cli::qr::Worth::Good, "{}", found.text);
    assert!(found.text.contains("proof: signature+holder"), "{}", found.text);

    let told = read_by(&rig, "portal", text.trim_end(), Some("7301")).await;
    assert_eq!((&told["proof"], &told["status"]), (&json!("signature+holder"), &json!("valid")), "{told}");
    assert!(std::fs::read_to_string(&svg).unwrap().starts_with("<svg"));
    let out: Value = serde_json::from_str(&wallet(&rig, &[&qr[..], &["--json"]].concat()).await).unwrap();
    let told = read_by(&rig, "portal", out["payload"].as_str().unwrap(), Some("7301")).await;
    assert_eq!((&told["status"], &out["omitted"]), (&json!("valid"), &json!([])), "{told}");
}

/// Where nobody knows who is stopped, nobody may be shown anything.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_issued_to_a_reader_while_the_registry_is_behind() {
    let backend = Backend::sqlite();
    let rig = Rig::open(&backend).await;
    let phone = rig.enrolled(&an()).await;
    backend.execute("ALTER TABLE client_registry RENAME TO away");
    within(Duration::from_secs(8), async || !rig.desk.house.clients.is_current()).await;
    assert_eq!(phone.call(&rig, "POST", PATH, &wanted()).await.problem(), (503, "unavailable".to_owned()));
    backend.execute("ALTER TABLE away RENAME TO client_registry");
    within(Duration::from_secs(1), async || rig.desk.house.clients.is_current()).await;
    issued(&rig, &phone).await;
}
