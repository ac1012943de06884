//! Every way an assertion can be wrong (RFC 7523 section 3, RFC 8725).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dancu::crypto::MacKey;
use serde_json::{Value, json};

use crate::support::for_each_backend;
use crate::support::house::{House, ISSUER, unsigned};

const REFUSED: (u16, &str) = (401, "invalid_client");

/// The claims of a good assertion, with some changed; `null` takes one out.
fn with(mut good: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().expect("changes") {
        match value {
            Value::Null => drop(good.as_object_mut().expect("an object").remove(name)),
            value => good[name] = value.clone(),
        }
    }
    good
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_assertion_gives_a_token() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        let now = house.now().as_seconds();
        for good in [
            json!({}),
            json!({ "aud": format!("{ISSUER}/oauth2/token") }),
            json!({ "aud": ["https://elsewhere.test", ISSUER] }),
            json!({ "iat": null }),
            json!({ "iat": now + 9, "nbf": now + 9 }),
            json!({ "exp": now + 3600 }),
            json!({ "exp": now as f64 + 60.5 }),
        ] {
            let claims = with(house.claims("portal"), good.clone());
            let answer = house.ask_with(&house.sign("portal", &house.header("portal"), &claims), &[]).await;
            assert_eq!(answer.told().0, 200, "{good}: {answer:?}");
            assert_eq!(answer.body["token_type"], "Bearer");
            assert_eq!(answer.body["expires_in"], 600);
        }
        for header in [json!({ "alg": "ES256" }), json!({ "alg": "ES256", "typ": "JWT" })] {
            let answer = house.ask_with(&house.sign("portal", &header, &house.claims("portal")), &[]).await;
            assert_eq!(answer.told().0, 200, "{header}: {answer:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_claims_are_refused() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        let now = house.now().as_seconds();
        for wrong in [
            json!({ "exp": now }),
            json!({ "exp": now - 60, "iat": now - 120 }),
            json!({ "exp": null }),
            json!({ "exp": "soon" }),
            json!({ "exp": -1 }),
            json!({ "iat": now + 30, "exp": now + 60 }),
            json!({ "nbf": now + 30 }),
            json!({ "exp": now + 2 * 3600 }),
            json!({ "exp": now + 2 * 3600, "iat": null }),
            json!({ "exp": now + 60, "iat": now - 2 * 3600 }),
            json!({ "aud": "https://elsewhere.test" }),
            json!({ "aud": format!("{ISSUER}/") }),
            json!({ "aud": format!("{ISSUER}/oauth2/jwks") }),
            json!({ "aud": ["https://elsewhere.test"] }),
            json!({ "aud": [] }),
            json!({ "aud": null }),
            json!({ "aud": { "is": ISSUER } }),
            json!({ "iss": "bank" }),
            json!({ "iss": null }),
            json!({ "sub": "bank" }),
            json!({ "sub": null }),
            json!({ "iss": "bank", "sub": "bank" }),
            json!({ "iss": "nobody", "sub": "nobody" }),
            json!({ "sub": "Not A Client Id" }),
            json!({ "jti": null }),
            json!({ "jti": "" }),
            json!({ "jti": "x".repeat(257) }),
            json!({ "jti": 7 }),
        ] {
            let claims = with(house.claims("portal"), wrong.clone());
            let answer = house.ask_with(&house.sign("portal", &house.header("portal"), &claims), &[]).await;
            assert_eq!(answer.told(), REFUSED, "{wrong}: {answer:?}");
            assert_eq!(answer.header(actix_web::http::header::CACHE_CONTROL), "no-store");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_headers_and_signatures_are_refused_alike() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        let portal = house.keys["portal"].public();
        let bank_kid = house.keys["bank"].public().key_id();
        let attacker = dancu::crypto::jose::PrivateJwk::generate(dancu::crypto::Algorithm::P256).unwrap().public();
        let signed = |header: Value| house.sign("portal", &header, &house.claims("portal"));
        let kid = portal.key_id();
        let mut wrong = vec![
            ("alg none", signed(json!({ "alg": "none", "kid": kid }))),
            ("alg of another type", signed(json!({ "alg": "EdDSA", "kid": kid }))),
            ("an RSA alg", signed(json!({ "alg": "RS256", "kid": kid }))),
            ("alg in lower case", signed(json!({ "alg": "es256", "kid": kid }))),
            ("no alg", signed(json!({ "kid": kid }))),
            ("an unknown kid", signed(json!({ "alg": "ES256", "kid": "unknown" }))),
            ("a path as kid", signed(json!({ "alg": "ES256", "kid": "../../../../dev/null" }))),
            ("SQL as kid", signed(json!({ "alg": "ES256", "kid": "' OR '1'='1" }))),
            ("another client's kid", signed(json!({ "alg": "ES256", "kid": bank_kid }))),
            ("a kid that is no text", signed(json!({ "alg": "ES256", "kid": 1 }))),
            ("an unknown extension", signed(json!({ "alg": "ES256", "kid": kid, "crit": ["exp"] }))),
            ("the type of access tokens", signed(json!({ "alg": "ES256", "kid": kid, "typ": "at+jwt" }))),
            ("the type of proofs", signed(json!({ "alg": "ES256", "kid": kid, "typ": "dpop+jwt" }))),
        ];
        let header = house.header("portal");
        let claims = house.claims("portal");
        // A key that comes with the token is no key of the client's.
        let embedded = json!({ "alg": "ES256", "jwk": attacker });
        wrong.push(("an embedded key", house.sign("bank", &embedded, &claims)));
        wrong.push(("another client's key", house.sign("bank", &header, &claims)));
        wrong.push(("another client's key and kid", house.sign("bank", &house.header("bank"), &claims)));
        let hmac = json!({ "alg": "HS256", "kid": kid });
        let input = unsigned(&hmac, &claims);
        let tag = MacKey::new(portal.key.as_bytes()[1..33].try_into().unwrap()).tag(&[input.as_bytes()]);
        wrong.push(("the public key as a secret", format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag))));
        wrong.push(("no signature", format!("{}.", unsigned(&json!({ "alg": "none" }), &claims))));
        let good = house.sign("portal", &header, &claims);
        let (signed_part, signature) = good.rsplit_once('.').unwrap();
        let other = unsigned(&header, &house.claims("portal"));
        wrong.push(("a signature of other claims", format!("{other}.{signature}")));
        wrong.push(("a cut signature", format!("{signed_part}.{}", &signature[..80])));
        wrong.push(("two parts", signed_part.to_owned()));
        wrong.push(("four parts", format!("{good}.x")));
        wrong.push(("padding", format!("{good}=")));
        wrong.push(("not a token", "hello".to_owned()));
        wrong.push(("an over-long token", format!("{good}{}", "A".repeat(4096))));
        let twice = format!(r#"{{"sub":"portal",{}"#, &claims.to_string()[1..]);
        let twice = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(twice));
        let mac = house.keys["portal"].key.sign(twice.as_bytes());
        wrong.push(("a claim told twice", format!("{twice}.{}", URL_SAFE_NO_PAD.encode(mac))));

        let mut bodies = std::collections::HashSet::new();
        for (what, assertion) in &wrong {
            let answer = house.ask_with(assertion, &[]).await;
            assert_eq!(answer.told(), REFUSED, "{what}: {answer:?}");
            bodies.insert(answer.body.to_string());
        }
        let unknown = with(claims.clone(), json!({ "iss": "nobody", "sub": "nobody" }));
        bodies.insert(house.ask_with(&house.sign("bank", &header, &unknown), &[]).await.body.to_string());
        assert_eq!(bodies.len(), 1, "whoever has not shown who they are is told one thing: {bodies:?}");
        assert_eq!(house.ask_with(&good, &[]).await.told().0, 200, "none of it has spent the good one's jti");
    })
    .await;
}
