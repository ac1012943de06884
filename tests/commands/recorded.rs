//! Every command that changes something is recorded. The table has every command there is: one that is
//! new fails here until it is classed, and one classed as recorded is run and looked for in the log.

use std::path::Path;
use std::process::{Command as Process, Output};
use std::sync::Arc;

use clap::{Command, Subcommand};
use dancu::audit::{Audit, AuditConfig, OpenedEntry, Receipt};
use dancu::crypto::{Keyring, SystemEntropy};
use dancu::kernel::clock::SystemClock;
use dancu::storage::{Store, StoreConfig};

/// What a command does to an installation.
#[derive(Debug, PartialEq)]
enum Does {
    /// Opens the store for reading alone, or none at all.
    Reads,
    /// Serves; what it changes it records by itself.
    Serves,
    /// Makes or alters the schema or the first keys, before which no record could be sealed.
    Prepares,
    /// Records this operation.
    Records(&'static str),
}

use Does::{Prepares, Reads, Records, Serves};

const COMMANDS: &[(&str, Does)] = &[
    ("demo", Serves),
    ("token", Reads),
    ("serve", Serves),
    ("config check", Reads),
    ("migrate", Prepares),
    ("clients add", Records("clients.add")),
    ("clients list", Reads),
    ("clients show", Reads),
    ("clients rotate-key", Records("clients.rotate_key")),
    ("clients amend", Records("clients.amend")),
    ("clients redirects", Records("clients.redirects")),
    ("clients new-secret", Records("clients.new_secret")),
    ("clients stop", Records("clients.stop")),
    ("clients start", Records("clients.start")),
    ("clients officers add", Records("clients.officers.add")),
    ("clients officers remove", Records("clients.officers.remove")),
    ("link", Records("links.desk")),
    ("facilities add", Records("facilities.add")),
    ("facilities list", Reads),
    ("facilities show", Reads),
    ("facilities delegate", Records("facilities.delegate")),
    ("facilities close", Records("facilities.close")),
    ("keys init", Prepares),
    ("keys rotate", Records("keys.rotate")),
    ("keys activate", Records("keys.activate")),
    ("keys list", Reads),
    ("keys retire", Records("keys.retire")),
    ("seed", Records("seed")),
    ("import", Records("import.people")),
    ("events parked", Reads),
    ("events retry", Records("events.retry")),
    ("events discard", Records("events.discard")),
    ("audit verify", Reads),
    ("qr verify", Reads),
    ("forms check", Reads),
    // The citizen's own app: what it sends, the server records.
    ("wallet", Reads),
];

/// The commands that have no further ones, by their words; all of the wallet's are one.
fn leaves(command: &Command, path: &str, found: &mut Vec<String>) {
    for sub in command.get_subcommands() {
        let path = format!("{path} {}", sub.get_name());
        let path = path.trim_start();
        if sub.has_subcommands() && path != "wallet" {
            leaves(sub, path, found);
        } else {
            found.push(path.to_owned());
        }
    }
}

#[test]
fn every_command_is_classed() {
    let mut found = Vec::new();
    leaves(&dancu::cli::Command::augment_subcommands(Command::new("dancu")), "", &mut found);
    let classed: Vec<_> = COMMANDS.iter().map(|(words, _)| (*words).to_owned()).collect();
    assert_eq!(found, classed, "say what a new command does, in the order of --help");
}

/// A configured installation without a server.
struct Site {
    dir: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        let site = Self { dir: tempfile::tempdir().expect("a folder") };
        let path = |name: &str| site.path().join(name).display().to_string();
        let config = format!(
            "[server]\nissuer = \"https://dancu.test\"\n[database]\nurl = \"sqlite:{}\"\n[keys]\ndir = \"{}\"\n\
             [audit]\norigin = \"dancu.test/audit\"\nstate_dir = \"{}\"\n",
            path("dancu.db"),
            path("keys"),
            path("audit")
        );
        std::fs::write(site.path().join("dancu.toml"), config).expect("a file");
        site.must("keys init");
        site.must("migrate");
        site
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Runs `dancu …` with this installation's configuration, `@` standing for its folder.
    fn run(&self, line: &str, why: Option<&str>) -> Output {
        let folder = format!("{}/", self.path().display());
        let mut process = Process::new(env!("CARGO_BIN_EXE_dancu"));
        process.args(line.split(' ').map(|word| word.replace('@', &folder)));
        process.arg("--config").arg(self.path().join("dancu.toml")).current_dir(self.path());
        process.args(why.iter().flat_map(|why| ["--why", why]));
        process.output().expect("the command runs")
    }

    fn must(&self, line: &str) -> String {
        let done = self.run(line, None);
        assert!(done.status.success(), "{line}: {done:?}");
        String::from_utf8(done.stdout).expect("UTF-8")
    }

    /// Every entry of every log, in order.
    async fn entries(&self) -> Vec<OpenedEntry> {
        let url = format!("sqlite:{}", self.path().join("dancu.db").display());
        let store = Store::open(&StoreConfig { url, readers: 2 }).expect("the store opens");
        let keyring = Keyring::load(&self.path().join("keys")).expect("the keys load");
        let config = AuditConfig::new("dancu.test/audit", self.path().join("reader"));
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy::default()));
        let audit = Audit::open_for_command(store.clone(), keyring, config, clock, entropy).await.expect("it opens");
        let mut found = Vec::new();
        for log in audit.logs().await.expect("logs") {
            for log_index in 0.. {
                let receipt = Receipt { log: log.name.clone(), log_index };
                let Some(entry) = audit.find(&receipt).await.expect("an answer") else { break };
                found.push(entry);
            }
        }
        store.close().await;
        found
    }
}

const AGREEMENT: &str = r#"
operations = ["citizens:lookup", "stays:report"]
procedures = ["1.004222"]
legal_bases = ["STATE_DUTY"]
attributes = ["full_name"]
detail = "full"
[quotas]
per_minute = 60
per_day = 1000
[validity]
from = 2026-01-01
until = 2099-12-31
[eid]
sign_in = true
levels = ["urn:dancu:acr:l1"]
"#;

const WHY: &str = "theo công văn 12";

#[tokio::test(flavor = "multi_thread")]
async fn what_commands_change_stands_in_the_log_with_who_and_why() {
    let site = Site::new();
    std::fs::write(site.path().join("a.toml"), AGREEMENT).expect("a file");
    std::fs::write(site.path().join("none.ndjson"), "").expect("a file");
    // It contradicts the store, which has nobody of this number: it is parked.
    let event = |id: &str| {
        format!(
            "{{\"event_id\":\"{id}\",\"kind\":\"death\",\"effective\":\"2026-07-10\",\"id_number\":\"097326000099\"}}\n"
        )
    };
    std::fs::write(site.path().join("events.ndjson"), event("p-01")).expect("a file");
    let add = "--state-body --profile baseline --agreement @a.toml --redirect-uri https://rp.vn/cb";
    let lines = [
        ("clients add", format!("clients add rp --name Một --new-key @rp.json --secret {add}")),
        ("clients add", format!("clients add other --name Hai --new-key @other.json --secret {add}")),
        ("clients officers add", "clients officers add rp --id le-tan-01 --unit quay".to_owned()),
        ("clients officers add", "clients officers add rp --id le-tan-02 --unit quay".to_owned()),
        ("clients rotate-key", "clients rotate-key rp --new-key @rp2.json".to_owned()),
        ("clients amend", "clients amend rp --agreement @a.toml".to_owned()),
        ("clients redirects", "clients redirects rp --redirect-uri https://rp.vn/new".to_owned()),
        ("clients new-secret", "clients new-secret rp".to_owned()),
        ("clients stop", "clients stop rp".to_owned()),
        ("clients start", "clients start rp".to_owned()),
        ("clients stop", "clients stop --procedure 1.004222".to_owned()),
        ("clients start", "clients start --procedure 1.004222".to_owned()),
        ("link", "link --client rp --officer le-tan-01".to_owned()),
        ("clients officers remove", "clients officers remove rp --id le-tan-02 --unit quay".to_owned()),
        (
            "facilities add",
            "facilities add --client rp --name Quán --kind hotel --commune 00070 --address Số-1".to_owned(),
        ),
        ("facilities delegate", "facilities delegate FACILITY --to other --until 2099-01-01".to_owned()),
        ("facilities close", "facilities close FACILITY".to_owned()),
        ("keys rotate", "keys rotate token".to_owned()),
        ("keys activate", "keys activate token --now".to_owned()),
        ("keys retire", "keys retire token 1".to_owned()),
        ("seed", "seed --count 5".to_owned()),
        ("import", "import @none.ndjson --synthetic".to_owned()),
        ("import", "import @events.ndjson --events --synthetic".to_owned()),
        ("events retry", "events retry".to_owned()),
        ("events discard", "events discard p-01".to_owned()),
    ];
    let (mut expected, mut facility) = (Vec::new(), String::new());
    for (words, line) in &lines {
        let line = line.replace("FACILITY", &facility);
        let refused = site.run(&line, None);
        assert!(!refused.status.success(), "without a reason: {line}: {refused:?}");
        assert!(String::from_utf8_lossy(&[refused.stderr, refused.stdout].concat()).contains("--why"), "{line}");
        let done = site.run(&line, Some(WHY));
        // A key just put out of use is not deleted yet: what was tried is recorded all the same.
        assert!(done.status.success() || *words == "keys retire", "{line}: {done:?}");
        if *words == "facilities add" {
            let said = String::from_utf8(done.stdout).expect("UTF-8");
            facility = said.trim().strip_prefix("added ").expect("an id").to_owned();
        }
        let class = COMMANDS.iter().find(|(known, _)| known == words).map(|(_, does)| does);
        let Some(Records(operation)) = class else { panic!("{words} is not classed as recorded") };
        expected.push(if line.contains("--events") { "import.events" } else { operation });
        // A delegation concerns two organisations, and so does the end of the place it was for; a procedure
        // concerns everybody who has it.
        if matches!(*operation, "facilities.delegate" | "facilities.close") || line.contains("--procedure") {
            expected.push(operation);
        }
    }
    let run: Vec<_> = lines.iter().map(|(words, _)| *words).collect();
    let unproven = COMMANDS.iter().filter(|(words, does)| matches!(does, Records(_)) && !run.contains(words));
    assert_eq!(unproven.map(|(words, _)| *words).collect::<Vec<_>>(), [""; 0], "recorded commands that nobody ran");

    let entries = site.entries().await;
    let found: Vec<_> = entries.iter().map(|opened| opened.entry.operation.as_str()).collect();
    assert_eq!(found, expected);
    for opened in &entries {
        let act = opened.entry.act.as_ref().expect("an act");
        assert_eq!((act.why.as_str(), act.operator.uid), (WHY, own_uid()), "{opened:?}");
    }
    let told = |client: &str| {
        let theirs = entries.iter().filter(|e| e.entry.client.as_ref().is_some_and(|id| id.as_str() == client));
        theirs.map(|e| e.entry.operation.as_str()).collect::<Vec<_>>()
    };
    let of_other = ["clients.add", "clients.stop", "clients.start", "facilities.delegate", "facilities.close"];
    assert_eq!(told("other"), of_other);
    assert!(site.run("audit verify", None).status.success(), "the logs of commands verify");
}

/// The user of this process, as a file it makes has it.
fn own_uid() -> u32 {
    use std::os::unix::fs::MetadataExt;
    tempfile::tempdir().expect("a folder").path().metadata().expect("its owner").uid()
}

/// Reading takes no reason, and changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn commands_that_read_cannot_change() {
    let site = Site::new();
    for line in ["clients list", "facilities list", "events parked", "keys list", "audit verify"] {
        site.must(line);
    }
    assert_eq!(site.entries().await.len(), 0);
    let url = format!("sqlite:{}", site.path().join("dancu.db").display());
    let store = Store::open_reading(&StoreConfig { url, readers: 2 }).expect("the store opens");
    assert!(store.write(|tx| tx.db().map(drop)).await.is_err());
    assert!(store.bulk(|_| Ok::<_, dancu::storage::StorageError>(())).await.is_err());
    store.close().await;
}
