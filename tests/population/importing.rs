use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dancu::citizens::Mixed;
use dancu::citizens::import::export::Exporter;
use dancu::citizens::import::{Format, ImportCommand, ImportError, Imported, Importer, Progress, Source};
use dancu::crypto::SystemEntropy;
use dancu::storage::StorageError;
use diesel::connection::SimpleConnection;
use serde_json::Value;
use tokio::sync::watch;

use super::{Register, contents, count_changes, count_identifiers, register, sown};
use crate::support::{Backend, for_each_backend};

fn write(path: &Path, format: Format, seed: u64, count: u64) {
    let mut exporter = Exporter::new(fs::File::create(path).unwrap(), format).unwrap();
    sown(seed, count).iter().for_each(|citizen| exporter.write(citizen).unwrap());
    exporter.finish().unwrap();
}

fn command(file: &Path) -> ImportCommand {
    ImportCommand {
        source: Source::File(file.to_owned()),
        format: Format::of_path(file).unwrap(),
        rejects: rejects_of(file),
        synthetic: true,
        fresh_days: 365,
    }
}

/// Nobody asks the import to stop.
fn never() -> watch::Receiver<bool> {
    watch::channel(false).1
}

fn rejects_of(file: &Path) -> PathBuf {
    file.with_extension("rejects")
}

fn importer(register: &Register) -> Importer {
    let entropy = Arc::new(SystemEntropy::default());
    Importer::new(register.store.clone(), register.sealing.clone(), register.clock(), entropy)
}

async fn import(register: &Register, file: &Path) -> Imported {
    importer(register).import(&command(file), &mut never(), |_| ()).await.unwrap()
}

/// What the store holds, without the keys it gave.
fn people(register: &Register, backend: &Backend) -> Vec<(Value, i64)> {
    let plain = |(citizen, version)| {
        let mut value = serde_json::to_value(citizen).unwrap();
        value.as_object_mut().unwrap().remove("citizen_id");
        (value, version)
    };
    contents(register, &mut backend.connect()).into_iter().map(plain).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_and_ndjson_give_the_same_store_as_the_seed() {
    for_each_backend(async |backend| {
        let register = register(&backend);
        let (csv, json) = (backend.dir().join("a.csv"), backend.dir().join("a.ndjson"));
        write(&csv, Format::Csv, 1, 1_500);
        write(&json, Format::Ndjson, 1, 1_500);
        let imported = import(&register, &csv).await;
        assert_eq!((imported.report.tally.created, imported.report.tally.refused), (1_500, 0), "{}", imported.report);
        let from_csv = people(&register, &backend);
        let imported = import(&register, &json).await;
        assert_eq!(imported.report.tally.unchanged, 1_500, "NDJSON says the same as CSV");
        assert_eq!(people(&register, &backend), from_csv);
        assert_eq!(count_changes(&mut backend.connect()), 1_500);
        let mut expected: Vec<Value> = sown(1, 1_500).iter().map(|c| serde_json::to_value(c).unwrap()).collect();
        expected.iter_mut().for_each(|value| drop(value.as_object_mut().unwrap().remove("citizen_id")));
        expected.sort_by(|a, b| a["id_number"].as_str().cmp(&b["id_number"].as_str()));
        assert!(from_csv.iter().map(|(value, _)| value).eq(&expected), "nothing is lost on the way");
    })
    .await;
}

/// Cells that a spreadsheet program would take for formulas are guarded in the file, and read as they were.
#[tokio::test(flavor = "multi_thread")]
async fn guarded_cells_are_read_as_they_were() {
    let backend = Backend::sqlite();
    let register = register(&backend);
    let file = backend.dir().join("a.csv");
    let mut citizens = sown(1, 40);
    let mut homes = 0;
    for citizen in &mut citizens {
        citizen.phone = Some("+84912345678".to_owned());
        if let Some(home) = &mut citizen.permanent_residence {
            home.detail = Some("-3-C9; =1+1, '@K'Sor".to_owned());
            homes += 1;
        }
    }
    let mut exporter = Exporter::new(fs::File::create(&file).unwrap(), Format::Csv).unwrap();
    citizens.iter().for_each(|citizen| exporter.write(citizen).unwrap());
    exporter.finish().unwrap();
    let text = fs::read_to_string(&file).unwrap();
    assert!(homes > 0 && text.matches("\"'-3-C9;' =1+1,' '@K'Sor\"").count() == homes, "{text}");
    assert_eq!(text.matches(",'+84912345678").count(), 40);
    assert_eq!(import(&register, &file).await.report.tally.created, 40);
    for (person, _) in people(&register, &backend) {
        assert_eq!(person["phone"], "+84912345678");
        let home = &person["permanent_residence"]["detail"];
        assert!(home.is_null() || home == "-3-C9; =1+1, '@K'Sor", "{home}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_rows_get_a_version_and_the_others_none() {
    for_each_backend(async |backend| {
        let register = register(&backend);
        let (first, second) = (backend.dir().join("1.ndjson"), backend.dir().join("2.ndjson"));
        write(&first, Format::Ndjson, 1, 400);
        let text = fs::read_to_string(&first).unwrap();
        let changed: Vec<String> = text
            .lines()
            .enumerate()
            .map(|(index, line)| {
                let mut row: Value = serde_json::from_str(line).unwrap();
                if index % 10 == 0 {
                    row["email"] = "moi@example.vn".into();
                }
                row.to_string()
            })
            .collect();
        fs::write(&second, changed.join("\n")).unwrap();
        import(&register, &first).await;
        let tally = import(&register, &second).await.report.tally;
        assert_eq!((tally.created, tally.updated, tally.unchanged), (0, 40, 360));
        let people = people(&register, &backend);
        assert_eq!(people.iter().filter(|(_, version)| *version == 2).count(), 40);
        assert_eq!(count_changes(&mut backend.connect()), 440);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_import_goes_on_without_loss_or_repetition() {
    for_each_backend(async |backend| {
        let register = register(&backend);
        let file = backend.dir().join("a.csv");
        write(&file, Format::Csv, 1, 3_000);
        // Every hundredth row is faulty, so that the rejects have something to lose.
        let text = fs::read_to_string(&file).unwrap();
        let rows = text.lines().enumerate().map(|(index, line)| match index % 100 {
            50 => line.replacen('0', "x", 1),
            _ => line.to_owned(),
        });
        fs::write(&file, rows.collect::<Vec<_>>().join("\n")).unwrap();
        let mut resumed = 0;
        for round in 0..4 {
            if round % 2 == 0 {
                // As by kill -9: the import is dropped wherever it is.
                let importer = importer(&register);
                let (command, mut stop, mut slices) = (command(&file), never(), 0);
                let (killed, kill) = tokio::sync::oneshot::channel::<()>();
                let mut killed = Some(killed);
                let import = importer.import(&command, &mut stop, |_| {
                    slices += 1;
                    if slices == 2 {
                        killed.take();
                    }
                });
                tokio::select! {
                    _ = kill => {}
                    done = import => { done.unwrap(); }
                }
                // Garbage a killed run may leave behind its last transaction.
                let mut rejects = fs::read(rejects_of(&file)).unwrap();
                rejects.extend_from_slice(b"{\"line\":9");
                fs::write(rejects_of(&file), rejects).unwrap();
            } else {
                let (ask, mut stop) = watch::channel(false);
                let told = |_: Progress<'_>| {
                    ask.send_replace(true);
                };
                let imported = importer(&register).import(&command(&file), &mut stop, told).await.unwrap();
                assert!(!imported.finished);
                resumed += u64::from(imported.resumed_after > 0);
            }
        }
        let imported = import(&register, &file).await;
        assert!(imported.finished && imported.resumed_after > 0 && resumed > 0);
        let tally = &imported.report.tally;
        assert_eq!((tally.rows, tally.refused), (3_000, 30), "{}", imported.report);
        assert_eq!(tally.created + tally.unchanged, 2_970);
        let rejects = fs::read_to_string(rejects_of(&file)).unwrap();
        let lines: Vec<u64> = rejects
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["line"].as_u64().unwrap())
            .collect();
        assert_eq!(lines, (0..30).map(|n| n * 100 + 51).collect::<Vec<_>>());
        assert_eq!(people(&register, &backend).len(), 2_970);
        assert_eq!(count_changes(&mut backend.connect()), 2_970);
        assert_eq!(count_identifiers(&mut backend.connect(), 3), 2_970);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_goes_on_when_a_full_disk_has_room_again() {
    let backend = Backend::sqlite();
    let (register, file) = (register(&backend), backend.dir().join("full.csv"));
    write(&file, Format::Csv, 9, 1_200);
    // A limit on pages answers as a full disk does; it is the writer's connection that has it.
    limit_pages(&register, 300).await;
    let full = importer(&register).import(&command(&file), &mut never(), |_| ()).await.unwrap_err();
    assert!(matches!(full, ImportError::DiskFull), "{full:?}");
    assert!(full.to_string().contains("make room and give the same command again"), "{full}");
    let stored = people(&register, &backend).len();
    assert!(0 < stored && stored < 1_200, "{stored}");
    limit_pages(&register, 1_000_000).await;
    let imported = import(&register, &file).await;
    assert!(imported.finished && imported.resumed_after > 0, "{imported:?}");
    let tally = imported.report.tally;
    assert_eq!((tally.rows, tally.created, tally.refused), (1_200, 1_200, 0));
    let mut expected: Vec<Value> = sown(9, 1_200).iter().map(|c| serde_json::to_value(c).unwrap()).collect();
    expected.iter_mut().for_each(|value| drop(value.as_object_mut().unwrap().remove("citizen_id")));
    expected.sort_by(|a, b| a["id_number"].as_str().cmp(&b["id_number"].as_str()));
    assert!(
        people(&register, &backend)
            .iter()
            .map(|(value, version)| (value, *version))
            .eq(expected.iter().map(|v| (v, 1)))
    );
}

async fn limit_pages(register: &Register, pages: u32) {
    let sql = format!("PRAGMA max_page_count = {pages}");
    let limited = register.store.write(move |tx| -> Result<(), StorageError> { Ok(tx.db()?.batch_execute(&sql)?) });
    limited.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_altered_where_it_was_done_is_read_from_its_beginning() {
    for_each_backend(async |backend| {
        let register = register(&backend);
        let file = backend.dir().join("a.ndjson");
        write(&file, Format::Ndjson, 1, 2_000);
        let ((ask, mut stop), mut slices) = (watch::channel(false), 0);
        let told = |_: Progress<'_>| {
            slices += 1;
            ask.send_replace(slices == 2);
        };
        importer(&register).import(&command(&file), &mut stop, told).await.unwrap();
        // Beyond the beginning that is the file's key, within what is done.
        let text = fs::read_to_string(&file).unwrap();
        let altered: Vec<String> = text
            .lines()
            .enumerate()
            .map(|(index, line)| if index == 100 { line.replace("\"VNM\"", "\"LAO\"") } else { line.to_owned() })
            .collect();
        fs::write(&file, altered.join("\n")).unwrap();
        let imported = import(&register, &file).await;
        assert_eq!(imported.resumed_after, 0);
        let laotians = people(&register, &backend).iter().filter(|(value, _)| value["nationality"] == "LAO").count();
        assert_eq!(laotians, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_rows_are_kept_with_every_reason() {
    for_each_backend(async |backend| {
        let register = register(&backend);
        let file = backend.dir().join("a.ndjson");
        let rows = [
            r#"{"id_number":"12","full_name":"An 2","date_of_birth":"1999-02-30","sex":"x","shoe_size":4,"spouse":7}"#,
            "[]",
            "",
            r#"{"id_number":"097099000101","full_name":"Lê An","date_of_birth":"1999","sex":"male","email":"no","phone":"1",
                "#
            .trim(),
        ];
        fs::write(&file, rows.join("\n")).unwrap();
        let tally = import(&register, &file).await.report.tally;
        assert_eq!((tally.rows, tally.refused, tally.created), (3, 3, 0));
        let path = rejects_of(&file);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let rejects: Vec<Value> =
            fs::read_to_string(&path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut codes: Vec<String> = rejects[0]["faults"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| format!("{} {}", fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap()))
            .collect();
        codes.sort();
        assert_eq!(codes, [
            "/date_of_birth date_impossible",
            "/full_name name_character",
            "/id_number id_number_format",
            "/provenance/as_of missing",
            "/provenance/source missing",
            "/sex code_unknown",
            "/shoe_size unknown_field",
            "/spouse not_object",
        ]);
        assert_eq!((&rejects[0]["line"], rejects[0]["row"].as_str().unwrap()), (&1.into(), rows[0]));
        assert_eq!((&rejects[1]["line"], &rejects[1]["faults"][0]["code"]), (&2.into(), &"row_unreadable".into()));
        assert_eq!(rejects[2]["line"], 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_twice_in_a_file_is_two_versions_and_a_cancelled_one_is_refused() {
    for_each_backend(async |backend| {
        let register = register(&backend);
        let file = backend.dir().join("a.csv");
        let row = |number: &str, cancelled: &str, name: &str| {
            format!("{number},{cancelled},{name},1999-03-15,Nam,population,2026-11-01\n")
        };
        let header = "id_number,cancelled_id_numbers,full_name,date_of_birth,sex,provenance.source,provenance.as_of\n";
        let rows = [
            row("097099000201", "", "Lê An"),
            row("097099000201", "", "Lê Văn An"),
            // A new number for the same person, then somebody who comes with the old one.
            row("097099000202", "097099000201", "Lê Văn An"),
            row("097099000201", "", "Trần Ba"),
            row("097099000202", "097099000202", "Lê Văn An"),
        ];
        fs::write(&file, format!("\u{feff}{header}{}", rows.concat())).unwrap();
        let imported = import(&register, &file).await;
        let tally = &imported.report.tally;
        assert_eq!(
            (tally.created, tally.updated, tally.refused, tally.conflicting),
            (1, 2, 2, 1),
            "{}",
            imported.report
        );
        assert_eq!(tally.repeated, 3);
        let people = people(&register, &backend);
        assert_eq!((people.len(), people[0].1), (1, 3));
        assert_eq!(people[0].0["cancelled_id_numbers"][0], "097099000201");
        let rejects = fs::read_to_string(rejects_of(&file)).unwrap();
        assert!(
            rejects.contains("\"line\":5") && rejects.contains("id_number_cancelled") && rejects.contains("Trần Ba")
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_and_invented_people_are_not_mixed() {
    for_each_backend(async |backend| {
        let register = register(&backend);
        let file = backend.dir().join("a.csv");
        write(&file, Format::Csv, 1, 20);
        import(&register, &file).await;
        let real = ImportCommand { synthetic: false, ..command(&file) };
        let refused = importer(&register).import(&real, &mut never(), |_| ()).await;
        assert!(matches!(refused, Err(ImportError::Mixed(Mixed::StoreIsSynthetic))));
    })
    .await;
    for_each_backend(async |backend| {
        let register = register(&backend);
        let file = backend.dir().join("a.csv");
        write(&file, Format::Csv, 1, 20);
        let real = ImportCommand { synthetic: false, ..command(&file) };
        importer(&register).import(&real, &mut never(), |_| ()).await.unwrap();
        let refused = importer(&register).import(&command(&file), &mut never(), |_| ()).await;
        assert!(matches!(refused, Err(ImportError::Mixed(Mixed::StoreIsReal))));
        assert!(register.seeder().seed(1, 5, |_| ()).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_is_checked_before_any_row() {
    let backend = Backend::sqlite();
    let register = register(&backend);
    let file = backend.dir().join("a.csv");
    fs::write(&file, "id_number,full_name,hair\n").unwrap();
    let refused = importer(&register).import(&command(&file), &mut never(), |_| ()).await;
    assert!(refused.unwrap_err().to_string().contains("the columns hair are unknown"));
    fs::write(&file, "id_number,full_name\n").unwrap();
    let refused = importer(&register).import(&command(&file), &mut never(), |_| ()).await;
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("date_of_birth, sex, provenance.source, provenance.as_of are missing")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_file_holds_no_name_and_no_number() {
    let backend = Backend::sqlite();
    let register = register(&backend);
    let file = backend.dir().join("a.csv");
    write(&file, Format::Csv, 1, 300);
    import(&register, &file).await;
    register.store.close().await;
    let mut bytes = Vec::new();
    for entry in fs::read_dir(backend.dir()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("dancu.db") {
            bytes.extend(fs::read(path).unwrap());
        }
    }
    assert!(bytes.len() > 300_000);
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    for citizen in sown(1, 300).iter().step_by(11) {
        assert!(!holds(citizen.id_number.expose()) && !holds(citizen.full_name.expose()));
        assert!(!citizen.legacy_id_number.as_ref().is_some_and(|number| holds(number.expose())));
    }
    assert!(holds("citizens"), "the search itself works");
}
