//! Stays reported, changed, found and proven over HTTP.

pub mod batch;
mod by_night;
mod changing;
mod faults;
mod following;
mod handing_in;
mod places;
mod proving;
mod refusals;
mod repeating;
mod reporting;
mod searching;
pub mod sheets;
mod stopped;
mod turning;
mod uploads;

use dancu::clients::Agreement;
use dancu::crypto::SystemEntropy;
use dancu::kernel::{CommuneCode, FacilityId};
use dancu::stays::NewFacility;
use dancu::stays::model::FacilityKind;
use serde_json::{Value, json};

use crate::api::citizens::desk::{Answer, Desk, but, purpose, read};
use crate::support::Backend;

pub const STAYS: &str = "/v1/stays";
pub const SEARCH: &str = "/v1/stays/search";
pub const VERIFY: &str = "/v1/stays/receipts/verify";

pub const HOTEL: &str =
    r#"{"procedure":"2.001159","legal_basis":"RESIDENCE_LAW_ART30","officer":{"id":"le-tan-01","unit":"quay-le-tan"}}"#;
pub const COMMUNE: &str =
    r#"{"procedure":"2.001159","legal_basis":"STATE_DUTY","officer":{"id":"canh-sat-01","unit":"cong-an-phuong"}}"#;

/// Hoàn Kiếm, whose stays the sample `commune` reads.
pub const OWN_COMMUNE: &str = "00070";
pub const OTHER_COMMUNE: &str = "00004";

/// The desk's clock stands at 10:00 in Viet Nam.
pub const ARRIVAL: &str = "2026-11-21T09:30:00+07:00";

pub fn an() -> Value {
    json!({ "id_number": "097099000001", "full_name": "Nguyễn Văn An", "date_of_birth": "1999-03-15" })
}

pub fn hai() -> Value {
    json!({ "id_number": "097084000012", "full_name": "Bùi Quang Hải", "date_of_birth": "1984-02-10" })
}

/// Somebody of whom nothing can be checked.
pub fn foreigner(name: &str, number: &str) -> Value {
    json!({ "typed": {
        "full_name": name, "date_of_birth": "1980-05-17", "nationality": "FRA",
        "document": { "kind": "passport", "number": number },
    } })
}

pub fn notice(facility: FacilityId, guests: Value) -> Value {
    json!({
        "facility_id": facility, "room": "204", "arrival": ARRIVAL, "planned_departure": "2026-11-23",
        "reason": "tourism", "guests": guests, "purpose": purpose(HOTEL),
    })
}

/// A desk with a hotel in its own commune.
pub async fn hotel(backend: &Backend) -> (Desk, FacilityId) {
    let desk = Desk::open(backend).await;
    let facility = desk.facility("hotel", OWN_COMMUNE).await;
    (desk, facility)
}

impl Desk {
    pub async fn facility(&self, client: &str, commune: &str) -> FacilityId {
        let new = NewFacility {
            client: client.parse().unwrap(),
            name: format!("Khách sạn {commune}"),
            kind: FacilityKind::Hotel,
            commune: CommuneCode::parse(commune).unwrap(),
            address: "Số 1".to_owned(),
        };
        self.stays
            .register()
            .add(new, self.house.operator().await, self.house.now(), &SystemEntropy::default())
            .await
            .unwrap()
    }

    pub async fn report(&self, notice: &Value) -> Value {
        let answer = self.post("hotel", STAYS, notice).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// Changes a stay as the hotel does.
    pub async fn change(&self, stay: &Value, change: &str, body: Value) -> Answer {
        let path = format!("{STAYS}/{}/{change}", stay["stay_id"].as_str().unwrap());
        self.post("hotel", &path, &but(body, json!({ "purpose": purpose(HOTEL) }))).await
    }

    pub async fn changed(&self, stay: &Value, change: &str, body: Value) -> Value {
        let answer = self.change(stay, change, body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// What a receipt is worth to anybody.
    pub async fn worth(&self, jws: &Value) -> Value {
        let answer = read(self.request(VERIFY).json(&json!({ "jws": jws }))).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    pub async fn search(&self, ask: Value) -> Answer {
        self.post("commune", SEARCH, &but(ask, json!({ "purpose": purpose(COMMUNE) }))).await
    }

    pub async fn found(&self, ask: Value) -> Value {
        let answer = self.search(ask).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// A client like the sample hotel under another agreement, with a hotel of its own.
    pub async fn hotelier(&mut self, id: &str, change: impl FnOnce(&mut Agreement)) -> FacilityId {
        self.client(id, "hotel", change).await;
        self.facility(id, OWN_COMMUNE).await
    }
}

/// Verdict and reason of the first guest.
pub fn verdict(answer: &Value) -> (&str, &str) {
    let guest = &answer["guests"][0];
    (guest["verdict"].as_str().unwrap(), guest["reason"].as_str().unwrap())
}
