//! Residence checked and confirmed over HTTP.

mod bounds;
mod checking;
mod confirming;
mod events;
mod properties;
mod watching;

use std::sync::Arc;
use std::time::Duration;

use dancu::access::Caller;
use dancu::crypto::{Keyring, SystemEntropy};
use dancu::kernel::purpose::OfficerCode;
use dancu::kernel::{Entropy, LegalBasis, Officer, ProcedureCode, Purpose};
use dancu::qr::{Qr, QrParts};
use dancu::residence::{Residence, ResidenceParts};
use dancu::storage::schema::{citizen_changes, reactor_cursors};
use diesel::prelude::*;
use serde_json::{Value, json};

use crate::api::citizens::desk::{Answer, Desk, PORTAL, but, purpose};
use crate::support::Backend;
use crate::support::house::{ISSUER, caller_of, id, within};

pub const CHECK: &str = "/v1/residence/check";
pub const CONFIRM: &str = "/v1/residence/confirmations";
pub const VERIFY: &str = "/v1/residence/confirmations/verify";
pub const EVENTS: &str = "/v1/events";

/// Bùi Ngọc Linh of the showcase, a child of the household of five.
pub fn linh() -> Value {
    json!({ "id_number": "097312000014", "full_name": "Bùi Ngọc Linh", "date_of_birth": "2012-03-08" })
}

/// Bùi Quang Hải, its head.
pub fn hai() -> Value {
    json!({ "id_number": "097084000012", "full_name": "Bùi Quang Hải", "date_of_birth": "1984-02-10" })
}

pub fn an() -> Value {
    json!({ "id_number": "097099000001", "full_name": "Nguyễn Văn An", "date_of_birth": "1999-03-15" })
}

/// As the portal asks in a procedure that names the members of a household…
pub fn ask(person: Value, changes: Value) -> Value {
    but(but(person, json!({ "purpose": purpose(PORTAL) })), changes)
}

/// …and in one that does not.
pub fn without_members() -> Value {
    but(purpose(PORTAL), json!({ "procedure": "1.003677" }))
}

pub fn confirmation(person: Value, changes: Value) -> Value {
    let asked =
        json!({ "recipient": "Trường THPT Mẫu", "purpose": but(purpose(PORTAL), json!({ "procedure": "1.010041" })) });
    but(but(person, asked), changes)
}

/// A room of residence beside the desk's own, with other keys or another chance. Nobody voids for it
/// but the desk's reactor.
pub fn another(desk: &Desk, keyring: &Keyring, entropy: Arc<dyn Entropy>) -> Residence {
    let qr = Qr::open(QrParts {
        issuer: ISSUER.to_owned(),
        store: desk.house.store.clone(),
        audit: desk.audit.clone(),
        citizens: desk.citizens.clone(),
        keyring: keyring.clone(),
        clock: desk.house.clock.clone(),
        entropy: Arc::new(SystemEntropy::default()),
    });
    Residence::open(ResidenceParts {
        issuer: ISSUER.to_owned(),
        store: desk.house.store.clone(),
        audit: desk.audit.clone(),
        citizens: desk.citizens.clone(),
        qr,
        keyring: keyring.clone(),
        clock: desk.house.clock.clone(),
        entropy,
        validity: Duration::from_secs(365 * 24 * 3600),
    })
}

/// The portal, asking in this process.
pub fn portal(desk: &Desk) -> Caller {
    caller_of(desk.house.clients.find(&id("portal")).unwrap(), desk.house.now().plus(Duration::from_secs(3600)))
}

/// Why the portal's officer asks.
pub fn state_duty(procedure: &str) -> Purpose {
    let code = |text| OfficerCode::parse(text).unwrap();
    Purpose {
        procedure: ProcedureCode::parse(procedure).unwrap(),
        legal_basis: LegalBasis::parse(LegalBasis::STATE_DUTY).unwrap(),
        officer: Some(Officer { id: code("canbo-01"), unit: code("mot-cua") }),
        consent: None,
    }
}

/// Waits until every change has been held against confirmations.
pub async fn watched(backend: &Backend) {
    within(Duration::from_secs(20), async || {
        let mut db = backend.connect();
        let last: Option<i64> =
            citizen_changes::table.select(diesel::dsl::max(citizen_changes::seq)).get_result(&mut db).unwrap();
        let cursor = reactor_cursors::table.find("residence.confirmations").select(reactor_cursors::seq);
        let seen: Option<i64> = cursor.get_result(&mut db).optional().unwrap();
        seen == last
    })
    .await;
}

/// A predicate about another person, who is named in full.
pub fn about(predicate: &str, other: Value, more: Value) -> Value {
    but(but(other, json!({ "predicate": predicate })), more)
}

impl Desk {
    pub async fn check(&self, body: &Value) -> Value {
        let answer = self.post("portal", CHECK, body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    pub async fn confirm(&self, body: &Value) -> Value {
        let answer = self.post("portal", CONFIRM, body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// Asks without an account.
    pub async fn verify_confirmation(&self, body: &Value) -> Answer {
        crate::api::citizens::desk::read(self.request(VERIFY).json(body)).await
    }

    pub async fn status_of(&self, body: &Value) -> String {
        let answer = self.verify_confirmation(body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["status"].as_str().unwrap().to_owned()
    }

    /// Tells an event as the civil registry does.
    pub async fn tell(&self, event: &Value) -> Answer {
        self.post("loadtest", EVENTS, &but(event.clone(), json!({ "purpose": purpose(REGISTRY) }))).await
    }
}

pub const REGISTRY: &str =
    r#"{"procedure":"1.004222","legal_basis":"STATE_DUTY","officer":{"id":"do-tai-01","unit":"do-tai"}}"#;
