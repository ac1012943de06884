//! Confirmations and changes that meet: nothing that is no longer so is called good.

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dancu::citizens::matching::{Anchor, AnchorNumber};
use dancu::citizens::model::{Membership, RelationToHead};
use dancu::citizens::{Body, Citizen};
use dancu::crypto::{KeyUse, Keyring, SystemEntropy};
use dancu::kernel::Entropy;
use dancu::residence::Confirm;
use serde_json::json;

use super::{CONFIRM, another, confirmation, hai, linh, portal, state_duty, watched};
use crate::api::citizens::desk::{Desk, but, people};
use crate::support::for_each_backend;
use crate::support::house::id;

fn person(name: &str) -> Citizen {
    people().into_iter().find(|person| person.full_name.expose() == name).unwrap()
}

fn joined(name: &str) -> Citizen {
    let mut citizen = person(name);
    let household_id = person("Bùi Quang Hải").household.unwrap().household_id;
    citizen.household = Some(Membership { household_id, relation_to_head: RelationToHead::Lodger });
    citizen
}

/// Copies the files of a folder.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    std::fs::set_permissions(to, std::fs::metadata(from).unwrap().permissions()).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

fn of_hai() -> Confirm {
    let hai = person("Bùi Quang Hải");
    Confirm {
        anchor: Anchor {
            number: AnchorNumber::Personal(hai.id_number),
            full_name: hai.full_name,
            date_of_birth: hai.date_of_birth,
        },
        purpose: state_duty("1.004222"),
        recipient: "Ai đó".into(),
        attributes: dancu::residence::model::CONFIRMABLE.into_iter().collect(),
        other_content: None,
        idempotency_key: None,
        request: [0; 32],
    }
}

/// Chance that is drawn only when something else has happened: the id of a confirmation is drawn
/// when what it states has been read, and before it is entered.
struct Meanwhile {
    begun: Mutex<Option<tokio::sync::oneshot::Sender<()>>>,
    done: Mutex<Receiver<()>>,
    chance: SystemEntropy,
}

impl Entropy for Meanwhile {
    fn fill(&self, bytes: &mut [u8]) {
        if let Some(begun) = self.begun.lock().unwrap().take() {
            begun.send(()).unwrap();
            tokio::task::block_in_place(|| self.done.lock().unwrap().recv()).unwrap();
        }
        self.chance.fill(bytes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_while_a_confirmation_is_issued_is_not_missed() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let ((begun, has_begun), (done, is_done)) = (tokio::sync::oneshot::channel(), channel());
        let chance = SystemEntropy::default();
        let meanwhile = Meanwhile { begun: Mutex::new(Some(begun)), done: Mutex::new(is_done), chance };
        let residence = another(&desk, &desk.house.keyring, Arc::new(meanwhile));
        let caller = portal(&desk);
        let asking = tokio::spawn(async move { residence.confirm(&caller, of_hai()).await.map(|_| ()) });
        has_begun.await.unwrap();
        // The change is over, and the reactor has gone past it, when the confirmation is entered.
        desk.put(&joined("Nguyễn Văn An")).await;
        watched(&backend).await;
        done.send(()).unwrap();
        let refused = asking.await.unwrap();
        assert!(refused.is_err(), "a confirmation was issued that does not name everybody");
        let body = desk.confirm(&confirmation(hai(), json!({}))).await;
        assert_eq!(body["document"]["household"]["members"].as_array().unwrap().len(), 5, "{body}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_without_the_new_key_voids_nothing_and_calls_nothing_good_for_long() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        // Another replica has the new key already, and issues under it.
        let (folder, clock) = (desk.house.keyring.folder().to_owned(), &*desk.house.clock);
        let handed_out = backend.dir().join("keys-handed-out");
        copy(&folder, &handed_out);
        let newer = Keyring::load(&handed_out).unwrap();
        newer.rotate(KeyUse::Index, &SystemEntropy::default(), clock).unwrap();
        newer.activate(KeyUse::Index, clock, Duration::ZERO).unwrap();
        let residence = another(&desk, &newer, Arc::new(SystemEntropy::default()));
        let Ok(answer) = residence.confirm(&portal(&desk), of_hai()).await else { panic!("issued") };
        let Body::First(told) = answer.body else { panic!("for the first time") };
        let (jws, payload) = (json!({ "jws": told.jws.unwrap() }), told.qr.unwrap().payload);
        // Where a member of the household lives is not stated of them.
        let mut grandmother = person("Ngô Thị Lan");
        grandmother.current_residence.as_mut().unwrap().detail = Some("Số 3".into());
        desk.put(&grandmother).await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert_eq!(desk.status_of(&jws).await, "valid");
        desk.house.clock.advance(Duration::from_secs(61));
        for shown in [&jws, &json!({ "payload": payload })] {
            assert_eq!(desk.verify_confirmation(shown).await.problem(), (503, "unavailable".to_owned()));
        }
        assert_eq!(desk.show(&payload).await.problem(), (503, "unavailable".to_owned()));
        let forged = json!({ "jws": "a.b" });
        assert_eq!(desk.status_of(&forged).await, "tampered", "what is no good at all is said all the same");
        // With the key it goes on, and finds that nothing stated has changed.
        copy(&handed_out, &folder);
        desk.house.keyring.reload().unwrap();
        watched(&backend).await;
        assert_eq!(desk.status_of(&jws).await, "valid");
        grandmother.full_name = dancu::kernel::PersonName::parse("Ngô Thị Lành").unwrap();
        desk.put(&grandmother).await;
        watched(&backend).await;
        assert_eq!(desk.status_of(&jws).await, "void");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_answer_that_names_members_is_not_repeated_once_they_are_to_be_hidden() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("narrowed", "portal", |_| ()).await;
        let wide = desk.house.clients.find(&id("narrowed")).unwrap().agreement.clone();
        let ask = confirmation(linh(), json!({}));
        let keyed = async || desk.keyed("narrowed", CONFIRM, &ask, "khoa-0001").await;
        assert_eq!(keyed().await.json()["document"]["household"]["head"], "Bùi Quang Hải");
        let mut narrow = wide.clone();
        narrow.household_members.clear();
        desk.house.changes().await.amend(&id("narrowed"), narrow).await.unwrap();
        let answer = keyed().await;
        assert_eq!(answer.faults(), [(String::new(), "agreement_narrowed".to_owned())], "{answer:?}");
        assert_eq!(desk.last_entry().await.entry.reason, "agreement_narrowed");
        // An answer without them is repeated.
        let alone = but(ask.clone(), json!({ "attributes": ["permanent_residence"] }));
        for _ in 0..2 {
            assert_eq!(desk.keyed("narrowed", CONFIRM, &alone, "khoa-0002").await.json()["outcome"], "issued");
        }
        desk.house.changes().await.amend(&id("narrowed"), wide).await.unwrap();
        assert_eq!(keyed().await.status, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_household_of_seventy_is_named_whole_and_its_confirmation_stands() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        for number in 0..65_u8 {
            let mut more = joined("Nguyễn Văn An");
            more.citizen_id.0[8..10].copy_from_slice(&[0xee, number]);
            more.id_number = crate::api::citizens::desk::number(&format!("0970999010{number:02}"));
            more.legacy_id_number = None;
            desk.put(&more).await;
        }
        let household = json!({ "questions": ["household"] });
        let body = desk.check(&super::ask(hai(), household)).await;
        assert_eq!(body["answers"]["household"]["value"]["members"].as_array().unwrap().len(), 70);
        assert_eq!(desk.entry_of(&body).await.subjects.len(), 70);
        let body = desk.confirm(&confirmation(hai(), json!({}))).await;
        assert_eq!(body["document"]["household"]["members"].as_array().unwrap().len(), 69);
        let jws = json!({ "jws": body["jws"] });
        let mut grandmother = person("Ngô Thị Lan");
        grandmother.current_residence.as_mut().unwrap().detail = Some("Số 3".into());
        desk.put(&grandmother).await;
        watched(&backend).await;
        assert_eq!(desk.status_of(&jws).await, "valid");
    })
    .await;
}
