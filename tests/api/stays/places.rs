use std::time::Duration;

use dancu::access::CitizenGrant;
use dancu::kernel::{AttributeSet, Instant, Level, TransactionId};
use dancu::stays::desk_session;
use dancu::stays::model::Delegation;
use serde_json::{Value, json};

use super::{OTHER_COMMUNE, STAYS, an, hotel, notice};
use crate::api::citizens::desk::{Desk, people};
use crate::support::for_each_backend;
use crate::support::house::id;

async fn listed(desk: &Desk, client: &str) -> Vec<Value> {
    let token = desk.house.token(client).await;
    let (_, status, body) = desk.get_with(&token, "/v1/facilities").await;
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(status, 200, "{body}");
    body["facilities"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sees_and_reports_for_ones_own_and_what_was_delegated() {
    for_each_backend(async |backend| {
        let (mut desk, first) = hotel(&backend).await;
        let second = desk.facility("hotel", OTHER_COMMUNE).await;
        let own = desk.hotelier("chain", |_| ()).await;
        let ids = |facilities: &[Value]| {
            facilities.iter().map(|facility| facility["facility_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let mut mine = ids(&listed(&desk, "hotel").await);
        mine.sort();
        let mut expected = vec![first.to_string(), second.to_string()];
        expected.sort();
        assert_eq!(mine, expected);
        let shown = listed(&desk, "chain").await;
        assert_eq!(ids(&shown), [own.to_string()]);
        assert_eq!((&shown[0]["kind"], &shown[0]["commune"]), (&json!("hotel"), &json!("00070")));
        assert_eq!(shown[0]["commune_name"], "Phường Hoàn Kiếm, Thành phố Hà Nội");
        // Delegated from tomorrow for a day.
        let at = |text: &str| Instant::parse_rfc3339(text).unwrap();
        let delegation = Delegation {
            client: "chain".parse().unwrap(),
            valid_from: at("2026-11-22T00:00:00+07:00"),
            valid_until: at("2026-11-23T00:00:00+07:00"),
        };
        desk.stays.register().delegate(first, &delegation, desk.house.operator().await).await.unwrap();
        let ask = notice(first, json!([an()]));
        assert_eq!(desk.post("chain", STAYS, &ask).await.status, 422, "not yet");
        desk.house.clock.set(delegation.valid_from);
        let shown = listed(&desk, "chain").await;
        let lent = shown.iter().find(|facility| facility["facility_id"] == json!(first)).unwrap();
        assert_eq!(lent["delegated_until"], "2026-11-22T17:00:00Z");
        let taken = desk.post("chain", STAYS, &ask).await;
        assert_eq!(taken.status, 200, "{}", taken.text);
        // Both see the one stay.
        assert_eq!(desk.report(&ask).await["stay_id"], taken.json()["stay_id"]);
        desk.house.clock.set(delegation.valid_until);
        assert_eq!(listed(&desk, "chain").await.len(), 1);
        assert_eq!(desk.post("chain", STAYS, &ask).await.status, 422, "no longer");
        // A closed one takes no notices, and what happened there can still be put right.
        desk.stays.register().close(first, desk.house.operator().await, desk.house.now()).await.unwrap();
        assert_eq!(ids(&listed(&desk, "hotel").await), [second.to_string()]);
        assert_eq!(desk.post("hotel", STAYS, &ask).await.status, 422);
        assert_eq!(desk.changed(&taken.json(), "check-out", json!({})).await["state"], "left");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_report_sees_no_facilities() {
    for_each_backend(async |backend| {
        let (desk, _) = hotel(&backend).await;
        let (_, status, _) = desk.get("/v1/facilities", "application/json").await;
        assert_eq!(status, 401);
        let token = desk.house.token("commune").await;
        let (_, status, _) = desk.get_with(&token, "/v1/facilities").await;
        assert_eq!(status, 403);
        assert_eq!(desk.last_entry().await.entry.operation, "stays.facilities");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_opens_to_officers_whom_the_client_lists() {
    for_each_backend(async |backend| {
        let (desk, _) = hotel(&backend).await;
        let (clients, changes, hotel) = (&desk.house.clients, desk.house.changes().await, id("hotel"));
        let officer = clients.find(&hotel).unwrap().officers.iter().next().unwrap().clone();
        let citizen = CitizenGrant {
            citizen_id: people()[0].citizen_id,
            level: Level::L2,
            attributes: AttributeSet::EMPTY,
            consent: None,
            grant_id: TransactionId([7; 16]),
        };
        let link = async || {
            let session = desk_session(hotel.clone(), officer.clone());
            let code = desk.house.access.page_link(session, Duration::from_secs(60)).await.unwrap();
            Some(code.expose().to_owned())
        };
        let opens = async |code| desk.stays.open_desk(&citizen, code, None).await.unwrap().is_some();
        let early = link().await;
        changes.remove_officer(&hotel, officer.clone()).await.unwrap();
        assert!(!opens(early).await, "struck off before the link was followed");
        changes.add_officer(&hotel, officer.clone()).await.unwrap();
        assert!(!opens(None).await, "that link bound nobody");
        assert!(opens(link().await).await);
        assert!(opens(None).await);
        changes.remove_officer(&hotel, officer.clone()).await.unwrap();
        assert!(!opens(None).await, "struck off after the e-ID was bound");
        changes.add_officer(&hotel, officer.clone()).await.unwrap();
        assert!(!opens(None).await, "whoever has the name now binds an e-ID of their own");
    })
    .await;
}
