//! What officers do for citizens who stand at a desk, and what they may not.

use std::time::Duration;

use dancu::citizens::model::Status;
use dancu::kernel::Level;
use serde_json::{Value, json};

use super::phone::Phone;
use super::rig::{PASSCODE, Rig, an, citizen, person};
use crate::api::citizens::desk::{PORTAL, but, purpose};
use crate::support::for_each_backend;
use crate::support::house::within;

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_confirms_an_account_and_is_recorded() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let none = rig.at_desk(&an(), "confirm", json!({})).await;
        assert_eq!((&none.json()["outcome"], &none.json()["account_level"]), (&json!("no_account"), &Value::Null));
        let mut phone = Phone::new();
        let id = phone.begin(&rig, &an()).await.json()["activation_id"].clone();
        let code = json!(rig.code_after(0).await);
        assert_eq!(phone.activate(&rig, &id, &code, PASSCODE).await.json()["account_level"], "level1");
        let confirmed = rig.at_desk(&an(), "confirm", json!({})).await;
        assert_eq!(confirmed.json()["account_level"], "level2", "{confirmed:?}");
        let entry = rig.desk.entry_of(&confirmed.json()).await.entry;
        assert_eq!((entry.operation.as_str(), entry.client.unwrap().as_str()), ("eid.desk.confirm", "portal"));
        assert_eq!(entry.officer.unwrap().id, "canbo-01");
        let account = phone.call(&rig, "GET", "/v1/eid/accounts", &Value::Null).await.json();
        assert_eq!(account["account_level"], "level2");
        // Who has an account gets no further code by phone.
        let before = rig.codes().len();
        assert_eq!(Phone::new().begin(&rig, &an()).await.status, 202);
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(rig.codes().len(), before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_and_somebody_else_are_one_answer_and_the_dead_are_not_enrolled() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let mut wrong = person(&an());
        wrong["full_name"] = "Nguyễn Văn Ánh".into();
        let mut nobody = person(&an());
        nobody["id_number"] = "099999999998".into();
        let mut answers = Vec::new();
        for anchor in [wrong, nobody] {
            let body = but(anchor, json!({ "purpose": purpose(PORTAL), "action": "enrol" }));
            let answer = rig.ask_desk("portal", &body).await;
            assert!(answer.took_ms >= 25, "{} ms", answer.took_ms);
            answers.push(but(answer.json(), json!({ "transaction_id": null, "audit": null })));
        }
        assert_eq!((&answers[0], &answers[0]["outcome"]), (&answers[1], &json!("no_match")));
        let dead = rig.at_desk(&citizen("097048000003"), "enrol", json!({})).await;
        assert_eq!(dead.json()["outcome"], "not_alive");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_needs_who_is_recorded_as_theirs() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let (son, mother, grandmother) = (citizen("097217000015"), citizen("097186000013"), citizen("097155000016"));
        let before = rig.codes().len();
        assert_eq!(Phone::new().begin(&rig, &son).await.status, 202);
        let alone = rig.at_desk(&son, "enrol", json!({})).await;
        assert_eq!(alone.json()["outcome"], "representative_needed");
        let other = rig.at_desk(&son, "enrol", json!({ "representative": person(&grandmother) })).await;
        assert_eq!(other.json()["outcome"], "representative_needed");
        let mut nobody = person(&mother);
        nobody["date_of_birth"] = "1986-08-26".into();
        let unknown = rig.at_desk(&son, "enrol", json!({ "representative": nobody })).await;
        assert_eq!(unknown.json()["outcome"], "no_match");
        let shown = rig.at_desk(&son, "enrol", json!({ "representative": person(&mother) })).await.json();
        assert_eq!(shown["outcome"], "done", "{shown}");
        let mut phone = Phone::new();
        let enrolment = &shown["enrolment"];
        let enrolled = phone.activate(&rig, &enrolment["activation_id"], &enrolment["code"], PASSCODE).await;
        assert_eq!(enrolled.status, 201, "{enrolled:?}");
        // A daughter of fourteen holds hers alone.
        let daughter = rig.at_desk(&citizen("097312000014"), "enrol", json!({})).await;
        assert_eq!(daughter.json()["outcome"], "done");
        assert_eq!(rig.codes().len(), before, "a child gets no code by phone");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_hands_out_a_code_that_opens_the_one_device_in_the_citizens_hand() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let (stolen, phone) = (rig.enrolled(&an()).await, rig.enrolled(&an()).await);
        backend.execute("UPDATE eid_devices SET tries = 10, locked_at = 1, row_version = row_version + 1");
        let invite = json!({ "passcode": PASSCODE });
        let locked = phone.call(&rig, "POST", "/v1/eid/devices", &invite).await;
        assert_eq!(locked.problem(), (403, "passcode-locked".to_owned()));
        let path = "/v1/eid/devices/passcode";
        let early = phone.call(&rig, "POST", path, &json!({ "code": "000000", "new_passcode": "862417" })).await;
        assert_eq!(early.problem(), (403, "passcode-refused".to_owned()), "no desk has handed out a code");
        rig.at_desk(&an(), "unlock", json!({})).await;
        let told = rig.at_desk(&an(), "unlock", json!({})).await.json();
        assert_eq!((&told["outcome"], &told["enrolment"]), (&json!("done"), &Value::Null), "{told}");
        let code = told["unlock"]["code"].clone();
        // The device that is not there is not opened, and the code enrols none.
        let without = stolen.call(&rig, "POST", path, &json!({ "new_passcode": "862417" })).await;
        assert_eq!(without.problem(), (403, "passcode-refused".to_owned()));
        assert_eq!(stolen.call(&rig, "POST", "/v1/eid/devices", &invite).await.problem().1, "passcode-locked");
        let enrolled = Phone::new().activate(&rig, &told["unlock"]["activation_id"], &code, PASSCODE).await;
        assert_eq!(enrolled.problem(), (403, "activation-refused".to_owned()));
        let weak = phone.call(&rig, "POST", path, &json!({ "code": code, "new_passcode": "150399" })).await;
        assert_eq!(weak.faults(), [("/new_passcode".to_owned(), "passcode_weak".to_owned())]);
        let set = phone.call(&rig, "POST", path, &json!({ "code": code, "new_passcode": "862417" })).await;
        assert_eq!(set.status, 200, "{set:?}");
        let again = stolen.call(&rig, "POST", path, &json!({ "code": code, "new_passcode": "731946" })).await;
        assert_eq!(
            again.problem(),
            (403, "passcode-refused".to_owned()),
            "a code is used once, and older ones are void"
        );
        let asked = rig.ask(an().citizen_id, Level::L2).await;
        let approved = phone.approve(&rig, &asked.digits.to_string(), Some("862417")).await;
        assert_eq!(approved.json()["outcome"], "approved");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desks_code_has_five_tries() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let told = rig.at_desk(&an(), "unlock", json!({})).await.json();
        let path = "/v1/eid/devices/passcode";
        for _ in 0..5 {
            let wrong = phone.call(&rig, "POST", path, &json!({ "code": "x", "new_passcode": "862417" })).await;
            assert_eq!(wrong.problem(), (403, "passcode-refused".to_owned()));
        }
        let body = json!({ "code": told["unlock"]["code"], "new_passcode": "862417" });
        assert_eq!(phone.call(&rig, "POST", path, &body).await.problem(), (403, "passcode-refused".to_owned()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_without_the_agreement_and_tokens_without_the_scope_confirm_nobody() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let body = but(person(&an()), json!({ "purpose": purpose(PORTAL), "action": "confirm" }));
        assert_eq!(rig.ask_desk("bank", &body).await.problem(), (403, "insufficient-scope".to_owned()));
        let officer = but(purpose(PORTAL), json!({ "officer": null }));
        let without = rig.ask_desk("portal", &but(body.clone(), json!({ "purpose": officer }))).await;
        assert_eq!(without.problem(), (403, "officer-missing".to_owned()));
        let faulty = rig.ask_desk("portal", &but(body, json!({ "action": "open", "representative": {} }))).await;
        let pointers: Vec<String> = faulty.faults().into_iter().map(|(pointer, _)| pointer).collect();
        let expected =
            ["/action", "/representative/date_of_birth", "/representative/full_name", "/representative/id_number"];
        assert_eq!(pointers, expected);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_closes_the_account_and_what_waits_on_it() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let session = rig.signed_in(&phone).await;
        assert_eq!(rig.desk.page_get(&session, "/v1/me/consents").await.status, 200);
        let untaken = rig.ask(an().citizen_id, Level::L1).await;
        assert_eq!(phone.approve(&rig, &untaken.digits.to_string(), None).await.status, 200);
        rig.ask(an().citizen_id, Level::L1).await;
        rig.desk.put(&dancu::citizens::Citizen { status: Status::Deceased, ..an() }).await;
        within(Duration::from_secs(20), async || {
            phone.call(&rig, "POST", "/v1/eid/transactions", &json!({})).await.status == 401
        })
        .await;
        assert_eq!(rig.take(untaken.transaction).await, None, "an approval goes with its citizen");
        assert_eq!(rig.desk.page_get(&session, "/v1/me/consents").await.status, 401, "and so does a session");
        assert_eq!(rig.at_desk(&an(), "enrol", json!({})).await.json()["outcome"], "not_alive");
    })
    .await;
}
