use std::time::Duration;

use dancu::access::NewGrant;
use dancu::audit::Outcome;
use dancu::clients::Operation;
use dancu::kernel::{Attribute, AttributeSet, DeviceId, Instant, Level};
use serde_json::{Value, json};

use super::{HOTEL, STAYS, an, foreigner, hai, hotel, notice, verdict};
use crate::api::citizens::desk::{Desk, but, people, purpose};
use crate::api::qr::shown::{AN_CARD, dynamic, issue};
use crate::support::for_each_backend;

/// The access token that an approval at the backchannel gives the hotel.
async fn approval(desk: &Desk, client: &str, attributes: AttributeSet) -> String {
    granted(desk, client, attributes, |new| new).await
}

async fn granted(
    desk: &Desk,
    client: &str,
    attributes: AttributeSet,
    but: impl FnOnce(NewGrant) -> NewGrant,
) -> String {
    let client = desk.house.clients.find(&client.parse().unwrap()).unwrap();
    let (access, at) = (desk.house.access.clone(), desk.house.now());
    let new = but(NewGrant {
        citizen_id: people()[0].citizen_id,
        device: DeviceId([7; 16]),
        level: Level::L2,
        amr: vec!["pin"],
        scope: "openid".to_owned(),
        attributes,
        consent: None,
        details: String::new(),
        approved_at: at,
        backchannel: true,
        lifetime: Duration::from_secs(3600),
    });
    let (kept, of) = (access.clone(), client.clone());
    let grant = desk.house.store.write(move |tx| kept.keep_grant(tx, &of, &new)).await.unwrap();
    access.issue_for(&client, (&grant, None), &None).unwrap().access_token
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_taken_verified_recorded_and_proven() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let body = desk.report(&notice(facility, json!([an(), hai()]))).await;
        assert_eq!(verdict(&body), ("verified", "matched"), "{body}");
        assert_eq!((&body["repeated"], &body["on_time"]), (&json!(false), &json!(true)));
        assert_eq!((&body["deadline"], &body["minutes_left"]), (&json!("2026-11-21T16:00:00Z"), &json!(780)));
        assert_eq!(body["guests"][1]["number"], 2);
        let document = &body["receipt"]["document"];
        assert_eq!((&document["stay_id"], &document["guests"]), (&body["stay_id"], &json!(2)));
        assert_eq!(document["delivery"], "received");
        assert!(!document.to_string().contains("097099000001") && !document.to_string().contains("Nguyễn"));
        let entry = desk.entry_of(&body).await;
        assert_eq!((entry.entry.outcome, entry.entry.operation.as_str()), (Outcome::Answered, "stays.report"));
        let person = |name: &str| people().into_iter().find(|p| p.full_name.expose() == name).unwrap().citizen_id;
        assert_eq!(entry.subjects, [person("Nguyễn Văn An"), person("Bùi Quang Hải")]);
        assert_eq!(entry.entry.officer.unwrap().id, "le-tan-01");
        // It stands in the guest's own history.
        let looks = desk.looks(person("Bùi Quang Hải")).await;
        assert_eq!((&looks[0]["operation"], &looks[0]["client"]["id"]), (&json!("stays.report"), &json!("hotel")));
        assert_eq!(looks[0]["relation"], "asked", "the second guest is one in their own right");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_and_a_credential_are_read_from_their_text() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let card = desk.report(&notice(facility, json!([{ "qr": format!("{AN_CARD}\r\n") }]))).await;
        assert_eq!(verdict(&card), ("verified", "matched"), "{card}");
        assert_eq!(card["guests"][0]["full_name"], "Nguyễn Văn An");
        // The same person as the card says: typed by hand it is the same stay.
        let typed = desk.report(&notice(facility, json!([an()]))).await;
        assert_eq!((&typed["stay_id"], &typed["repeated"]), (&card["stay_id"], &json!(true)));
        let other = AN_CARD.replace("Nguyễn Văn An", "Nguyễn Văn Anh");
        let later = json!({ "arrival": "2026-11-21T09:31:00+07:00" });
        let wrong = desk.report(&but(notice(facility, json!([{ "qr": other }])), later)).await;
        assert_eq!(verdict(&wrong), ("mismatch", "no_match"), "a mismatch marks the notice and does not stop it");
        let (_, credential) = desk.give(&issue(json!({}))).await;
        let later = json!({ "arrival": "2026-11-21T09:32:00+07:00" });
        let signed = desk.report(&but(notice(facility, json!([{ "qr": credential }])), later)).await;
        assert_eq!(verdict(&signed), ("verified", "credential"), "{signed}");
        // A credential for one showing is spent by the stay, and by nothing before.
        let (_, single) = desk.give(&dynamic("hotel")).await;
        let later = json!({ "arrival": "2026-11-21T09:33:00+07:00" });
        let single = notice(facility, json!([{ "qr": single }]));
        let first = desk.report(&but(single.clone(), later.clone())).await;
        assert_eq!(verdict(&first), ("verified", "credential"));
        let again = desk.report(&but(single.clone(), later)).await;
        assert_eq!((&again["repeated"], verdict(&again)), (&json!(true), ("verified", "credential")));
        let elsewhere = json!({ "arrival": "2026-11-21T09:34:00+07:00" });
        let replayed = desk.report(&but(single, elsewhere)).await;
        assert_eq!(verdict(&replayed), ("mismatch", "credential_replayed"));
        for (qr, code) in [("hello", "too_few_fields"), ("a|b|c", "too_few_fields")] {
            let answer = desk.post("hotel", STAYS, &notice(facility, json!([an(), { "qr": qr }]))).await;
            assert_eq!(answer.faults(), [("/guests/1/qr".to_owned(), code.to_owned())], "{}", answer.text);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_serves_one_stay() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let all: AttributeSet =
            [Attribute::FullName, Attribute::IdNumber, Attribute::DateOfBirth].into_iter().collect();
        let token = approval(&desk, "hotel", all).await;
        let with = |token: &str| notice(facility, json!([{ "eid": token }]));
        let body = desk.report(&with(&token)).await;
        assert_eq!(verdict(&body), ("verified", "eid"), "{body}");
        assert_eq!(body["guests"][0]["full_name"], "Nguyễn Văn An");
        assert_eq!(desk.entry_of(&body).await.subjects, [people()[0].citizen_id]);
        let again = desk.report(&with(&token)).await;
        assert_eq!((&again["stay_id"], &again["repeated"]), (&body["stay_id"], &json!(true)));
        let other = but(with(&token), json!({ "arrival": "2026-11-21T08:00:00+07:00" }));
        let answer = desk.post("hotel", STAYS, &other).await;
        assert_eq!(answer.faults(), [("/guests/0/eid".to_owned(), "approval_used".to_owned())], "{}", answer.text);
        // Two notices at once: one of them gets it.
        let token = approval(&desk, "hotel", AttributeSet::EMPTY).await;
        let early = but(with(&token), json!({ "arrival": "2026-11-21T07:00:00+07:00" }));
        let late = but(with(&token), json!({ "arrival": "2026-11-21T07:10:00+07:00" }));
        let (left, right) = futures_util::join!(desk.post("hotel", STAYS, &early), desk.post("hotel", STAYS, &late));
        let mut statuses = [left.status, right.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422], "{} {}", left.text, right.text);
        let taken = if left.status == 200 { left.json() } else { right.json() };
        assert_eq!(taken["guests"][0]["full_name"], Value::Null, "what was not shared is the authority's alone");
        for token in [approval(&desk, "shop", all).await, "a.b.c".to_owned()] {
            let answer = desk.post("hotel", STAYS, &with(&token)).await;
            assert_eq!(answer.faults(), [("/guests/0/eid".to_owned(), "approval_unknown".to_owned())]);
        }
    })
    .await;
}

/// A token that says something else than that the guest is at this desk proves nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn an_approval_was_asked_for_at_the_desk_and_lately() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let of = async |change: fn(NewGrant) -> NewGrant| {
            let token = granted(&desk, "hotel", AttributeSet::EMPTY, change).await;
            desk.post("hotel", STAYS, &notice(facility, json!([{ "eid": token }]))).await
        };
        const A_DAY: Duration = Duration::from_secs(24 * 3600);
        let signed_in = of(|new| NewGrant { backchannel: false, ..new }).await;
        let old = of(|new| NewGrant { approved_at: new.approved_at.minus(A_DAY), ..new }).await;
        for (answer, code) in [(signed_in, "approval_not_asked"), (old, "approval_old")] {
            assert_eq!(answer.problem(), (422, "invalid-fields".to_owned()));
            assert_eq!(answer.faults(), [("/guests/0/eid".to_owned(), code.to_owned())], "{}", answer.text);
        }
        let late = of(|new| NewGrant { approved_at: new.approved_at.minus(A_DAY - Duration::from_secs(1)), ..new });
        assert_eq!(verdict(&late.await.json()), ("verified", "eid"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_without_a_card_are_typed() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let at = |minute: u32, guest: Value| {
            let arrival = format!("2026-11-21T08:{minute:02}:00+07:00");
            but(notice(facility, json!([{ "typed": guest }])), json!({ "arrival": arrival }))
        };
        let child = json!({ "full_name": "Bùi Ngọc Bé", "date_of_birth": "2025-01-02" });
        assert_eq!(verdict(&desk.report(&at(0, child)).await), ("unverified", "no_number"));
        let lost = json!({ "full_name": "Nguyễn Văn An", "date_of_birth": "1999-03-15", "sex": "male",
            "document": { "kind": "can_cuoc", "number": "097099000001" } });
        assert_eq!(verdict(&desk.report(&at(1, lost.clone())).await), ("verified", "matched"));
        let old = but(lost.clone(), json!({ "document": { "kind": "cmnd", "number": "970000001" } }));
        assert_eq!(verdict(&desk.report(&at(2, old)).await), ("verified", "matched"));
        // Its card has the last nine digits for a document number, and all twelve beside them.
        let zone = "IDVNM0990000017097099000001<<1\n9903159M3903157VNM<<<<<<<<<<<6\nNGUYEN<<VAN<AN<<<<<<<<<<<<<<<<";
        assert_eq!(
            verdict(&desk.report(&at(7, but(lost.clone(), json!({ "mrz": zone })))).await),
            ("verified", "matched")
        );
        let anna = json!({ "full_name": "Anna Maria Eriksson", "date_of_birth": "1974-08-12", "sex": "female",
            "nationality": "UTO", "document": { "kind": "passport", "number": "L898902C3" } });
        assert_eq!(verdict(&desk.report(&at(3, anna.clone())).await), ("unverified", "foreign_document"));
        let lines = ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"];
        let zone = |line: String| but(anna.clone(), json!({ "mrz": format!("{}\n{line}", lines[0]) }));
        assert_eq!(verdict(&desk.report(&at(4, zone(lines[1].into()))).await), ("unverified", "document_expired"));
        let wrong = zone(lines[1].replace("740812", "740813"));
        assert_eq!(verdict(&desk.report(&at(5, wrong)).await), ("mismatch", "mrz_check_digit"));
        let other = but(zone(lines[1].into()), json!({ "full_name": "Anna Maria Erikson" }));
        assert_eq!(verdict(&desk.report(&at(6, other)).await), ("mismatch", "mrz_differs"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_number_under_another_name_is_another_guest_who_does_not_fit() {
    for_each_backend(async |backend| {
        let (mut desk, facility) = hotel(&backend).await;
        let other = but(an(), json!({ "full_name": "Lê Thị Cúc" }));
        let body = desk.report(&notice(facility, json!([an(), other]))).await;
        assert_eq!((&body["repeated"], verdict(&body)), (&json!(false), ("verified", "matched")));
        assert_eq!(body["guests"][1]["verdict"], "mismatch");
        assert_eq!(body["guests"][1]["reason"], "number_of_another_guest");
        // Where the agreement lets nobody be asked about, too.
        let silent = desk
            .hotelier("silent", |agreement| {
                agreement.operations = [Operation::StaysReport].into_iter().collect();
            })
            .await;
        let guests = json!([foreigner("Jean Martin", "12AB34567"), foreigner("Jeanne Martin", "12AB34567"), an()]);
        let body = desk.post("silent", STAYS, &notice(silent, guests)).await.json();
        let told: Vec<&str> =
            body["guests"].as_array().unwrap().iter().map(|guest| guest["reason"].as_str().unwrap()).collect();
        assert_eq!(told, ["foreign_document", "number_of_another_guest", "not_agreed"]);
        assert!(desk.entry_of(&body).await.subjects.is_empty(), "nobody was looked at");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deadline_is_that_of_the_law() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let told = async |arrival: &str| {
            let body = desk.report(&but(notice(facility, json!([an()])), json!({ "arrival": arrival }))).await;
            let told = (body["deadline"].as_str().unwrap().to_owned(), body["on_time"].as_bool().unwrap());
            (told.0, told.1, body["minutes_left"].as_u64().unwrap())
        };
        for (now, arrival, deadline, on_time, left) in [
            ("22:58:30", "07:59:00", "2026-11-21T16:00:00Z", true, 1),
            ("22:59:59", "22:59:00", "2026-11-21T16:00:00Z", true, 0),
            ("23:00:00", "22:59:30", "2026-11-21T16:00:00Z", true, 0),
            ("23:00:00", "22:58:00", "2026-11-21T16:00:00Z", false, 0),
            ("23:00:00", "23:00:00", "2026-11-22T01:00:00Z", true, 540),
            ("23:59:00", "23:01:00", "2026-11-22T01:00:00Z", true, 481),
        ] {
            let at = |time: &str| Instant::parse_rfc3339(&format!("2026-11-21T{time}+07:00")).unwrap();
            desk.house.clock.set(at(now));
            let expected = (deadline.to_owned(), on_time, left);
            // The third repeats the second, which came in time: it stays so.
            assert_eq!(told(&format!("2026-11-21T{arrival}+07:00")).await, expected, "{now} {arrival}");
        }
        // The next morning, a minute before eight and at eight.
        desk.house.clock.set(Instant::parse_rfc3339("2026-11-22T07:59:00+07:00").unwrap());
        assert_eq!(told("2026-11-21T23:30:00+07:00").await, ("2026-11-22T01:00:00Z".to_owned(), true, 1));
        desk.house.clock.set(Instant::parse_rfc3339("2026-11-22T08:00:00+07:00").unwrap());
        assert_eq!(told("2026-11-21T23:31:00+07:00").await, ("2026-11-22T01:00:00Z".to_owned(), false, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_checks_count_and_a_blocked_client_still_reports() {
    for_each_backend(async |backend| {
        let guards = dancu::citizens::GuardConfig { per_number: 2, ..dancu::citizens::GuardConfig::default() };
        let desk = Desk::open_with(&backend, guards).await;
        let facility = desk.facility("hotel", super::OWN_COMMUNE).await;
        let wrong = but(an(), json!({ "full_name": "Lê Thị Cúc" }));
        let mut told = Vec::new();
        for minute in 0..4 {
            let arrival = json!({ "arrival": format!("2026-11-21T08:{minute:02}:00+07:00") });
            let body = desk.report(&but(notice(facility, json!([wrong.clone()])), arrival)).await;
            told.push(verdict(&body).1.to_owned());
        }
        assert_eq!(told, ["no_match", "no_match", "too_many_failed_anchors", "too_many_failed_anchors"]);
        let ask = json!({ "id_number": "097099000001", "claims": { "full_name": "Nguyễn Văn An",
            "date_of_birth": "1999-03-15" }, "purpose": purpose(HOTEL) });
        let answer = desk.post("hotel", "/v1/citizens/verify", &ask).await;
        assert_eq!(answer.problem(), (429, "too-many-failed-anchors".to_owned()), "they are the same failures");
    })
    .await;
}
