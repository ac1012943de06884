//! What is asked, and what counts as an answer.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::arguments::{Arguments, ScenarioName};
use crate::connection::Answer;
use crate::sample::Anchor;
use crate::stays::Stays;

/// Requests prepared before the run, so that making them costs nothing while it is measured.
pub struct Scenario {
    name: ScenarioName,
    bodies: Vec<Bytes>,
    /// Of the scenarios in which no two requests may say the same.
    stays: Option<Stays>,
    path: String,
    /// Verifications in one request.
    pub units: u64,
}

impl Scenario {
    pub fn prepare(arguments: &Arguments, anchors: &[Anchor], purpose: &Value) -> Self {
        let name = arguments.scenario;
        let (bodies, units) = match name {
            ScenarioName::Lookup => (anchors.iter().map(|anchor| to_bytes(&lookup(anchor, purpose))).collect(), 1),
            ScenarioName::Verify => (anchors.iter().map(|anchor| to_bytes(&verify(anchor, purpose))).collect(), 1),
            ScenarioName::Residence => {
                (anchors.iter().map(|anchor| to_bytes(&residence(anchor, purpose))).collect(), 1)
            }
            ScenarioName::Prefill => (anchors.iter().map(|anchor| to_bytes(&prefill(anchor, purpose))).collect(), 1),
            ScenarioName::Batch => {
                let lines = arguments.lines.max(1);
                let batches = anchors.chunks(lines).map(|chunk| batch(chunk, lines, purpose)).collect();
                (batches, lines as u64)
            }
            // These are made as they are sent.
            ScenarioName::Stays | ScenarioName::StaysBatch => (Vec::new(), 1),
        };
        let path = match name {
            ScenarioName::Lookup => "/v1/citizens/lookup",
            ScenarioName::Verify => "/v1/citizens/verify",
            ScenarioName::Batch => "/v1/citizens/verify/batch",
            ScenarioName::Residence => "/v1/residence/check",
            ScenarioName::Prefill => "/v1/forms/ct01/prefill",
            ScenarioName::Stays => "/v1/stays",
            ScenarioName::StaysBatch => "/v1/stays/batch",
        };
        Self { name, bodies, stays: None, path: path.to_owned(), units }
    }

    /// A scenario in which every request reports guests who were not reported before.
    pub fn new_stays(arguments: &Arguments, anchors: &[Anchor], purpose: &Value, facility: &str) -> Self {
        let prepared = Self::prepare(arguments, anchors, purpose);
        let single = arguments.scenario == ScenarioName::Stays;
        let lines = if single { 1 } else { arguments.lines.max(1) };
        let path = if single { prepared.path } else { format!("{}?{}", prepared.path, query(purpose)) };
        let stays = Stays::new(anchors, lines, single.then_some(purpose), facility);
        Self { stays: Some(stays), path, units: lines as u64, ..prepared }
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn content_type(&self) -> &'static str {
        match self.name {
            ScenarioName::Batch | ScenarioName::StaysBatch => "application/x-ndjson",
            _ => "application/json",
        }
    }

    /// The body of request `number`. Numbers are spread over the prepared bodies by a
    /// multiplicative hash, so that neighbours in time are not neighbours in the store.
    pub fn body(&self, number: u64) -> Bytes {
        if let Some(stays) = &self.stays {
            return stays.body(number);
        }
        let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        self.bodies[(spread % self.bodies.len() as u64) as usize].clone()
    }

    /// `Err` names the kind of failure: a problem's slug, or what is wrong with the answer.
    pub fn check(&self, answer: &Answer) -> Result<(), String> {
        if !answer.status.is_success() {
            let problem: Option<Value> = serde_json::from_slice(&answer.body).ok();
            let slug = problem
                .as_ref()
                .and_then(|p| p["type"].as_str())
                .and_then(|t| t.rsplit('/').next())
                .unwrap_or("no problem document");
            return Err(format!("{} {slug}", answer.status.as_u16()));
        }
        let good = match self.name {
            ScenarioName::Lookup | ScenarioName::Residence => contains(&answer.body, br#""outcome":"found""#),
            ScenarioName::Verify => contains(&answer.body, br#""verified":true"#),
            // The dead are among the people asked about; their answer costs as much up to the filling.
            ScenarioName::Prefill => {
                contains(&answer.body, br#""outcome":"filled""#) || contains(&answer.body, br#""outcome":"not_alive""#)
            }
            ScenarioName::Stays => contains(&answer.body, br#""repeated":false"#),
            ScenarioName::StaysBatch => {
                let all = format!("\"taken\":{},\"repeated\":0,", self.units);
                contains(&answer.body, all.as_bytes())
            }
            ScenarioName::Batch => {
                let verified = answer.body.split(|b| *b == b'\n').filter(|line| contains(line, br#""verified":true"#));
                verified.count() as u64 == self.units
            }
        };
        if good { Ok(()) } else { Err("200 without the expected answer".to_owned()) }
    }
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

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

fn to_bytes(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

fn lookup(anchor: &Anchor, purpose: &Value) -> Value {
    json!({
        "id_number": anchor.id_number,
        "full_name": anchor.full_name,
        "date_of_birth": anchor.date_of_birth,
        "purpose": purpose,
        "attributes": [
            "full_name", "other_name", "date_of_birth", "sex", "place_of_birth", "place_of_origin", "ethnicity",
            "nationality", "marital_status", "permanent_residence", "temporary_residence", "current_residence",
            "card", "phone", "status"
        ],
    })
}

fn verify(anchor: &Anchor, purpose: &Value) -> Value {
    json!({
        "id_number": anchor.id_number,
        "claims": { "full_name": anchor.full_name, "date_of_birth": anchor.date_of_birth },
        "purpose": purpose,
    })
}

fn residence(anchor: &Anchor, purpose: &Value) -> Value {
    json!({
        "id_number": anchor.id_number,
        "full_name": anchor.full_name,
        "date_of_birth": anchor.date_of_birth,
        "purpose": purpose,
        "questions": ["permanent_residence", "temporary_residence", "current_residence", "household"],
        "predicates": [
            { "predicate": "resides_in", "unit": "01", "kind": "any", "for_months": 12 },
            { "predicate": "is_household_head" },
            { "predicate": "age_at_least", "years": 18 },
        ],
    })
}

fn prefill(anchor: &Anchor, purpose: &Value) -> Value {
    json!({
        "id_number": anchor.id_number,
        "full_name": anchor.full_name,
        "date_of_birth": anchor.date_of_birth,
        "purpose": purpose,
    })
}

fn batch(anchors: &[Anchor], lines: usize, purpose: &Value) -> Bytes {
    let mut text = String::new();
    for anchor in anchors.iter().cycle().take(lines) {
        text.push_str(&verify(anchor, purpose).to_string());
        text.push('\n');
    }
    Bytes::from(text)
}
