//! Everything that must be refused, each with the error of its RFC: drawn from the FAPI 2.0 Security
//! Profile and the OAuth 2.0 Security Best Current Practice (RFC 9700).

use dancu::crypto::jose::PrivateJwk;
use dancu::crypto::{Algorithm, KeyUse, MacKey};
use serde_json::{Value, json};

use super::rig::{Answer, Form, Rig, asking, authorize_path, but, form, merged, read, unique};
use crate::support::house::{ISSUER, unsigned};
use crate::support::{Backend, for_each_backend};

/// The rows, as they turned out.
#[derive(Default)]
struct Table {
    rows: usize,
    wrong: Vec<String>,
}

impl Table {
    fn row(&mut self, what: impl std::fmt::Display, answer: &Answer, status: u16, error: &str) {
        self.rows += 1;
        let (got_status, got) = answer.told();
        if (got_status, got.as_str()) != (status, error) {
            self.wrong.push(format!("{what}: {got_status} {got:?}, not {status} {error:?}: {}", answer.text));
        }
        // What is refused says why, in its own words, and repeats nothing it was sent.
        if answer.json()["error"].is_string() && !answer.json()["error_description"].is_string() {
            self.wrong.push(format!("{what}: no description"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_must_be_refused_is_refused_with_its_error() {
    for_each_backend(async |backend: Backend| {
        let mut rig = Rig::new(&backend).await;
        rig.add("rp-second", "rp-fapi").await;
        let mut table = Table::default();
        pushed_requests(&rig, &mut table).await;
        plain_requests(&rig, &mut table).await;
        assertions(&rig, &mut table).await;
        secrets(&rig, &mut table).await;
        proofs(&rig, &mut table).await;
        codes(&rig, &mut table).await;
        grant_types(&rig, &mut table).await;
        resources(&rig, &mut table).await;
        assert!(table.wrong.is_empty(), "{} of {} rows:\n{}", table.wrong.len(), table.rows, table.wrong.join("\n"));
        assert!(table.rows >= 80, "{} rows", table.rows);
    })
    .await;
}

/// Parameters of a pushed request.
async fn pushed_requests(rig: &Rig, table: &mut Table) {
    let long = "x".repeat(1025);
    let long = long.as_str();
    let population = |changes: Value| {
        let good = json!({
            "type": "population_data", "procedure": "1.004222", "legal_basis": "CONSENT",
            "attributes": ["full_name"], "period_days": 30,
        });
        json!([merged(good, changes)]).to_string()
    };
    let details = [
        population(json!({ "type": "payment" })),
        population(json!({ "procedure": "9.999999" })),
        population(json!({ "legal_basis": "STATE_DUTY" })),
        population(json!({ "attributes": ["religion"] })),
        population(json!({ "period_days": 0 })),
        population(json!({ "period_days": 367 })),
        population(json!({ "more": 1 })),
        "[]".to_owned(),
    ];
    let rows: Vec<(&str, Option<&str>, &str)> = vec![
        ("response_type", None, "invalid_request"),
        ("response_type", Some("token"), "unsupported_response_type"),
        ("response_type", Some("id_token"), "unsupported_response_type"),
        ("response_type", Some("code id_token"), "unsupported_response_type"),
        ("response_mode", Some("fragment"), "invalid_request"),
        ("redirect_uri", None, "invalid_request"),
        ("redirect_uri", Some("https://evil.vn/cb"), "invalid_request"),
        ("redirect_uri", Some("http://127.0.0.1:49152/cb/../x"), "invalid_request"),
        ("redirect_uri", Some("http://127.0.0.1:49152/cb#x"), "invalid_request"),
        ("redirect_uri", Some("http://127.0.0.1@evil.vn/cb"), "invalid_request"),
        ("scope", None, "invalid_scope"),
        ("scope", Some("citizen:full_name"), "invalid_scope"),
        ("scope", Some("openid citizen:religion"), "invalid_scope"),
        ("scope", Some("openid citizen:shoe_size"), "invalid_scope"),
        ("scope", Some("openid  profile"), "invalid_scope"),
        ("scope", Some("openid citizens:lookup"), "invalid_scope"),
        ("scope", Some("openid nonsense"), "invalid_scope"),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge", Some("short"), "invalid_request"),
        ("code_challenge_method", None, "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("prompt", Some("none"), "login_required"),
        ("prompt", Some("none login"), "invalid_request"),
        ("prompt", Some("create"), "invalid_request"),
        ("max_age", Some("soon"), "invalid_request"),
        ("acr_values", Some("urn:dancu:acr:l3"), "unmet_authentication_requirements"),
        ("acr_values", Some("urn:dancu:acr:l4"), "unmet_authentication_requirements"),
        ("acr_values", Some("phr"), "unmet_authentication_requirements"),
        (
            "claims",
            Some(r#"{"id_token":{"acr":{"essential":true,"value":"urn:dancu:acr:l4"}}}"#),
            "unmet_authentication_requirements",
        ),
        ("claims", Some("nonsense"), "invalid_request"),
        ("request", Some("x.y.z"), "request_not_supported"),
        ("registration", Some("{}"), "registration_not_supported"),
        ("request_uri", Some("https://evil.vn/request"), "invalid_request"),
        ("id_token_hint", Some("x.y.z"), "invalid_request"),
        ("login_hint", Some("somebody"), "invalid_request"),
        ("dpop_jkt", Some("short"), "invalid_request"),
        ("state", Some(long), "invalid_request"),
        ("nonce", Some(long), "invalid_request"),
    ];
    for (name, value, error) in rows {
        let answer = rig.push("rp-fapi", &but(&asking(), name, value)).await;
        table.row(format!("par {name}={value:?}"), &answer, 400, error);
    }
    for text in &details {
        let answer = rig.push("rp-fapi", &but(&asking(), "authorization_details", Some(text))).await;
        table.row(format!("par {text}"), &answer, 400, "invalid_authorization_details");
    }
    let jkt = PrivateJwk::generate(Algorithm::P256).unwrap().public().thumbprint();
    let asked = rig.authenticated("rp-fapi", &but(&asking(), "dpop_jkt", Some(&jkt)));
    let proof = rig.proof_with("POST", "/oauth2/par", json!({}));
    let answer = read(rig.post("/oauth2/par", &asked).header("dpop", proof)).await;
    table.row("par with dpop_jkt of another key than the proof's", &answer, 400, "invalid_request");
    let mut twice = rig.authenticated("rp-fapi", &asking());
    twice.push(("scope".to_owned(), "openid".to_owned()));
    table.row("par scope twice", &read(rig.post("/oauth2/par", &twice)).await, 400, "invalid_request");
    let service = rig.push("bank", &asking()).await;
    table.row("par of a client without redirect addresses", &service, 400, "invalid_request");
}

/// What comes by the browser: sent back where that is safe, told on a page where it is not.
async fn plain_requests(rig: &Rig, table: &mut Table) {
    let with_id = |client: &str| but(&asking(), "client_id", Some(client));
    let rows: Vec<(&str, Form, u16, &str)> = vec![
        ("no client", asking(), 400, "page"),
        ("unknown client", with_id("nobody"), 400, "page"),
        ("foreign address", but(&with_id("rp-baseline"), "redirect_uri", Some("https://evil.vn/")), 400, "page"),
        ("no address", but(&with_id("rp-baseline"), "redirect_uri", None), 400, "page"),
        ("fapi2 must push", with_id("rp-fapi"), 303, "invalid_request"),
        ("a number in the URL", but(&with_id("rp-baseline"), "login_hint", Some("x")), 303, "invalid_request"),
        ("no PKCE", but(&with_id("rp-baseline"), "code_challenge", None), 303, "invalid_request"),
        ("prompt none", but(&with_id("rp-baseline"), "prompt", Some("none")), 303, "login_required"),
        ("implicit", but(&with_id("rp-baseline"), "response_type", Some("token")), 303, "unsupported_response_type"),
        ("foreign request_uri", but(&with_id("rp-baseline"), "request_uri", Some("https://evil.vn/r")), 400, "page"),
        (
            "level",
            but(&with_id("rp-baseline"), "acr_values", Some("urn:dancu:acr:l4")),
            303,
            "unmet_authentication_requirements",
        ),
    ];
    for (what, asked, status, error) in rows {
        let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(&asked).finish();
        let answer = read(rig.get(&format!("/oauth2/authorize?{query}"))).await;
        table.row(format!("authorize, {what}"), &answer, status, error);
        if status == 303 {
            let query = answer.query();
            assert_eq!((query["state"].as_str(), query["iss"].as_str()), ("the-state", ISSUER), "{what}");
        }
    }
    let of_another = rig.push("rp-fapi", &asking()).await.text_of("request_uri");
    let answer = read(rig.get(&authorize_path("rp-baseline", &of_another))).await;
    table.row("authorize, another client's request_uri", &answer, 400, "page");
}

/// Client authentication by a signed assertion.
async fn assertions(rig: &Rig, table: &mut Table) {
    let now = rig.now().as_seconds();
    let rows: Vec<(&str, Value, Value)> = vec![
        ("aud is a list", json!({}), json!({ "aud": [ISSUER] })),
        ("aud is the token endpoint", json!({}), json!({ "aud": format!("{ISSUER}/oauth2/token") })),
        ("aud is another issuer (mix-up)", json!({}), json!({ "aud": "https://evil.vn" })),
        ("aud is missing", json!({}), json!({ "aud": null })),
        ("iss is another client", json!({}), json!({ "iss": "rp-baseline" })),
        ("sub is another client", json!({}), json!({ "sub": "rp-baseline" })),
        ("expired", json!({}), json!({ "exp": now - 1, "iat": now - 61 })),
        ("lives too long", json!({}), json!({ "exp": now + 90_000 })),
        ("from the future", json!({}), json!({ "iat": now + 120, "exp": now + 180 })),
        ("not yet", json!({}), json!({ "nbf": now + 120 })),
        ("no exp", json!({}), json!({ "exp": null })),
        ("no jti", json!({}), json!({ "jti": null })),
        ("alg none", json!({ "alg": "none" }), json!({})),
        ("alg HS256", json!({ "alg": "HS256" }), json!({})),
        ("alg RS256", json!({ "alg": "RS256" }), json!({})),
        ("alg of another key type", json!({ "alg": "EdDSA" }), json!({})),
        ("kid of nobody", json!({ "kid": "nobody" }), json!({})),
        ("kid injection", json!({ "kid": "../../../dev/null" }), json!({})),
        ("kid with SQL", json!({ "kid": "' OR 1=1 --" }), json!({})),
        ("crit", json!({ "crit": ["exp"] }), json!({})),
        ("typ of an access token", json!({ "typ": "at+jwt" }), json!({})),
        ("typ of a proof", json!({ "typ": "dpop+jwt" }), json!({})),
    ];
    for (what, header, claims) in rows {
        let mut asked = asking();
        asked.push(("client_assertion_type".to_owned(), dancu::access::ASSERTION_TYPE.to_owned()));
        asked.push(("client_assertion".to_owned(), rig.assertion_with("rp-fapi", header, claims)));
        table.row(format!("assertion, {what}"), &read(rig.post("/oauth2/par", &asked)).await, 401, "invalid_client");
    }
    // Key confusion: an HMAC under the client's public key.
    let now = rig.now().as_seconds();
    let claims =
        json!({ "iss": "rp-fapi", "sub": "rp-fapi", "aud": ISSUER, "iat": now, "exp": now + 60, "jti": unique() });
    let signed = unsigned(&json!({ "alg": "HS256", "kid": rig.keys["rp-fapi"].public().key_id() }), &claims);
    let public: [u8; 32] = rig.keys["rp-fapi"].public().key.as_bytes()[1..33].try_into().unwrap();
    let tag = MacKey::new(&public).tag(&[signed.as_bytes()]);
    let confused = format!("{signed}.{}", base64_of(&[tag, tag].concat()));
    let embedded = rig.proof_by(&rig.dpop, json!({ "typ": "JWT" }), "POST", "/oauth2/par", claims.clone());
    let rows = [
        ("key confusion", confused),
        ("a key of its own making in jwk", embedded),
        ("no signature", format!("{}.", unsigned(&json!({ "alg": "none" }), &claims))),
        ("nonsense", "nonsense".to_owned()),
        (
            "another client's signature",
            rig.assertion_with("rp-second", json!({}), json!({ "iss": "rp-fapi", "sub": "rp-fapi" })),
        ),
    ];
    for (what, assertion) in rows {
        let mut asked = asking();
        asked.push(("client_assertion_type".to_owned(), dancu::access::ASSERTION_TYPE.to_owned()));
        asked.push(("client_assertion".to_owned(), assertion));
        table.row(format!("assertion, {what}"), &read(rig.post("/oauth2/par", &asked)).await, 401, "invalid_client");
    }
    let asked = rig.authenticated("rp-fapi", &asking());
    read(rig.post("/oauth2/par", &asked)).await;
    table.row("assertion used twice", &read(rig.post("/oauth2/par", &asked)).await, 401, "invalid_client");
    let mut two = rig.authenticated("rp-fapi", &asking());
    two.push(("client_secret".to_owned(), "x".to_owned()));
    table.row("assertion and secret", &read(rig.post("/oauth2/par", &two)).await, 400, "invalid_request");
    let named = but(&rig.authenticated("rp-fapi", &asking()), "client_id", Some("rp-baseline"));
    table.row("assertion of another client_id", &read(rig.post("/oauth2/par", &named)).await, 401, "invalid_client");
}

/// Client authentication by a secret.
async fn secrets(rig: &Rig, table: &mut Table) {
    let secret = rig.secrets["rp-baseline"].clone();
    let field = |id: &str, secret: &str| format!("Basic {}", standard(&format!("{id}:{secret}")));
    let rows = [
        ("wrong", field("rp-baseline", "wrong")),
        ("none", field("rp-baseline", "")),
        ("of another client", field("rp-fapi", &secret)),
        ("of nobody", field("nobody", &secret)),
        ("malformed", "Basic !!!".to_owned()),
        ("by another scheme", format!("Bearer {secret}")),
    ];
    for (what, field) in rows {
        let answer = read(rig.post("/oauth2/par", &asking()).header("authorization", field)).await;
        table.row(format!("secret {what}"), &answer, 401, "invalid_client");
        assert!(answer.header("www-authenticate").starts_with("Basic"), "{what}");
    }
    let posted = but(&but(&asking(), "client_id", Some("rp-baseline")), "client_secret", Some(&secret));
    table.row("secret in the body", &read(rig.post("/oauth2/par", &posted)).await, 401, "invalid_client");
    let asked = rig.authenticated("rp-baseline", &asking());
    let both = read(rig.post("/oauth2/par", &asked).header("authorization", rig.basic("rp-baseline"))).await;
    table.row("secret and assertion", &both, 400, "invalid_request");
}

/// DPoP proofs at the token endpoint.
async fn proofs(rig: &Rig, table: &mut Table) {
    let path = "/oauth2/token";
    let nonce = rig.app.access.dpop_nonce();
    let now = rig.now().as_seconds();
    let with = |changes: Value| merged(json!({ "nonce": nonce }), changes);
    let key = &rig.dpop;
    let public = serde_json::to_value(key.public()).unwrap();
    let private: Value = serde_json::from_str(&key.to_json()).unwrap();
    let other = serde_json::to_value(PrivateJwk::generate(Algorithm::P256).unwrap().public()).unwrap();
    let by = |header: Value, claims: Value| rig.proof_by(key, header, "POST", path, claims);
    let proof = "invalid_dpop_proof";
    let rows: Vec<(&str, String, &str)> = vec![
        ("another method", rig.proof_with("GET", path, with(json!({}))), proof),
        ("another address", rig.proof_with("POST", "/oauth2/par", with(json!({}))), proof),
        ("another server", by(json!({}), with(json!({ "htu": "https://evil.vn/oauth2/token" }))), proof),
        ("too old", by(json!({}), with(json!({ "iat": now - 120 }))), proof),
        ("from the future", by(json!({}), with(json!({ "iat": now + 120 }))), proof),
        ("no iat", by(json!({}), with(json!({ "iat": null }))), proof),
        ("no jti", by(json!({}), with(json!({ "jti": null }))), proof),
        ("no htm", by(json!({}), with(json!({ "htm": null }))), proof),
        ("no htu", by(json!({}), with(json!({ "htu": null }))), proof),
        ("no typ", by(json!({ "typ": null }), with(json!({}))), proof),
        ("typ of a JWT", by(json!({ "typ": "JWT" }), with(json!({}))), proof),
        ("no key", by(json!({ "jwk": null }), with(json!({}))), proof),
        ("a private key", by(json!({ "jwk": private }), with(json!({}))), proof),
        ("another key", by(json!({ "jwk": other }), with(json!({}))), proof),
        ("alg none", by(json!({ "alg": "none" }), with(json!({}))), proof),
        ("alg HS256", by(json!({ "alg": "HS256", "jwk": { "kty": "oct", "k": "AA" } }), with(json!({}))), proof),
        ("alg of another key type", by(json!({ "alg": "EdDSA", "jwk": public }), with(json!({}))), proof),
        ("nonsense", "nonsense".to_owned(), proof),
        ("no nonce", by(json!({}), json!({})), "use_dpop_nonce"),
        ("a nonce of nobody", by(json!({}), json!({ "nonce": "nobody" })), "use_dpop_nonce"),
    ];
    for (what, proof, error) in rows {
        let asked = rig.authenticated("rp-fapi", &form(&[("grant_type", "client_credentials")]));
        let answer = read(rig.post(path, &asked).header("dpop", proof)).await;
        table.row(format!("proof, {what}"), &answer, 400, error);
        assert!(!answer.header("dpop-nonce").is_empty(), "{what}");
    }
    let used = rig.proof();
    for turn in 0..2 {
        let asked = rig.authenticated("rp-fapi", &form(&[("grant_type", "client_credentials")]));
        let answer = read(rig.post(path, &asked).header("dpop", &used)).await;
        if turn == 1 {
            table.row("proof used twice", &answer, 400, proof);
        }
    }
    let asked = rig.authenticated("rp-fapi", &form(&[("grant_type", "client_credentials")]));
    let two = rig.post(path, &asked).header("dpop", rig.proof()).header("dpop", rig.proof());
    table.row("two proofs", &read(two).await, 400, proof);
    let none = rig.token_by_key("rp-fapi", &form(&[("grant_type", "client_credentials")])).await;
    table.row("no proof of a fapi2 client", &none, 400, proof);
    let stale = rig.app.access.dpop_nonce();
    rig.clock.advance(std::time::Duration::from_secs(301));
    let asked = rig.authenticated("rp-fapi", &form(&[("grant_type", "client_credentials")]));
    let late = rig.proof_with("POST", path, json!({ "nonce": stale }));
    table.row("a stale nonce", &read(rig.post(path, &asked).header("dpop", late)).await, 400, "use_dpop_nonce");
}

/// Codes, and what they are bound to.
async fn codes(rig: &Rig, table: &mut Table) {
    let code = rig.code("rp-fapi", &asking()).await;
    let good = Rig::redeeming(&code);
    let wrong = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl";
    let rows: Vec<(&str, &str, Option<&str>, &str)> = vec![
        ("no code", "code", None, "invalid_request"),
        ("unknown code", "code", Some("nonsense"), "invalid_grant"),
        ("no verifier", "code_verifier", None, "invalid_request"),
        ("wrong verifier", "code_verifier", Some(wrong), "invalid_grant"),
        ("short verifier", "code_verifier", Some("short"), "invalid_grant"),
        ("no address", "redirect_uri", None, "invalid_grant"),
        ("another address", "redirect_uri", Some("http://127.0.0.1:49152/callback"), "invalid_grant"),
        ("another port", "redirect_uri", Some("http://127.0.0.1:49153/cb"), "invalid_grant"),
    ];
    for (what, name, value, error) in rows {
        let answer = rig.token_bound("rp-fapi", &but(&good, name, value)).await;
        table.row(format!("code, {what}"), &answer, 400, error);
    }
    let stolen = rig.token_bound("rp-second", &good).await;
    table.row("code of another client", &stolen, 400, "invalid_grant");
    let given = rig.token_bound("rp-fapi", &good).await;
    assert_eq!(given.status, 200, "what was refused spent nothing: {given:?}");
    table.row("code used twice", &rig.token_bound("rp-fapi", &good).await, 400, "invalid_grant");
    let revoked = rig.call_bound("/oauth2/userinfo", &given.text_of("access_token")).await;
    table.row("what a code gave that was used twice", &revoked, 401, "token-invalid");

    let late = rig.code("rp-fapi", &asking()).await;
    rig.clock.advance(std::time::Duration::from_secs(61));
    let answer = rig.token_bound("rp-fapi", &Rig::redeeming(&late)).await;
    table.row("code after a minute", &answer, 400, "invalid_grant");

    let bound = PrivateJwk::generate(Algorithm::P256).unwrap().public().thumbprint();
    let code = rig.code("rp-fapi", &but(&asking(), "dpop_jkt", Some(&bound))).await;
    let answer = rig.token_bound("rp-fapi", &Rig::redeeming(&code)).await;
    table.row("code bound to another key", &answer, 400, "invalid_grant");
    let code = rig.code("rp-baseline", &but(&asking(), "dpop_jkt", Some(&bound))).await;
    let answer = rig.token_by_secret("rp-baseline", &Rig::redeeming(&code)).await;
    table.row("bound code without a proof", &answer, 400, "invalid_grant");
}

/// Grants that do not exist or are not agreed.
async fn grant_types(rig: &Rig, table: &mut Table) {
    let password = form(&[("grant_type", "password"), ("username", "x"), ("password", "y")]);
    let rows: Vec<(&str, Form, &str)> = vec![
        ("password", password, "unsupported_grant_type"),
        ("implicit", form(&[("grant_type", "implicit")]), "unsupported_grant_type"),
        ("none", form(&[]), "invalid_request"),
        (
            "client_credentials of a baseline client",
            form(&[("grant_type", "client_credentials")]),
            "unauthorized_client",
        ),
        ("refresh without a token", form(&[("grant_type", "refresh_token")]), "invalid_request"),
        ("refresh of nobody", form(&[("grant_type", "refresh_token"), ("refresh_token", "nobody")]), "invalid_grant"),
        ("backchannel without an id", form(&[("grant_type", super::rig::CIBA)]), "invalid_request"),
    ];
    for (what, asked, error) in rows {
        let answer = rig.token_by_secret("rp-baseline", &asked).await;
        table.row(format!("grant, {what}"), &answer, 400, error);
    }
    let answer = rig.token_by_key("bank", &Rig::redeeming("x")).await;
    table.row("grant that is not agreed", &answer, 400, "unauthorized_client");
    let text = rig.post("/oauth2/token", &form(&[])).header("content-type", "text/plain");
    table.row("another content type", &read(text).await, 400, "invalid_request");
    let json =
        reqwest::Client::new().post(rig.url("/oauth2/token")).json(&json!({ "grant_type": "client_credentials" }));
    table.row("JSON", &read(json).await, 400, "invalid_request");
}

/// Tokens at userinfo.
async fn resources(rig: &Rig, table: &mut Table) {
    let tokens = rig.signed_in().await;
    let id_token = tokens.text_of("id_token");
    table.row("an ID token as access token", &rig.userinfo(&id_token).await, 401, "token-invalid");
    let refresh = tokens.text_of("refresh_token");
    table.row("a refresh token as access token", &rig.userinfo(&refresh).await, 401, "token-invalid");
    let access = tokens.text_of("access_token");
    let query = read(rig.get(&format!("/oauth2/userinfo?access_token={access}"))).await;
    table.row("a token in the query", &query, 401, "unauthorised");
    let bound = read(
        rig.get("/oauth2/userinfo")
            .header("authorization", format!("DPoP {access}"))
            .header("dpop", rig.proof_with("GET", "/oauth2/userinfo", json!({}))),
    )
    .await;
    table.row("a Bearer token shown as bound", &bound, 401, "token-invalid");
    let mut claims = super::rig::claims_of(&access);
    claims["client_id"] = json!("rp-fapi");
    let (kid, key) = rig.app.ground.keyring.signing_key(KeyUse::Token);
    let signed = unsigned(&json!({ "alg": "ES256", "typ": "JWT", "kid": kid }), &claims);
    let forged = format!("{signed}.{}", base64_of(&key.sign(signed.as_bytes())));
    table.row("a token of another type", &rig.userinfo(&forged).await, 401, "token-invalid");
    let none = format!("{}.", unsigned(&json!({ "alg": "none", "typ": "at+jwt" }), &claims));
    table.row("a token without a signature", &rig.userinfo(&none).await, 401, "token-invalid");
    let service = rig.token_by_key("portal", &form(&[("grant_type", "client_credentials")])).await;
    let told = rig.userinfo(&service.text_of("access_token")).await;
    table.row("a client's own token", &told, 403, "insufficient-scope");
    rig.clock.advance(std::time::Duration::from_secs(601));
    table.row("a token that is over", &rig.userinfo(&access).await, 401, "token-expired");
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

fn standard(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}
