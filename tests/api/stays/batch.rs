//! Files of many guests.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dancu::kernel::FacilityId;
use serde_json::{Value, json};

use super::{HOTEL, OWN_COMMUNE, SEARCH, STAYS, foreigner, hotel, notice, verdict};
use crate::api::citizens::desk::{Answer, Desk, but, purpose, read};
use crate::api::qr::shown::dynamic;
use crate::api::stays::sheets::{HEADERS, csv, xlsx};
use crate::support::for_each_backend;

pub const BATCH: &str = "/v1/stays/batch";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
pub const SAID: &str =
    "procedure=2.001159&legal_basis=RESIDENCE_LAW_ART30&officer_id=le-tan-01&officer_unit=quay-le-tan";

impl Desk {
    pub async fn batch(&self, media_type: &str, query: &str, file: impl Into<Vec<u8>>) -> Answer {
        let token = self.house.token("hotel").await;
        let request = self.request(&format!("{BATCH}?{query}")).bearer_auth(token);
        read(request.header("content-type", media_type).body(file.into())).await
    }

    pub async fn taken(&self, media_type: &str, query: &str, file: impl Into<Vec<u8>>) -> Value {
        let answer = self.batch(media_type, query, file).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }
}

pub fn at(facility: FacilityId) -> String {
    format!("{SAID}&facility_id={facility}")
}

/// Guest `number` as a row of the portal's columns; three of them share a room.
pub fn row(number: usize) -> [String; 19] {
    let name = format!("Khách {}", letters(number));
    let (document, room) = (format!("P{number:07}"), format!("{}", 100 + number / 3));
    [
        &number.to_string(),
        &name,
        "17/05/1980",
        "M",
        "FRA",
        "4",
        "",
        &document,
        "",
        "",
        "",
        "",
        "",
        "21/11/2026 09:30",
        "23/11/2026",
        &room,
        "1",
        "",
        "",
    ]
    .map(str::to_owned)
}

/// The same guest as one notice.
fn record(number: usize, facility: FacilityId) -> Value {
    let guest = foreigner(&format!("Khách {}", letters(number)), &format!("P{number:07}"));
    but(notice(facility, json!([guest])), json!({ "room": format!("{}", 100 + number / 3), "purpose": null }))
}

/// Names have no digits.
fn letters(number: usize) -> String {
    number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
}

/// Stays by the number of their row, counted from the first guest.
fn stays(told: &Value, first_row: u64) -> Vec<(u64, String, Value)> {
    let told = told["stays"].as_array().unwrap().iter();
    told.map(|stay| {
        let row = stay["row"].as_u64().unwrap() - first_row;
        (row, stay["stay_id"].as_str().unwrap().to_owned(), stay["receipt"].clone())
    })
    .collect()
}

/// How many guests a file of the suite has.
#[allow(clippy::disallowed_methods, reason = "a longer run is told by the environment")]
fn guests() -> usize {
    std::env::var("DANCU_TEST_GUESTS").ok().and_then(|text| text.parse().ok()).unwrap_or(300)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_list_of_guests_gives_the_same_stays_in_every_format() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let rows: Vec<[String; 19]> = (0..guests()).map(row).collect();
        let first = desk.taken(XLSX, &at(facility), xlsx(&rows)).await;
        let counts = |told: &Value| ["read", "taken", "repeated", "refused"].map(|name| told[name].as_u64().unwrap());
        let all = guests() as u64;
        assert_eq!(counts(&first), [all, all, 0, 0], "{}", first["faults"]);
        let kept = stays(&first, 2);
        let lines: String = (0..guests()).map(|number| record(number, facility).to_string() + "\n").collect();
        let records: Vec<Value> = (0..guests()).map(|number| record(number, facility)).collect();
        let document = json!({ "purpose": purpose(HOTEL), "stays": records });
        for (media_type, query, file, first_row) in [
            ("text/csv", at(facility), csv(&rows), 2),
            ("application/x-ndjson", SAID.to_owned(), lines.into_bytes(), 1),
            ("application/json", String::new(), document.to_string().into_bytes(), 1),
        ] {
            let told = desk.taken(media_type, &query, file).await;
            assert_eq!(counts(&told), [all, all, all, 0], "{media_type}");
            assert!(stays(&told, first_row) == kept, "{media_type}: other stays or receipts");
        }
        for (_, _, receipt) in kept.iter().step_by(50) {
            assert_eq!(desk.worth(&receipt["jws"]).await["status"], "valid");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_with_faults_and_no_others_come_back_with_reasons() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let mut rows: Vec<[String; 19]> = (0..200).map(row).collect();
        let wrong = [(2, "1980-17-05"), (3, "?"), (4, "Pháp"), (13, "21/11/2026 9h77"), (14, "20/11/2026"), (16, "77")];
        let faulty: Vec<usize> = (0..50).map(|turn| turn * 4 + 1).collect();
        for (turn, row) in faulty.iter().enumerate() {
            let (column, text) = wrong[turn % wrong.len()];
            rows[*row][column] = text.to_owned();
        }
        for (media_type, bytes) in [("text/csv", csv(&rows)), (XLSX, xlsx(&rows))] {
            let told = desk.taken(media_type, &at(facility), bytes).await;
            assert_eq!((&told["taken"], &told["refused"]), (&json!(150), &json!(50)));
            let expected: Vec<u64> = faulty.iter().map(|row| *row as u64 + 2).collect();
            let faults = told["faults"].as_array().unwrap();
            assert_eq!(faults.iter().map(|fault| fault["row"].as_u64().unwrap()).collect::<Vec<_>>(), expected);
            for (turn, fault) in faults.iter().enumerate() {
                let letter = ["C", "D", "E", "N", "O", "Q"][turn % wrong.len()];
                assert_eq!(fault["column"]["letter"], letter, "{fault}");
                assert!(fault["detail"]["vi"].as_str().unwrap() != fault["detail"]["en"].as_str().unwrap());
            }
            assert!(
                told["stays"].as_array().unwrap().iter().all(|stay| !expected.contains(&stay["row"].as_u64().unwrap()))
            );
            // The file that comes back holds these rows, and is taken once it is corrected.
            let file = &told["refused_file"];
            let content = STANDARD.decode(file["content"].as_str().unwrap()).unwrap();
            let again = desk.taken(media_type, &at(facility), content.clone()).await;
            assert_eq!((&again["read"], &again["taken"], &again["refused"]), (&json!(50), &json!(0), &json!(50)));
            if media_type == "text/csv" {
                let text = String::from_utf8(content).unwrap();
                assert!(text.lines().next().unwrap().ends_with("Lỗi cần sửa"), "{text}");
                assert_eq!(text.matches("Planned departure").count(), 0);
            }
        }
        let corrected: Vec<[String; 19]> = faulty.iter().map(|number| row(*number)).collect();
        let told = desk.taken("text/csv", &at(facility), csv(&corrected)).await;
        assert_eq!((&told["taken"], &told["repeated"]), (&json!(50), &json!(0)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_takes_the_same_path_and_leaves_nothing() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let mut rows: Vec<[String; 19]> = (0..4).map(row).collect();
        rows[2][14] = "19/11/2026".to_owned();
        // A guest twice in one file is one stay.
        rows[3] = rows[0].clone();
        let trial = desk.taken("text/csv", &format!("{}&dry_run=true", at(facility)), csv(&rows)).await;
        assert_eq!((&trial["dry_run"], &trial["taken"], &trial["repeated"]), (&json!(true), &json!(3), &json!(1)));
        assert!(trial["stays"][0]["stay_id"].is_null() && trial["stays"][0]["deadline"].is_string());
        let first = desk.taken("text/csv", &at(facility), csv(&rows)).await;
        assert_eq!((&first["taken"], &first["repeated"], &first["faults"]), (&json!(3), &json!(1), &trial["faults"]));
        assert_eq!(first["stays"][0]["stay_id"], first["stays"][2]["stay_id"]);
        let trial = desk.taken("text/csv", &format!("{}&dry_run=true", at(facility)), csv(&rows)).await;
        assert_eq!(trial["repeated"], 3, "what was reported is known to a trial");
    })
    .await;
}

/// However many rows show it: the first spends it, and none of them holds the file up.
#[tokio::test(flavor = "multi_thread")]
async fn a_credential_for_one_showing_is_spent_by_the_first_row_of_a_file() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let (_, payload) = desk.give(&dynamic("hotel")).await;
        let shown = |minute: usize| {
            let arrival = format!("2026-11-21T08:{minute:02}:00+07:00");
            let shown = notice(facility, json!([{ "qr": payload }]));
            but(shown, json!({ "arrival": arrival, "purpose": null })).to_string() + "\n"
        };
        let lines: String = (10..30).map(shown).collect::<String>() + &record(1, facility).to_string() + "\n";
        let told = desk.taken("application/x-ndjson", SAID, lines.clone()).await;
        assert_eq!((&told["taken"], &told["repeated"]), (&json!(21), &json!(0)), "{told}");
        let kept = stays(&told, 1);
        // The credential is spent: whoever shows it again is replayed, and the file is known.
        let later =
            but(notice(facility, json!([{ "qr": payload }])), json!({ "arrival": "2026-11-21T09:00:00+07:00" }));
        assert_eq!(verdict(&desk.report(&later).await), ("mismatch", "credential_replayed"));
        for (place, (row, stay, _)) in kept.iter().enumerate().take(20) {
            let again: Value = serde_json::from_str(&shown(10 + place)).unwrap();
            let again = desk.report(&but(again, json!({ "purpose": purpose(HOTEL) }))).await;
            let expected = if *row == 0 { ("verified", "credential") } else { ("mismatch", "credential_replayed") };
            assert_eq!((again["stay_id"].as_str().unwrap(), verdict(&again)), (stay.as_str(), expected));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn facilities_of_others_are_named_by_row_and_column() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let others = desk.facility("portal", OWN_COMMUNE).await;
        let mut text = format!("{},Mã cơ sở\n", HEADERS.join(","));
        for (number, place) in
            [facility.to_string(), others.to_string(), "x".to_owned(), String::new()].iter().enumerate()
        {
            text.push_str(&format!("{},{place}\n", row(number).join(",")));
        }
        let told = desk.taken("text/csv", SAID, text.clone()).await;
        let faults = told["faults"].as_array().unwrap().iter();
        let faults: Vec<_> = faults.map(|fault| (&fault["row"], &fault["column"]["letter"], &fault["code"])).collect();
        let expected = [(3, "facility_not_own"), (4, "facility_format"), (5, "cell_missing")];
        let expected = expected.map(|(row, code)| (json!(row), json!("T"), json!(code)));
        assert_eq!(faults, expected.iter().map(|(a, b, c)| (a, b, c)).collect::<Vec<_>>());
        // A trial finds the same.
        let trial = desk.taken("text/csv", &format!("{SAID}&dry_run=true"), text).await;
        assert_eq!(trial["faults"], told["faults"]);
        let lines = format!("{}\n", record(9, others));
        let told = desk.taken("application/x-ndjson", SAID, lines).await;
        assert_eq!(told["faults"][0]["column"]["letter"], "facility_id");
        assert_eq!(told["faults"][0]["pointer"], "/facility_id");
        let file = STANDARD.decode(told["refused_file"]["content"].as_str().unwrap()).unwrap();
        let mut again: Value = serde_json::from_slice(&file).unwrap();
        assert_eq!(again["faults"][0]["code"], "facility_not_own");
        again["facility_id"] = json!(facility);
        assert_eq!(desk.taken("application/x-ndjson", SAID, again.to_string()).await["taken"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_says_what_to_do() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let rows = [row(0)];
        let told = async |media_type: &str, query: &str, file: Vec<u8>| {
            let answer = desk.batch(media_type, query, file).await;
            let problem = answer.problem();
            (problem.0, problem.1, answer.faults())
        };
        let unreadable = |pointer: &str, code: &str| {
            (422, "unreadable-file".to_owned(), vec![(pointer.to_owned(), code.to_owned())])
        };
        let at = at(facility);
        let locked = [
            b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec(),
            "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ];
        assert_eq!(told(XLSX, &at, locked.concat()).await, unreadable("", "workbook_locked"));
        assert_eq!(told(XLSX, &at, csv(&rows)).await, unreadable("", "workbook_unreadable"));
        assert_eq!(told("text/csv", &at, xlsx(&rows)).await, unreadable("", "not_unicode"));
        assert_eq!(told("text/csv", &at, csv(&[])).await, unreadable("", "no_rows"));
        let text = String::from_utf8(csv(&rows)).unwrap();
        let renamed = text.replace("Giới tính (*)", "Phái nam").into_bytes();
        let faults = told("text/csv", &at, renamed).await.2;
        let expected = [("/rows/1/columns/D", "column_unknown"), ("/rows/1/columns/Giới tính (*)", "column_missing")];
        assert_eq!(faults, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
        assert_eq!(told("text/csv", SAID, text.clone().into_bytes()).await.2[0].1, "column_missing");
        assert_eq!(told("application/json", "", b"{".to_vec()).await, unreadable("", "not_json"));
        let invalid = |faults: &[(&str, &str)]| {
            let faults = faults.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect();
            (422, "invalid-fields".to_owned(), faults)
        };
        let nothing = told("application/json", "", br#"{"stays":[{}]}"#.to_vec()).await;
        assert_eq!(nothing, invalid(&[("/purpose", "missing")]));
        let elsewhere = told("application/json", SAID, br#"{"stays":[{}]}"#.to_vec()).await;
        assert_eq!(elsewhere, invalid(&[("/procedure", "purpose_in_file")]));
        let query = told("text/csv", "dry_run=yes&officer_id=a&more=1", text.into_bytes()).await;
        let expected = [
            ("/dry_run", "not_boolean"),
            ("/legal_basis", "missing"),
            ("/more", "unknown"),
            ("/officer_unit", "missing"),
            ("/procedure", "missing"),
        ];
        assert_eq!(query, invalid(&expected));
        assert_eq!(desk.batch("text/plain", &at, "x").await.problem().0, 415);
        assert_eq!(desk.batch("text/csv", &at, vec![b' '; 16 * 1024 * 1024 + 1]).await.problem().0, 413);
        let anonymous = read(desk.request(BATCH).header("content-type", "text/csv").body("x")).await;
        assert_eq!(anonymous.problem().0, 401);
        let token = desk.house.token("bank").await;
        let other = read(desk.request(BATCH).bearer_auth(token).header("content-type", "text/csv").body("x")).await;
        assert_eq!(other.problem().0, 403);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_one_file() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let token = desk.house.token("hotel").await;
        let send = async |rows: &[[String; 19]]| {
            let request = desk.request(&format!("{BATCH}?{}", at(facility))).bearer_auth(&token);
            let request = request.header("idempotency-key", "batch-00001").header("content-type", "text/csv");
            read(request.body(csv(rows))).await
        };
        let first = send(&[row(0), row(1)]).await.json();
        let again = send(&[row(0), row(1)]).await.json();
        assert_eq!((&again["taken"], &again["repeated"]), (&json!(2), &json!(2)));
        assert_eq!(stays(&first, 2), stays(&again, 2));
        assert_eq!(send(&[row(0)]).await.problem(), (409, "idempotency-conflict".to_owned()));
    })
    .await;
}

/// A client that gives up in the middle, again and again, and one beside it that sends the same file.
#[tokio::test(flavor = "multi_thread")]
async fn files_cut_off_anywhere_are_completed_by_sending_them_again() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let rows: Vec<[String; 19]> = (0..120).map(row).collect();
        let token = desk.house.token("hotel").await;
        let request = || {
            let request = desk.request(&format!("{BATCH}?{}", at(facility))).bearer_auth(&token);
            request.header("content-type", "text/csv").body(csv(&rows))
        };
        for milliseconds in [5, 20, 60, 120, 250] {
            let patience = std::time::Duration::from_millis(milliseconds);
            let _ = tokio::time::timeout(patience, request().send()).await;
        }
        let (one, other) = tokio::join!(read(request()), read(request()));
        let (one, other) = (stays(&one.json(), 2), stays(&other.json(), 2));
        assert_eq!(one.len(), 120);
        assert!(one == other);
        let mut ids: Vec<&str> = one.iter().map(|(_, stay, _)| stay.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 120);
        let mut found = 0;
        let mut ask = json!({ "limit": 50, "purpose": purpose(super::COMMUNE) });
        loop {
            let page = desk.post("commune", SEARCH, &ask).await.json();
            found += page["stays"].as_array().unwrap().len();
            if page["next"].is_null() {
                break;
            }
            ask["cursor"] = page["next"].clone();
        }
        assert_eq!(found, 120, "one stay for each guest, however often they were sent");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_are_given_and_exports_hold_no_formulas() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let (headers, status, template) = desk.get("/v1/stays/template.csv", "*/*").await;
        assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "text/csv; charset=utf-8"));
        let template = String::from_utf8(template).unwrap();
        assert_eq!(template.trim_start_matches('\u{feff}').trim_end(), format!("{},Mã cơ sở", HEADERS.join(",")));
        let (headers, status, workbook) = desk.get("/v1/stays/template.xlsx", "*/*").await;
        assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, XLSX));
        assert_eq!(desk.batch(XLSX, &at(facility), workbook).await.faults()[0].1, "no_rows");
        let ask = but(
            notice(facility, json!([foreigner("Jean", "AB1")])),
            json!({ "note": "=HYPERLINK(\"x\")", "room": "-1" }),
        );
        assert_eq!(desk.post("hotel", STAYS, &ask).await.status, 200);
        let found = desk.search(json!({ "format": "csv" })).await;
        assert_eq!((found.status, found.header("content-type")), (200, "text/csv; charset=utf-8"));
        assert!(found.text.contains(",Hộ chiếu,AB1,"), "the kind of document in words: {}", found.text);
        assert!(found.text.contains(",'-1,") && found.text.contains("\"'=HYPERLINK(\"\"x\"\")\""), "{}", found.text);
        let found = desk.search(json!({ "format": "xlsx" })).await;
        assert_eq!((found.status, found.header("content-type")), (200, XLSX));
    })
    .await;
}
