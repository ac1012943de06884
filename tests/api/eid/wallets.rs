//! `dancu wallet` against a server on a socket.

use clap::Parser;
use dancu::cli::wallet::{self, Tools, WalletArgs, WalletError};
use dancu::crypto::SystemEntropy;
use dancu::eid::{EidConfig, TransactionState};
use dancu::kernel::Level;
use serde_json::{Value, json};

use super::rig::{PASSCODE, Rig, an, person, tight};
use crate::support::Backend;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: WalletArgs,
}

async fn run(rig: &Rig, line: &[&str]) -> Result<Vec<Value>, WalletError> {
    let line = Line::parse_from(std::iter::once("wallet").chain(line.iter().copied()));
    let clock = rig.desk.house.clock.clone();
    let done = tokio::task::spawn_blocking(move || {
        let mut out = Vec::new();
        let tools = Tools { clock: &*clock, entropy: &SystemEntropy::default(), out: &mut out };
        wallet::run(line.args, tools)?;
        let text = String::from_utf8(out).unwrap();
        Ok(text.lines().map(|line| serde_json::from_str(line).expect("lines of JSON")).collect())
    });
    done.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wallet_enrols_decides_and_approves_by_itself_where_the_digits_are_told() {
    let backend = Backend::sqlite();
    let rig = Rig::open_with(&backend, EidConfig { tell_digits: true, ..tight() }).await;
    let (dir, file) = (backend.dir().join("wallet"), backend.dir().join("person.json"));
    let (dir, from) = (dir.to_str().unwrap(), file.to_str().unwrap());
    let nothing = run(&rig, &["pending", "--dir", dir]).await.unwrap_err();
    assert!(nothing.to_string().contains("dancu wallet enrol"), "{nothing}");

    std::fs::write(&file, person(&an()).to_string()).unwrap();
    let enrol = ["enrol", "--dir", dir, "--url", &rig.base_url(), "--from", from];
    assert!(run(&rig, &enrol).await.unwrap()[0]["activation_id"].is_string());
    let code = rig.code_after(0).await;
    std::fs::write(&file, json!({ "code": code, "passcode": "000000" }).to_string()).unwrap();
    let weak = run(&rig, &enrol).await.unwrap_err();
    assert!(weak.to_string().contains("/passcode"), "{weak}");
    std::fs::write(&file, json!({ "code": code, "passcode": PASSCODE }).to_string()).unwrap();
    assert_eq!(run(&rig, &enrol).await.unwrap()[0]["account_level"], "level1");
    assert!(run(&rig, &enrol).await.is_err(), "a wallet is enrolled once");
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(backend.dir().join("wallet/wallet.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(run(&rig, &["devices", "--dir", dir]).await.unwrap()[0]["current"], true);

    let first = rig.ask(an().citizen_id, Level::L1).await;
    let shown = run(&rig, &["pending", "--dir", dir]).await.unwrap();
    assert_eq!(shown[0]["statement"]["client"]["id"], "portal");
    let digits = first.digits.to_string();
    let approved = run(&rig, &["approve", "--dir", dir, "--digits", &digits]).await.unwrap();
    assert_eq!(approved[0]["outcome"], "approved");
    let asked = rig.ask(an().citizen_id, Level::L1).await;
    let unlike = run(&rig, &["approve", "--dir", dir, "--digits", "7"]).await.unwrap_err();
    assert!(matches!(unlike, WalletError::Digits(_)), "{unlike}");
    assert_eq!(rig.state(asked.transaction).await, TransactionState::Pending, "it was not sent");
    let other = if asked.digits.number() == 47 { "48" } else { "47" };
    let mismatch = run(&rig, &["approve", "--dir", dir, "--digits", other]).await.unwrap_err();
    assert!(matches!(mismatch, WalletError::Mismatch), "the shell is told by the exit code: {mismatch}");
    assert_eq!(rig.state(asked.transaction).await, TransactionState::Mismatch);
    let (second, third) = (rig.ask(an().citizen_id, Level::L2).await, rig.ask(an().citizen_id, Level::L1).await);
    assert!(matches!(run(&rig, &["reject", "--dir", dir]).await, Err(WalletError::SeveralWait)));
    let watched = run(&rig, &["watch", "--dir", dir, "--auto-approve", "--count", "2"]).await.unwrap();
    assert_eq!(watched.len(), 2);
    for id in [second.transaction, third.transaction] {
        assert_eq!(rig.state(id).await, TransactionState::Approved);
    }
    rig.ask(an().citizen_id, Level::L1).await;
    assert_eq!(run(&rig, &["reject", "--dir", dir]).await.unwrap()[0]["outcome"], "rejected");
    assert!(matches!(run(&rig, &["reject", "--dir", dir]).await, Err(WalletError::NothingWaits)));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_digits_are_not_told_somebody_reads_them_off_the_screens() {
    let backend = Backend::sqlite();
    let rig = Rig::open(&backend).await;
    let (dir, file) = (backend.dir().join("wallet"), backend.dir().join("person.json"));
    let (dir, from) = (dir.to_str().unwrap(), file.to_str().unwrap());
    let told = rig.at_desk(&an(), "enrol", json!({})).await.json();
    let enrolment = &told["enrolment"];
    let person = json!({
        "activation_id": enrolment["activation_id"], "code": enrolment["code"], "passcode": PASSCODE,
    });
    std::fs::write(&file, person.to_string()).unwrap();
    run(&rig, &["enrol", "--dir", dir, "--url", &rig.base_url(), "--from", from]).await.unwrap();

    let asked = rig.ask(an().citizen_id, Level::L2).await;
    let watch = ["watch", "--dir", dir, "--auto-approve", "--count", "1"];
    let untold = run(&rig, &watch).await.unwrap_err();
    assert!(matches!(untold, WalletError::DigitsUntold) && untold.to_string().contains("--digits-from"), "{untold}");
    let digits = backend.dir().join("digits");
    let with = [&watch[..], &["--digits-from", digits.to_str().unwrap()]].concat();
    for (text, says) in [("", "the digits end"), ("7\n", "not two digits")] {
        std::fs::write(&digits, text).unwrap();
        let refused = run(&rig, &with).await.unwrap_err();
        assert!(refused.to_string().contains(says), "{refused}");
        assert_eq!(rig.state(asked.transaction).await, TransactionState::Pending);
    }
    std::fs::write(&digits, format!("{}\n", asked.digits)).unwrap();
    let lines = run(&rig, &with).await.unwrap();
    assert_eq!(lines[0]["statement"]["client"]["id"], "portal", "told, so that its screen is found");
    assert_eq!(lines[1]["outcome"], "approved");
}
