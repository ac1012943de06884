//! Files whose procedure operators stop while they are worked on.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use dancu::audit::Outcome;
use dancu::citizens::CitizensError;
use dancu::clients::{Refusal, Stoppable};
use dancu::kernel::{Faults, Language, ProcedureCode};
use dancu::stays::formats::{Format, read_table};
use dancu::stays::model::Notice;
use dancu::stays::{Batch, BatchError, BatchFile, BatchPurpose, StaysError};
use serde_json::json;

use super::batch::{at, row};
use super::handing_in::as_the_hotel_says;
use super::hotel;
use super::sheets::csv;
use super::uploads::caller;
use crate::support::for_each_backend;
use crate::support::house::{id, within};

/// Guests of one transaction.
const AT_ONCE: u64 = 500;
const GUESTS: usize = 4_000;

fn procedure() -> Stoppable {
    Stoppable::Procedure(ProcedureCode::parse("2.001159").unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_of_a_file_is_refused_and_recorded_and_can_be_handed_in_again() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let file = csv(&(0..GUESTS).map(row).collect::<Vec<_>>());
        let before = desk.entries().await;
        let (query, changes) = (at(facility), desk.house.changes().await);
        let stopping = async {
            within(Duration::from_secs(60), async || desk.entries().await > before).await;
            changes.stop(&id("hotel"), procedure()).await.unwrap();
        };
        let (answer, ()) = tokio::join!(desk.batch("text/csv", &query, file.clone()), stopping);
        assert_eq!(answer.problem(), (403, "procedure-stopped".to_owned()));
        let taken = desk.entries().await - before - 1;
        assert!(taken > 0 && taken < GUESTS as u64 && taken % AT_ONCE == 0, "{taken} were taken");
        let entry = desk.last_entry().await.entry;
        assert_eq!((entry.outcome, entry.operation.as_str()), (Outcome::Refused, "stays.report.batch"));
        assert_eq!(entry.reason, "procedure_stopped");

        changes.start(&id("hotel"), procedure()).await.unwrap();
        let again = desk.taken("text/csv", &query, file).await;
        assert_eq!((&again["taken"], &again["repeated"]), (&json!(GUESTS), &json!(taken)));
    })
    .await;
}

/// Whether the reading has begun, whether it may end, and what is read.
static GATE: (Mutex<(bool, bool, Option<Notice>)>, Condvar) = (Mutex::new((false, false, None)), Condvar::new());

fn read_behind_the_gate(_: &[u8]) -> Result<Notice, Faults> {
    let mut state = GATE.0.lock().unwrap();
    state.0 = true;
    let state = GATE.1.wait_while(state, |state| !state.1).unwrap();
    Ok(state.2.clone().unwrap())
}

/// The client as the request came with is not the client as it is when the file has been read.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_being_read_gives_nothing() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let read = read_table(Format::Csv, &csv(&[row(0)]), Some(facility)).ok().unwrap();
        *GATE.0.lock().unwrap() = (false, false, read.rows[0].notice.as_ref().ok().cloned());
        let caller = caller(&desk, "hotel");
        let batch = Batch {
            file: BatchFile::Records {
                format: Format::Ndjson,
                bytes: bytes::Bytes::from_static(b"{}"),
                read: read_behind_the_gate,
            },
            purpose: BatchPurpose::Given(as_the_hotel_says()),
            idempotency_key: None,
            dry_run: false,
            language: Language::En,
        };
        let before = desk.entries().await;
        let room = desk.stays.room_for_a_file(&caller).await.unwrap();
        let stopping = async {
            within(Duration::from_secs(20), async || GATE.0.lock().unwrap().0).await;
            desk.house.changes().await.stop(&id("hotel"), procedure()).await.unwrap();
            GATE.0.lock().unwrap().1 = true;
            GATE.1.notify_all();
        };
        let (told, ()) = tokio::join!(desk.stays.batch(&caller, batch, room), stopping);
        let Err(BatchError::Stays(StaysError::Citizens(CitizensError::NotAgreed(refusal)))) = told else {
            panic!("it was not refused")
        };
        assert_eq!(refusal, Refusal::ProcedureStopped);
        assert_eq!(desk.entries().await, before + 1, "the refusal alone is recorded");
        assert_eq!(desk.last_entry().await.entry.reason, "procedure_stopped");
    })
    .await;
}
