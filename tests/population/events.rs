//! Life events in every order, twice, and cut off: the same end state.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use dancu::citizens::Citizen;
use dancu::citizens::events::import::EventImporter;
use dancu::citizens::events::{Contradiction, EventId, LifeEvent, Processed};
use dancu::citizens::model::{MaritalStatus, Status};
use dancu::citizens::seed::showcase;
use dancu::citizens::upsert;
use dancu::storage::schema::{household_members, life_events};
use diesel::prelude::*;
use serde_json::{Value, json};

use super::{Register, contents, count_changes, register};
use crate::support::{Backend, for_each_backend};

fn importer(register: &Register) -> EventImporter {
    EventImporter::new(register.store.clone(), register.sealing.clone(), register.clock())
}

async fn settle(register: &Register) {
    for citizen in showcase(1).into_iter().flat_map(|shown| shown.citizens) {
        let (sealing, at) = (register.sealing.clone(), dancu::kernel::Clock::now(&*register.clock));
        register.store.write(move |tx| upsert(tx, &sealing, &citizen, None, at)).await.unwrap();
    }
}

/// People by number; events with state and reason; how many members households have.
type State = (BTreeMap<String, Value>, Vec<(String, i16, String)>, i64);

/// What the store holds of people, by number; keys and versions apart.
fn state(register: &Register, backend: &Backend) -> State {
    let mut db = backend.connect();
    let people = contents(register, &mut db).into_iter().map(|(citizen, _)| {
        let number = citizen.id_number.expose().to_owned();
        (number, serde_json::to_value(citizen).unwrap())
    });
    let events = life_events::table
        .order(life_events::event_id)
        .select((life_events::event_id, life_events::state, life_events::reason))
        .load(&mut db)
        .unwrap();
    let members: i64 = household_members::table.count().get_result(&mut db).unwrap();
    (people.collect(), events, members)
}

/// A year in the household of five: consistent events, and some that contradict others.
fn story() -> Vec<Value> {
    vec![
        json!({ "event_id": "e-01", "kind": "move", "effective": "2026-01-10", "id_number": "097084000012",
            "residence_kind": "permanent", "unit": "26740", "detail": "Số 5, đường Lê Lợi", "whole_household": true }),
        json!({ "event_id": "e-02", "kind": "birth", "effective": "2026-02-01", "mother": "097186000013", "father": "097084000012",
            "person": { "id_number": "097326000099", "full_name": "Bùi Minh Khang", "date_of_birth": "2026-02-01", "sex": "male" } }),
        json!({ "event_id": "e-03", "kind": "correction", "effective": "2026-03-01", "id_number": "097186000013",
            "changes": { "full_name": "Đỗ Thị Thanh Hằng", "email": "hang@example.vn" } }),
        json!({ "event_id": "e-04", "kind": "new_number", "effective": "2026-04-01", "id_number": "097084000012", "new_id_number": "097084000777" }),
        // By the new number, which may not be known yet.
        json!({ "event_id": "e-05", "kind": "move", "effective": "2026-05-01", "id_number": "097084000777",
            "residence_kind": "permanent", "unit": "00070", "detail": "Số 9", "whole_household": true }),
        json!({ "event_id": "e-06", "kind": "household_change", "effective": "2026-05-15", "household_id": "a".repeat(32),
            "members": [{ "id_number": "097155000016", "relation_to_head": "head", "from": HOUSEHOLD.with(|id| id.clone()) }] }),
        json!({ "event_id": "e-07", "kind": "move", "effective": "2026-06-01", "id_number": "097155000016",
            "residence_kind": "current", "unit": "00004" }),
        json!({ "event_id": "e-08", "kind": "missing", "effective": "2026-07-01", "id_number": "097084000012" }),
        json!({ "event_id": "e-09", "kind": "found", "effective": "2026-07-10", "id_number": "097084000012" }),
        json!({ "event_id": "e-10", "kind": "death", "effective": "2026-08-01", "id_number": "097084000012" }),
        // A move of somebody who has died by then, and one from before that.
        json!({ "event_id": "e-11", "kind": "move", "effective": "2026-08-02", "id_number": "097084000777",
            "residence_kind": "permanent", "unit": "00004" }),
        json!({ "event_id": "e-12", "kind": "correction", "effective": "2026-01-05", "id_number": "097326000099", "changes": { "email": "x@example.vn" } }),
        // He leaves a household that the death has taken him out of.
        json!({ "event_id": "e-13", "kind": "household_change", "effective": "2026-09-01", "household_id": HOUSEHOLD.with(|id| id.clone()),
            "members": [{ "id_number": "097186000013", "relation_to_head": "head" }] }),
        json!({ "event_id": "e-14", "kind": "move", "effective": "2026-09-15", "id_number": "097186000013",
            "residence_kind": "permanent", "unit": "00008", "whole_household": true }),
    ]
}

thread_local! {
    static HOUSEHOLD: String = showcase(1)
        .into_iter()
        .flat_map(|shown| shown.citizens)
        .find_map(|citizen| citizen.household)
        .map(|household| household.household_id.to_string())
        .unwrap();
}

/// The story in an order of its own for each seed.
fn shuffled(seed: u64) -> Vec<Value> {
    let mut events = story();
    let mut chance = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for end in (1..events.len()).rev() {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        events.swap(end, chance as usize % (end + 1));
    }
    events
}

/// Births get a key of the store's own.
fn plain((people, events, members): State) -> State {
    let people = people.into_iter().map(|(number, mut value)| {
        value.as_object_mut().unwrap().remove("citizen_id");
        (number, value)
    });
    (people.collect(), events, members)
}

fn read(register: &Register, events: &[Value]) -> Vec<LifeEvent> {
    events.iter().map(|event| importer(register).read(event.to_string().as_bytes()).unwrap()).collect()
}

async fn tell(register: &Register, events: &[Value]) -> Vec<Processed> {
    let mut went = Vec::new();
    for event in read(register, events) {
        went.extend(importer(register).take_in(vec![event]).await.unwrap());
    }
    went
}

fn person(state: &BTreeMap<String, Value>, number: &str) -> Citizen {
    serde_json::from_value(state[number].clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_order_the_end_is_that_of_their_days() {
    for_each_backend(async |backend| {
        let register = register(&backend);
        settle(&register).await;
        tell(&register, &story()).await;
        let told = state(&register, &backend);
        let (people, events, _) = &told;
        let parked: Vec<_> =
            events.iter().filter(|(_, state, _)| *state == 2).map(|(id, _, why)| (id.as_str(), why.as_str())).collect();
        assert_eq!(parked, [("e-11", "deceased"), ("e-12", "before_birth")]);
        let hai = person(people, "097084000777");
        assert_eq!((hai.status, hai.cancelled_id_numbers.len()), (Status::Deceased, 1));
        assert_eq!(hai.permanent_residence.as_ref().unwrap().unit, "00070");
        let ha = person(people, "097186000013");
        assert_eq!((ha.full_name.expose(), ha.marital_status), ("Đỗ Thị Thanh Hằng", MaritalStatus::DivorcedOrWidowed));
        assert_eq!(ha.permanent_residence.as_ref().unwrap().unit, "00008");
        assert_eq!(ha.children.len(), 3);
        let khang = person(people, "097326000099");
        assert_eq!(khang.permanent_residence.as_ref().unwrap().unit, "00008");
        assert!(khang.parents.iter().any(|parent| parent.full_name.expose() == "Đỗ Thị Thanh Hằng"));
        assert!(khang.parents.iter().any(|parent| parent.id_number == Some(hai.id_number.clone())));
        let lan = person(people, "097155000016");
        assert_eq!(lan.permanent_residence.as_ref().unwrap().unit, "00070", "she had left the household by then");
    })
    .await;
    let expected: Mutex<Option<State>> = Mutex::new(None);
    for seed in 0..=6 {
        for_each_backend(async |backend| {
            let register = register(&backend);
            settle(&register).await;
            let order = if seed == 0 { story() } else { shuffled(seed) };
            tell(&register, &order).await;
            // All of them once more, backwards: nothing changes.
            let (before, changes) = (state(&register, &backend), count_changes(&mut backend.connect()));
            let again: Vec<Value> = order.iter().rev().cloned().collect();
            tell(&register, &again).await;
            assert_eq!(state(&register, &backend), before);
            assert_eq!(count_changes(&mut backend.connect()), changes);
            let ids: Vec<&str> = order.iter().map(|event| event["event_id"].as_str().unwrap()).collect();
            let told = plain(before);
            let stored = expected.lock().unwrap().get_or_insert_with(|| told.clone()).clone();
            assert_eq!(told, stored, "{ids:?}");
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_import_brought_meanwhile_stays() {
    for_each_backend(async |backend| {
        let register = register(&backend);
        settle(&register).await;
        tell(&register, &story()[4..5]).await;
        tell(&register, &story()[3..4]).await;
        let mut hai = person(&state(&register, &backend).0, "097084000777");
        hai.phone = Some("+84000999111".into());
        hai.permanent_residence.as_mut().unwrap().detail = Some("Số 99".into());
        let (sealing, at) = (register.sealing.clone(), dancu::kernel::Clock::now(&*register.clock));
        register.store.write(move |tx| upsert(tx, &sealing, &hai, None, at)).await.unwrap();
        tell(&register, &story()[0..1]).await;
        let people = state(&register, &backend).0;
        let hai = person(&people, "097084000777");
        assert_eq!(hai.phone.as_deref(), Some("+84000999111"));
        assert_eq!(hai.permanent_residence.unwrap().detail.as_deref(), Some("Số 99"));
        let ha = person(&people, "097186000013");
        assert_eq!(ha.permanent_residence.unwrap().unit, "00070", "the later move holds");
    })
    .await;
}

fn write(backend: &Backend, events: &[Value]) -> PathBuf {
    let path = backend.dir().join("events.ndjson");
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    fs::write(&path, lines.join("\n")).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_taken_in_once_and_faulty_lines_are_kept_aside() {
    for_each_backend(async |backend| {
        let register = register(&backend);
        settle(&register).await;
        let mut events = shuffled(3);
        let mut other = events.iter().find(|event| event["kind"] == "move").unwrap().clone();
        other["effective"] = json!("2026-01-02");
        events.extend([json!({ "event_id": "e-99", "kind": "party" }), json!([1]), other]);
        let file = write(&backend, &events);
        let rejects = backend.dir().join("rejects");
        let tally = importer(&register).import(&file, &rejects, false).await.unwrap();
        assert_eq!((tally.lines, tally.refused), (17, 3), "{tally:?}");
        let before = state(&register, &backend);
        let again = importer(&register).import(&file, &rejects, false).await.unwrap();
        assert_eq!((again.applied, again.known), (0, 12), "{again:?}");
        assert_eq!(state(&register, &backend), before);
        let text = fs::read_to_string(&rejects).unwrap();
        for code in ["kind_unknown", "not_object", "event_conflict"] {
            assert!(text.contains(code), "{code}: {text}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_events_are_told_retried_and_discarded() {
    for_each_backend(async |backend| {
        let register = register(&backend);
        settle(&register).await;
        let found =
            json!({ "event_id": "p-01", "kind": "found", "effective": "2026-07-10", "id_number": "097084000012" });
        let unknown =
            json!({ "event_id": "p-02", "kind": "death", "effective": "2026-07-10", "id_number": "097326000099" });
        let went = tell(&register, &[found, unknown]).await;
        assert!(matches!(went[0], Processed::Parked { reason: Contradiction::NotMissing, .. }));
        let parked = importer(&register).parked(10).await.unwrap();
        let told: Vec<_> = parked.iter().map(|event| (event.event_id.as_str(), event.kind, event.reason)).collect();
        assert_eq!(
            told,
            [("p-01", "found", Some(Contradiction::NotMissing)), ("p-02", "death", Some(Contradiction::UnknownPerson)),]
        );
        let id = |text| EventId::parse(text).unwrap();
        assert!(matches!(importer(&register).retry(&id("p-01")).await.unwrap(), Processed::Parked { .. }));
        importer(&register).discard(&id("p-02"), &register.operator(&backend).await).await.unwrap();
        assert!(importer(&register).retry(&id("p-02")).await.is_err());
        let missing =
            json!({ "event_id": "p-03", "kind": "missing", "effective": "2026-07-01", "id_number": "097084000012" });
        let went = tell(&register, &[missing]).await;
        assert!(matches!(&went[0], Processed::Applied { released, .. } if released == &[id("p-01")]), "{went:?}");
        assert_eq!(importer(&register).parked(10).await.unwrap(), []);
    })
    .await;
}

/// Runs the program itself over a file and kills it while it works, until it comes to the end.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_import_ends_in_the_same_state() {
    let many = |count: usize| -> Vec<Value> {
        let mut events = shuffled(5);
        for n in 0..count {
            events.push(json!({ "event_id": format!("k-{n:05}"), "kind": "correction", "effective": format!("2026-10-{:02}", 1 + n % 28),
                "id_number": "097099000001", "changes": { "email": format!("a{n}@example.vn") } }));
        }
        events
    };
    let events = many(150);
    let whole = Backend::sqlite();
    let told = register(&whole);
    settle(&told).await;
    importer(&told).import(&write(&whole, &events), &whole.dir().join("rejects"), false).await.unwrap();
    let expected = state(&told, &whole);
    let cut = Backend::sqlite();
    let other = register(&cut);
    settle(&other).await;
    other.store.close().await;
    let file = write(&cut, &events);
    let config = cut.dir().join("dancu.toml");
    let path = |name: &str| cut.dir().join(name).display().to_string();
    let audit = format!("[audit]\norigin = \"dancu.test/audit\"\nstate_dir = \"{}\"\n", path("audit"));
    let text = format!("[database]\nurl = \"{}\"\n[keys]\ndir = \"{}\"\n{audit}", cut.url(), path("keys"));
    fs::write(&config, text).unwrap();
    let done = || -> i64 { life_events::table.count().get_result(&mut cut.connect()).unwrap() };
    let mut killed = 0;
    loop {
        let before = done();
        let mut import = Command::new(env!("CARGO_BIN_EXE_dancu"))
            .args(["import", "--events", file.to_str().unwrap(), "--config", config.to_str().unwrap(), "--why", "test"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Some of the file goes in, then the process is killed wherever it is.
        let ended = loop {
            match import.try_wait().unwrap() {
                Some(status) => break Some(status),
                None if killed < 4 && done() > before => break None,
                None => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
            }
        };
        match ended {
            Some(status) => {
                let mut said = String::new();
                std::io::Read::read_to_string(&mut import.stderr.take().unwrap(), &mut said).unwrap();
                assert!(status.success(), "{said}");
                break;
            }
            None => {
                import.kill().unwrap();
                import.wait().unwrap();
                killed += 1;
            }
        }
    }
    assert!(killed > 0, "the first run was not cut");
    let again = register(&cut);
    assert_eq!(plain(state(&again, &cut)), plain(expected));
}
