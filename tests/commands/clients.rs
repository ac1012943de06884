//! `dancu clients …` from the first client to its last.

use std::os::unix::fs::PermissionsExt;

use clap::Parser;
use dancu::cli::clients::{self, ClientsArgs, Tools};
use dancu::cli::operate::Operators;
use dancu::crypto::jose::PrivateJwk;
use serde_json::{Value, json};

use crate::support::Backend;
use crate::support::house::{House, id};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: ClientsArgs,
}

const AGREEMENT: &str = r#"
operations = ["citizens:lookup"]
procedures = ["1.004222"]
legal_bases = ["STATE_DUTY"]
attributes = ["full_name"]
detail = "full"
bearer = true
[quotas]
per_minute = 60
per_day = 1000
[validity]
from = 2026-01-01
until = 2027-12-31
"#;

struct Desk {
    backend: Backend,
    house: House,
}

impl Desk {
    /// Runs `dancu clients …`, `@` standing for the desk's folder.
    async fn run(&self, line: &str) -> Result<String, String> {
        self.run_at(line, false).await
    }

    async fn run_at(&self, line: &str, in_demo: bool) -> Result<String, String> {
        let folder = format!("{}/", self.backend.dir().display());
        let words = line.split(' ').map(|word| word.replace('@', &folder));
        let line =
            Line::try_parse_from(std::iter::once("clients".to_owned()).chain(words)).map_err(|e| e.to_string())?;
        let mut out = Vec::new();
        let operators = &Operators::ready(self.house.operator().await.clone());
        let tools = Tools { clients: &self.house.clients, operators, in_demo, out: &mut out };
        clients::run(line.args, tools).await.map_err(|error| error.to_string())?;
        Ok(String::from_utf8(out).unwrap())
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.backend.dir().join(name), text).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_added_shown_changed_and_shut_out() {
    let backend = Backend::sqlite();
    let house = House::empty(&backend).await;
    let mut desk = Desk { backend, house };
    desk.write("a.toml", AGREEMENT);
    let add = "add so-noi-vu --name Sở-Nội-vụ --state-body --agreement @a.toml --new-key @k.json";
    assert_eq!(desk.run(add).await.unwrap(), "added so-noi-vu\n");
    let key_file = desk.backend.dir().join("k.json");
    assert_eq!(std::fs::metadata(&key_file).unwrap().permissions().mode() & 0o777, 0o600);
    let key = PrivateJwk::parse(&std::fs::read(&key_file).unwrap()).unwrap();
    desk.house.keys.insert("so-noi-vu".to_owned(), key);
    let token = desk.house.token("so-noi-vu").await;
    assert_eq!(desk.house.probe_with(&token).await.status, 200, "the new client works at once");

    let again = desk.run(add).await.unwrap_err();
    assert!(again.contains("k.json") && again.contains("exists"), "no key file is written over: {again}");
    let listed = desk.run("list").await.unwrap();
    assert_eq!(listed, "so-noi-vu\tservice\tat work\tuntil 2027-12-31T17:00:00Z\tSở-Nội-vụ\n");
    desk.run("officers add so-noi-vu --id canbo-01 --unit mot-cua").await.unwrap();
    let public = PrivateJwk::generate(dancu::crypto::Algorithm::Ed25519).unwrap().public();
    desk.write("new.json", &serde_json::to_string(&public).unwrap());
    desk.run("rotate-key so-noi-vu --key @new.json --overlap-hours 1").await.unwrap();
    desk.write("b.toml", &AGREEMENT.replace("per_minute = 60", "per_minute = 61"));
    desk.run("amend so-noi-vu --agreement @b.toml").await.unwrap();
    let shown: Value = serde_json::from_str(&desk.run("show so-noi-vu").await.unwrap()).unwrap();
    assert_eq!(shown["agreement"]["per_minute"], 61);
    assert_eq!(shown["keys"].as_array().unwrap().len(), 2);
    assert_eq!(shown["officers"][0]["id"], "canbo-01");
    let actions: Vec<_> =
        shown["history"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["added", "officer_added", "key_rotated", "amended"]);

    desk.run("stop so-noi-vu").await.unwrap();
    assert_eq!(desk.house.probe_with(&token).await.told(), (403, "client-stopped"));
    assert!(desk.run("list").await.unwrap().contains("\tstopped\t"));
    assert_eq!(desk.run("start so-noi-vu").await.unwrap(), "started so-noi-vu\n");
    let strike = "officers remove so-noi-vu --id canbo-01 --unit mot-cua";
    assert_eq!(desk.run(strike).await.unwrap(), "so-noi-vu has officer canbo-01 of mot-cua no longer\n");
    assert!(desk.run(strike).await.unwrap_err().contains("no such officer"));
    let shown: Value = serde_json::from_str(&desk.run("show so-noi-vu").await.unwrap()).unwrap();
    assert_eq!((&shown["officers"], &shown["history"][6]["action"]), (&json!([]), &json!("officer_removed")));
    assert!(!desk.house.clients.find(&id("so-noi-vu")).unwrap().is_stopped());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_client_is_stopped_and_started() {
    let backend = Backend::sqlite();
    let house = House::empty(&backend).await;
    let desk = Desk { backend, house };
    desk.write("a.toml", AGREEMENT);
    desk.run("add so-noi-vu --name Sở-Nội-vụ --state-body --agreement @a.toml --new-key @k.json").await.unwrap();
    let told = desk.run("stop so-noi-vu --procedure 1.004222").await.unwrap();
    assert_eq!(told, "stopped procedure/1.004222 of so-noi-vu: every server refuses it within a second\n");
    let told = desk.run("stop so-noi-vu --officer canbo-01").await.unwrap();
    assert!(told.contains("a new name is another officer"), "{told}");
    assert!(desk.run("list").await.unwrap().contains("\tstopped in part\t"));
    let shown: Value = serde_json::from_str(&desk.run("show so-noi-vu").await.unwrap()).unwrap();
    assert_eq!(shown["stopped"], json!(["procedure/1.004222", "officer/canbo-01"]));
    for (line, words) in [
        ("stop so-noi-vu --procedure 1.003677", "does not list this procedure"),
        ("stop so-noi-vu --procedure 1.004222 --officer canbo-01", "cannot be used with"),
        ("stop nobody", "no client has this id"),
        ("stop so-noi-vu --officer 097099000001", "without nine digits"),
        ("start so-noi-vu", "not stopped"),
        ("start so-noi-vu --officer canbo-02", "not stopped"),
    ] {
        let told = desk.run(line).await.unwrap_err();
        assert!(told.contains(words), "{line}: {told}");
    }
    desk.run("start so-noi-vu --procedure 1.004222").await.unwrap();
    desk.run("start so-noi-vu --officer canbo-01").await.unwrap();
    assert!(desk.run("list").await.unwrap().contains("\tat work\t"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_procedure_is_stopped_and_started_of_all_clients_that_have_it() {
    let backend = Backend::sqlite();
    let house = House::empty(&backend).await;
    let desk = Desk { backend, house };
    desk.write("a.toml", AGREEMENT);
    desk.write("b.toml", &AGREEMENT.replace("1.004222", "1.003677"));
    for (client, agreement) in [("so-noi-vu", "a"), ("so-tu-phap", "a"), ("so-y-te", "b")] {
        let add = format!("add {client} --name X --state-body --agreement @{agreement}.toml --new-key @{client}.json");
        desk.run(&add).await.unwrap();
    }
    let stopped = |client: &str| {
        let client = desk.house.clients.find(&id(client)).unwrap();
        client.stops.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    desk.run("stop so-noi-vu").await.unwrap();
    assert_eq!(
        desk.run("stop --procedure 1.004222").await.unwrap(),
        "stopped procedure/1.004222 of so-noi-vu: every server refuses it within a second\n\
         stopped procedure/1.004222 of so-tu-phap: every server refuses it within a second\n"
    );
    assert_eq!(stopped("so-noi-vu"), ["client", "procedure/1.004222"]);
    assert_eq!((stopped("so-tu-phap"), stopped("so-y-te")), (vec!["procedure/1.004222".to_owned()], vec![]));
    // Whose agreement has the procedure no longer is found all the same, and what else is stopped stays so.
    desk.run("amend so-tu-phap --agreement @b.toml").await.unwrap();
    let started = "started procedure/1.004222 of so-noi-vu\nstarted procedure/1.004222 of so-tu-phap\n";
    assert_eq!(desk.run("start --procedure 1.004222").await.unwrap(), started);
    assert_eq!((stopped("so-noi-vu"), stopped("so-tu-phap")), (vec!["client".to_owned()], vec![]));
    let history = desk.house.clients.history(&id("so-tu-phap")).await.unwrap();
    let actions: Vec<_> = history.iter().map(|change| change.action.name()).collect();
    assert_eq!(actions, ["added", "stopped", "amended", "started"]);
    for (line, words) in [
        ("stop --procedure 9.999", "no client's agreement lists this procedure"),
        ("start --procedure 1.004222", "not stopped"),
        ("stop", "<ID>"),
        ("stop --officer canbo-01", "<ID>"),
    ] {
        let told = desk.run(line).await.unwrap_err();
        assert!(told.contains(words), "{line}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_told_in_words() {
    let backend = Backend::sqlite();
    let house = House::empty(&backend).await;
    let desk = Desk { backend, house };
    desk.write("a.toml", AGREEMENT);
    desk.write("bad.toml", &AGREEMENT.replace("\"full\"", "\"chatty\"").replace("per_day = 1000", "per_day = 0"));
    let private = PrivateJwk::generate(dancu::crypto::Algorithm::P256).unwrap();
    desk.write("private.json", &private.to_json());
    for (line, words) in [
        ("add x --name X --agreement @bad.toml --new-key @k.json", &["bad.toml", "detail", "quotas.per_day"][..]),
        ("add x --name X --agreement @none.toml --new-key @k.json", &["none.toml"]),
        ("add x --name X --agreement @a.toml --key @private.json", &["private.json", "a private key"]),
        ("add x --name X --agreement @a.toml --new-key @k.json", &["legal_bases", "state bodies"]),
        ("add x --name X --state-body --agreement @a.toml", &["--key"]),
        ("add 9x --name X --state-body --agreement @a.toml --key @k.json", &["a client id is"]),
        ("show x", &["no client has this id"]),
        ("officers add x --id 097099000001 --unit u", &["without nine digits"]),
    ] {
        let told = desk.run(line).await.unwrap_err();
        assert!(words.iter().all(|word| told.contains(word)), "{line}: {told}");
    }
    assert_eq!(desk.run("list").await.unwrap(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relying_party_has_redirect_addresses_and_may_have_a_secret() {
    let backend = Backend::sqlite();
    let house = House::empty(&backend).await;
    let desk = Desk { backend, house };
    let terms = "[eid]\nsign_in = true\nlevels = [\"urn:dancu:acr:l1\"]\n";
    desk.write("rp.toml", &format!("{}{terms}", AGREEMENT.replace("bearer = true", "")));
    let add = "add rp --name Cổng --state-body --profile baseline --agreement @rp.toml --secret";
    let added = desk.run(&format!("{add} --redirect-uri https://rp.vn/cb")).await.unwrap();
    let secret = added.lines().find_map(|line| line.strip_prefix("secret ")).expect("the secret, once");
    assert_eq!(secret.len(), 43);
    let client = desk.house.clients.find(&id("rp")).unwrap();
    assert!(client.secret.as_ref().unwrap().fits(secret) && client.agreement.eid.sign_in);
    assert!(client.registration.redirects_to("https://rp.vn/cb"));
    let shown = desk.run("show rp").await.unwrap();
    assert!(shown.contains("https://rp.vn/cb") && !shown.contains(secret));
    let fresh = desk.run("new-secret rp").await.unwrap();
    assert!(fresh.starts_with("secret ") && !fresh.contains(secret));
    desk.run("redirects rp --redirect-uri https://rp.vn/new").await.unwrap();
    assert!(!desk.house.clients.find(&id("rp")).unwrap().registration.redirects_to("https://rp.vn/cb"));
    let plain = desk.run("redirects rp --redirect-uri http://127.0.0.1/cb").await.unwrap_err();
    assert!(plain.contains("https"), "loopback is for the demo: {plain}");
    desk.run_at("redirects rp --redirect-uri http://127.0.0.1/cb", true).await.unwrap();
    assert!(desk.house.clients.find(&id("rp")).unwrap().registration.redirects_to("http://127.0.0.1:9090/cb"));
    let keyed = add.replace("add rp", "add other").replace("--secret", "--new-key @key.jwk");
    desk.run(&format!("{keyed} --redirect-uri http://rp.vn/cb")).await.unwrap_err();
    assert!(!desk.backend.dir().join("key.jwk").exists(), "no key for a client that was not added");
    let service = desk.run("add x --name X --state-body --agreement @rp.toml --secret").await.unwrap_err();
    assert!(service.contains("profile baseline"), "{service}");
}

#[test]
fn an_agreement_that_asks_about_people_without_their_status_is_warned_of() {
    use dancu::clients::Agreement;
    let agreement = |text: &str| Agreement::from_toml(text).unwrap();
    assert!(agreement(AGREEMENT).asks_without_status());
    assert!(!agreement(&AGREEMENT.replace("\"full_name\"", "\"full_name\", \"status\"")).asks_without_status());
    // Who asks about nobody need not know.
    assert!(!agreement(&AGREEMENT.replace("citizens:lookup", "stays:read")).asks_without_status());
}
