//! Access tokens on their way back.

use std::time::Duration;

use actix_web::http::header::{self, WWW_AUTHENTICATE};
use actix_web::test::TestRequest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dancu::clients::Stoppable;
use dancu::crypto::{KeyUse, MacKey, SystemEntropy};
use dancu::kernel::ManualClock;
use serde_json::{Value, json};

use crate::support::house::{House, ISSUER, id, unsigned, within};
use crate::support::{Backend, for_each_backend};

fn claims_of(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a payload");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}

/// Whatever header and claims, signed with the service's own key.
fn forge(house: &House, header: &Value, claims: &Value) -> String {
    let signed = unsigned(header, claims);
    let signature = house.keyring.signing_key(KeyUse::Token).1.sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_names_its_client_and_no_person() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        let token = house.token("portal").await;
        let claims = claims_of(&token);
        let now = house.now().as_seconds();
        assert_eq!(claims["iss"], ISSUER);
        assert_eq!(claims["aud"], ISSUER);
        assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("portal"), &json!("portal")));
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(now), &json!(now + 600)));
        let names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["aud", "client_id", "exp", "iat", "iss", "jti", "scope", "sub"]);
        assert_ne!(claims["jti"], claims_of(&house.token("portal").await)["jti"]);
        for _ in 0..2 {
            let answer = house.probe_with(&token).await;
            assert_eq!((answer.status.as_u16(), &answer.body), (200, &json!({ "client": "portal" })));
        }
        assert_eq!(house.probe(&format!("bearer {token}")).await.status, 200, "the scheme has no case");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_and_no_scope_are_challenged() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        let none = house.get("/probe").await;
        assert_eq!(none.told(), (401, "unauthorised"));
        assert_eq!(none.header(WWW_AUTHENTICATE), r#"Bearer realm="dancu""#);
        let token = house.token("portal").await;
        let query = house.get(&format!("/probe?access_token={token}")).await;
        assert_eq!(query.told(), (401, "unauthorised"), "a token in the query is none");
        assert_eq!(house.probe(&format!("Basic {token}")).await.told(), (401, "unauthorised"));
        let twice = TestRequest::get()
            .append_header((header::AUTHORIZATION, format!("Bearer {token}")))
            .append_header((header::AUTHORIZATION, format!("Bearer {token}")));
        assert_eq!(house.call(twice, "/probe").await.told(), (401, "token-invalid"));
        let narrow = house.probe_with(&house.token("bank").await).await;
        assert_eq!(narrow.told(), (403, "insufficient-scope"));
        assert_eq!(
            narrow.header(WWW_AUTHENTICATE),
            r#"Bearer realm="dancu", error="insufficient_scope", scope="citizens:lookup""#
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_tokens_are_refused() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        let good = house.token("portal").await;
        let claims = claims_of(&good);
        let (kid, key) = house.keyring.signing_key(KeyUse::Token);
        let header = json!({ "typ": "at+jwt", "alg": "ES256", "kid": kid });
        assert_eq!(house.probe_with(&forge(&house, &header, &claims)).await.status, 200, "the forge forges");
        let changed = |name: &str, value: Value| {
            let mut claims = claims.clone();
            claims[name] = value;
            claims
        };
        let head = |name: &str, value: Value| {
            let mut header = header.clone();
            header[name] = value;
            header
        };
        let now = house.now().as_seconds();
        let mut wrong = vec![
            ("another audience", forge(&house, &header, &changed("aud", json!("https://elsewhere.test")))),
            ("a list of audiences", forge(&house, &header, &changed("aud", json!([ISSUER])))),
            ("another issuer", forge(&house, &header, &changed("iss", json!("https://elsewhere.test")))),
            ("issued ahead", forge(&house, &header, &changed("iat", json!(now + 60)))),
            ("an unknown client", forge(&house, &header, &changed("client_id", json!("nobody")))),
            ("no expiry", forge(&house, &header, &changed("exp", Value::Null))),
            ("another type", forge(&house, &head("typ", json!("JWT")), &claims)),
            ("no type", forge(&house, &head("typ", Value::Null), &claims)),
            ("an unknown kid", forge(&house, &head("kid", json!("x")), &claims)),
            ("no kid", forge(&house, &head("kid", Value::Null), &claims)),
            ("alg none", forge(&house, &head("alg", json!("none")), &claims)),
            ("alg EdDSA", forge(&house, &head("alg", json!("EdDSA")), &claims)),
            ("an extension", forge(&house, &head("crit", json!(["x"])), &claims)),
            ("a client's assertion", house.assertion("portal")),
            ("a client's signature", house.sign("portal", &header, &claims)),
            ("nothing", String::new()),
            ("not a token", "hello".to_owned()),
            ("an over-long token", "A".repeat(10_000)),
        ];
        wrong.push(("no signature", format!("{}.", unsigned(&head("alg", json!("none")), &claims))));
        let hmac = unsigned(&head("alg", json!("HS256")), &claims);
        let tag = MacKey::new(key.public_key()[1..33].try_into().unwrap()).tag(&[hmac.as_bytes()]);
        wrong.push(("the public key as a secret", format!("{hmac}.{}", URL_SAFE_NO_PAD.encode(tag))));
        let signature = good.rsplit_once('.').unwrap().1;
        let more = changed("scope", json!("citizens:lookup population:write"));
        wrong.push(("a tampered scope", format!("{}.{signature}", unsigned(&header, &more))));
        for (what, token) in &wrong {
            let answer = house.probe_with(token).await;
            assert_eq!(answer.told(), (401, "token-invalid"), "{what}: {answer:?}");
            assert!(answer.header(WWW_AUTHENTICATE).contains(r#"error="invalid_token""#), "{what}");
        }
        let elsewhere = house.under_issuer(&backend, "https://elsewhere.test").await;
        assert_eq!(elsewhere.probe_with(&good).await.told(), (401, "token-invalid"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_at_its_time_although_it_was_known() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        let token = house.token("portal").await;
        assert_eq!(house.probe_with(&token).await.status, 200);
        house.clock.advance(Duration::from_secs(599));
        assert_eq!(house.probe_with(&token).await.status, 200);
        house.clock.advance(Duration::from_secs(1));
        let over = house.probe_with(&token).await;
        assert_eq!(over.told(), (401, "token-expired"));
        assert!(over.header(WWW_AUTHENTICATE).contains(r#"error="invalid_token""#));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_client_is_out_within_a_second_everywhere() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        let twin = house.twin(&backend).await;
        let token = house.token("portal").await;
        assert_eq!(twin.probe_with(&token).await.status, 200);
        house.changes().await.stop(&id("portal"), Stoppable::Client).await.unwrap();
        assert_eq!(house.probe_with(&token).await.told(), (403, "client-stopped"), "at once where it was done");
        let took = within(Duration::from_secs(1), async || twin.probe_with(&token).await.status == 403).await;
        eprintln!("another process refused the client after {took:?}");
        assert_eq!(twin.ask_with(&house.assertion("portal"), &[]).await.told(), (400, "unauthorized_client"));
        twin.changes().await.start(&id("portal"), Stoppable::Client).await.unwrap();
        within(Duration::from_secs(1), async || house.probe_with(&token).await.status == 200).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_worth_what_the_agreement_says_today() {
    let backend = Backend::sqlite();
    let house = House::new(&backend).await;
    let token = house.token("portal").await;
    assert_eq!(house.probe_with(&token).await.status, 200);
    let mut agreement = house.clients.find(&id("portal")).unwrap().agreement.clone();
    agreement.bearer = false;
    house.changes().await.amend(&id("portal"), agreement).await.unwrap();
    assert_eq!(house.probe_with(&token).await.told(), (401, "token-invalid"), "bearer tokens are no longer agreed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clients_old_key_is_good_until_the_overlap_ends() {
    for_each_backend(async |backend| {
        let mut house = House::new(&backend).await;
        let new = dancu::crypto::jose::PrivateJwk::generate(dancu::crypto::Algorithm::P256).unwrap();
        let public = new.public();
        let key = dancu::clients::PublicKey { id: public.key_id(), key: public.key };
        house.changes().await.rotate_key(&id("portal"), key, Duration::from_secs(3600)).await.unwrap();
        assert_eq!(house.ask_with(&house.assertion("portal"), &[]).await.told().0, 200, "the old one");
        house.keys.insert("fresh".to_owned(), new);
        let fresh = |house: &House| house.sign("fresh", &house.header("fresh"), &house.claims("portal"));
        assert_eq!(house.ask_with(&fresh(&house), &[]).await.told().0, 200, "the new one");
        let bare = house.sign("portal", &json!({ "alg": "ES256" }), &house.claims("portal"));
        assert_eq!(house.ask_with(&bare, &[]).await.told().0, 200, "the old one without its name");
        house.clock.advance(Duration::from_secs(3600));
        assert_eq!(house.ask_with(&house.assertion("portal"), &[]).await.told(), (401, "invalid_client"));
        assert_eq!(house.ask_with(&fresh(&house), &[]).await.told().0, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_services_keys_rotate_with_overlap() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        let twin = house.twin(&backend).await;
        let before = house.token("portal").await;
        let entropy = SystemEntropy::default();
        house.keyring.rotate(KeyUse::Token, &entropy, &*house.clock).unwrap();
        twin.keyring.reload().unwrap();
        assert_eq!(house.get("/oauth2/jwks").await.body["keys"].as_array().unwrap().len(), 2, "handed out");
        house.keyring.activate(KeyUse::Token, &*house.clock, Duration::ZERO).unwrap();
        let after = house.token("portal").await;
        for process in [&house, &twin] {
            within(Duration::from_secs(3), async || process.probe_with(&after).await.status == 200).await;
            assert_eq!(process.probe_with(&before).await.status, 200, "an old key's token lives on");
        }
        // By an operator's clock, so that the key goes before its tokens have expired.
        let later = ManualClock::at(house.now().plus(Duration::from_secs(2 * 86_400)));
        house.keyring.retire(KeyUse::Token, 1, 0, &later).unwrap();
        within(Duration::from_secs(3), async || house.probe_with(&before).await.status == 401).await;
        assert_eq!(house.probe_with(&after).await.status, 200);
    })
    .await;
}
