//! What operators have stopped is refused at every door. The doors are read from the API's description: one that
//! is new fails here until it is said how it is asked, and none can be forgotten.

use std::collections::BTreeSet;
use std::time::Duration;

use dancu::access::SessionGrant;
use dancu::clients::{OperationSet, Stoppable};
use dancu::crypto::SystemEntropy;
use dancu::kernel::purpose::OfficerCode;
use dancu::kernel::{CommuneCode, FacilityId, Officer, ProcedureCode, UnitCode};
use dancu::stays::NewFacility;
use dancu::stays::model::FacilityKind;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::citizens::desk::{an, an_claimed, but};
use super::oidc::rig::{Answer, CIBA, Rig, form, read};
use super::qr::shown::AN_CARD;
use super::stays::batch::row;
use super::stays::sheets::{csv, xlsx};
use super::stays::{OWN_COMMUNE, foreigner, notice};
use crate::support::house::{ISSUER, id};
use crate::support::{for_each_backend, operator};

/// The sample client whose agreement opens every door.
const CLIENT: &str = "loadtest";
const PROCEDURE: &str = "1.004222";
const OFFICER: (&str, &str) = ("do-tai-01", "do-tai");
const QUERY: &str = "procedure=1.004222&legal_basis=STATE_DUTY&officer_id=do-tai-01&officer_unit=do-tai";

/// Doors where neither an access token nor the signature of a citizen's device is asked for, and why.
const WITHOUT_TOKEN: &[&str] = &[
    // Public.
    "GET /.well-known/dancu-document-keys",
    "GET /.well-known/dancu-qr-keys",
    "GET /.well-known/oauth-authorization-server",
    "GET /.well-known/openid-configuration",
    "GET /audit/logs",
    "GET /audit/{log}/checkpoint",
    "GET /audit/{log}/tile/{tile}",
    "GET /oauth2/jwks",
    "GET /v1/catalogue",
    "GET /v1/forms",
    "GET /v1/forms/{code}",
    "GET /v1/status-lists/{id}",
    "GET /v1/stays/template.csv",
    "GET /v1/stays/template.xlsx",
    "POST /v1/residence/confirmations/page",
    "POST /v1/residence/confirmations/verify",
    "POST /v1/stays/receipts/page",
    "POST /v1/stays/receipts/verify",
    // The client shows who it is by its key or secret, or a browser names it: oidc/stopped.rs.
    "GET /oauth2/authorize",
    "GET /oauth2/logout",
    "POST /oauth2/bc-authorize",
    "POST /oauth2/introspect",
    "POST /oauth2/par",
    "POST /oauth2/revoke",
    "POST /oauth2/token",
];

/// Doors where a token is asked for and no purpose: they are about the client or the citizen themselves.
const WITHOUT_PURPOSE: &[&str] = &[
    "GET /oauth2/userinfo",
    "GET /v1/facilities",
    "GET /v1/me/access-history",
    "GET /v1/me/access-history/export",
    "GET /v1/me/consents",
    "GET /v1/me/consents/export",
    "GET /v1/me/consents/{id}",
    "GET /v1/stays/{id}/receipt",
    "POST /v1/audit/changes application/json",
    "POST /v1/audit/proof application/json",
    "POST /v1/me/access-history application/json",
    "POST /v1/me/consents/{id}/withdraw",
];

/// What is sent to a door where a purpose is asked for.
enum Body {
    Json(Value),
    /// Beside a purpose in the query, or with one of its own.
    Raw(Vec<u8>),
    Picture,
}

/// Doors where a purpose is asked for, and a request that each of them reads.
fn with_purpose(facility: FacilityId) -> Vec<(&'static str, Body)> {
    let asked = |body: Value| Body::Json(but(body, json!({ "purpose": purpose() })));
    let about_an = |more: Value| asked(but(but(an(), json!({ "attributes": null })), more));
    let stay = but(notice(facility, json!([foreigner("Khách Lạ", "P0000001")])), json!({ "purpose": null }));
    let event = json!({ "kind": "missing", "effective": "2026-11-01", "id_number": "097099000001" });
    let issue = json!({ "kind": "static", "lifetime_seconds": 86_400, "attributes": ["full_name"] });
    let line = but(an_claimed(), json!({ "purpose": purpose() })).to_string();
    let file = json!({ "purpose": purpose(), "stays": [stay] }).to_string();
    let sheet = [row(1)];
    vec![
        ("POST /v1/citizens/lookup application/json", asked(an())),
        ("POST /v1/citizens/verify application/json", asked(an_claimed())),
        ("POST /v1/citizens/verify/batch application/x-ndjson", Body::Raw(line.into_bytes())),
        ("POST /v1/eid/desk application/json", about_an(json!({ "action": "enrol" }))),
        ("POST /v1/events application/json", asked(but(event, json!({ "event_id": "ev-stop-1" })))),
        ("POST /v1/forms/{code}/prefill application/json", about_an(json!({}))),
        ("POST /v1/qr/credentials application/json", about_an(issue)),
        ("POST /v1/qr/credentials/{id}/revoke application/json", asked(json!({}))),
        ("POST /v1/qr/verify application/json", asked(json!({ "payload": AN_CARD }))),
        ("POST /v1/qr/verify multipart/form-data", Body::Picture),
        ("POST /v1/residence/check application/json", about_an(json!({ "questions": ["household"] }))),
        ("POST /v1/residence/confirmations application/json", about_an(json!({ "recipient": "Trường mẫu" }))),
        ("POST /v1/stays application/json", asked(stay.clone())),
        ("POST /v1/stays/batch application/json", Body::Raw(file.into_bytes())),
        (
            "POST /v1/stays/batch application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Body::Raw(xlsx(&sheet)),
        ),
        ("POST /v1/stays/batch application/x-ndjson", Body::Raw(stay.to_string().into_bytes())),
        ("POST /v1/stays/batch text/csv", Body::Raw(csv(&sheet))),
        ("POST /v1/stays/search application/json", asked(json!({}))),
        ("POST /v1/stays/{id}/amend application/json", asked(json!({ "room": "205" }))),
        ("POST /v1/stays/{id}/cancel application/json", asked(json!({}))),
        ("POST /v1/stays/{id}/check-out application/json", asked(json!({}))),
        ("POST /v1/stays/{id}/extend application/json", asked(json!({ "planned_departure": "2026-11-24" }))),
    ]
}

fn purpose() -> Value {
    let (id, unit) = OFFICER;
    json!({ "procedure": PROCEDURE, "legal_basis": "STATE_DUTY", "officer": { "id": id, "unit": unit } })
}

/// One operation of the API's description, in one form of its body.
struct Door {
    /// Method, path, and the body's media type if there is one.
    name: String,
    method: Method,
    path: String,
    media_type: Option<String>,
    /// What shows who asks, by the description.
    security: Option<String>,
    /// Whether the description has a member or parameter for the purpose.
    is_for_purpose: bool,
}

impl Door {
    fn needs_token(&self) -> bool {
        self.security.as_deref() == Some("access_token")
    }
}

/// Every door of the description.
fn doors(document: &Value) -> Vec<Door> {
    let mut doors = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("operations") {
            let method = method.to_uppercase();
            let security = operation["security"][0].as_object().and_then(|named| named.keys().next());
            let parameters = operation["parameters"].as_array();
            let in_query = parameters.into_iter().flatten().any(|parameter| parameter["name"] == "procedure");
            let contents = operation["requestBody"]["content"].as_object().into_iter().flatten();
            let mut bodies: Vec<_> = contents.map(|(media, content)| (Some(media), &content["schema"])).collect();
            if bodies.is_empty() {
                bodies.push((None, &Value::Null));
            }
            for (media_type, schema) in bodies {
                let pointer = schema["$ref"].as_str().and_then(|name| name.strip_prefix('#'));
                let schema = pointer.map_or(schema, |pointer| document.pointer(pointer).expect("a schema"));
                doors.push(Door {
                    // Who may ask without a token does not depend on the body's form.
                    name: match media_type.filter(|_| security.is_some()) {
                        Some(media_type) => format!("{method} {path} {media_type}"),
                        None => format!("{method} {path}"),
                    },
                    method: method.parse().expect("a method"),
                    path: path.replace("{code}", "ct01").replace("{id}", &"a".repeat(32)),
                    media_type: media_type.cloned(),
                    security: security.cloned(),
                    is_for_purpose: in_query || schema["properties"].get("purpose").is_some(),
                });
            }
        }
    }
    doors
}

#[track_caller]
fn same<'a>(found: impl Iterator<Item = &'a Door>, listed: impl IntoIterator<Item = &'a str>, list: &str) {
    let found: BTreeSet<&str> = found.map(|door| door.name.as_str()).collect();
    let listed: BTreeSet<&str> = listed.into_iter().collect();
    let new: Vec<_> = found.difference(&listed).collect();
    assert!(
        new.is_empty(),
        "say in {list} how these new doors are asked, so that what is stopped is refused: {new:#?}"
    );
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(gone.is_empty(), "{list} has doors that the description has there no more: {gone:#?}");
}

/// A process, and everything that the client can show of itself.
struct Site {
    rig: Rig,
    web: reqwest::Client,
    facility: FacilityId,
    doors: Vec<Door>,
    /// How requests of each kind show who asks: what it is, then a header.
    proofs: Vec<(&'static str, &'static str, String)>,
}

impl Site {
    async fn open(backend: &crate::support::Backend) -> Self {
        let rig = Rig::new(backend).await;
        rig.amend(CLIENT, |agreement| agreement.units = [UnitCode::parse(OWN_COMMUNE).unwrap()].into()).await;
        let document: Value = serde_json::from_str(&rig.app.routes().description().unwrap()).unwrap();
        let new = NewFacility {
            client: id(CLIENT),
            name: "Khách sạn".to_owned(),
            kind: FacilityKind::Hotel,
            commune: CommuneCode::parse(OWN_COMMUNE).unwrap(),
            address: "Số 1".to_owned(),
        };
        let entropy = SystemEntropy::default();
        let facility = rig.app.stays.register().add(new, &operator(&rig.app), rig.now(), &entropy).await.unwrap();
        let proofs = vec![
            ("the client's token", "authorization", format!("Bearer {}", own_token(&rig).await)),
            ("a citizen's token", "authorization", format!("Bearer {}", citizens_token(&rig).await)),
            ("an officer's session", "cookie", officers_session(&rig).await),
        ];
        Self { rig, web: reqwest::Client::new(), facility, doors: doors(&document), proofs }
    }

    /// The doors that need a token and those of them that are for a purpose are told apart as the lists do.
    fn check_lists(&self) {
        let of = |wanted: fn(&Door) -> bool| self.doors.iter().filter(move |door| wanted(door));
        same(of(|door| door.security.is_none()), WITHOUT_TOKEN.iter().copied(), "WITHOUT_TOKEN");
        let bodies = with_purpose(self.facility);
        let named = bodies.iter().map(|(name, _)| *name);
        same(of(Door::needs_token), WITHOUT_PURPOSE.iter().copied().chain(named), "with_purpose or WITHOUT_PURPOSE");
        let wrong: Vec<_> =
            of(|door| door.is_for_purpose).filter(|door| WITHOUT_PURPOSE.contains(&door.name.as_str())).collect();
        assert!(wrong.is_empty(), "{:?} asks for a purpose", wrong.iter().map(|door| &door.name).collect::<Vec<_>>());
    }

    fn request(&self, door: &Door, (_, header, value): &(&str, &str, String)) -> reqwest::RequestBuilder {
        let mut url = self.rig.url(&door.path);
        if door.path == "/v1/stays/batch" && door.media_type.as_deref() != Some("application/json") {
            url = format!("{url}?{QUERY}&facility_id={}", self.facility);
        }
        self.web.request(door.method.clone(), url).header("origin", ISSUER).header(*header, value)
    }

    /// Asks with a body that nobody can read.
    async fn knock(&self, door: &Door, proof: &(&'static str, &'static str, String)) -> Answer {
        let request = self.request(door, proof);
        let media_type = door.media_type.as_deref();
        read(match media_type {
            Some(media_type) => request.header("content-type", media_type).body("{"),
            None => request,
        })
        .await
    }

    /// Asks as one asks there; the problem, of the line if lines are answered.
    async fn ask(&self, door: &Door, body: &Body) -> (Answer, Option<String>) {
        let request = self.request(door, &self.proofs[0]);
        let media_type = door.media_type.as_deref().expect("a body");
        let answer = read(match body {
            Body::Json(body) => request.json(body),
            Body::Raw(bytes) => request.header("content-type", media_type).body(bytes.clone()),
            Body::Picture => {
                let picture = Part::bytes(b"no picture".to_vec()).file_name("photo.png");
                request.multipart(Form::new().part("image", picture).text("purpose", purpose().to_string()))
            }
        })
        .await;
        let problem = answer.json()["type"].as_str().and_then(|uri| uri.rsplit('/').next()).map(str::to_owned);
        (answer, problem)
    }

    async fn stop(&self, what: &Stoppable) {
        self.rig.app.clients.under(&operator(&self.rig.app)).stop(&id(CLIENT), what.clone()).await.unwrap();
    }

    async fn start(&self, what: &Stoppable) {
        self.rig.app.clients.under(&operator(&self.rig.app)).start(&id(CLIENT), what.clone()).await.unwrap();
    }
}

async fn own_token(rig: &Rig) -> String {
    let answer = rig.token_by_key(CLIENT, &form(&[("grant_type", "client_credentials")])).await;
    answer.text_of("access_token")
}

/// A token of the client for what a citizen approved.
async fn citizens_token(rig: &Rig) -> String {
    let asked = form(&[("scope", "openid citizen:full_name"), ("login_hint", "097099000001")]);
    let asked = rig.authenticated(CLIENT, &asked);
    let begun = read(rig.post("/oauth2/bc-authorize", &asked)).await;
    rig.approve("097099000001").await;
    let polling = form(&[("grant_type", CIBA), ("auth_req_id", &begun.text_of("auth_req_id"))]);
    rig.token_by_key(CLIENT, &polling).await.text_of("access_token")
}

/// The cookie of a page of the client on which its officer has signed in.
async fn officers_session(rig: &Rig) -> String {
    let code = |text| OfficerCode::parse(text).unwrap();
    let grant = SessionGrant {
        client: id(CLIENT),
        scopes: OperationSet::all(),
        citizen: None,
        device: None,
        officer: Some(Officer { id: code(OFFICER.0), unit: code(OFFICER.1) }),
        lifetime: Duration::from_secs(3600),
    };
    let access = rig.app.access.clone();
    let opened = rig.app.store.write(move |tx| access.open_session(tx, &grant, None)).await;
    opened.unwrap().pair()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_client_or_officer_is_refused_at_every_door_before_anything_is_read() {
    for_each_backend(async |backend| {
        let site = Site::open(&backend).await;
        site.check_lists();
        let doors = || site.doors.iter().filter(|door| door.needs_token());
        for door in doors() {
            for proof in &site.proofs {
                let told = site.knock(door, proof).await.told();
                assert!(told.0 != 401 && !told.1.ends_with("-stopped"), "{} by {}: {told:?}", door.name, proof.0);
            }
        }
        site.stop(&Stoppable::Client).await;
        for door in doors() {
            for proof in &site.proofs {
                let refused = site.knock(door, proof).await;
                let told = (refused.told(), refused.json()["contact"]["phone"].clone());
                let phone = json!(site.rig.app.contact.phone);
                assert_eq!(told, ((403, "client-stopped".to_owned()), phone), "{} by {}", door.name, proof.0);
            }
        }
        site.start(&Stoppable::Client).await;
        let officer = Stoppable::Officer(OfficerCode::parse(OFFICER.0).unwrap());
        site.stop(&officer).await;
        for door in doors() {
            let refused = site.knock(door, &site.proofs[2]).await;
            assert_eq!(refused.told(), (403, "officer-stopped".to_owned()), "{} by a session", door.name);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_procedure_or_officer_is_refused_at_every_door_for_a_purpose_and_recorded() {
    for_each_backend(async |backend| {
        let site = Site::open(&backend).await;
        site.check_lists();
        let bodies = with_purpose(site.facility);
        let asked =
            || bodies.iter().map(|(name, body)| (site.doors.iter().find(|door| door.name == *name).unwrap(), body));
        for (door, body) in asked() {
            let (answer, problem) = site.ask(door, body).await;
            // The agreement covers it; not everybody who is asked about is there, nor is everything well formed.
            let fit = [None, Some("not-found"), Some("unreadable-qr")];
            assert!(fit.contains(&problem.as_deref()), "{}: {answer:?}", door.name);
        }
        let parts = [
            (Stoppable::Procedure(ProcedureCode::parse(PROCEDURE).unwrap()), "procedure-stopped", "procedure_stopped"),
            (Stoppable::Officer(OfficerCode::parse(OFFICER.0).unwrap()), "officer-stopped", "officer_stopped"),
        ];
        for (part, problem, reason) in parts {
            site.stop(&part).await;
            for (door, body) in asked() {
                let (answer, told) = site.ask(door, body).await;
                // Lines of a batch are answered one by one.
                let status = if door.path.ends_with("/verify/batch") { 200 } else { 403 };
                assert_eq!((answer.status, told.as_deref()), (status, Some(problem)), "{}: {answer:?}", door.name);
            }
            let entries = site.rig.entries().await;
            let recorded = entries.iter().filter(|entry| entry.entry.reason == reason).count();
            assert_eq!(recorded, bodies.len(), "each refusal has an entry");
            site.start(&part).await;
        }
    })
    .await;
}
