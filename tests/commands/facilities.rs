//! `dancu facilities …` from the first facility to its last.

use clap::Parser;
use dancu::cli::facilities::{self, FacilitiesArgs, Tools};
use dancu::cli::operate::Operators;
use dancu::crypto::SystemEntropy;
use dancu::stays::FacilityRegister;

use crate::support::for_each_backend;
use crate::support::house::House;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: FacilitiesArgs,
}

async fn run(house: &House, words: &[&str]) -> Result<String, String> {
    let words = ["facilities"].into_iter().chain(words.iter().copied());
    let line = Line::try_parse_from(words).map_err(|error| error.to_string())?;
    let entropy = std::sync::Arc::new(SystemEntropy::default());
    let register = FacilityRegister::new(house.store.clone(), house.keyring.clone(), entropy.clone());
    let mut out = Vec::new();
    let tools = Tools {
        register: &register,
        clients: &house.clients,
        operators: &Operators::ready(house.operator().await.clone()),
        clock: &*house.clock,
        entropy: &*entropy,
        out: &mut out,
    };
    facilities::run(line.args, tools).await.map_err(|error| error.to_string())?;
    Ok(String::from_utf8(out).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_facility_is_entered_delegated_and_closed() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        assert_eq!(run(&house, &["list"]).await.unwrap(), "there are no facilities\n");
        let add =
            ["add", "--client", "hotel", "--name", "Khách sạn Mẫu", "--kind", "rented_room", "--commune", "00070"];
        let add = |more: &[&'static str]| [add.as_slice(), more].concat();
        let added = run(&house, &add(&["--address", "Số 1"])).await.unwrap();
        let id = added.trim_end().strip_prefix("added ").unwrap();
        assert_eq!(run(&house, &["list", "--client", "shop"]).await.unwrap(), "there are no facilities\n");
        let listed = run(&house, &["list", "--client", "hotel"]).await.unwrap();
        assert_eq!(listed, format!("{id}  hotel  rented_room  00070  Khách sạn Mẫu\n"));
        let told = run(&house, &["delegate", id, "--to", "portal", "--until", "2026-12-31"]).await.unwrap();
        assert_eq!(told, format!("portal may report for {id} from 2026-11-21 to 2026-12-31\n"));
        let shown = run(&house, &["show", id]).await.unwrap();
        for expected in
            ["Phường Hoàn Kiếm", "Số 1", "portal may report from 2026-11-20T17:00:00Z until 2026-12-31T17:00:00Z"]
        {
            assert!(shown.contains(expected), "{expected}: {shown}");
        }
        assert_eq!(run(&house, &["close", id]).await.unwrap(), format!("closed {id}\n"));
        assert!(run(&house, &["list"]).await.unwrap().trim_end().ends_with("closed"));
        let nobody = "a".repeat(32);
        for (words, problem) in [
            (vec!["close", id], "closed already"),
            (vec!["show", &nobody], "no such facility"),
            (vec!["delegate", id, "--to", "hotel", "--until", "2026-12-31"], "needs no delegation"),
            (vec!["delegate", id, "--to", "nobody", "--until", "2026-12-31"], "no client has the id nobody"),
            (vec!["delegate", id, "--to", "portal", "--until", "2026-11-01"], "must end after it begins"),
            (vec!["delegate", id, "--to", "portal", "--until", "soon"], "--until"),
            (
                vec![
                    "add",
                    "--client",
                    "hotel",
                    "--name",
                    "x",
                    "--kind",
                    "hotel",
                    "--commune",
                    "99999",
                    "--address",
                    "y",
                ],
                "no such commune",
            ),
            (
                vec![
                    "add",
                    "--client",
                    "hotel",
                    "--name",
                    "",
                    "--kind",
                    "hotel",
                    "--commune",
                    "00070",
                    "--address",
                    "y",
                ],
                "a name has 1 to 200",
            ),
        ] {
            let told = run(&house, &words).await.unwrap_err();
            assert!(told.contains(problem), "{problem}: {told}");
        }
    })
    .await;
}
