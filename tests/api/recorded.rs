//! Every answer and refusal about a person has an entry, and the entry names the person.
//!
//! Nobody is looked for before token, quota, agreement and consent are known to allow the question,
//! so refusals for these reasons name nobody but whose own token or consent it is.

use dancu::audit::Outcome;
use dancu::citizens::GuardConfig;
use dancu::kernel::{Attribute, AttributeSet, CitizenId};
use serde_json::{Value, json};

use super::citizens::desk::{Answer, BANK, Desk, PORTAL, an, an_claimed, but, people, purpose};
use super::consent::{shop_asks, to_shop};
use super::forms::CT01;
use super::residence::{self, CHECK, CONFIRM, EVENTS, REGISTRY, about, confirmation, hai, linh};
use crate::support::for_each_backend;

const LOOK_UP: &str = "/v1/citizens/lookup";
const VERIFY: &str = "/v1/citizens/verify";
const HISTORY: &str = "/v1/me/access-history";
const CONSENTS: &str = "/v1/me/consents";

fn who(name: &str) -> CitizenId {
    people().iter().find(|person| person.full_name.expose() == name).unwrap().citizen_id
}

/// What the entry of the last request must say.
struct Said<'a> {
    operation: &'a str,
    outcome: Outcome,
    reason: &'a str,
    about: Vec<CitizenId>,
}

fn refused<'a>(operation: &'a str, reason: &'a str, about: &[&str]) -> Said<'a> {
    let about = about.iter().map(|name| who(name)).collect();
    Said { operation, outcome: Outcome::Refused, reason, about }
}

fn nobody_found<'a>(operation: &'a str, about: &[&str]) -> Said<'a> {
    Said { outcome: Outcome::NoMatch, ..refused(operation, "", about) }
}

/// Asks, and holds the one entry that comes of it against what it must say.
async fn recorded(desk: &Desk, ask: impl AsyncFnOnce() -> Answer, said: Said<'_>) {
    let before = desk.entries().await;
    let answer = ask().await;
    assert_eq!(desk.entries().await, before + 1, "{}: {answer:?}", said.operation);
    let entry = desk.last_entry().await;
    let told = (entry.entry.operation.as_str(), entry.entry.outcome, entry.entry.reason.as_str());
    assert_eq!(told, (said.operation, said.outcome, said.reason), "{answer:?}");
    assert_eq!(entry.subjects, said.about, "{} {}: {answer:?}", said.operation, said.reason);
}

async fn asked(desk: &Desk, client: &str, path: &str, body: Value, said: Said<'_>) {
    recorded(desk, async || desk.post(client, path, &body).await, said).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn look_ups_checks_confirmations_and_forms_name_whom_they_were_about() {
    for_each_backend(async |backend| {
        let guards = GuardConfig { per_number: 3, ..GuardConfig::default() };
        let mut desk = Desk::open_with(&backend, guards).await;
        let elsewhere = json!({ "purpose": but(purpose(PORTAL), json!({ "procedure": "9.999" })) });
        let chien = json!({ "id_number": "097048000003", "full_name": "Lê Văn Chiến", "date_of_birth": "1948-11-20" });
        let chien = but(chien, json!({ "purpose": purpose(PORTAL) }));
        let (an_, linh_) = ("Nguyễn Văn An", "Bùi Ngọc Linh");
        for (path, operation, body) in [
            (LOOK_UP, "citizens.lookup", an()),
            (VERIFY, "citizens.verify", an_claimed()),
            (CHECK, "residence.check", residence::ask(linh(), json!({ "questions": ["household"] }))),
            (CONFIRM, "residence.confirm", confirmation(linh(), json!({}))),
            (CT01, "forms.prefill", but(linh(), json!({ "purpose": purpose(PORTAL) }))),
        ] {
            let denied = but(body, elsewhere.clone());
            asked(&desk, "portal", path, denied.clone(), refused(operation, "procedure_not_agreed", &[])).await;
            if path != VERIFY {
                asked(&desk, "hotel", path, denied, refused(operation, "insufficient_scope", &[])).await;
            }
        }
        let stranger = json!({ "full_name": "Lê Thị Cúc" });
        for (path, operation, body) in [
            (LOOK_UP, "citizens.lookup", an()),
            (CHECK, "residence.check", but(an(), json!({ "attributes": null, "questions": ["household"] }))),
            (CT01, "forms.prefill", but(an(), json!({ "attributes": null }))),
        ] {
            asked(&desk, "portal", path, but(body, stranger.clone()), nobody_found(operation, &[an_])).await;
        }
        let blocked = refused("citizens.lookup", "failed_anchors_of_number", &[an_]);
        asked(&desk, "portal", LOOK_UP, but(an(), stranger.clone()), blocked).await;
        let of_another = residence::ask(
            linh(),
            json!({ "predicates": [about("same_household_as", but(residence::an(), stranger), json!({}))] }),
        );
        let blocked = refused("residence.check", "failed_anchors_of_number", &[linh_, an_]);
        asked(&desk, "portal", CHECK, of_another, blocked).await;
        desk.client("one", "portal", |agreement| agreement.per_minute = 1).await;
        let more = residence::ask(linh(), json!({ "predicates": [about("same_household_as", hai(), json!({}))] }));
        asked(&desk, "one", CHECK, more, refused("residence.check", "over_quota", &[])).await;
        let mut sensitive = but(an_claimed(), json!({ "purpose": purpose(BANK) }));
        sensitive["claims"]["religion"] = json!("00");
        asked(&desk, "bank", VERIFY, sensitive, refused("citizens.verify", "attribute_not_agreed", &[an_])).await;
        let name_alone = [Attribute::FullName].into_iter().collect();
        let id = desk.consent(dancu::consent::NewConsent { attributes: name_alone, ..to_shop(&desk) }).await;
        let mut beyond = but(an_claimed(), json!({ "purpose": shop_asks(json!(id))["purpose"] }));
        beyond["claims"]["sex"] = json!("male");
        asked(&desk, "shop", VERIFY, beyond, refused("citizens.verify", "attribute_not_consented", &[an_])).await;
        desk.client("nameless", "portal", |agreement| {
            agreement.attributes = [Attribute::PermanentResidence].into_iter().collect();
        })
        .await;
        let confirm = confirmation(linh(), json!({}));
        asked(&desk, "nameless", CONFIRM, confirm, refused("residence.confirm", "attribute_not_agreed", &[linh_]))
            .await;
        let dead = confirmation(but(chien.clone(), json!({ "purpose": null })), json!({}));
        let told =
            |operation| Said { outcome: Outcome::Answered, ..refused(operation, "not_alive", &["Lê Văn Chiến"]) };
        asked(&desk, "portal", CONFIRM, dead, told("residence.confirm")).await;
        asked(&desk, "portal", CT01, chien, told("forms.prefill")).await;
        let other = but(linh(), json!({ "purpose": purpose(PORTAL) }));
        let said = refused("forms.prefill", "form_of_other_procedure", &[linh_]);
        asked(&desk, "portal", "/v1/forms/ct07-request/prefill", other, said).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_change_nothing_name_whom_they_were_about() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let event = |id: &str, more: Value| {
            let base = json!({ "event_id": id, "kind": "missing", "effective": "2026-11-01",
                "id_number": "097099000001", "purpose": purpose(REGISTRY) });
            but(base, more)
        };
        let (operation, an_) = ("population.event", "Nguyễn Văn An");
        let applied = Said { outcome: Outcome::Answered, ..refused(operation, "", &[an_]) };
        asked(&desk, "loadtest", EVENTS, event("ev-r-1", json!({})), applied).await;
        let again = Said { outcome: Outcome::Replayed, ..refused(operation, "", &[an_]) };
        asked(&desk, "loadtest", EVENTS, event("ev-r-1", json!({})), again).await;
        let other = event("ev-r-1", json!({ "effective": "2026-11-02" }));
        asked(&desk, "loadtest", EVENTS, other, refused(operation, "event_conflict", &[an_])).await;
        let twice = event("ev-r-2", json!({ "effective": "2026-11-03" }));
        asked(&desk, "loadtest", EVENTS, twice.clone(), refused(operation, "already_missing", &[an_])).await;
        let parked = but(twice, json!({ "park": true }));
        asked(&desk, "loadtest", EVENTS, parked, refused(operation, "already_missing", &[an_])).await;
        // Whose number it is that somebody else should get.
        let taken = json!({ "kind": "new_number", "id_number": "097186000013", "new_id_number": "097099000001" });
        let before = desk.entries().await;
        desk.post("loadtest", EVENTS, &event("ev-r-3", taken)).await;
        let entry = desk.last_entry().await;
        assert_eq!((desk.entries().await, entry.entry.reason.as_str()), (before + 1, "number_taken"));
        assert!(entry.subjects.contains(&who(an_)) && entry.subjects.contains(&who("Đỗ Thị Thanh Hà")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_citizen_is_refused_is_recorded_as_theirs() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        let (an_, nothing) = ("Nguyễn Văn An", "a".repeat(32));
        let cookie = desk.session(who(an_), AttributeSet::EMPTY, None).await;
        let hotel = desk.session_at("hotel", who(an_), AttributeSet::all(), None).await;
        desk.client("ended", "portal", |agreement| agreement.valid_until = agreement.valid_from).await;
        let ended = desk.session_at("ended", who(an_), AttributeSet::all(), None).await;
        let empty = json!({});
        let child = json!({ "child": nothing });
        for (cookie, body, reason) in [
            (&hotel, &empty, "operation_not_agreed"),
            (&ended, &empty, "agreement_not_in_force"),
            (&cookie, &child, "not_found"),
        ] {
            let ask = async || desk.page_post(cookie, HISTORY, body).await;
            recorded(&desk, ask, refused("me.access_history", reason, &[an_])).await;
        }
        asked(&desk, "portal", HISTORY, empty.clone(), refused("me.access_history", "not_a_citizen", &[])).await;
        let one = format!("{CONSENTS}/{nothing}");
        recorded(&desk, async || desk.page_get(&cookie, &one).await, refused("me.consents", "not_found", &[an_])).await;
        let withdraw = format!("{one}/withdraw");
        let ask = async || desk.page_post(&cookie, &withdraw, &empty).await;
        recorded(&desk, ask, refused("consent.withdraw", "not_found", &[an_])).await;
        let own = json!({ "purpose": { "procedure": "9.999", "legal_basis": "STATE_DUTY" } });
        let ask = async || desk.page_post(&cookie, CT01, &own).await;
        recorded(&desk, ask, refused("forms.prefill", "procedure_not_agreed", &[an_])).await;
    })
    .await;
}
