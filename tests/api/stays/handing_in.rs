//! What a file counts as: when it came in, and as how many questions.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use dancu::audit::Outcome;
use dancu::kernel::purpose::OfficerCode;
use dancu::kernel::{Faults, Instant, Language, LegalBasis, ManualClock, Officer, ProcedureCode, Purpose};
use dancu::stays::formats::{Format, read_table};
use dancu::stays::model::Notice;
use dancu::stays::{Batch, BatchFile, BatchPurpose, Taken};
use serde_json::json;

use super::batch::{BATCH, SAID, at, row};
use super::{OWN_COMMUNE, hotel};
use crate::api::citizens::desk::read;
use crate::api::stays::sheets::csv;
use crate::support::for_each_backend;
use crate::support::house::caller_of;

/// What is read next, and the clock that goes on meanwhile.
static READING: Mutex<Option<(Arc<ManualClock>, Notice)>> = Mutex::new(None);

fn read_past_the_deadline(_: &[u8]) -> Result<Notice, Faults> {
    let reading = READING.lock().unwrap();
    let (clock, notice) = reading.as_ref().unwrap();
    clock.set(Instant::parse_rfc3339("2026-11-21T23:00:05+07:00").unwrap());
    Ok(notice.clone())
}

pub fn as_the_hotel_says() -> Purpose {
    let code = |text| OfficerCode::parse(text).unwrap();
    Purpose {
        procedure: ProcedureCode::parse("2.001159").unwrap(),
        legal_basis: LegalBasis::parse("RESIDENCE_LAW_ART30").unwrap(),
        officer: Some(Officer { id: code("le-tan-01"), unit: code("quay-le-tan") }),
        consent: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_in_before_it_is_read() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let handed_in = Instant::parse_rfc3339("2026-11-21T22:59:58+07:00").unwrap();
        desk.house.clock.set(handed_in);
        let read = read_table(Format::Csv, &csv(&[row(0)]), Some(facility)).ok().unwrap();
        let notice = read.rows[0].notice.as_ref().ok().unwrap().clone();
        *READING.lock().unwrap() = Some((desk.house.clock.clone(), notice));
        let caller = caller_of(
            desk.house.clients.find(&"hotel".parse().unwrap()).unwrap(),
            handed_in.plus(Duration::from_secs(3600)),
        );
        let batch = |dry_run| Batch {
            file: BatchFile::Records {
                format: Format::Ndjson,
                bytes: bytes::Bytes::from_static(b"{}"),
                read: read_past_the_deadline,
            },
            purpose: BatchPurpose::Given(as_the_hotel_says()),
            idempotency_key: None,
            dry_run,
            language: Language::En,
        };
        let room = desk.stays.room_for_a_file(&caller).await.unwrap();
        let trial = desk.stays.batch(&caller, batch(true), room).await.unwrap();
        assert!(matches!(trial.taken[0].1, Taken::Trial { on_time: true, .. }));
        desk.house.clock.set(handed_in);
        let room = desk.stays.room_for_a_file(&caller).await.unwrap();
        let told = desk.stays.batch(&caller, batch(false), room).await.unwrap();
        assert!(desk.house.now() > handed_in, "time went by");
        let Taken::Reported { told, .. } = &told.taken[0].1 else { panic!("nothing was taken") };
        let document = &told.receipt.document;
        assert_eq!((document.on_time, document.received_at), (true, handed_in));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_row_is_recorded_and_a_file_of_faults_is_a_question() {
    for_each_backend(async |backend| {
        let (mut desk, facility) = hotel(&backend).await;
        let others = desk.facility("portal", OWN_COMMUNE).await;
        let before = desk.entries().await;
        let refused = desk.taken("text/csv", &at(others), csv(&[row(0), row(1)])).await;
        assert_eq!(refused["refused"], 2);
        assert_eq!(desk.entries().await, before + 2, "one for each notice");
        let entry = desk.last_entry().await.entry;
        assert_eq!((entry.outcome, entry.operation.as_str()), (Outcome::Refused, "stays.report.batch"));
        assert_eq!(entry.reason, "faulty");
        let mut faulty = row(2);
        faulty[13] = "?".to_owned();
        let told = desk.taken("text/csv", &at(facility), csv(&[faulty.clone()])).await;
        assert_eq!((&told["read"], &told["refused"]), (&json!(1), &json!(1)));
        assert_eq!(desk.entries().await, before + 3, "one for the file");
        let told = desk.taken("text/csv", &at(facility), csv(&[row(3), faulty.clone(), faulty.clone()])).await;
        assert_eq!((&told["taken"], &told["refused"]), (&json!(1), &json!(2)));
        assert_eq!(desk.entries().await, before + 6, "one for each row, read or not");
        let entry = desk.last_entry().await.entry;
        assert_eq!((entry.outcome, entry.reason.as_str()), (Outcome::Refused, "faulty"));
        let unagreed = at(facility).replace("2.001159", "9.999");
        let answer = desk.batch("text/csv", &unagreed, csv(&[faulty.clone()])).await;
        assert_eq!(answer.problem(), (403, "procedure-not-agreed".to_owned()));
        let own = desk.hotelier("poor", |agreement| (agreement.per_minute, agreement.per_day) = (1, 1)).await;
        let mut statuses = Vec::new();
        for _ in 0..2 {
            let token = desk.house.token("poor").await;
            let request = desk.request(&format!("{BATCH}?{SAID}&facility_id={own}")).bearer_auth(token);
            let request = request.header("content-type", "text/csv");
            statuses.push(read(request.body(csv(&[faulty.clone()]))).await.status);
        }
        assert_eq!(statuses, [200, 429]);
    })
    .await;
}
