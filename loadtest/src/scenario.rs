//! What is asked, and what counts as an answer.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::Error;
use crate::arguments::{Arguments, ScenarioName};
use crate::connection::{Answer, Connection};
use crate::demo::{Demo, DemoClient};
use crate::party::{Party, refusal, said};
use crate::sample::{self, Anchor};
use crate::sign_in::SignIn;
use crate::stays::Stays;
use crate::wallet::Device;

mod prefill;
mod residence;

/// What is done at each turn.
pub enum Scenario {
    Prepared(Prepared),
    Token(Party),
    Introspect(Party, String),
    Userinfo(Party, String),
    SignIn(SignIn),
    Stays(Stays),
}

impl Scenario {
    /// Makes ready whatever need not be made while it is measured.
    pub async fn prepare(arguments: &Arguments, demo: &Demo) -> Result<Self, Error> {
        let name = arguments.scenario;
        let id = arguments.client.as_deref().unwrap_or(name.client());
        let client = demo.client(id)?;
        Ok(match name {
            ScenarioName::Token => Self::Token(Party::of(demo, client).await?),
            ScenarioName::Introspect => {
                let party = Party::of(demo, client).await?;
                let mut connection = Connection::new(demo.authority()?);
                let asked = party.token(&mut connection, &CLIENT_CREDENTIALS, None).await;
                Self::Introspect(party, asked.map_err(Error::new)?)
            }
            ScenarioName::Userinfo => {
                let sign_in = sign_in(demo, client).await?;
                let token = sign_in.token(&mut Connection::new(demo.authority()?), 0).await.map_err(Error::new)?;
                Self::Userinfo(sign_in.party, token)
            }
            ScenarioName::SignIn => Self::SignIn(sign_in(demo, client).await?),
            ScenarioName::Stays | ScenarioName::StaysBatch => Self::Stays(Stays::prepare(arguments, demo, id).await?),
            _ => Self::Prepared(Prepared::make(arguments, demo, id).await?),
        })
    }

    /// Lines in one request.
    pub fn units(&self) -> u64 {
        match self {
            Self::Prepared(prepared) => prepared.units,
            Self::Stays(stays) => stays.lines as u64,
            _ => 1,
        }
    }

    /// Turn `number`. `Err` names the kind of failure.
    pub async fn perform(&self, connection: &mut Connection, number: u64) -> Result<(), String> {
        match self {
            Self::Prepared(prepared) => prepared.perform(connection, number).await,
            Self::Token(party) => party.token(connection, &CLIENT_CREDENTIALS, None).await.map(drop),
            Self::Introspect(party, token) => party.introspect(connection, token).await,
            Self::Userinfo(party, token) => party.userinfo(connection, token).await,
            Self::SignIn(sign_in) => sign_in.whole(connection, number).await,
            Self::Stays(stays) => stays.perform(connection, number).await,
        }
    }
}

const CLIENT_CREDENTIALS: [(&str, &str); 1] = [("grant_type", "client_credentials")];

async fn sign_in(demo: &Demo, client: &DemoClient) -> Result<SignIn, Error> {
    let devices = demo.wallets.iter().map(|wallet| Device::read(&wallet.wallet_dir)).collect::<Result<_, _>>()?;
    Ok(SignIn { party: Party::of(demo, client).await?, devices })
}

/// Requests prepared before the run, so that making them costs nothing while it is measured.
pub struct Prepared {
    name: ScenarioName,
    authorization: String,
    bodies: Vec<Bytes>,
    /// Verifications in one request.
    units: u64,
}

impl Prepared {
    async fn make(arguments: &Arguments, demo: &Demo, client: &str) -> Result<Self, Error> {
        let population = demo.population.ok_or_else(|| Error::new("demo.json tells of no population"))?;
        let (anchors, purpose) = (sample::anchors(population, arguments.citizens)?, demo.client(client)?.purpose()?);
        let (anchors, purpose) = (&anchors[..], &purpose);
        let name = arguments.scenario;
        let each =
            |body: fn(&Anchor, &Value) -> Value| anchors.iter().map(|one| to_bytes(&body(one, purpose))).collect();
        let (bodies, units) = match name {
            ScenarioName::Lookup => (each(lookup), 1),
            ScenarioName::Residence => (each(residence::body), 1),
            ScenarioName::Prefill => (each(prefill::body), 1),
            ScenarioName::Batch => {
                let lines = arguments.lines.max(1);
                let batches = anchors.chunks(lines).map(|chunk| batch(chunk, lines, purpose)).collect();
                (batches, lines as u64)
            }
            _ => (each(verify), 1),
        };
        let authorization = sample::authorization(arguments, client).await?;
        Ok(Self { name, authorization, bodies, units })
    }

    async fn perform(&self, connection: &mut Connection, number: u64) -> Result<(), String> {
        let fields = [("content-type", self.content_type()), ("authorization", self.authorization.as_str())];
        match connection.post(self.path(), &fields, self.body(number)).await {
            Ok(answer) => self.check(&answer),
            Err(error) => Err(said(error)),
        }
    }

    fn path(&self) -> &'static str {
        match self.name {
            ScenarioName::Lookup => "/v1/citizens/lookup",
            ScenarioName::Batch => "/v1/citizens/verify/batch",
            ScenarioName::Residence => residence::PATH,
            ScenarioName::Prefill => prefill::PATH,
            _ => "/v1/citizens/verify",
        }
    }

    fn content_type(&self) -> &'static str {
        match self.name {
            ScenarioName::Batch => "application/x-ndjson",
            _ => "application/json",
        }
    }

    /// The body of request `number`. Numbers are spread over the prepared bodies by a
    /// multiplicative hash, so that neighbours in time are not neighbours in the store.
    fn body(&self, number: u64) -> Bytes {
        let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        self.bodies[(spread % self.bodies.len() as u64) as usize].clone()
    }

    /// `Err` names the kind of failure: a problem's slug, or what is wrong with the answer.
    fn check(&self, answer: &Answer) -> Result<(), String> {
        if !answer.status.is_success() {
            return Err(refusal(answer));
        }
        let good = match self.name {
            ScenarioName::Lookup => contains(&answer.body, br#""outcome":"found""#),
            ScenarioName::Residence => residence::is_good(&answer.body),
            ScenarioName::Prefill => prefill::is_good(&answer.body),
            ScenarioName::Batch => {
                let verified = answer.body.split(|b| *b == b'\n').filter(|line| contains(line, br#""verified":true"#));
                verified.count() as u64 == self.units
            }
            _ => contains(&answer.body, br#""verified":true"#),
        };
        if good { Ok(()) } else { Err("200 without the expected answer".to_owned()) }
    }
}

/// The purpose in a procedure in which the sample agreements name the members of a household.
fn naming_members(purpose: &Value) -> Value {
    let mut purpose = purpose.clone();
    purpose["procedure"] = json!("1.004222");
    purpose
}

pub fn contains(haystack: &[u8], needle: &[u8]) -> bool {
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

fn batch(anchors: &[Anchor], lines: usize, purpose: &Value) -> Bytes {
    let mut text = String::new();
    for anchor in anchors.iter().cycle().take(lines) {
        text.push_str(&verify(anchor, purpose).to_string());
        text.push('\n');
    }
    Bytes::from(text)
}
