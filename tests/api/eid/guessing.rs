//! Guessing of numbers, codes and passcodes: bounded, and of no profit.

use std::time::Duration;

use dancu::eid::EidConfig;
use dancu::kernel::Level;
use serde_json::{Value, json};

use super::phone::{Phone, random};
use super::rig::{PASSCODE, Rig, an, binh, citizen, person, tight};
use crate::api::citizens::desk::but;
use crate::support::for_each_backend;

#[tokio::test(flavor = "multi_thread")]
async fn an_activation_answers_the_same_whoever_is_named() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        rig.enrolled(&binh()).await;
        let mut unknown = person(&an());
        unknown["id_number"] = "099999999998".into();
        let mut wrong = person(&an());
        wrong["date_of_birth"] = "1999-03-16".into();
        let people = [
            ("somebody", person(&an())),
            ("nobody", unknown),
            ("another birth date", wrong),
            ("an account", person(&binh())),
            ("deceased", person(&citizen("097048000003"))),
            ("missing", person(&citizen("098085000004"))),
            ("a child without contact", person(&citizen("097217000015"))),
        ];
        for (who, named) in people {
            let answer = Phone::new().call(&rig, "POST", "/v1/eid/accounts", &named).await;
            assert_eq!(answer.status, 202, "{who}: {answer:?}");
            assert!(answer.took_ms >= 25, "{who}: {} ms", answer.took_ms);
            let shape = but(answer.json(), json!({ "activation_id": "", "expires_at": "" }));
            assert_eq!(shape, json!({ "activation_id": "", "expires_at": "" }), "{who}");
            // And so do codes for it.
            let guessed =
                Phone::new().activate(&rig, &answer.json()["activation_id"], &json!("000000"), PASSCODE).await;
            assert_eq!(guessed.problem(), (403, "activation-refused".to_owned()), "{who}");
            assert!(guessed.took_ms >= 25, "{who}: {} ms", guessed.took_ms);
        }
        rig.code_after(0).await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(rig.codes().len(), 1, "one of them gets a code");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_has_five_tries_and_one_key_and_ten_minutes() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let mut phone = Phone::new();
        let id = phone.begin(&rig, &an()).await.json()["activation_id"].clone();
        let code = json!(rig.code_after(0).await);
        let stolen = Phone::new().activate(&rig, &id, &code, PASSCODE).await;
        assert_eq!(stolen.problem(), (403, "activation-refused".to_owned()), "the code of another key");
        let weak = phone.activate(&rig, &id, &code, "000000").await;
        assert_eq!(weak.faults(), [("/passcode".to_owned(), "passcode_weak".to_owned())]);
        for _ in 0..3 {
            assert_eq!(phone.activate(&rig, &id, &json!("999999x"), PASSCODE).await.status, 403);
        }
        assert_eq!(phone.activate(&rig, &id, &code, PASSCODE).await.status, 403, "five tries, right or wrong");
        assert_eq!(phone.activate(&rig, &json!(random()), &code, PASSCODE).await.status, 403);

        let id = phone.begin(&rig, &an()).await.json()["activation_id"].clone();
        let code = json!(rig.code_after(1).await);
        rig.advance(Duration::from_secs(601));
        assert_eq!(phone.activate(&rig, &id, &code, PASSCODE).await.status, 403, "too late");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_limited_for_one_number_without_a_word_and_in_all_with_one() {
    for_each_backend(async |backend| {
        let config = EidConfig { codes_per_number: 2, codes_per_minute: 6, ..tight() };
        let rig = Rig::open_with(&backend, config).await;
        let phone = Phone::new();
        for _ in 0..4 {
            assert_eq!(phone.begin(&rig, &an()).await.status, 202);
        }
        rig.code_after(1).await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(rig.codes().len(), 2);
        for _ in 0..2 {
            assert_eq!(phone.begin(&rig, &binh()).await.status, 202, "other numbers are not held back");
        }
        let limited = phone.begin(&rig, &binh()).await;
        assert_eq!(limited.problem(), (429, "rate-limited".to_owned()));
        assert!(!limited.header("retry-after").is_empty());
        rig.advance(Duration::from_secs(61));
        assert_eq!(phone.begin(&rig, &binh()).await.status, 202);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passcodes_are_counted_wait_longer_and_lock_the_one_device() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let told = phone.call(&rig, "POST", "/v1/eid/devices", &json!({ "passcode": PASSCODE })).await.json();
        let mut other = Phone::new();
        assert_eq!(other.activate(&rig, &told["activation_id"], &told["code"], PASSCODE).await.status, 201);
        let guess =
            async |passcode: &str| phone.call(&rig, "POST", "/v1/eid/devices", &json!({ "passcode": passcode })).await;
        for _ in 0..3 {
            assert_eq!(guess("246813").await.header("retry-after"), "");
        }
        // Whoever has not the device's key counts for nothing.
        let mut thief = Phone::new();
        thief.device_id = phone.device_id.clone();
        for _ in 0..12 {
            let body = json!({ "passcode": "246813" });
            assert_eq!(thief.call(&rig, "POST", "/v1/eid/devices", &body).await.status, 401);
        }
        let waits = ["30", "60", "300", "900", "3600", "14400"];
        for seconds in waits {
            let wrong = guess("246813").await;
            assert_eq!((wrong.problem(), wrong.header("retry-after")), ((403, "passcode-refused".to_owned()), seconds));
            let early = guess(PASSCODE).await;
            assert_eq!(early.problem(), (403, "passcode-refused".to_owned()), "the right one too early");
            rig.advance(Duration::from_secs(seconds.parse().unwrap()));
        }
        assert_eq!(guess("246813").await.problem(), (403, "passcode-locked".to_owned()));
        rig.advance(Duration::from_secs(100_000));
        assert_eq!(guess(PASSCODE).await.problem(), (403, "passcode-locked".to_owned()));
        let asked = rig.ask(an().citizen_id, Level::L2).await;
        let approved = other.approve(&rig, &asked.digits.to_string(), Some(PASSCODE)).await;
        assert_eq!(approved.json()["outcome"], "approved", "the other device is not locked");
        let listed = other.call(&rig, "GET", "/v1/eid/devices", &Value::Null).await.json();
        let locked: Vec<&Value> =
            listed["devices"].as_array().unwrap().iter().filter(|device| device["locked"] == true).collect();
        assert_eq!(locked.len(), 1);
        assert_eq!(locked[0]["device_id"].as_str(), phone.device_id.as_deref());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_once_gain_no_tries() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let body = json!({ "passcode": "246813" });
        let guessing = (0..8).map(|_| phone.call(&rig, "POST", "/v1/eid/devices", &body));
        let answers = futures_util::future::join_all(guessing).await;
        // A guess that met another's count was not looked at.
        assert!(answers.iter().all(|answer| matches!(answer.status, 403 | 503)), "{answers:?}");
        let right = phone.call(&rig, "POST", "/v1/eid/devices", &json!({ "passcode": PASSCODE })).await;
        assert_eq!(right.problem(), (403, "passcode-refused".to_owned()), "the fourth guess made it wait");
    })
    .await;
}
