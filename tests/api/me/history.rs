use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dancu::audit::checkpoint::{Checkpoint, verifier_key};
use dancu::audit::commitment;
use dancu::audit::tree::{Hash, leaf_hash, verify_inclusion};
use dancu::citizens::model::Relative;
use dancu::crypto::KeyUse;
use dancu::kernel::AttributeSet;
use serde_json::{Value, json};

use super::HISTORY;
use crate::api::citizens::desk::{Desk, PORTAL, an, an_claimed, but, people, purpose, read};
use crate::api::forms::{about, family};
use crate::support::house::within;
use crate::support::{Backend, for_each_backend};

const LOOK_UP: &str = "/v1/citizens/lookup";

#[tokio::test(flavor = "multi_thread")]
async fn answers_refusals_attempts_and_batch_lines_are_seen_at_once_and_by_nobody_else() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let (citizen, other) = (people()[0].citizen_id, people()[1].citizen_id);
        assert!(desk.looks(citizen).await.is_empty());
        desk.look_up(&an()).await;
        desk.look_up(&but(an(), json!({ "date_of_birth": "1999-03-16" }))).await;
        let id = desk.consent(crate::api::consent::to_shop(&desk)).await;
        desk.consents.withdraw(citizen, id, &"portal".parse().unwrap()).await.unwrap().unwrap();
        desk.shop_asks(json!(id)).await;
        let token = desk.house.token("portal").await;
        let lines = format!("{}\n", an_claimed());
        let batch = desk.request("/v1/citizens/verify/batch").bearer_auth(token);
        read(batch.header("content-type", "application/x-ndjson").body(lines)).await;
        let begun = std::time::Instant::now();
        let twin = if backend.is_postgres() { Some(desk.twin(&backend).await) } else { None };
        let looks = twin.as_ref().unwrap_or(&desk).looks(citizen).await;
        eprintln!("{}: {} looks, {} ms after the last", backend.name(), looks.len(), begun.elapsed().as_millis());
        let told: Vec<_> = looks
            .iter()
            .map(|look| {
                (look["operation"].as_str().unwrap(), look["outcome"].as_str().unwrap(), look["reason"].as_str())
            })
            .collect();
        assert_eq!(
            told,
            [
                ("citizens.verify.batch", "answered", None),
                ("citizens.lookup", "refused", Some("consent_missing")),
                ("consent.withdraw", "answered", None),
                ("citizens.lookup", "no_match", told[3].2),
                ("citizens.lookup", "answered", None),
            ]
        );
        let first = &looks[4];
        assert_eq!(first["client"], json!({ "id": "portal", "name": "Cổng dịch vụ công (mẫu)" }));
        assert_eq!(first["officer"], json!({ "unit": "mot-cua", "standing": "registered" }));
        assert_eq!(first["attributes"], json!(["full_name", "sex", "status"]));
        assert_eq!(first["purpose"], json!({ "procedure": "1.004222", "legal_basis": "STATE_DUTY", "consent": null }));
        assert_eq!(first["relation"], "asked");
        assert_eq!(looks[1]["purpose"]["consent"], json!(id));
        assert!(!json!(looks).to_string().contains("canbo-01"), "the officer's own id is not told");
        assert!(desk.looks(other).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_at_the_household_is_seen_by_each_of_it_and_a_childs_by_its_guardians() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let [head, wife, daughter, _, grandmother] = &family()[..] else { panic!("five people") };
        let ask = but(about(head), json!({ "attributes": ["full_name", "household"] }));
        assert_eq!(desk.post("portal", LOOK_UP, &ask).await.json()["outcome"], "found");
        for (member, relation) in [(head, "asked"), (wife, "along_with_another"), (grandmother, "along_with_another")] {
            assert_eq!(desk.looks(member.citizen_id).await[0]["relation"], relation);
        }
        desk.post("portal", LOOK_UP, &but(about(daughter), json!({ "attributes": ["full_name"] }))).await;
        let mothers = desk.history(wife.citizen_id, json!({})).await;
        let children: Vec<_> =
            mothers["children"].as_array().unwrap().iter().map(|child| &child["full_name"]).collect();
        assert_eq!(children, ["Bùi Ngọc Linh", "Bùi Gia Bảo"]);
        let handle = &mothers["children"][0]["child"];
        let of_child = desk.history(wife.citizen_id, json!({ "child": handle })).await;
        assert_eq!(of_child["looks"][0]["operation"], "citizens.lookup", "{of_child}");
        assert_eq!(of_child["total"], 2);
        // The reading is recorded for both: the child first.
        let entry = desk.last_entry().await;
        assert_eq!(entry.subjects, [daughter.citizen_id, wife.citizen_id]);
        // The grandmother is no guardian, and the handle is the mother's alone.
        let page = desk.history(grandmother.citizen_id, json!({})).await;
        assert_eq!(page["children"], json!([]));
        for stranger in [grandmother, head] {
            let cookie = desk.session(stranger.citizen_id, AttributeSet::EMPTY, None).await;
            let answer = desk.page_post(&cookie, HISTORY, &json!({ "child": handle })).await;
            assert_eq!(answer.problem(), (404, "not-found".to_owned()));
        }
        // Of age, the daughter's history is hers.
        desk.house.clock.advance(Duration::from_secs(480 * 24 * 3600));
        let later = desk.history(wife.citizen_id, json!({})).await;
        let children: Vec<_> = later["children"].as_array().unwrap().iter().map(|child| &child["full_name"]).collect();
        assert_eq!(children, ["Bùi Gia Bảo"]);
    })
    .await;
}

fn hash(value: &Value) -> Hash {
    STANDARD.decode(value.as_str().unwrap()).unwrap().try_into().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_look_comes_with_what_proves_that_it_stands_in_the_signed_log() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let citizen = people()[0].citizen_id;
        for _ in 0..5 {
            desk.look_up(&an()).await;
            desk.look_up(&about(&people()[1])).await;
        }
        desk.audit.sign_now().await.unwrap();
        desk.look_up(&an()).await;
        let page = desk.history(citizen, json!({ "proofs": true })).await;
        let looks = page["looks"].as_array().unwrap();
        assert_eq!((looks.len(), &looks[0]["proof"]), (6, &Value::Null), "not signed yet");
        for look in &looks[1..] {
            let (log, index) = (look["audit"]["log"].as_str().unwrap(), look["audit"]["log_index"].as_u64().unwrap());
            let (tree, proof) = (&page["trees"][log], &look["proof"]);
            let path: Vec<_> = proof["path"].as_array().unwrap().iter().map(hash).collect();
            let (size, root) = (tree["tree_size"].as_u64().unwrap(), hash(&tree["root"]));
            let committed = hash(&proof["commitment"]);
            assert!(verify_inclusion(&leaf_hash(&committed), index, size, &path, &root), "{look}");
            let salt = STANDARD.decode(proof["salt"].as_str().unwrap()).unwrap().try_into().unwrap();
            let canonical = proof["canonical"].as_str().unwrap();
            assert_eq!(commitment(&salt, &hash(&proof["subjects"]), canonical.as_bytes()), committed);
            assert!(canonical.contains(look["transaction_id"].as_str().unwrap()));
            assert!(canonical.contains(r#""unit":"mot-cua""#) && canonical.contains("id_digest"), "{canonical}");
            assert!(!look.to_string().contains("canbo-01"), "the officer's own id is not told");
            let (_, key) = desk.house.keyring.verifying_keys(KeyUse::Audit).into_iter().next().unwrap();
            let note = tree["checkpoint"].as_str().unwrap();
            let origin = note.lines().next().unwrap();
            let (_, key) = dancu::audit::checkpoint::read_verifier_key(&verifier_key(origin, &key)).unwrap();
            assert_eq!(Checkpoint::open(note, [&key]).unwrap().root, root);
        }
        desk.audit.sign_now().await.unwrap();
        let later = desk.history(citizen, json!({ "proofs": true, "limit": 2 })).await;
        assert!(later["looks"][1]["proof"].is_object());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_ranges_and_exports() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let citizen = people()[0].citizen_id;
        for _ in 0..7 {
            desk.house.clock.advance(Duration::from_secs(60));
            desk.look_up(&an()).await;
        }
        let cookie = desk.session(citizen, AttributeSet::EMPTY, None).await;
        let csv = desk.page_get(&cookie, "/v1/me/access-history/export?format=csv").await;
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
        assert_eq!(csv.header("content-disposition"), "attachment; filename=\"access-history.csv\"");
        let lines: Vec<_> = csv.text.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines.len(), 8, "{}", csv.text);
        assert!(lines[0].starts_with("at,operation,client,client_name,unit,attributes,procedure,legal_basis,"));
        assert!(
            lines[1].contains("citizens.lookup,portal,Cổng dịch vụ công (mẫu),mot-cua,full_name sex status,1.004222")
        );
        let export = desk.page_get(&cookie, "/v1/me/access-history/export").await.json();
        assert_eq!(export.as_array().unwrap().len(), 8, "the seven and the first export");
        let page = desk.page_get(&cookie, &format!("{HISTORY}?skip=2&limit=3")).await.json();
        assert_eq!((page["total"].as_u64(), page["looks"].as_array().unwrap().len()), (Some(9), 3));
        let posted = desk.history(citizen, json!({ "skip": 3, "limit": 3 })).await;
        assert_eq!(page["looks"], posted["looks"]);
        let at = export[3]["at"].as_str().unwrap().to_owned();
        let ranged = desk.history(citizen, json!({ "from": at, "until": export[2]["at"] })).await;
        assert_eq!(ranged["looks"], json!([export[3]]), "from counts, until does not");
        for query in ["?limit=0", "?limit=201", "?from=yesterday", "?child=x", "?number=1"] {
            assert_eq!(desk.page_get(&cookie, &format!("{HISTORY}{query}")).await.problem().0, 400, "{query}");
        }
        let faults = desk.page_post(&cookie, HISTORY, &json!({ "limit": 0, "from": 1, "who": 2 })).await.faults();
        let pointers: Vec<_> = faults.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(pointers, ["/from", "/limit", "/who"]);
    })
    .await;
}

/// An officer's unit is whatever the client says.
#[tokio::test(flavor = "multi_thread")]
async fn no_cell_of_the_export_is_a_formula() {
    let desk = Desk::open(&Backend::sqlite()).await;
    let cookie = desk.session(people()[0].citizen_id, AttributeSet::EMPTY, None).await;
    let mut ask = an();
    ask["purpose"]["officer"]["unit"] = json!("-3-C9");
    desk.look_up(&ask).await;
    let csv = desk.page_get(&cookie, "/v1/me/access-history/export?format=csv").await.text;
    assert!(csv.contains(",'-3-C9,full_name sex status,") && !csv.contains(",-3-C9"), "{csv}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_citizen_reads_it() {
    let mut desk = Desk::open(&Backend::sqlite()).await;
    let citizen = people()[0].citizen_id;
    assert_eq!(read(desk.request(HISTORY).json(&json!({}))).await.problem(), (401, "unauthorised".to_owned()));
    let client = desk.post("portal", HISTORY, &json!({})).await;
    assert_eq!(client.problem(), (403, "forbidden".to_owned()), "a client's token is nobody's own");
    let hotel = desk.session_at("hotel", citizen, AttributeSet::all(), None).await;
    assert_eq!(desk.page_post(&hotel, HISTORY, &json!({})).await.problem(), (403, "operation-not-agreed".to_owned()));
    desk.client("ended", "portal", |agreement| agreement.valid_until = agreement.valid_from).await;
    let ended = desk.session_at("ended", citizen, AttributeSet::all(), None).await;
    assert_eq!(desk.page_post(&ended, HISTORY, &json!({})).await.problem(), (403, "agreement-not-in-force".to_owned()));
    // From another site's page nothing is asked.
    let cookie = desk.session(citizen, AttributeSet::all(), None).await;
    let foreign = desk.request(HISTORY).header("cookie", &cookie).header("origin", "https://else.example");
    assert_ne!(read(foreign.json(&json!({ "purpose": purpose(PORTAL) }))).await.status, 200);
}

/// A guardian sees the history of a ward who lives elsewhere and whom the guardian's own record does
/// not name; and what an event changes of the guardian reaches the ward's record.
#[tokio::test(flavor = "multi_thread")]
async fn wards_elsewhere_are_found_by_the_number_that_names_their_guardian() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let grandmother = family().remove(4);
        let mut ward =
            people().into_iter().find(|person| person.full_name.expose() == "Lý Khánh An").expect("a child elsewhere");
        let named =
            Relative { full_name: grandmother.full_name.clone(), id_number: Some(grandmother.id_number.clone()) };
        assert!(desk.history(grandmother.citizen_id, json!({})).await["children"].as_array().unwrap().is_empty());
        ward.representative = Some(named);
        desk.put(&ward).await;
        let page = desk.history(grandmother.citizen_id, json!({})).await;
        assert_eq!(page["children"][0]["full_name"], "Lý Khánh An", "{page}");
        let event = json!({ "event_id": "ev-guardian", "kind": "new_number", "effective": "2026-11-10",
            "id_number": "097155000016", "new_id_number": "097155000099" });
        assert_eq!(desk.tell(&event).await.json()["changed"], 3, "she, her son, and the ward");
        // Each record was changed for its own sake; none of them is along with whoever comes first.
        let [son, ..] = &family()[..] else { panic!("a household") };
        for changed in [grandmother.citizen_id, son.citizen_id, ward.citizen_id] {
            let look = &desk.looks(changed).await[0];
            assert_eq!((&look["operation"], &look["relation"]), (&json!("population.event"), &json!("asked")));
        }
        let number = async || {
            let record = desk.citizens.holder(ward.citizen_id).await.unwrap().unwrap();
            record.citizen.representative.as_ref().and_then(|named| named.id_number.clone()).unwrap()
        };
        let soon = Duration::from_secs(10);
        within(soon, async || number().await.expose() == "097155000099").await;
        within(soon, async || {
            let page = desk.history(grandmother.citizen_id, json!({})).await;
            page["children"][0]["full_name"] == "Lý Khánh An"
        })
        .await;
        // Another guardian, and she sees it no more.
        ward.representative = None;
        desk.put(&ward).await;
        within(soon, async || desk.history(grandmother.citizen_id, json!({})).await["children"] == json!([])).await;
    })
    .await;
}
