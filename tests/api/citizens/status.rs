//! Whether somebody is alive is told within agreement and consent alone, and on record; to all others who
//! is not alive is nobody.

use dancu::audit::Outcome;
use dancu::citizens::GuardConfig;
use dancu::clients::{Agreement, Detail};
use dancu::consent::NewConsent;
use dancu::kernel::{Attribute, AttributeSet};
use serde_json::{Value, json};

use super::desk::{Desk, PORTAL, an, an_claimed, but, people, purpose};
use crate::api::consent::{shop_asks, to_shop};
use crate::support::for_each_backend;

const LOOK_UP: &str = "/v1/citizens/lookup";
const VERIFY: &str = "/v1/citizens/verify";

/// Lê Văn Chiến of the showcase, who has died.
fn chien() -> Value {
    let named = json!({ "id_number": "097048000003", "full_name": "Lê Văn Chiến", "date_of_birth": "1948-11-20" });
    but(an(), named)
}

fn chien_claimed(more: Value) -> Value {
    let claims = json!({ "full_name": "Lê Văn Chiến", "date_of_birth": "1948-11-20" });
    json!({ "id_number": "097048000003", "claims": but(claims, more), "purpose": purpose(PORTAL) })
}

fn without_status(agreement: &mut Agreement) {
    agreement.attributes = agreement.attributes.difference([Attribute::Status].into_iter().collect());
}

/// The attributes of the last entry, and its outcome and reason.
async fn recorded(desk: &Desk) -> (AttributeSet, Outcome, String) {
    let entry = desk.last_entry().await.entry;
    (entry.attributes, entry.outcome, entry.reason)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_is_told_where_it_is_listed_and_then_stands_in_the_entry() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        // By the consent of somebody who agreed to the name alone nothing else is told.
        let attributes = [Attribute::FullName].into_iter().collect();
        let consent = desk.consent(NewConsent { attributes, ..to_shop(&desk) }).await;
        let asked = shop_asks(json!(consent));
        let found = desk.post("shop", LOOK_UP, &asked).await.json();
        assert_eq!((&found["outcome"], &found["status"]), (&json!("found"), &json!(null)), "{found}");
        assert!(!recorded(&desk).await.0.contains(Attribute::Status));
        let claimed = but(an_claimed(), json!({ "purpose": asked["purpose"] }));
        let verified = desk.post("shop", VERIFY, &claimed).await.json();
        assert_eq!((&verified["verified"], verified.get("status")), (&json!(true), None), "{verified}");
        assert!(!recorded(&desk).await.0.contains(Attribute::Status));
        // Nor by an agreement without it, in full detail or not.
        desk.client("plain", "portal", without_status).await;
        let found = desk.post("plain", LOOK_UP, &but(an(), json!({ "attributes": ["status"] }))).await.json();
        assert_eq!((&found["status"], &found["citizen"]), (&json!(null), &json!({})), "{found}");
        // Where it is listed it is told, asked for or not, and recorded as told.
        for (path, ask) in [(LOOK_UP, an()), (VERIFY, an_claimed())] {
            let told = desk.post("portal", path, &ask).await.json();
            assert_eq!(told["status"], "alive", "{told}");
            assert!(recorded(&desk).await.0.contains(Attribute::Status), "{path}");
        }
        let credential =
            but(chien(), json!({ "attributes": ["full_name"], "kind": "static", "lifetime_seconds": 86_400 }));
        let refused = desk.post("portal", "/v1/qr/credentials", &credential).await.json();
        assert_eq!(refused["outcome"], "not_alive", "{refused}");
        let only_status = [Attribute::Status].into_iter().collect();
        assert_eq!(recorded(&desk).await, (only_status, Outcome::Answered, "not_alive".to_owned()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_alive_is_recorded_as_what_it_is_and_seen_in_their_history() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("plain", "portal", without_status).await;
        let nobody = desk.post("plain", LOOK_UP, &chien()).await.json();
        assert_eq!(nobody["outcome"], "no_match");
        let entry = desk.entry_of(&nobody).await;
        assert_eq!((entry.entry.outcome, entry.entry.reason.as_str()), (Outcome::NoMatch, "not_alive"));
        let id = people().iter().find(|one| one.full_name.expose() == "Lê Văn Chiến").unwrap().citizen_id;
        assert_eq!(entry.subjects, [id]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_persons_data_verify_for_nobody_who_is_not_told() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("yesno", "portal", |agreement| agreement.detail = Detail::Boolean).await;
        desk.client("blind", "portal", |agreement| {
            agreement.detail = Detail::Boolean;
            without_status(agreement);
        })
        .await;
        let verified = async |client: &str, ask: Value| {
            let answer = desk.post(client, VERIFY, &ask).await;
            assert!(answer.took_ms >= 25 || answer.json()["verified"] == true, "{answer:?}");
            answer.json()["verified"].clone()
        };
        for client in ["yesno", "blind"] {
            assert_eq!(verified(client, chien_claimed(json!({}))).await, false, "{client}");
        }
        assert_eq!(desk.post("yesno", LOOK_UP, &chien()).await.json()["outcome"], "no_match");
        // Who lists the status may have it compared.
        assert_eq!(verified("yesno", chien_claimed(json!({ "status": "deceased" }))).await, true);
        assert_eq!(verified("yesno", chien_claimed(json!({ "status": "alive" }))).await, false);
        assert_eq!(verified("blind", chien_claimed(json!({ "status": "deceased" }))).await, false);
        // A name alone has an answer without a place for the status.
        for client in ["portal", "blind"] {
            assert_eq!(verified(client, chien_claimed(json!({ "date_of_birth": null }))).await, false, "{client}");
        }
        assert_eq!(
            verified("portal", but(an_claimed(), json!({ "claims": { "full_name": "Nguyễn Văn An" } }))).await,
            true
        );
    })
    .await;
}

/// Otherwise whatever is answered after the limit, or not counted towards it, would tell who has died.
#[tokio::test(flavor = "multi_thread")]
async fn limits_count_somebody_dead_as_nobody_and_the_alarm_does_not() {
    for_each_backend(async |backend| {
        let guards = GuardConfig { per_number: 3, alarm: 3, ..GuardConfig::default() };
        let mut desk = Desk::open_with(&backend, guards).await;
        for client in ["wrong", "dead"] {
            desk.client(client, "portal", without_status).await;
        }
        let wrong = but(chien(), json!({ "full_name": "Lê Văn Chiểu", "id_number": "097048000099" }));
        let mut shown = Vec::new();
        for (client, ask) in [("dead", chien()), ("wrong", wrong)] {
            let before = desk.counted("numbers_under_attack_total");
            let mut of_client = Vec::new();
            for _ in 0..5 {
                let answer = desk.post(client, LOOK_UP, &ask).await;
                of_client.push((answer.status, answer.header("ratelimit").to_owned()));
            }
            let raised = desk.counted("numbers_under_attack_total") - before;
            assert_eq!(raised, u64::from(client == "wrong"), "{client}");
            shown.push(of_client.iter().map(|(status, _)| *status).collect::<Vec<_>>());
        }
        assert_eq!(shown[0], shown[1]);
        assert_eq!(shown[0], [200, 200, 200, 429, 429]);
    })
    .await;
}
