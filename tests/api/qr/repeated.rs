use std::time::Duration;

use dancu::audit::Outcome;
use dancu::clients::{Agreement, Detail};
use dancu::crypto::{KeyUse, SystemEntropy};
use dancu::kernel::Attribute;
use dancu::kernel::purpose::ProcedureCode;
use serde_json::{Value, json};

use super::shown::{ISSUE, VERIFY, about, dynamic, issue, verdict};
use crate::api::citizens::desk::{Desk, but, people};
use crate::support::for_each_backend;
use crate::support::house::{id, within};

fn procedure(code: &str) -> ProcedureCode {
    ProcedureCode::parse(code).unwrap()
}

fn same(a: &Value, b: &Value) -> bool {
    but(a.clone(), json!({ "audit": null })) == but(b.clone(), json!({ "audit": null }))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_repeats_the_first_answer() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let ask = dynamic("portal");
        let first = desk.keyed("portal", ISSUE, &ask, "issue-key-1").await.json();
        let again = desk.keyed("portal", ISSUE, &ask, "issue-key-1").await.json();
        assert!(same(&first, &again), "{first} {again}");
        let entry = desk.entry_of(&again).await;
        assert_eq!((entry.entry.outcome, &entry.subjects), (Outcome::Replayed, &vec![people()[0].citizen_id]));
        let other = desk.keyed("portal", ISSUE, &issue(json!({})), "issue-key-1").await;
        assert_eq!(other.problem(), (409, "idempotency-conflict".to_owned()));
        assert_eq!(desk.last_entry().await.entry.reason, "idempotency_conflict");
        let payload = first["payload"].as_str().unwrap();
        let shown = desk.keyed("portal", VERIFY, &about(payload), "show-key-1").await.json();
        assert_eq!(shown["status"], "valid");
        let twin = desk.twin(&backend).await;
        let repeated = twin.keyed("portal", VERIFY, &about(payload), "show-key-1").await.json();
        assert!(same(&shown, &repeated), "{shown} {repeated}");
        assert_eq!(verdict(&twin.keyed("portal", VERIFY, &about(payload), "show-key-2").await).0, "replayed");
        // After a day the key is free again.
        desk.house.clock.advance(Duration::from_secs(24 * 3600));
        let next = twin.keyed("portal", ISSUE, &ask, "issue-key-1").await.json();
        assert_eq!(next["outcome"], "issued", "{next}");
        assert!(next["credential_id"] != first["credential_id"], "{next}");
        let again = twin.keyed("portal", ISSUE, &ask, "issue-key-1").await.json();
        assert!(same(&next, &again), "{next} {again}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_clients_key_is_not_anothers() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("other", "portal", |_| ()).await;
        let first = desk.keyed("portal", ISSUE, &issue(json!({})), "key-12345").await.json();
        let others = desk.keyed("other", ISSUE, &issue(json!({})), "key-12345").await.json();
        assert_eq!((&first["outcome"], &others["outcome"]), (&json!("issued"), &json!("issued")));
        assert!(first["credential_id"] != others["credential_id"]);
    })
    .await;
}

/// What an agreement lets out is asked again whenever an answer is repeated.
#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_repeated_beyond_an_agreement_that_was_narrowed() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("narrowed", "portal", |_| ()).await;
        let wide = desk.house.clients.find(&id("narrowed")).unwrap().agreement.clone();
        let amend = async |change: &dyn Fn(&mut Agreement)| {
            let mut agreement = wide.clone();
            change(&mut agreement);
            desk.house.changes().await.amend(&id("narrowed"), agreement).await.unwrap();
        };
        let issued = async || desk.keyed("narrowed", ISSUE, &dynamic("narrowed"), "issue-key-1").await;
        let first = issued().await.json();
        let payload = first["payload"].as_str().unwrap().to_owned();
        let shown = async || desk.keyed("narrowed", VERIFY, &about(&payload), "show-key-1").await;
        assert_eq!(verdict(&shown().await).0, "valid");
        amend(&|agreement| {
            agreement.attributes = agreement.attributes.difference([Attribute::Sex].into_iter().collect());
        })
        .await;
        for answer in [issued().await, shown().await] {
            assert_eq!(answer.problem(), (403, "forbidden".to_owned()));
            assert_eq!(answer.faults(), [(String::new(), "agreement_narrowed".to_owned())]);
            let entry = desk.last_entry().await;
            assert_eq!((entry.entry.outcome, entry.entry.reason.as_str()), (Outcome::Refused, "agreement_narrowed"));
            assert_eq!(entry.subjects, [people()[0].citizen_id]);
        }
        amend(&|agreement| agreement.detail = Detail::Boolean).await;
        for answer in [issued().await, shown().await] {
            assert_eq!(answer.faults(), [(String::new(), "agreement_narrowed".to_owned())]);
        }
        amend(&|agreement| agreement.procedures = [procedure("9.999")].into_iter().collect()).await;
        assert_eq!(issued().await.problem(), (403, "procedure-not-agreed".to_owned()));
        amend(&|_| ()).await;
        assert!(same(&first, &issued().await.json()));
        assert_eq!(verdict(&shown().await).0, "valid");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_needed_as_long_as_an_answer_or_a_credential_stands_under_them() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let (keyring, clock) = (&desk.house.keyring, &*desk.house.clock);
        let kept = async |key_use| desk.house.rows().of(&["kept_answers"], key_use, 1).await;
        let tagged = async || desk.house.rows().of(&["qr_credentials"], KeyUse::Index, 1).await;
        let before = [kept(KeyUse::Seal).await, kept(KeyUse::Index).await, tagged().await];
        let first = desk.keyed("portal", ISSUE, &issue(json!({})), "issue-key-1").await.json();
        let after = [kept(KeyUse::Seal).await, kept(KeyUse::Index).await, tagged().await];
        assert_eq!(after, before.map(|rows| rows + 1));
        for key_use in [KeyUse::Seal, KeyUse::Index] {
            keyring.rotate(key_use, &SystemEntropy::default(), clock).unwrap();
            keyring.activate(key_use, clock, Duration::ZERO).unwrap();
        }
        assert!(same(&first, &desk.keyed("portal", ISSUE, &issue(json!({})), "issue-key-1").await.json()));
        // The answer stands under the old keys for its day; the credential goes over to the new one.
        assert_eq!((kept(KeyUse::Seal).await > 0, kept(KeyUse::Index).await > 0), (true, true));
        within(Duration::from_secs(10), async || tagged().await == 0).await;
        assert_eq!(verdict(&desk.show(first["payload"].as_str().unwrap()).await).0, "valid");
        // And a change of the record still finds it.
        let mut an = people()[0].clone();
        an.sex = dancu::kernel::Sex::Female;
        desk.put(&an).await;
        let shown = async || verdict(&desk.show(first["payload"].as_str().unwrap()).await).0;
        within(Duration::from_secs(10), async || shown().await == "revoked").await;
    })
    .await;
}
