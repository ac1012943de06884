//! The token endpoint's own rules (RFC 6749).

use actix_web::http::header;
use actix_web::test::TestRequest;
use dancu::access::ASSERTION_TYPE;
use dancu::clients::{Agreement, ClientProfile, NewClient, Operation, PublicKey, Registration, Stoppable};
use dancu::crypto::Algorithm;
use dancu::crypto::jose::PrivateJwk;
use serde_json::json;

use crate::support::for_each_backend;
use crate::support::house::{House, ISSUER, id};

const FORM: (header::HeaderName, &str) = (header::CONTENT_TYPE, "application/x-www-form-urlencoded");

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_none_are_refused_by_their_errors() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        let assertion = house.assertion("portal");
        let kind = ("client_assertion_type", ASSERTION_TYPE);
        let proof = ("client_assertion", assertion.as_str());
        let grant = ("grant_type", "client_credentials");
        for (what, form, expected) in [
            ("nothing", vec![], (400, "invalid_request")),
            ("no grant", vec![kind, proof], (400, "invalid_request")),
            ("an empty grant", vec![("grant_type", ""), kind, proof], (400, "invalid_request")),
            ("another grant", vec![("grant_type", "password"), kind, proof], (400, "unsupported_grant_type")),
            ("implicit", vec![("grant_type", "implicit"), kind, proof], (400, "unsupported_grant_type")),
            ("a grant twice", vec![grant, grant, kind, proof], (400, "invalid_request")),
            ("an assertion twice", vec![grant, kind, proof, proof], (400, "invalid_request")),
            ("an unknown parameter twice", vec![grant, kind, proof, ("x", "1"), ("x", "2")], (400, "invalid_request")),
            ("no proof", vec![grant], (401, "invalid_client")),
            ("an id alone", vec![grant, ("client_id", "portal")], (401, "invalid_client")),
            ("a secret", vec![grant, ("client_id", "portal"), ("client_secret", "x")], (401, "invalid_client")),
            ("a secret too", vec![grant, kind, proof, ("client_secret", "x")], (400, "invalid_request")),
            ("no kind of proof", vec![grant, proof], (401, "invalid_client")),
            ("another kind", vec![grant, proof, ("client_assertion_type", "saml2-bearer")], (401, "invalid_client")),
            ("an empty proof", vec![grant, kind, ("client_assertion", "")], (401, "invalid_client")),
        ] {
            let answer = house.post_form(&form).await;
            assert_eq!(answer.told(), expected, "{what}: {answer:?}");
            assert_eq!(answer.header(header::CACHE_CONTROL), "no-store", "{what}");
            assert!(answer.body["error_description"].is_string(), "{what}");
        }
        let more = [("client_id", "portal"), ("resource", "https://x.test"), ("colour", "blue")];
        let answer = house.ask_with(&assertion, &more).await;
        assert_eq!(answer.told().0, 200, "unknown parameters are ignored: {answer:?}");
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
        let other = house.ask_with(&house.assertion("portal"), &[("client_id", "bank")]).await;
        assert_eq!(other.told(), (401, "invalid_client"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_and_heads_that_are_no_form_are_refused() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        let json = TestRequest::post().insert_header((header::CONTENT_TYPE, "application/json")).set_payload("{}");
        assert_eq!(house.call(json, "/oauth2/token").await.told(), (400, "invalid_request"));
        let bare = TestRequest::post().set_payload("grant_type=client_credentials");
        assert_eq!(house.call(bare, "/oauth2/token").await.told(), (400, "invalid_request"));
        let long = TestRequest::post().insert_header(FORM).set_payload("x=".to_owned() + &"y".repeat(20_000));
        assert_eq!(house.call(long, "/oauth2/token").await.told(), (400, "invalid_request"));
        let bytes = TestRequest::post().insert_header(FORM).set_payload(&b"grant_type=%ff%fe"[..]);
        assert_eq!(house.call(bytes, "/oauth2/token").await.told(), (400, "invalid_request"));
        let basic = TestRequest::post()
            .insert_header(FORM)
            .insert_header((header::AUTHORIZATION, "Basic cG9ydGFsOng="))
            .set_payload("grant_type=client_credentials");
        let answer = house.call(basic, "/oauth2/token").await;
        assert_eq!(answer.told(), (401, "invalid_client"));
        assert_eq!(answer.header(header::WWW_AUTHENTICATE), r#"Basic realm="dancu""#);
        let read = house.get("/oauth2/token").await;
        assert_eq!(read.status, 405, "{read:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_are_those_agreed_and_asked_for() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        let all = house.ask_with(&house.assertion("bank"), &[]).await;
        assert_eq!(all.body["scope"], "citizens:verify qr:verify");
        let one = house.ask_with(&house.assertion("bank"), &[("scope", "citizens:verify")]).await;
        assert_eq!(one.body["scope"], "citizens:verify");
        for scope in
            ["citizens:lookup", "citizens:verify citizens:lookup", "openid", "citizens:verify ", "CITIZENS:VERIFY"]
        {
            let answer = house.ask_with(&house.assertion("bank"), &[("scope", scope)]).await;
            assert_eq!(answer.told(), (400, "invalid_scope"), "{scope}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_out_gets_nothing() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        house.changes().await.stop(&id("portal"), Stoppable::Client).await.unwrap();
        let refused = house.ask_with(&house.assertion("portal"), &[]).await;
        assert_eq!(refused.told(), (400, "unauthorized_client"));
        assert_eq!(refused.body["error_uri"], "/v1/catalogue");
        // Who does not prove to be the client does not learn that it is stopped.
        assert_eq!(house.ask_with("nonsense", &[]).await.told(), (401, "invalid_client"));
        house.changes().await.start(&id("portal"), Stoppable::Client).await.unwrap();
        assert_eq!(house.ask_with(&house.assertion("portal"), &[]).await.told().0, 200);
        house.changes().await.amend(&id("portal"), agreement(&house, "portal", |a| a.bearer = false)).await.unwrap();
        assert_eq!(house.ask_with(&house.assertion("portal"), &[]).await.told(), (400, "unauthorized_client"));
        let over = agreement(&house, "bank", |a| a.valid_until = a.valid_from.plus(std::time::Duration::from_secs(1)));
        house.changes().await.amend(&id("bank"), over).await.unwrap();
        house.clock.advance(std::time::Duration::from_secs(2));
        assert_eq!(house.ask_with(&house.assertion("bank"), &[]).await.told(), (400, "unauthorized_client"));
    })
    .await;
}

fn agreement(house: &House, client: &str, change: impl FnOnce(&mut Agreement)) -> Agreement {
    let mut agreement = house.clients.find(&id(client)).unwrap().agreement.clone();
    change(&mut agreement);
    agreement
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fapi_client_names_the_issuer_and_nothing_else() {
    for_each_backend(async |backend| {
        let mut house = House::new(&backend).await;
        add(&mut house, "strict", ClientProfile::Fapi2, Algorithm::P256).await;
        // A good assertion comes as far as the rule that this profile needs bound tokens.
        for (audience, expected) in [
            (json!(ISSUER), (400, "invalid_dpop_proof")),
            (json!(format!("{ISSUER}/oauth2/token")), (401, "invalid_client")),
            (json!([ISSUER]), (401, "invalid_client")),
        ] {
            let mut claims = house.claims("strict");
            claims["aud"] = audience.clone();
            let answer = house.ask_with(&house.sign("strict", &house.header("strict"), &claims), &[]).await;
            assert_eq!(answer.told(), expected, "{audience}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ed25519_key_serves_as_well() {
    for_each_backend(async |backend| {
        let mut house = House::new(&backend).await;
        add(&mut house, "registry", ClientProfile::Service, Algorithm::Ed25519).await;
        let kid = house.keys["registry"].public().key_id();
        for (alg, status) in [("EdDSA", 200), ("ES256", 401)] {
            let header = json!({ "alg": alg, "kid": kid });
            let answer = house.ask_with(&house.sign("registry", &header, &house.claims("registry")), &[]).await;
            assert_eq!(answer.told().0, status, "{alg}");
        }
    })
    .await;
}

async fn add(house: &mut House, client: &str, profile: ClientProfile, algorithm: Algorithm) {
    let key = PrivateJwk::generate(algorithm).unwrap();
    let public = key.public();
    let new = NewClient {
        id: id(client),
        name: client.to_owned(),
        profile,
        state_body: true,
        key: Some(PublicKey { id: public.key_id(), key: public.key }),
        registration: Registration::default(),
        secret: None,
        officers: Vec::new(),
        agreement: agreement(house, "portal", |a| {
            a.bearer = profile == ClientProfile::Service;
            a.operations = [Operation::CitizensLookup].into_iter().collect();
        }),
    };
    house.changes().await.add(new).await.unwrap();
    house.keys.insert(client.to_owned(), key);
}
