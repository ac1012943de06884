//! The commands one after another on one folder.

use clap::Parser;

use super::*;
use crate::crypto::SystemEntropy;
use crate::kernel::{Instant, ManualClock};
use crate::sealing::RowsUnder;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: KeysArgs,
}

struct Shell {
    folder: tempfile::TempDir,
    clock: ManualClock,
    rows: Result<Vec<TableRows>, &'static str>,
    uses: Result<Vec<KeyUsage>, &'static str>,
    recorded: std::sync::Mutex<Vec<String>>,
}

impl Shell {
    async fn run(&self, line: &str) -> (u8, String) {
        let args = Line::try_parse_from(std::iter::once("keys").chain(line.split(' '))).unwrap().args;
        let mut out = Vec::new();
        let folder = self.folder.path().join("keys");
        let entropy = SystemEntropy::default();
        let tools = Tools { configured: Some(&folder), clock: &self.clock, entropy: &entropy, out: &mut out };
        let (rows, uses) = (&self.rows, self.uses.clone());
        let counts = Counts {
            rows_under: |_, _, _| async move { rows.clone().map_err(CountError::from) },
            uses: || async move { uses.map_err(CountError::from) },
        };
        let record = async |_, act: OperatorAct| {
            self.recorded.lock().unwrap().push(format!("{} {}", act.operation, act.target));
            Ok(())
        };
        let code = run(args, tools, record, counts).await.unwrap();
        (code, String::from_utf8(out).unwrap())
    }
}

#[tokio::test]
async fn a_rotation_from_the_command_line() {
    let clock = ManualClock::at(Instant::from_seconds(1_790_000_000));
    let until = Some(Instant::from_seconds(1_790_000_600));
    let left = vec![
        TableRows { table: "stays", under: RowsUnder::lasting(4) },
        TableRows { table: "eid_outbox", under: RowsUnder { rows: 3, until } },
    ];
    let (folder, rows, uses) = (tempfile::tempdir().unwrap(), Ok(left), Ok(Vec::new()));
    let mut shell = Shell { folder, clock, rows, uses, recorded: Default::default() };
    assert_eq!(shell.run("list").await.0, 1);
    assert_eq!(shell.run("init").await.0, 0);
    let (code, text) = shell.run("init").await;
    assert!(code == 1 && text.contains("already holds keys"), "{text}");
    assert!(shell.run("init --missing").await.1.contains("no use lacks a key"));
    assert_eq!(shell.run("rotate seal").await.0, 0);
    let (code, text) = shell.run("activate seal").await;
    assert!(code == 1 && text.contains("too recently"), "{text}");
    assert_eq!(shell.run("activate seal --now").await, (0, "seal 2 is active; older versions only read\n".into()));
    let (code, text) = shell.run("retire seal 1").await;
    let told = "seal: 7 rows still stand under version 1:\n  stays: 4 rows, which a running service brings to the active \
                version\n  eid_outbox: 3 rows, the last of which expires at 2026-09-21T14:23:20Z\n";
    assert_eq!((code, text.as_str()), (1, told));
    let (_, text) = shell.run("list").await;
    assert!(text.contains("\nseal 1 is still needed by:\n  stays: 4 rows, "), "{text}");
    let (_, text) = shell.run("list --json").await;
    assert!(
        text.contains(r#""needed_by":[{"rows":4,"table":"stays"},{"rows":3,"table":"eid_outbox","until":"#),
        "{text}"
    );
    shell.rows = Err("the database is away");
    assert!(shell.run("retire seal 1").await.1.contains("cannot count the rows under seal 1: the database is away"));
    shell.rows = Ok(Vec::new());
    assert_eq!(shell.run("retire seal 1").await, (0, "seal 1 is deleted\n".into()));
    let recorded = shell.recorded.lock().unwrap().join(", ");
    let before = "keys.init , keys.rotate seal, keys.activate seal, keys.activate seal, ";
    assert_eq!(recorded, format!("{before}{}", ["keys.retire seal 1"; 3].join(", ")), "what changes is told first");
    let (code, text) = shell.run("list").await;
    assert!(code == 0 && text.lines().count() == 7 && text.contains("2026-"), "{text}");
    let (_, text) = shell.run("list --json").await;
    let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!((&first["use"], &first["version"], &first["state"]), (&"index".into(), &1.into(), &"active".into()));
    assert!(!text.contains("material"));
    shell.uses = Ok(vec![KeyUsage { version: 1, seals: 1 << 31 }, KeyUsage { version: 2, seals: (1 << 30) - 1 }]);
    let (_, text) = shell.run("list").await;
    assert!(text.ends_with("\nseal 2: 1073741823 of 2147483648 seals used\n"), "{text}");
    shell.uses = Ok(vec![KeyUsage { version: 2, seals: 1 << 30 }]);
    let (_, text) = shell.run("list").await;
    let line = "seal 2: 1073741824 of 2147483648 seals used; rotate it: dancu keys rotate seal\n";
    assert!(text.ends_with(line), "{text}");
    let seals = |text: &str| -> Vec<serde_json::Value> {
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.filter_map(|line| line.get("seals").cloned()).collect()
    };
    assert_eq!(seals(&shell.run("list --json").await.1), [1 << 30]);
    shell.uses = Err("the database is away");
    let (code, text) = shell.run("list").await;
    assert!(code == 0 && text.ends_with("were used is not known: the database is away\n"), "{text}");
}

#[tokio::test]
async fn a_folder_must_be_named_somewhere() {
    let args = Line::try_parse_from(["keys", "retire", "token", "1"]).unwrap().args;
    let (clock, entropy, mut out) = (ManualClock::default(), SystemEntropy::default(), Vec::new());
    let tools = Tools { configured: None, clock: &clock, entropy: &entropy, out: &mut out };
    let counts = Counts { rows_under: |_, _, _| async { Ok(Vec::new()) }, uses: || async { Ok(Vec::new()) } };
    assert_eq!(run(args, tools, async |_, _| Ok(()), counts).await.unwrap(), 1);
    assert!(Line::try_parse_from(["keys", "rotate", "nothing"]).is_err());
}

#[test]
fn every_command_line_is_well_formed() {
    #[derive(Parser)]
    struct Whole {
        #[command(subcommand)]
        _command: crate::cli::Command,
    }
    <Whole as clap::CommandFactory>::command().debug_assert();
    assert!(Whole::try_parse_from(["dancu", "keys", "--dir", "d", "list"]).is_ok());
    assert!(Whole::try_parse_from(["dancu", "keys", "list", "--keys", "k"]).is_ok());
}
