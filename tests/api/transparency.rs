//! `/audit/…` and `/v1/audit/proof`, as strangers and clients meet them.

use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use actix_web::{App, test};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dancu::audit::checkpoint::{Checkpoint, read_verifier_key};
use dancu::audit::tree::{Hash, leaf_hash, verify_consistency, verify_inclusion};
use dancu::audit::{Audit, AuditConfig, Entry, Outcome, Receipt, commitment};
use dancu::crypto::SystemEntropy;
use dancu::kernel::purpose::OfficerCode;
use dancu::kernel::{AttributeSet, CitizenId, Officer, TransactionId};
use dancu::transparency::Transparency;
use serde_json::{Value, json};

use crate::support::house::House;
use crate::support::{Backend, for_each_backend};

struct Hall {
    house: House,
    audit: Audit,
}

struct Answer {
    status: StatusCode,
    headers: actix_web::http::header::HeaderMap,
    bytes: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }
    fn header(&self, name: actix_web::http::header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

fn hash(value: &Value) -> Hash {
    STANDARD.decode(value.as_str().expect("base64")).expect("base64").try_into().expect("a hash")
}

fn path_of(value: &Value) -> Vec<Hash> {
    value.as_array().expect("a path").iter().map(hash).collect()
}

impl Hall {
    /// `portal` and `loadtest` may read the audit, the other samples may not.
    async fn new(backend: &Backend) -> Self {
        let house = House::new(backend).await;
        let config = AuditConfig::new("dancu.test/audit", backend.dir().join("state"));
        let (clock, entropy) = (house.clock.clone(), Arc::new(SystemEntropy::default()));
        let audit = Audit::open(house.store.clone(), house.keyring.clone(), config, clock, entropy).await.unwrap();
        Self { house, audit }
    }

    async fn record(&self, client: &str, transaction: u8) -> Receipt {
        let entry = Entry {
            transaction: TransactionId([transaction; 16]),
            at: self.house.now(),
            client: Some(client.parse().unwrap()),
            officer: None,
            subjects: vec![CitizenId([200; 16])],
            operation: "citizens.lookup",
            attributes: AttributeSet::EMPTY,
            procedure: None,
            legal_basis: None,
            consent: None,
            outcome: Outcome::Answered,
            reason: "",
        };
        self.audit.record(entry).await.unwrap()
    }

    async fn call(&self, request: test::TestRequest) -> Answer {
        let transparency = Transparency::new(self.audit.clone(), self.house.keyring.clone(), self.house.clock.clone());
        let app = App::new()
            .app_data(Data::from(self.house.access.clone()))
            .app_data(Data::new(transparency))
            .configure(dancu::transparency::routes);
        let app = test::init_service(app).await;
        let response = test::call_service(&app, request.to_request()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, bytes: test::read_body(response).await.to_vec() }
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(test::TestRequest::get().uri(path)).await
    }

    async fn prove(&self, client: &str, body: Value) -> Answer {
        let token = self.house.token(client).await;
        let request = test::TestRequest::default().method(Method::POST).uri("/v1/audit/proof").set_json(body);
        self.call(request.insert_header((AUTHORIZATION, format!("Bearer {token}")))).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_reads_checkpoints_and_tiles() {
    for_each_backend(async |backend| {
        let hall = Hall::new(&backend).await;
        let Receipt { log, .. } = hall.record("portal", 1).await;
        hall.record("portal", 2).await;
        hall.audit.sign_now().await.unwrap();
        let logs = hall.get("/audit/logs").await;
        let logs = logs.json()["logs"].clone();
        // Beside it stands the log of the command line, which entered the sample clients.
        let found = logs.as_array().unwrap().iter().find(|shown| shown["log"] == log.as_str()).expect("the log");
        assert_eq!((logs.as_array().unwrap().len(), &found["open"]), (2, &json!(true)));
        let (origin, key) = read_verifier_key(found["verifier_keys"][0].as_str().unwrap()).unwrap();
        let note = hall.get(&format!("/audit/{log}/checkpoint")).await;
        assert_eq!(note.header(CONTENT_TYPE), "text/plain; charset=utf-8");
        let checkpoint = Checkpoint::open(&String::from_utf8(note.bytes.clone()).unwrap(), [&key]).unwrap();
        assert_eq!((checkpoint.size, &checkpoint.origin), (2, &origin));
        let tile = hall.get(&format!("/audit/{log}/tile/0/000.p/2")).await;
        assert_eq!((tile.status, tile.bytes.len()), (StatusCode::OK, 64));
        assert_eq!(tile.header(CONTENT_TYPE), "application/octet-stream");
        assert!(tile.header(CACHE_CONTROL).contains("immutable"));
        let bundle = hall.get(&format!("/audit/{log}/tile/entries/000.p/1")).await;
        assert_eq!((bundle.bytes.len(), &bundle.bytes[..2]), (34, [0, 32].as_slice()));
        for path in [
            "/audit/nolog/checkpoint".to_owned(),
            "/audit/nolog/tile/0/000.p/1".to_owned(),
            format!("/audit/{log}/tile/0/000"),
            format!("/audit/{log}/tile/0/000.p/3"),
            format!("/audit/{log}/tile/0/0000.p/1"),
            format!("/audit/{log}/tile/64/000.p/1"),
            format!("/audit/{log}/tile/"),
        ] {
            assert_eq!(hall.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_proves_and_opens_its_own_entries_only() {
    for_each_backend(async |backend| {
        let hall = Hall::new(&backend).await;
        let Receipt { log, .. } = hall.record("portal", 1).await;
        for transaction in 2..40 {
            hall.record("loadtest", transaction).await;
        }
        hall.audit.sign_now().await.unwrap();

        let own = hall.prove("portal", json!({ "transaction_id": TransactionId([1; 16]) })).await;
        assert_eq!(own.status, StatusCode::OK, "{}", own.json());
        let own = &own.json()["inclusion"][0];
        let (index, size) = (own["log_index"].as_u64().unwrap(), own["tree_size"].as_u64().unwrap());
        let leaf = leaf_hash(&hash(&own["commitment"]));
        assert!(verify_inclusion(&leaf, index, size, &path_of(&own["path"]), &hash(&own["root"])));
        let salt = STANDARD.decode(own["entry"]["salt"].as_str().unwrap()).unwrap().try_into().unwrap();
        let canonical = own["entry"]["canonical"].as_str().unwrap();
        let opened = commitment(&salt, &hash(&own["entry"]["subjects"]), canonical.as_bytes());
        assert_eq!(opened, hash(&own["commitment"]));
        assert!(!canonical.contains(&CitizenId([200; 16]).to_string()));

        let others = hall.prove("portal", json!({ "log": log, "log_index": 5, "tree_size": 20 })).await.json();
        assert_eq!(
            (&others["inclusion"][0]["entry"], &others["inclusion"][0]["tree_size"]),
            (&Value::Null, &json!(20))
        );
        let not_theirs = hall.prove("loadtest", json!({ "transaction_id": TransactionId([1; 16]) })).await;
        assert_eq!(not_theirs.status, StatusCode::NOT_FOUND);
        // A citizen's identifier is no transaction's.
        let citizen = hall.prove("portal", json!({ "transaction_id": TransactionId([200; 16]) })).await;
        assert_eq!(citizen.status, StatusCode::NOT_FOUND);

        let grown = hall.prove("loadtest", json!({ "log": log, "from_size": 7 })).await.json()["consistency"].clone();
        let (from, to) = (hash(&grown["from_root"]), hash(&grown["root"]));
        assert!(verify_consistency(7, &from, 39, &to, &path_of(&grown["path"])), "{grown}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_are_refused_one_way_each() {
    let backend = Backend::sqlite();
    let hall = Hall::new(&backend).await;
    let Receipt { log, .. } = hall.record("portal", 1).await;
    hall.audit.sign_now().await.unwrap();
    hall.record("portal", 2).await;
    let anonymous = test::TestRequest::post().uri("/v1/audit/proof").set_json(json!({ "log": log, "log_index": 0 }));
    assert_eq!(hall.call(anonymous).await.status, StatusCode::UNAUTHORIZED);
    let hotel = hall.prove("hotel", json!({ "log": log, "log_index": 0 })).await;
    assert_eq!(hotel.status, StatusCode::FORBIDDEN);
    let early = hall.prove("portal", json!({ "log": log, "log_index": 1 })).await;
    assert_eq!((early.status, early.header(RETRY_AFTER)), (StatusCode::CONFLICT, "1"));
    let nolog = hall.prove("portal", json!({ "log": "nolog", "log_index": 1 })).await;
    assert_eq!(nolog.status, StatusCode::NOT_FOUND);
    for (body, pointers) in [
        (json!({}), vec!["/log"]),
        (json!({ "log": log }), vec!["/log"]),
        (json!({ "log_index": 0 }), vec!["/log"]),
        (json!({ "log": log, "from_size": 0 }), vec!["/from_size"]),
        (json!({ "log": log, "from_size": 1, "log_index": 0 }), vec!["/from_size"]),
        (json!({ "transaction_id": TransactionId([1; 16]), "log": log }), vec!["/transaction_id"]),
        (
            json!({ "transaction_id": "x", "log_index": -1, "tree_size": "1", "more": 1 }),
            vec!["/log_index", "/more", "/transaction_id", "/tree_size"],
        ),
    ] {
        let answer = hall.prove("portal", body.clone()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        if let Some(errors) = answer.json()["errors"].as_array() {
            let mut told: Vec<_> = errors.iter().filter_map(|error| error["pointer"].as_str()).collect();
            told.sort_unstable();
            assert_eq!(told, pointers, "{body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_reads_what_was_changed_of_it() {
    for_each_backend(async |backend| {
        let hall = Hall::new(&backend).await;
        let portal = "portal".parse().unwrap();
        let officer = Officer { id: OfficerCode::parse("cb-9").unwrap(), unit: OfficerCode::parse("mot-cua").unwrap() };
        hall.house.changes().await.add_officer(&portal, officer).await.unwrap();
        let ask = async |client: &str, body: Value| {
            let token = hall.house.token(client).await;
            let request = test::TestRequest::post().uri("/v1/audit/changes").set_json(body);
            hall.call(request.insert_header((AUTHORIZATION, format!("Bearer {token}")))).await
        };
        let told = ask("portal", json!({})).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.json());
        let told = told.json();
        let operations: Vec<_> =
            told["changes"].as_array().unwrap().iter().map(|change| change["operation"].as_str().unwrap()).collect();
        assert_eq!((told["total"].as_u64(), operations), (Some(2), vec!["clients.officers.add", "clients.add"]));
        let change = &told["changes"][0];
        assert_eq!((&change["target"], &change["why"]), (&json!("portal mot-cua/cb-9"), &json!("demo")));
        assert!(change["operator"]["uid"].is_u64(), "{change}");

        // The entry behind it is the client's own, and opens for it alone.
        let place = json!({ "log": change["audit"]["log"], "log_index": change["audit"]["log_index"] });
        let proven = hall.prove("portal", place.clone()).await.json();
        let canonical = proven["inclusion"][0]["entry"]["canonical"].as_str().expect("it opens");
        assert!(canonical.contains("clients.officers.add") && canonical.contains("demo"), "{canonical}");
        assert_eq!(hall.prove("loadtest", place).await.json()["inclusion"][0]["entry"], Value::Null);
        let others = ask("loadtest", json!({})).await.json();
        assert_eq!(others["total"], 1, "what was done to others is not told: {others}");

        let part = ask("portal", json!({ "skip": 1, "limit": 1, "until": "2099-01-01T00:00:00Z" })).await.json();
        assert_eq!((&part["total"], &part["changes"][0]["operation"]), (&json!(2), &json!("clients.add")));
        assert_eq!(ask("portal", json!({ "from": "2099-01-01T00:00:00Z" })).await.json()["total"], 0);
        let faulty = ask("portal", json!({ "limit": 0, "skip": -1, "from": "x", "more": 1 })).await;
        assert_eq!(faulty.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(faulty.json()["errors"].as_array().map(Vec::len), Some(4), "{}", faulty.json());
        assert_eq!(ask("hotel", json!({})).await.status, StatusCode::FORBIDDEN);
        let anonymous = test::TestRequest::post().uri("/v1/audit/changes").set_json(json!({}));
        assert_eq!(hall.call(anonymous).await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}
