//! A process of the service with the e-ID in it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dancu::access::{AccessApi, NewGrant};
use dancu::audit::Receipt;
use dancu::citizens::{Citizen, CitizensApi};
use dancu::clients::Operation;
use dancu::crypto::SystemEntropy;
use dancu::eid::{
    Approval, ApprovalRequest, BeginError, Begun, Channel, Eid, EidApi, EidConfig, EidParts, Sending, SignIn,
    SignInTarget, TransactionState,
};
use dancu::http::{Limits, Routes};
use dancu::kernel::{Attribute, AttributeSet, CitizenId, Level, TransactionId};
use dancu::qr::{Qr, QrParts};
use dancu::server::{self, RunningServer, ServerConfig, Service};
use dancu::telemetry::Health;
use serde_json::{Value, json};
use utoipa::OpenApi;

use super::phone::Phone;
use super::signing_in::PageBrowser;
use crate::api::citizens::desk::{Answer, Desk, PORTAL, people, purpose, read};
use crate::support::Backend;
use crate::support::house::within;

pub const PASSCODE: &str = "735914";
/// Requests a minute without an account that no test reaches.
const MANY: u32 = 100_000;

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
        Self::open_with(backend, tight()).await
    }

    pub async fn open_with(backend: &Backend, config: EidConfig) -> Self {
        Self::serve(Desk::open(backend).await, backend, config, MANY).await
    }

    /// A process that takes so few requests a minute from an address without an account.
    pub async fn open_limited(backend: &Backend, anonymous_per_minute: u32) -> Self {
        Self::serve(Desk::open(backend).await, backend, tight(), anonymous_per_minute).await
    }

    /// A further process on the same database and keys.
    pub async fn twin(&self, backend: &Backend) -> Self {
        Self::serve(self.desk.twin(backend).await, backend, tight(), MANY).await
    }

    async fn serve(desk: Desk, backend: &Backend, config: EidConfig, anonymous_per_minute: u32) -> Self {
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
            qr: Qr::open(QrParts {
                issuer: crate::support::house::ISSUER.to_owned(),
                store: desk.house.store.clone(),
                audit: desk.audit.clone(),
                citizens: desk.citizens.clone(),
                keyring: desk.house.keyring.clone(),
                clock: desk.house.clock.clone(),
                entropy: entropy.clone(),
            }),
            keyring: desk.house.keyring.clone(),
            clock: desk.house.clock.clone(),
            entropy: entropy.clone(),
        });
        desk.citizens.register(eid.reactor());
        let me = SignInTarget {
            path: "/me",
            client: "portal".parse().unwrap(),
            scopes: [Operation::AuditRead].into_iter().collect(),
            attributes: AttributeSet::EMPTY,
            procedure: None,
            legal_basis: None,
            level: Level::L2,
            lifetime: Duration::from_secs(900),
        };
        let sign_in = SignIn {
            eid: eid.clone(),
            access: desk.house.access.clone(),
            store: desk.house.store.clone(),
            clock: desk.house.clock.clone(),
            targets: [me].into(),
        };
        let routes = Routes::default()
            .with_shared(desk.house.access.clone(), dancu::access::routes, AccessApi::openapi())
            .with(desk.citizens.clone(), dancu::citizens::routes, CitizensApi::openapi())
            .with(eid.clone(), dancu::eid::routes, EidApi::openapi())
            .with_pages(sign_in, dancu::eid::sign_in_routes)
            .with((), discovery, utoipa::openapi::OpenApi::default());
        let metrics = dancu::telemetry::Metrics::default();
        let service = Service { routes, health: Health::new(Vec::new()), metrics, access_log: None, entropy };
        let limits = Limits {
            queue_delay: Duration::from_secs(60),
            answer_timeout: Duration::from_secs(60),
            anonymous_per_minute,
            ..Limits::default()
        };
        let config = ServerConfig { workers: Some(2), limits, ..ServerConfig::default() };
        let listeners = server::listen(&["127.0.0.1:0".parse().unwrap()]).expect("a port");
        let server = server::start(&config, listeners, service).expect("the server starts");
        let web = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self { desk, eid, codes, server, web }
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

    /// The cookie of a session that the phone approved on a page.
    pub async fn signed_in(&self, phone: &Phone) -> String {
        let mut browser = PageBrowser::open(self).await;
        let told = phone.call(self, "POST", "/v1/eid/transactions/claim", &json!({ "scan": browser.scan })).await;
        assert_eq!(told.status, 200, "{told:?}");
        let statement = told.json()["statement"].as_str().expect("a text").to_owned();
        let approved = phone.decide(self, &statement, Some(&browser.digits), Some(PASSCODE)).await;
        assert_eq!(approved.json()["outcome"], "approved", "{approved:?}");
        browser.go_on(self).await.expect("a session")
    }

    /// A client's grant that the phone approved.
    pub async fn granted(&self, phone: &Phone) -> TransactionId {
        let asked = self.begin(request(None, Level::L1)).await.expect("it begins");
        let told = phone.call(self, "POST", "/v1/eid/transactions/claim", &json!({ "scan": asked.scan })).await;
        let statement = told.json()["statement"].as_str().expect("a text").to_owned();
        phone.decide(self, &statement, Some(&asked.digits.to_string()), None).await;
        let (eid, access) = (self.eid.clone(), self.desk.house.access.clone());
        let client = self.desk.house.clients.find(&"portal".parse().unwrap()).expect("the portal");
        let kept = self.desk.house.store.write(move |tx| {
            let approval = eid.take(tx, asked.transaction)?.expect("an approval");
            let new = NewGrant {
                citizen_id: approval.citizen_id,
                device: approval.device,
                level: approval.level,
                amr: approval.amr,
                scope: "openid".to_owned(),
                attributes: approval.attributes,
                consent: approval.consent,
                details: String::new(),
                approved_at: approval.approved_at,
                backchannel: false,
                lifetime: Duration::from_secs(3_600),
            };
            access.keep_grant(tx, &client, &new)
        });
        kept.await.expect("the grant is kept").id
    }

    pub async fn withdraw(&self, id: TransactionId) {
        let eid = self.eid.clone();
        self.desk.house.store.write(move |tx| eid.withdraw(tx, id)).await.expect("the store answers");
    }

    /// What was recorded since the log had `before` entries: operation and reason.
    pub async fn recorded_since(&self, before: u64) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for log_index in before..self.desk.entries().await {
            let receipt = Receipt { log: self.desk.audit.own_log().to_string(), log_index };
            let entry = self.desk.audit.find(&receipt).await.unwrap().expect("the entry is there").entry;
            found.push((entry.operation, entry.reason));
        }
        found
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
