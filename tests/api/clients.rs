//! The registry of clients, its agreements and the catalogue.

use std::time::Duration;

use actix_web::web::Data;
use actix_web::{App, test};
use dancu::audit::OfficerStanding;
use dancu::clients::{
    Action, Catalogue, ClientProfile, ClientsError, NewClient, Operation, PublicKey, Refusal, Registration, Stoppable,
};
use dancu::crypto::Algorithm;
use dancu::crypto::jose::PrivateJwk;
use dancu::http::Contact;
use dancu::kernel::purpose::OfficerCode;
use dancu::kernel::{LegalBasis, Officer, ProcedureCode, Purpose};
use serde_json::Value;

use crate::support::house::{House, id, within};
use crate::support::{Backend, for_each_backend};

fn officer(name: &str) -> Officer {
    Officer { id: OfficerCode::parse(name).unwrap(), unit: OfficerCode::parse("mot-cua").unwrap() }
}

fn purpose(procedure: &str, basis: &str, by: Option<&str>) -> Purpose {
    Purpose {
        procedure: ProcedureCode::parse(procedure).unwrap(),
        legal_basis: LegalBasis::parse(basis).unwrap(),
        officer: by.map(officer),
        consent: None,
    }
}

fn public_key() -> PublicKey {
    let public = PrivateJwk::generate(Algorithm::P256).unwrap().public();
    PublicKey { id: public.key_id(), key: public.key }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_covers_what_it_lists_and_nothing_else() {
    let house = House::new(&Backend::sqlite()).await;
    let now = house.now();
    let lookup = Operation::CitizensLookup;
    let verify = Operation::CitizensVerify;
    for (client, operation, asked, expected) in [
        ("portal", lookup, purpose("1.004222", "STATE_DUTY", Some("canbo-01")), Ok(Some(OfficerStanding::Registered))),
        ("portal", lookup, purpose("1.004222", "STATE_DUTY", Some("canbo-99")), Ok(Some(OfficerStanding::Asserted))),
        ("portal", lookup, purpose("1.004222", "STATE_DUTY", None), Err(Refusal::OfficerMissing)),
        ("portal", lookup, purpose("9.999999", "STATE_DUTY", Some("canbo-01")), Err(Refusal::Procedure)),
        ("portal", lookup, purpose("1.004222", "CURIOSITY", Some("canbo-01")), Err(Refusal::LegalBasis)),
        ("portal", lookup, purpose("1.004222", "CONSENT", Some("canbo-01")), Ok(Some(OfficerStanding::Registered))),
        ("portal", Operation::PopulationWrite, purpose("1.004222", "STATE_DUTY", None), Err(Refusal::Operation)),
        ("bank", verify, purpose("KYC", "CUSTOMER_IDENTIFICATION", Some("x")), Ok(Some(OfficerStanding::Asserted))),
        ("bank", verify, purpose("KYC", "STATE_DUTY", Some("x")), Err(Refusal::LegalBasis)),
        ("bank", verify, purpose("KYC", "CONSENT", Some("x")), Err(Refusal::LegalBasis)),
        ("bank", lookup, purpose("KYC", "CUSTOMER_IDENTIFICATION", Some("x")), Err(Refusal::Operation)),
        ("hotel", verify, purpose("2.001159", "RESIDENCE_LAW_ART30", Some("x")), Ok(Some(OfficerStanding::Asserted))),
        ("shop", verify, purpose("SHOP", "CONSENT", Some("x")), Ok(Some(OfficerStanding::Asserted))),
        ("shop", verify, purpose("SHOP", "CUSTOMER_IDENTIFICATION", Some("x")), Err(Refusal::LegalBasis)),
        ("loadtest", lookup, purpose("2.001159", "STATE_DUTY", Some("x")), Ok(Some(OfficerStanding::Asserted))),
    ] {
        let client = house.clients.find(&id(client)).unwrap();
        assert_eq!(client.authorise(operation, &asked, false, now), expected, "{} {operation} {asked:?}", client.id);
    }
    let portal = house.clients.find(&id("portal")).unwrap();
    let good = purpose("1.004222", "STATE_DUTY", Some("canbo-01"));
    for outside in [portal.agreement.valid_until, portal.agreement.valid_from.minus(Duration::from_micros(1))] {
        assert_eq!(portal.authorise(lookup, &good, false, outside), Err(Refusal::NotInForce));
    }
    let own = purpose("1.004222", "STATE_DUTY", None);
    assert_eq!(portal.authorise(lookup, &own, true, now), Ok(None), "the citizen stands in the officer's place");
    let mut private = dancu::clients::Client::clone(&portal);
    private.state_body = false;
    assert_eq!(
        private.authorise(lookup, &good, false, now),
        Err(Refusal::LegalBasis),
        "a state's duty is a state body's"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_seen_by_other_processes_and_kept_in_the_history() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        let twin = house.twin(&backend).await;
        let portal = id("portal");
        house.changes().await.add_officer(&portal, officer("canbo-02")).await.unwrap();
        house.changes().await.rotate_key(&portal, public_key(), Duration::from_secs(60)).await.unwrap();
        house.changes().await.stop(&portal, Stoppable::Client).await.unwrap();
        house.changes().await.start(&portal, Stoppable::Client).await.unwrap();
        let mut agreement = house.clients.find(&portal).unwrap().agreement.clone();
        agreement.per_minute = 7;
        house.changes().await.amend(&portal, agreement).await.unwrap();
        let seen = |clients: &dancu::clients::Clients| {
            let portal = clients.find(&id("portal")).unwrap();
            (portal.agreement.per_minute, portal.keys.len(), portal.officers.len(), portal.is_stopped())
        };
        assert_eq!(seen(&house.clients), (7, 2, 2, false));
        within(Duration::from_secs(1), async || seen(&twin.clients) == (7, 2, 2, false)).await;
        let history = twin.clients.history(&portal).await.unwrap();
        let actions: Vec<_> = history.iter().map(|change| change.action).collect();
        assert_eq!(
            actions,
            [
                Action::Added,
                Action::OfficerAdded,
                Action::KeyRotated,
                Action::Stopped,
                Action::Started,
                Action::Amended
            ]
        );
        assert!(history.iter().all(|change| change.at == house.now()));
        assert!(house.clients.is_current() && twin.clients.is_current());
        let ids: Vec<_> = twin.clients.list().iter().map(|client| client.id.to_string()).collect();
        assert_eq!(ids, ["bank", "commune", "hotel", "loadtest", "portal", "rp-baseline", "rp-fapi", "shop"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_cannot_be_leave_no_trace() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        let (clients, changes) = (&house.clients, house.changes().await);
        let (portal, nobody) = (id("portal"), id("nobody"));
        let agreement = clients.find(&portal).unwrap().agreement.clone();
        let new = |name: &str| NewClient {
            id: id(name),
            name: "Sở mẫu".to_owned(),
            profile: ClientProfile::Service,
            state_body: true,
            key: Some(public_key()),
            officers: Vec::new(),
            agreement: agreement.clone(),
            registration: Registration::default(),
            secret: None,
        };
        assert!(matches!(changes.add(new("portal")).await, Err(ClientsError::Exists)));
        for name in ["", "line\nbreak", "Call 097099000001", &"x".repeat(201)] {
            let named = NewClient { name: name.to_owned(), ..new("named") };
            assert!(matches!(changes.add(named).await, Err(ClientsError::Name)), "{name:?}");
        }
        let private = NewClient { state_body: false, profile: ClientProfile::Baseline, ..new("private") };
        let Err(ClientsError::Agreement(faults)) = changes.add(private).await else { panic!("an unfit agreement") };
        let keys: Vec<_> = faults.0.iter().map(|fault| fault.key.as_str()).collect();
        assert_eq!(keys, ["bearer", "legal_bases"]);
        assert!(matches!(changes.stop(&nobody, Stoppable::Client).await, Err(ClientsError::Unknown)));
        assert!(matches!(changes.amend(&nobody, agreement.clone()).await, Err(ClientsError::Unknown)));
        assert!(matches!(changes.rotate_key(&nobody, public_key(), Duration::ZERO).await, Err(ClientsError::Unknown)));
        assert!(matches!(changes.add_officer(&nobody, officer("x")).await, Err(ClientsError::Unknown)));
        assert!(matches!(changes.add_officer(&portal, officer("canbo-01")).await, Err(ClientsError::OfficerKnown)));
        let held = clients.find(&portal).unwrap().keys[0].clone();
        let same = PublicKey { id: "other-name".to_owned(), key: held.key };
        assert!(matches!(changes.rotate_key(&portal, same, Duration::ZERO).await, Err(ClientsError::KeyKnown)));
        assert_eq!(clients.history(&portal).await.unwrap().len(), 1);
        assert!(clients.history(&nobody).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_cannot_be_read_is_not_trusted_for_long() {
    let backend = Backend::sqlite();
    let house = House::new(&backend).await;
    let token = house.token("portal").await;
    backend.execute("ALTER TABLE client_registry RENAME TO away");
    assert_eq!(house.probe_with(&token).await.status, 200);
    let took = within(Duration::from_secs(8), async || house.probe_with(&token).await.status != 200).await;
    eprintln!("the registry was trusted for {took:?}");
    assert_eq!(house.probe_with(&token).await.told(), (503, "unavailable"));
    assert_eq!(house.ask_with(&house.assertion("portal"), &[]).await.told(), (503, "temporarily_unavailable"));
    backend.execute("ALTER TABLE away RENAME TO client_registry");
    within(Duration::from_secs(1), async || house.probe_with(&token).await.status == 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_is_public() {
    let contact = Contact {
        office: "Trung tâm mẫu".to_owned(),
        name: "Nguyễn Văn Mẫu".to_owned(),
        position: "Đầu mối".to_owned(),
        phone: "+84 000".to_owned(),
        email: "dau-moi@dancu.test".to_owned(),
    };
    let app = App::new()
        .app_data(Data::new(Catalogue::new(
            contact,
            &dancu::app::retention_rules(
                &dancu::app::RetentionPeriods::with_stays(30),
                dancu::audit::AuditConfig::years(5),
            ),
        )))
        .configure(dancu::clients::routes);
    let app = test::init_service(app).await;
    let response = test::call_service(&app, test::TestRequest::get().uri("/v1/catalogue").to_request()).await;
    assert_eq!(response.status(), 200);
    let body: Value = test::read_body_json(response).await;
    insta::assert_json_snapshot!("catalogue", body);
}
