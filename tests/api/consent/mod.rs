//! Questions that rest on a citizen's consent, over HTTP, on both backends.

mod agreed;
mod kept;

use std::time::Duration;

use dancu::consent::{Consent, NewConsent};
use dancu::kernel::{Attribute, ConsentId, ProcedureCode};
use serde_json::{Value, json};

use crate::api::citizens::desk::{Desk, an, but, people};

/// The person of the showcase that `an()` asks about.
pub fn an_citizen() -> dancu::kernel::CitizenId {
    people()[0].citizen_id
}

/// A consent of An to the shop, to name and birth date.
pub fn to_shop(desk: &Desk) -> NewConsent {
    let now = desk.house.now();
    NewConsent {
        citizen: an_citizen(),
        client: "shop".parse().unwrap(),
        procedure: Some(ProcedureCode::parse("SHOP").unwrap()),
        attributes: [Attribute::FullName, Attribute::DateOfBirth].into_iter().collect(),
        given_at: now,
        until: now.plus(Consent::LASTS),
        proof: b"what An signed".to_vec(),
    }
}

impl Desk {
    pub async fn consent(&self, new: NewConsent) -> ConsentId {
        let consents = self.consents.clone();
        self.house.store.write(move |tx| consents.give(tx, &new)).await.expect("the consent is stored")
    }

    /// The shop asks for three attributes of An, resting on a consent.
    pub async fn shop_asks(&self, consent: Value) -> crate::api::citizens::desk::Answer {
        self.post("shop", "/v1/citizens/lookup", &shop_asks(consent)).await
    }
}

pub fn shop_asks(consent: Value) -> Value {
    let purpose = json!({ "procedure": "SHOP", "legal_basis": "CONSENT", "officer": { "id": "nv-1", "unit": "q-1" } });
    let purpose = but(purpose, json!({ "consent": consent }));
    but(an(), json!({ "purpose": purpose, "attributes": ["full_name", "date_of_birth", "sex"] }))
}

pub fn within(duration: u64) -> Duration {
    Duration::from_secs(duration)
}
