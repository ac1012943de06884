//! Guests who were not reported before: the same people, who arrive in another minute each time.

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use dancu::kernel::clock::SystemClock;
use dancu::kernel::{Clock, Instant};
use serde_json::{Value, json};

use crate::Error;
use crate::arguments::{Arguments, ScenarioName};
use crate::connection::Connection;
use crate::demo::Demo;
use crate::party::{refusal, said};
use crate::sample::{self, Anchor};
use crate::scenario::contains;

const MINUTE: Duration = Duration::from_secs(60);
/// Arrivals begin at one of so many minutes of the past, so that one run does not repeat another.
const MINUTES: u64 = 400_000;

pub struct Stays {
    authorization: String,
    path: String,
    media_type: &'static str,
    /// What a notice says of each guest, up to its times.
    guests: Vec<String>,
    /// Notices in one request.
    pub lines: usize,
    first_arrival: Instant,
    /// What an answer holds if every guest was taken and none was known.
    good: String,
}

impl Stays {
    /// Stays at the client's first facility, by single notices or by files of them.
    pub async fn prepare(arguments: &Arguments, demo: &Demo, client: &str) -> Result<Self, Error> {
        let population = demo.population.ok_or_else(|| Error::new("demo.json tells of no population"))?;
        let (anchors, purpose) = (sample::anchors(population, arguments.citizens)?, demo.client(client)?.purpose()?);
        let authorization = sample::authorization(arguments, client).await?;
        let facility = facility(demo, &authorization).await?;
        let single = arguments.scenario == ScenarioName::Stays;
        let guests = anchors.iter().map(|anchor| notice(anchor, single.then_some(&purpose), &facility)).collect();
        let lines = if single { 1 } else { arguments.lines.max(1) };
        let now = SystemClock.now();
        let back = now.as_micros().unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let first_arrival = now.minus(MINUTE * u32::try_from(back % MINUTES).unwrap_or(0));
        let (path, media_type, good) = if single {
            ("/v1/stays".to_owned(), "application/json", r#""repeated":false"#.to_owned())
        } else {
            let good = format!("\"taken\":{lines},\"repeated\":0,");
            (format!("/v1/stays/batch?{}", query(&purpose)), "application/x-ndjson", good)
        };
        Ok(Self { authorization, path, media_type, guests, lines, first_arrival, good })
    }

    /// Request `number`. `Err` names the kind of failure.
    pub async fn perform(&self, connection: &mut Connection, number: u64) -> Result<(), String> {
        let fields = [("content-type", self.media_type), ("authorization", self.authorization.as_str())];
        let answer = connection.post(&self.path, &fields, self.body(number)).await.map_err(said)?;
        if !answer.status.is_success() {
            return Err(refusal(&answer));
        }
        let good = contains(&answer.body, self.good.as_bytes());
        if good { Ok(()) } else { Err("200 without the expected answer".to_owned()) }
    }

    /// The body of request `number`.
    fn body(&self, number: u64) -> Bytes {
        let mut text = String::with_capacity(self.lines * 400);
        let first = number * self.lines as u64;
        for guest in first..first + self.lines as u64 {
            let known = self.guests.len() as u64;
            let arrival = self.first_arrival.minus(MINUTE * u32::try_from(guest / known).unwrap_or(0));
            let notice = &self.guests[(guest % known) as usize];
            // They leave before they come again.
            let departure = arrival.plus(MINUTE / 2);
            let _ = writeln!(text, r#"{notice},"arrival":"{arrival}","planned_departure":"{departure}"}}"#);
        }
        Bytes::from(text)
    }
}

/// What a notice says of one guest, open for its times.
fn notice(anchor: &Anchor, purpose: Option<&Value>, facility: &str) -> String {
    let guest = json!({
        "id_number": anchor.id_number,
        "full_name": anchor.full_name,
        "date_of_birth": anchor.date_of_birth,
    });
    let mut notice = json!({ "facility_id": facility, "room": "101", "reason": "tourism", "guests": [guest] });
    if let Some(purpose) = purpose {
        notice["purpose"] = purpose.clone();
    }
    let mut text = notice.to_string();
    text.pop();
    text
}

/// The facility that the client reports for.
async fn facility(demo: &Demo, authorization: &str) -> Result<String, Error> {
    let fields = [("authorization", authorization)];
    let answer = Connection::new(demo.authority()?).get("/v1/facilities", &fields).await?;
    let told: Value = serde_json::from_slice(&answer.body)?;
    let first = told["facilities"][0]["facility_id"].as_str();
    first.map(str::to_owned).ok_or_else(|| Error::new(format!("{}: the client has no facility", answer.status)))
}

/// The purpose, as the query of a file says it.
fn query(purpose: &Value) -> String {
    let members = [
        ("procedure", &purpose["procedure"]),
        ("legal_basis", &purpose["legal_basis"]),
        ("officer_id", &purpose["officer"]["id"]),
        ("officer_unit", &purpose["officer"]["unit"]),
    ];
    // Codes are of letters, digits and what a query takes as it is.
    members.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default())).join("&")
}
