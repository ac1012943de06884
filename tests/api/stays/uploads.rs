//! Files that wait, dawdle or are given up: what they hold, and what is left for others.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use dancu::access::Caller;
use dancu::kernel::{Faults, Language};
use dancu::stays::formats::Format;
use dancu::stays::model::Notice;
use dancu::stays::{Batch, BatchFile, BatchPurpose};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use reqwest::Body;
use serde_json::json;

use super::batch::{BATCH, at, row};
use super::handing_in::as_the_hotel_says;
use super::hotel;
use crate::api::citizens::desk::{Answer, Desk, read};
use crate::api::stays::sheets::csv;
use crate::support::house::caller_of;
use crate::support::{Backend, for_each_backend};

pub fn caller(desk: &Desk, client: &str) -> Caller {
    caller_of(
        desk.house.clients.find(&client.parse().unwrap()).unwrap(),
        desk.house.now().plus(Duration::from_secs(3600)),
    )
}

/// Whether a file of the client would be let in this moment.
fn has_place(desk: &Desk, client: &str) -> bool {
    matches!(desk.stays.room_for_a_file(&caller(desk, client)).now_or_never(), Some(Ok(_)))
}

async fn until(condition: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never came to be");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// An upload of which nothing comes but the head. Ends when it is aborted.
fn silent(desk: &Desk, token: &str, query: &str) -> tokio::task::JoinHandle<()> {
    let body = Body::wrap_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let request = desk.request(&format!("{BATCH}?{query}")).bearer_auth(token).header("content-type", "text/csv");
    tokio::spawn(async move { drop(request.body(body).send().await) })
}

/// Two uploads that say nothing hold the client's two places. Sixty-four more wait, the next is refused at once, and
/// another client's file is taken meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_dawdles_keeps_nobody_else_waiting() {
    for_each_backend(async |backend| {
        let (mut desk, facility) = hotel(&backend).await;
        let others = desk.hotelier("inn", |_| ()).await;
        let (token, query) = (desk.house.token("hotel").await, at(facility));
        let dawdling = [silent(&desk, &token, &query), silent(&desk, &token, &query)];
        until(|| !has_place(&desk, "hotel")).await;
        let send = |number: usize| {
            let request = desk.request(&format!("{BATCH}?{query}")).bearer_auth(&token);
            read(request.header("content-type", "text/csv").body(csv(&[row(number)])))
        };
        let mut waiting: FuturesUnordered<_> = (0..65).map(send).collect();
        let refused: Answer = waiting.next().await.unwrap();
        assert_eq!(refused.problem(), (429, "too-many-at-once".to_owned()));
        assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
        let inn = desk.house.token("inn").await;
        let request = desk.request(&format!("{BATCH}?{}", at(others))).bearer_auth(inn);
        let taken = read(request.header("content-type", "text/csv").body(csv(&[row(50)]))).await;
        assert_eq!((taken.status, &taken.json()["taken"]), (200, &json!(1)), "{}", taken.text);
        // Nothing of those who wait is lost once the places are free.
        dawdling.iter().for_each(tokio::task::JoinHandle::abort);
        let rest: Vec<Answer> = waiting.collect().await;
        assert_eq!(rest.iter().filter(|answer| answer.status == 200).count(), 64);
    })
    .await;
}

/// A file that does not come in its time gives its place back, and says why.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_comes_too_slowly_is_given_up() {
    let (desk, facility) = hotel(&Backend::sqlite()).await;
    let token = desk.house.token("hotel").await;
    // A byte every half second: it is never silent, and never done.
    let drops = futures_util::stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        Some((Ok::<_, std::io::Error>(b"x".to_vec()), ()))
    });
    let request = desk.request(&format!("{BATCH}?{}", at(facility))).bearer_auth(token);
    let request = request.header("content-type", "text/csv").body(Body::wrap_stream(drops));
    let answer = tokio::time::timeout(Duration::from_secs(60), read(request)).await.expect("it is given up");
    assert_eq!(answer.problem(), (408, "body-timeout".to_owned()));
    until(|| has_place(&desk, "hotel")).await;
}

/// Whether the reading may end, and who waits for it.
static GATE: (Mutex<(bool, usize)>, Condvar) = (Mutex::new((false, 0)), Condvar::new());

fn read_behind_the_gate(_: &[u8]) -> Result<Notice, Faults> {
    let mut state = GATE.0.lock().unwrap();
    state.1 += 1;
    drop(GATE.1.wait_while(state, |state| !state.0).unwrap());
    Err(Faults::default())
}

/// Who hangs up while their file is read has not freed its place: the reading goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_held_as_long_as_the_work_lasts() {
    let (desk, _) = hotel(&Backend::sqlite()).await;
    let caller = caller(&desk, "hotel");
    let read = async || {
        let batch = Batch {
            file: BatchFile::Records {
                format: Format::Ndjson,
                bytes: bytes::Bytes::from_static(b"{}"),
                read: read_behind_the_gate,
            },
            purpose: BatchPurpose::Given(as_the_hotel_says()),
            idempotency_key: None,
            dry_run: true,
            language: Language::En,
        };
        let room = desk.stays.room_for_a_file(&caller).await.unwrap();
        desk.stays.batch(&caller, batch, room).await.is_ok()
    };
    tokio::select! {
        _ = read() => panic!("nothing came through the gate yet"),
        _ = read() => panic!("nothing came through the gate yet"),
        () = until(|| GATE.0.lock().unwrap().1 == 2) => {}
    }
    assert!(!has_place(&desk, "hotel"), "the files are still being read");
    assert!(has_place(&desk, "portal"), "and others have their own");
    GATE.0.lock().unwrap().0 = true;
    GATE.1.notify_all();
    until(|| has_place(&desk, "hotel")).await;
}
