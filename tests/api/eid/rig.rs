//! A process of the service with the e-ID in it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dancu::access::AccessApi;
use dancu::citizens::{Citizen, CitizensApi};
use dancu::crypto::SystemEntropy;
use dancu::eid::{
    Approval, ApprovalRequest, BeginError, Begun, Channel, Eid, EidApi, EidConfig, EidParts, Sending, TransactionState,
};
use dancu::http::{Limits, Routes};
use dancu::kernel::{Attribute, CitizenId, Level, TransactionId};
use dancu::server::{self, RunningServer, ServerConfig, Service};
use dancu::telemetry::Health;
use serde_json::{Value, json};
use utoipa::OpenApi;

use super::phone::Phone;
use crate::api::citizens::desk::{Answer, Desk, PORTAL, people, purpose, read};
use crate::support::Backend;
use crate::support::house::within;

pub const PASSCODE: &str = "735914";

pub struct Rig {
    pub desk: Desk,
    pub eid: Eid,
    codes: PathBuf,
    server: RunningServer,
    pub web: reqwest::Client,
}

/// Bounds that tests reach without thousands of requests.
pub fn tight() -> EidConfig {
    EidConfig { devices: 3, open_requests: 3, codes_per_minute: 1_000, ..EidConfig::default() }
}

impl Rig {
    pub async fn open(backend: &Backend) -> Self {
        Self::serve(Desk::open(backend).await, backend, tight()).await
    }

    pub async fn open_with(backend: &Backend, config: EidConfig) -> Self {
        Self::serve(Desk::open(backend).await, backend, config).await
    }

    /// A further process on the same database and keys.
    pub async fn twin(&self, backend: &Backend) -> Self {
        Self::serve(self.desk.twin(backend).await, backend, tight()).await
    }

    async fn serve(desk: Desk, backend: &Backend, config: EidConfig) -> Self {
        let codes = backend.dir().join("codes.ndjson");
        let entropy = Arc::new(SystemEntropy::default());
        let eid = Eid::open(EidParts {
            config,
            sender: Sending::File(codes.clone()).sender(),
            metrics: desk.metrics.clone(),
            store: desk.house.store.clone(),
            audit: desk.audit.clone(),
            citizens: desk.citizens.clone(),
            clients: desk.house.clients.clone(),
            consents: desk.consents.clone(),
            access: desk.house.access.clone(),
            keyring: desk.house.keyring.clone(),
            clock: desk.house.clock.clone(),
            entropy: entropy.clone(),
        });
        desk.citizens.register(eid.reactor());
        let routes = Routes::default()
            .with_shared(desk.house.access.clone(), dancu::access::routes, AccessApi::openapi())
            .with(desk.citizens.clone(), dancu::citizens::routes, CitizensApi::openapi())
            .with(eid.clone(), dancu::eid::routes, EidApi::openapi())
            .with((), discovery, utoipa::openapi::OpenApi::default());
        let metrics = dancu::telemetry::Metrics::default();
        let service = Service { routes, health: Health::new(Vec::new()), metrics, access_log: None, entropy };
        let limits = Limits {
            queue_delay: Duration::from_secs(60),
            answer_timeout: Duration::from_secs(60),
            ..Limits::default()
        };
        let config = ServerConfig { workers: Some(2), limits, ..ServerConfig::default() };
        let listeners = server::listen(&["127.0.0.1:0".parse().unwrap()]).expect("a port");
        let server = server::start(&config, listeners, service).expect("the server starts");
        Self { desk, eid, codes, server, web: reqwest::Client::new() }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.server.addresses()[0])
    }

    pub fn advance(&self, by: Duration) {
        self.desk.house.clock.advance(by);
    }

    /// Codes that were sent so far.
    pub fn codes(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.codes).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    /// The code that is sent next, after `before` others.
    pub async fn code_after(&self, before: usize) -> String {
        within(Duration::from_secs(20), async || self.codes().len() > before).await;
        self.codes()[before]["code"].as_str().expect("a code").to_owned()
    }

    /// What an officer of the portal does for `citizen`.
    pub async fn at_desk(&self, citizen: &Citizen, action: &str, more: Value) -> Answer {
        let mut body = person(citizen);
        body["purpose"] = purpose(PORTAL);
        body["action"] = action.into();
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.ask_desk("portal", &body).await
    }

    pub async fn ask_desk(&self, client: &str, body: &Value) -> Answer {
        let token = self.desk.house.token(client).await;
        let url = format!("{}/v1/eid/desk", self.base_url());
        read(self.web.post(url).header("accept-language", "en").bearer_auth(token).json(body)).await
    }

    /// A phone of `citizen`, enrolled at a desk.
    pub async fn enrolled(&self, citizen: &Citizen) -> Phone {
        let told = self.at_desk(citizen, "enrol", json!({})).await.json();
        assert_eq!(told["outcome"], "done", "{told}");
        let mut phone = Phone::new();
        let enrolment = &told["enrolment"];
        let answer = phone.activate(self, &enrolment["activation_id"], &enrolment["code"], PASSCODE).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        phone
    }

    pub async fn begin(&self, request: ApprovalRequest) -> Result<Begun, BeginError> {
        let eid = self.eid.clone();
        self.desk.house.store.write(move |tx| eid.begin(tx, &request)).await
    }

    /// A request of the portal to a citizen.
    pub async fn ask(&self, citizen: CitizenId, level: Level) -> Begun {
        self.begin(request(Some(citizen), level)).await.expect("it begins")
    }

    pub async fn take(&self, id: TransactionId) -> Option<Approval> {
        let eid = self.eid.clone();
        self.desk.house.store.write(move |tx| eid.take(tx, id)).await.expect("the store answers")
    }

    pub async fn state(&self, id: TransactionId) -> TransactionState {
        self.eid.state(id).await.expect("the store answers")
    }
}

/// What the portal asks.
pub fn request(citizen: Option<CitizenId>, level: Level) -> ApprovalRequest {
    ApprovalRequest {
        client: "portal".parse().unwrap(),
        citizen,
        unknown: false,
        level,
        attributes: [Attribute::FullName, Attribute::DateOfBirth].into_iter().collect(),
        procedure: Some(dancu::kernel::ProcedureCode::parse("1.004222").unwrap()),
        legal_basis: Some(dancu::kernel::LegalBasis::parse("CONSENT").unwrap()),
        consent_for: None,
        message: Some("Hồ sơ 12".to_owned()),
        place: Some("Một cửa".to_owned()),
        channel: Channel::Page,
        lifetime: Duration::from_secs(300),
    }
}

/// The three members that anchor a citizen.
pub fn person(citizen: &Citizen) -> Value {
    json!({
        "id_number": citizen.id_number, "full_name": citizen.full_name, "date_of_birth": citizen.date_of_birth,
    })
}

/// Somebody of the showcase.
pub fn citizen(number: &str) -> Citizen {
    people().into_iter().find(|citizen| citizen.id_number.expose() == number).expect("somebody of the showcase")
}

pub fn an() -> Citizen {
    citizen("097099000001")
}

pub fn binh() -> Citizen {
    citizen("097189000002")
}

/// Where an app learns what to write as the audience of what it signs.
fn discovery(app: &mut actix_web::web::ServiceConfig) {
    let told = || async { actix_web::HttpResponse::Ok().json(json!({ "issuer": crate::support::house::ISSUER })) };
    app.route("/.well-known/openid-configuration", actix_web::web::get().to(told));
}
