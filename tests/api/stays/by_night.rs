//! A guest who is told of again a minute later, by somebody who has no other arrival than now.

use std::time::Duration;

use dancu::access::Caller;
use dancu::citizens::Body;
use dancu::kernel::{FacilityId, IdNumber, Instant, PartialDate, PersonName, StayId};
use dancu::stays::model::{GuestGiven, Notice, Reason};
use dancu::stays::{CheckOut, Report, Reported};

use super::handing_in::as_the_hotel_says;
use super::{OWN_COMMUNE, hotel};
use crate::api::citizens::desk::Desk;
use crate::support::for_each_backend;
use crate::support::house::caller_of;

fn at(text: &str) -> Instant {
    Instant::parse_rfc3339(&format!("2026-11-{text}:00+07:00")).unwrap()
}

fn an() -> GuestGiven {
    GuestGiven::Anchor {
        id_number: IdNumber::parse("097099000001").unwrap(),
        full_name: PersonName::parse("Nguyễn Văn An").unwrap(),
        date_of_birth: PartialDate::parse("1999-03-15").unwrap(),
    }
}

fn notice(facility_id: FacilityId, arrival: &str, until: Option<&str>) -> Notice {
    let (arrival, planned_departure) = (at(arrival), until.map(at));
    Notice {
        facility_id,
        room: None,
        arrival,
        planned_departure,
        reason: Reason::Tourism,
        note: None,
        guests: vec![an()],
    }
}

fn caller(desk: &Desk) -> Caller {
    caller_of(
        desk.house.clients.find(&"hotel".parse().unwrap()).unwrap(),
        desk.house.now().plus(Duration::from_secs(30 * 24 * 3600)),
    )
}

async fn report(desk: &Desk, notice: Notice, known_by_night: bool) -> Reported {
    // Reported as it begins.
    desk.house.clock.set(notice.arrival);
    let report = Report { notice, purpose: as_the_hotel_says(), idempotency_key: None, known_by_night };
    let Body::First(told) = desk.stays.report(&caller(desk), report).await.unwrap().body else { panic!("no key") };
    told
}

async fn check_out(desk: &Desk, stay_id: StayId) {
    let left = CheckOut { stay_id, left_at: None, purpose: as_the_hotel_says() };
    desk.stays.check_out(&caller(desk), left).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_there_for_the_night_is_reported_once() {
    for_each_backend(async |backend| {
        let (desk, facility) = hotel(&backend).await;
        let first = report(&desk, notice(facility, "21T14:00", Some("22T23:59")), true).await;
        assert!(!first.repeated);
        for (arrival, until) in [("21T14:01", Some("22T23:59")), ("22T00:30", Some("23T23:59")), ("22T09:00", None)] {
            let again = report(&desk, notice(facility, arrival, until), true).await;
            assert_eq!((again.repeated, again.stay_id), (true, first.stay_id), "{arrival}");
            assert_eq!(again.receipt, first.receipt);
        }
        // Elsewhere, or told by somebody who knows when the guest came, it is another stay.
        let other = desk.facility("hotel", OWN_COMMUNE).await;
        assert!(!report(&desk, notice(other, "22T09:01", Some("22T23:59")), true).await.repeated);
        let known = report(&desk, notice(facility, "22T09:02", Some("22T23:59")), false).await;
        assert!(!known.repeated);
        // Whoever has left may come again, and so may whoever was to have left.
        check_out(&desk, first.stay_id).await;
        check_out(&desk, known.stay_id).await;
        let second = report(&desk, notice(facility, "22T09:10", Some("22T23:59")), true).await;
        assert!(!second.repeated);
        let third = report(&desk, notice(facility, "23T14:00", None), true).await;
        assert!(!third.repeated);
        // Until when nobody knows: for the night.
        let again = report(&desk, notice(facility, "24T13:59", None), true).await;
        assert_eq!((again.repeated, again.stay_id), (true, third.stay_id));
        assert!(!report(&desk, notice(facility, "24T14:00", None), true).await.repeated);
    })
    .await;
}
