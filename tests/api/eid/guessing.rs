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
async fn codes_are_limited_for_one_number_and_in_all_without_a_word() {
    for_each_backend(async |backend| {
        let config = EidConfig { codes_per_number: 2, codes_per_minute: 3, ..tight() };
        let rig = Rig::open_with(&backend, config).await;
        let phone = Phone::new();
        for _ in 0..4 {
            assert_eq!(phone.begin(&rig, &an()).await.status, 202);
        }
        rig.code_after(1).await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(rig.codes().len(), 2);
        assert_eq!(phone.begin(&rig, &binh()).await.status, 202, "other numbers are not held back");
        rig.code_after(2).await;
        // Three codes were sent: now nobody gets one, and nobody can tell, whoever they name.
        let mut nobody = person(&an());
        nobody["id_number"] = "099999999998".into();
        let (before, held) = (rig.desk.entries().await, rig.desk.counted("eid_codes_over_limit_total"));
        for named in [person(&binh()), nobody] {
            let answer = phone.call(&rig, "POST", "/v1/eid/accounts", &named).await;
            assert_eq!((answer.status, answer.header("retry-after")), (202, ""), "{answer:?}");
            assert!(answer.took_ms >= 25);
        }
        assert_eq!(rig.recorded_since(before).await.len(), 2);
        assert_eq!(rig.desk.counted("eid_codes_over_limit_total"), held + 1);
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(rig.codes().len(), 3);
        rig.advance(Duration::from_secs(61));
        assert_eq!(phone.begin(&rig, &binh()).await.status, 202);
        rig.code_after(3).await;
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
        let guess = async || phone.call(&rig, "POST", "/v1/eid/devices", &json!({ "passcode": "246813" })).await;
        let guessing = (0..8).map(|_| guess());
        let answers = futures_util::future::join_all(guessing).await;
        // A guess that met another's count was not looked at, and is told nothing of it.
        assert!(answers.iter().all(|answer| matches!(answer.status, 403 | 503)), "{answers:?}");
        let mut free =
            answers.iter().filter(|answer| answer.status == 403 && answer.header("retry-after").is_empty()).count();
        let mut waits = answers.iter().any(|answer| answer.status == 403 && !answer.header("retry-after").is_empty());
        while !waits {
            assert!(free < 4, "one in turn tells no more than one at once");
            let answer = guess().await;
            waits = !answer.header("retry-after").is_empty();
            free += usize::from(!waits);
        }
        assert_eq!(free, 3, "of all that were looked at, the fourth made it wait");
        let right = phone.call(&rig, "POST", "/v1/eid/devices", &json!({ "passcode": PASSCODE })).await;
        assert_eq!(right.problem(), (403, "passcode-refused".to_owned()));
    })
    .await;
}

/// What a guesser sees of an answer: status, length, and everything that is not of this request alone.
fn seen_of(answer: &crate::api::citizens::desk::Answer) -> (u16, usize, Value) {
    let told = but(answer.json(), json!({ "request_id": null, "instance": null }));
    (answer.status, answer.text.len(), told)
}

/// A way of guessing: what is guessed at, how many guesses there are at most, and what each looks like.
struct Guessed {
    what: &'static str,
    /// Guesses after which none is looked at any more, the right one included.
    bound: usize,
    looked_at: usize,
    /// Every different look of an answer that was not the last.
    looks: usize,
    /// Whether the right one was refused once the guesses were used up.
    right_refused: bool,
}

async fn guess_passcodes(rig: &Rig) -> Guessed {
    let phone = rig.enrolled(&an()).await;
    let path = "/v1/eid/devices";
    let (mut looked_at, mut looks) = (0, Vec::new());
    for _ in 0..40 {
        let answer = phone.call(rig, "POST", path, &json!({ "passcode": "246813" })).await;
        let wait: u64 = answer.header("retry-after").parse().unwrap_or(0);
        if answer.problem().1 == "passcode-locked" {
            looked_at += 1;
            break;
        }
        looked_at += 1;
        looks.push(seen_of(&answer));
        rig.advance(Duration::from_secs(wait));
    }
    looks.dedup();
    let right = phone.call(rig, "POST", path, &json!({ "passcode": PASSCODE })).await;
    let right_refused = right.problem() == (403, "passcode-locked".to_owned());
    Guessed { what: "a passcode", bound: 10, looked_at, looks: looks.len(), right_refused }
}

async fn guess_codes(rig: &Rig) -> Guessed {
    // A code on its way to somebody, and one to nobody.
    let (before, mut phone) = (rig.codes().len(), Phone::new());
    let id = phone.begin(rig, &binh()).await.json()["activation_id"].clone();
    let code = json!(rig.code_after(before).await);
    let mut wrong = person(&binh());
    wrong["date_of_birth"] = "1989-01-02".into();
    let nobodys = Phone::new();
    let nowhere = nobodys.call(rig, "POST", "/v1/eid/accounts", &wrong).await.json()["activation_id"].clone();
    let (mut looked_at, mut looks) = (0, Vec::new());
    for _ in 0..5 {
        looked_at += 1;
        looks.push(seen_of(&phone.activate(rig, &id, &json!("x"), PASSCODE).await));
        looks.push(seen_of(&nobodys.clone().activate(rig, &nowhere, &json!("x"), PASSCODE).await));
    }
    let right = phone.activate(rig, &id, &code, PASSCODE).await;
    looks.push(seen_of(&right));
    looks.dedup();
    Guessed { what: "a code", bound: 5, looked_at, looks: looks.len(), right_refused: right.status == 403 }
}

async fn guess_numbers(rig: &Rig) -> Guessed {
    let (mut looks, mut looked_at, mut right_refused) = (Vec::new(), 0, true);
    // Of somebody with an account, of somebody without, and of nobody.
    for number in ["097099000001", "097155000016", "099999999998"] {
        let mut browser = super::signing_in::PageBrowser::open(rig).await;
        looked_at = 0;
        for _ in 0..3 {
            looked_at += 1;
            let (named, page) = browser.name(rig, number).await;
            assert_eq!((named.status, page.status), (303, 200));
            // The picture of a page's own code is as long as it comes out.
            let (before, rest) = page.html.split_once("<svg").expect("a code");
            let after = rest.split_once("</svg>").expect("its end").1;
            looks.push((named.html.len(), named.set.len(), before.len() + after.len()));
        }
        let (fourth, _) = browser.name(rig, number).await;
        right_refused &= fourth.status == 422;
    }
    looks.dedup();
    Guessed { what: "a number", bound: 3, looked_at, looks: looks.len(), right_refused }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_guessed_is_bounded_and_every_answer_looks_the_same() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let table = [guess_passcodes(&rig).await, guess_codes(&rig).await, guess_numbers(&rig).await];
        for Guessed { what, bound, looked_at, looks, right_refused } in table {
            eprintln!("{what}: {looked_at} of {bound} guesses looked at, {looks} look(s)");
            assert_eq!((looked_at, looks, right_refused), (bound, 1, true), "{what}");
        }
    })
    .await;
}

/// Somebody at this loopback address, who names An with a birth date.
async fn named_from(rig: &Rig, host: u8, named: &Value) -> u16 {
    let (phone, text) = (Phone::new(), named.to_string());
    let path = "/v1/eid/accounts";
    let authorization = phone.sign(&phone.header(), &phone.claims(rig, "POST", path, &text));
    let web = reqwest::Client::builder().local_address(std::net::IpAddr::from([127, 0, 0, host])).build().unwrap();
    let request = web.post(format!("{}{path}", rig.base_url())).header("authorization", authorization);
    request.header("content-type", "application/json").body(text).send().await.expect("an answer").status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_of_a_number_are_seen_by_its_holder_counted_and_raise_the_alarm() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let (before, alarms) = (rig.desk.entries().await, rig.desk.counted("numbers_under_attack_total"));
        let failed = rig.desk.counted("failed_anchors_total");
        let born = |day: u32| {
            but(person(&an()), json!({ "date_of_birth": format!("{}-01-{:02}", 1960 + day / 28, day % 28 + 1) }))
        };
        for day in 0..45 {
            assert_eq!(named_from(&rig, 1, &born(day)).await, 202);
        }
        assert_eq!(rig.desk.counted("failed_anchors_total") - failed, 20, "from one address with one number");
        for day in 45..66 {
            assert_eq!(named_from(&rig, 2, &born(day)).await, 202);
        }
        assert_eq!(rig.desk.counted("numbers_under_attack_total"), alarms + 1);
        let seen = rig.recorded_since(before).await;
        assert_eq!(seen.len(), 66);
        assert!(seen.iter().all(|(operation, _)| operation == "eid.activation.asked"));
        let limited = seen.iter().filter(|(_, reason)| reason == "failed_anchors_of_number").count();
        assert_eq!(limited, 26, "25 from the first address, one from the second");
        let entry = rig.desk.last_entry().await;
        assert_eq!(entry.subjects, [an().citizen_id]);
        // What is right from there gets no code, without a word; from elsewhere the citizen goes on.
        assert_eq!(named_from(&rig, 1, &person(&an())).await, 202);
        assert_eq!(rig.desk.last_entry().await.entry.reason, "failed_anchors_of_number");
        assert_eq!(named_from(&rig, 3, &person(&an())).await, 202);
        assert_eq!(rig.desk.last_entry().await.entry.outcome, dancu::audit::Outcome::Answered);
        rig.code_after(0).await;
    })
    .await;
}

/// The size of the log is public: it must not say whether anybody has a number, or whom an activation names.
#[tokio::test(flavor = "multi_thread")]
async fn an_activation_is_as_many_entries_whoever_is_named() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let mut unknown = person(&an());
        unknown["id_number"] = "099999999998".into();
        for named in [person(&an()), unknown] {
            let before = rig.desk.entries().await;
            let mut phone = Phone::new();
            let begun = phone.call(&rig, "POST", "/v1/eid/accounts", &named).await.json();
            assert_eq!(rig.desk.entries().await, before + 1);
            phone.activate(&rig, &begun["activation_id"], &json!("999999x"), PASSCODE).await;
            assert_eq!(rig.desk.entries().await, before + 2);
        }
    })
    .await;
}
