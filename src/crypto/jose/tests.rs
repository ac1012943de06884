//! Vectors of the RFCs, and what must be refused.

use std::time::Duration;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::jws::TOKEN_LIMIT;
use super::*;
use crate::crypto::{Algorithm, SigningKey};
use crate::kernel::Instant;

/// RFC 7515 appendix A.3.
const P256_JWK: &str = r#"{"kty":"EC","crv":"P-256",
 "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
 "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
 "d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;
const P256_TOKEN: &str = concat!(
    "eyJhbGciOiJFUzI1NiJ9",
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
);
/// RFC 8037 appendix A.
const ED25519_JWK: &str = r#"{"kty":"OKP","crv":"Ed25519",
 "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
 "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const ED25519_TOKEN: &str = concat!(
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
    ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
);

fn pair(algorithm: Algorithm) -> PrivateJwk {
    PrivateJwk::generate(algorithm).unwrap()
}

fn parse(token: &str) -> Result<Unverified<'_>, JwsFault> {
    Unverified::parse(token, TOKEN_LIMIT)
}

/// A token with any header, signed in earnest by `key`.
fn signed(key: &SigningKey, header: &str, payload: &str) -> String {
    let input = format!("{}.{}", base64url::encode(header.as_bytes()), base64url::encode(payload.as_bytes()));
    let signature = base64url::encode(&key.sign(input.as_bytes()));
    format!("{input}.{signature}")
}

#[test]
fn rfc7515_a3_verifies() {
    let key = PrivateJwk::parse(P256_JWK.as_bytes()).unwrap().public().key;
    let payload = parse(P256_TOKEN).unwrap().verify(&key, Typ::AbsentOr("JWT")).unwrap();
    assert!(payload.starts_with(br#"{"iss":"joe","#));
    let claims: RegisteredClaims = jwt::verify(parse(P256_TOKEN).unwrap(), &key, Typ::Any).unwrap();
    assert_eq!(claims.exp, Some(NumericDate(Instant::from_seconds(1_300_819_380))));
}

#[test]
fn rfc8037_a4_is_reproduced_and_verifies() {
    let private = PrivateJwk::parse(ED25519_JWK.as_bytes()).unwrap();
    let signer = Signer::new(private.key.clone(), None, None);
    assert_eq!(signer.sign(b"Example of Ed25519 signing"), ED25519_TOKEN);
    let payload = parse(ED25519_TOKEN).unwrap().verify(&private.public().key, Typ::Any);
    assert_eq!(payload.as_deref(), Ok(b"Example of Ed25519 signing".as_slice()));
}

#[test]
fn thumbprints_of_rfc8037_a3_and_rfc9449() {
    let ed25519 = PrivateJwk::parse(ED25519_JWK.as_bytes()).unwrap().public();
    assert_eq!(ed25519.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let dpop = PublicJwk::parse(
        br#"{"kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
            "y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256"}"#,
    );
    assert_eq!(dpop.unwrap().thumbprint(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

#[test]
fn the_algorithm_is_the_keys_and_never_the_tokens() {
    let (p256, ed25519) = (pair(Algorithm::P256), pair(Algorithm::Ed25519));
    let public = p256.public().key;
    for alg in ["none", "None", "HS256", "ES384", "RS256", "ES256K", "Ed25519", ""] {
        let token = signed(&p256.key, &format!(r#"{{"alg":"{alg}"}}"#), "{}");
        assert_eq!(parse(&token).unwrap_err(), JwsFault::Algorithm, "{alg}");
    }
    let confused = signed(&p256.key, r#"{"alg":"EdDSA"}"#, "{}");
    assert_eq!(parse(&confused).unwrap().verify(&public, Typ::Any), Err(JwsFault::Algorithm));
    let other = signed(&ed25519.key, r#"{"alg":"ES256"}"#, "{}");
    assert_eq!(parse(&other).unwrap().verify(&public, Typ::Any), Err(JwsFault::Signature));
    let brought = Signer::with_embedded_key(ed25519.key.clone(), "dpop+jwt").sign(b"{}");
    let token = parse(&brought).unwrap();
    assert_eq!(token.header().jwk.as_ref().map(|jwk| &jwk.key), Some(&ed25519.public().key));
    assert_eq!(token.verify(&public, Typ::Exactly("dpop+jwt")), Err(JwsFault::Algorithm));
}

#[test]
fn headers_that_demand_or_repeat_are_refused() {
    let key = pair(Algorithm::Ed25519);
    let fault = |header: &str| parse(&signed(&key.key, header, "{}")).unwrap_err();
    assert_eq!(fault(r#"{"alg":"EdDSA","crit":["b64"],"b64":false}"#), JwsFault::Critical);
    assert_eq!(fault(r#"{"alg":"EdDSA","crit":[]}"#), JwsFault::Critical);
    assert_eq!(fault(r#"{"alg":"EdDSA","crit":null}"#), JwsFault::Critical);
    assert_eq!(fault(r#"{"alg":"EdDSA","alg":"EdDSA"}"#), JwsFault::Malformed);
    assert_eq!(fault(r#"{"alg":"none","\u0061lg":"EdDSA"}"#), JwsFault::Malformed);
    assert_eq!(fault(r#"{"alg":"EdDSA","x":1,"x":2}"#), JwsFault::Malformed);
    assert_eq!(fault(r#"{"alg":1}"#), JwsFault::Malformed);
    assert_eq!(fault(r#"{}"#), JwsFault::Malformed);
    assert_eq!(fault(r#""EdDSA""#), JwsFault::Malformed);
    let private = format!(r#"{{"alg":"EdDSA","jwk":{ED25519_JWK}}}"#);
    assert_eq!(fault(&private), JwsFault::Malformed);
    assert!(parse(&signed(&key.key, r#"{"alg":"EdDSA","jku":"https://x"}"#, "{}")).is_ok());
}

#[test]
fn texts_that_are_no_canonical_token_are_refused() {
    let key = pair(Algorithm::Ed25519);
    let good = Signer::new(key.key.clone(), Some("k"), Some("JWT")).sign(b"{}");
    assert!(parse(&good).is_ok());
    let last = good.as_bytes()[good.len() - 1];
    // 64 bytes leave four bits of the last letter unused: another letter must not stand for the same bytes.
    let twin = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let sibling = twin.as_bytes()[twin.bytes().position(|b| b == last).unwrap() ^ 1] as char;
    let other = format!("{}{sibling}", &good[..good.len() - 1]);
    let parts: Vec<&str> = good.split('.').collect();
    let (h, p, s) = (parts[0], parts[1], parts[2]);
    for bad in [
        "",
        ".",
        "..",
        "...",
        &format!("{h}.{p}"),
        &format!("{h}.{p}."),
        &format!("{h}.{p}.{s}.{s}"),
        &format!(".{p}.{s}"),
        &format!("{h}.{p}.{s}="),
        &format!("{h}.{p}==.{s}"),
        &format!("{h}.{p}.{s}\n"),
        &format!(" {h}.{p}.{s}"),
        &other,
        &format!("{h}.{p}.{}", &s[..84]),
        &format!("{h}.{p}.{s}AAAA"),
        &format!("{h}.+/8.{s}"),
    ] {
        assert_eq!(parse(bad).unwrap_err(), JwsFault::Malformed, "{bad}");
    }
    assert_eq!(Unverified::parse(&good, good.len() - 1).unwrap_err(), JwsFault::TooLong);
    assert_eq!(parse(&"a".repeat(TOKEN_LIMIT + 1)).unwrap_err(), JwsFault::TooLong);
}

#[test]
fn types_compare_as_media_types() {
    let key = pair(Algorithm::Ed25519);
    let check = |typ: Option<&str>, wanted: Typ<'_>| {
        let token = Signer::new(key.key.clone(), None, typ).sign(b"{}");
        parse(&token).unwrap().verify(&key.public().key, wanted).is_ok()
    };
    assert!(check(Some("at+jwt"), Typ::Exactly("at+jwt")));
    assert!(check(Some("application/AT+JWT"), Typ::Exactly("at+jwt")));
    assert!(!check(Some("JWT"), Typ::Exactly("at+jwt")));
    assert!(!check(None, Typ::Exactly("at+jwt")));
    assert!(check(None, Typ::AbsentOr("JWT")));
    assert!(!check(Some("at+jwt"), Typ::AbsentOr("JWT")));
    assert!(check(Some("ü"), Typ::Any) && !check(Some("applicationü/x"), Typ::Exactly("x")));
}

#[test]
fn keys_are_read_strictly() {
    let fault = |json: &str| PublicJwk::parse(json.as_bytes()).unwrap_err();
    assert_eq!(fault(P256_JWK), JwkFault::Private);
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let okp = |more: &str| format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"{more}}}"#);
    assert!(PublicJwk::parse(okp("").as_bytes()).is_ok());
    assert!(
        PublicJwk::parse(
            okp(r#","use":"sig","key_ops":["verify"],"alg":"EdDSA","kid":"a"}"#).trim_end_matches('}').as_bytes()
        )
        .is_err()
    );
    assert!(PublicJwk::parse(okp(r#","use":"sig","key_ops":["verify"],"alg":"EdDSA","kid":"a""#).as_bytes()).is_ok());
    assert_eq!(fault(&okp(r#","use":"enc""#)), JwkFault::OtherUse);
    assert_eq!(fault(&okp(r#","key_ops":["sign"]"#)), JwkFault::OtherUse);
    assert_eq!(fault(&okp(r#","alg":"ES256""#)), JwkFault::OtherUse);
    assert_eq!(fault(&okp(r#","kid":"""#)), JwkFault::Kid);
    assert_eq!(fault(&okp(r#","y":"AA""#)), JwkFault::Coordinate);
    assert_eq!(fault(&okp(&format!(r#","x":"{x}""#))), JwkFault::Malformed);
    assert_eq!(fault(&okp("").replace(x, &format!("{x}="))), JwkFault::Coordinate);
    assert_eq!(fault(&okp("").replace(x, &x[1..])), JwkFault::Coordinate);
    assert_eq!(fault(r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#), JwkFault::Unsupported);
    assert_eq!(fault(r#"{"kty":"OKP","crv":"X25519","x":"AA"}"#), JwkFault::Unsupported);
    assert_eq!(fault(&" ".repeat(5000)), JwkFault::TooLarge);
}

#[test]
fn private_keys_round_trip_and_must_be_pairs() {
    for algorithm in [Algorithm::P256, Algorithm::Ed25519] {
        let made = pair(algorithm);
        let read = PrivateJwk::parse(made.to_json().as_bytes()).unwrap();
        assert_eq!((read.public(), read.to_json()), (made.public(), made.to_json()));
        assert_eq!(made.kid, Some(made.public().thumbprint()));
        let d = made.to_json().split("\"d\":\"").nth(1).unwrap()[..43].to_owned();
        assert!(!format!("{made:?}").contains(&d));
        let stranger =
            made.to_json().replace(&d, pair(algorithm).to_json().split("\"d\":\"").nth(1).unwrap().get(..43).unwrap());
        assert_eq!(PrivateJwk::parse(stranger.as_bytes()).unwrap_err(), JwkFault::NotAPair);
        let public = serde_json::to_vec(&made.public()).unwrap();
        assert_eq!(PrivateJwk::parse(&public).unwrap_err(), JwkFault::NotAPair);
        assert_eq!(PublicJwk::parse(&public).unwrap(), made.public());
    }
}

#[test]
fn sets_pass_over_foreign_keys_and_refuse_their_own_faults() {
    let (one, two) = (pair(Algorithm::P256).public(), pair(Algorithm::Ed25519).public());
    let set = JwkSet { keys: vec![one.clone(), two.clone()] };
    let json = serde_json::to_string(&set).unwrap();
    assert_eq!(JwkSet::parse(json.as_bytes()), Ok(set.clone()));
    assert_eq!(set.find(&two.key_id()), Some(&two));
    assert_eq!(set.find("unknown"), None);
    let with = |key: &str| json.replacen('[', &format!("[{key},"), 1);
    assert_eq!(JwkSet::parse(with(r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#).as_bytes()), Ok(set));
    assert_eq!(JwkSet::parse(with(P256_JWK).as_bytes()), Err(JwkFault::Private));
    let again = serde_json::to_string(&one).unwrap();
    assert_eq!(JwkSet::parse(with(&again).as_bytes()), Err(JwkFault::RepeatedKid));
    assert_eq!(JwkSet::parse(b"{}"), Err(JwkFault::Malformed));
}

fn claims(json: &str) -> RegisteredClaims {
    serde_json::from_str(json).unwrap()
}

#[test]
fn audiences_are_taken_in_the_shape_asked_for() {
    let now = Instant::from_seconds(0);
    let check = |aud: &str, audience_rule| {
        let expected =
            Expected { audiences: &["https://a", "https://b"], audience_rule, expiry: false, ..Expected::default() };
        expected.check(&claims(&format!(r#"{{"aud":{aud}}}"#)), now)
    };
    use AudienceRule::{Any, Only, Text};
    for rule in [Text, Only, Any] {
        assert_eq!(check(r#""https://b""#, rule), Ok(()));
        assert_eq!(check(r#""https://b/""#, rule), Err(ClaimFault::Audience));
        assert_eq!(check("[]", rule), Err(ClaimFault::Audience));
    }
    assert_eq!(check(r#"["https://a"]"#, Text), Err(ClaimFault::Audience));
    assert_eq!(check(r#"["https://a"]"#, Only), Ok(()));
    assert_eq!(check(r#"["x","https://a"]"#, Only), Err(ClaimFault::Audience));
    assert_eq!(check(r#"["x","https://a"]"#, Any), Ok(()));
    let expected = Expected { audiences: &["a"], ..Expected::default() };
    assert_eq!(expected.check(&claims("{}"), now), Err(ClaimFault::Missing("aud")));
}

#[test]
fn times_are_checked_to_the_second_with_skew() {
    let now = Instant::from_seconds(1000);
    let expected = Expected {
        skew: Duration::from_secs(10),
        max_lifetime: Some(Duration::from_secs(60)),
        max_age: Some(Duration::from_secs(100)),
        ..Expected::default()
    };
    let check = |json: &str| expected.check(&claims(json), now);
    assert_eq!(check(r#"{"iat":1000,"exp":1060}"#), Ok(()));
    assert_eq!(check(r#"{"iat":1000}"#), Err(ClaimFault::Missing("exp")));
    assert_eq!(check(r#"{"exp":1060}"#), Err(ClaimFault::Missing("iat")));
    assert_eq!(check(r#"{"iat":940,"exp":991}"#), Ok(()));
    assert_eq!(check(r#"{"iat":940,"exp":990}"#), Err(ClaimFault::Expired));
    assert_eq!(check(r#"{"iat":1000,"exp":1060,"nbf":1010}"#), Ok(()));
    assert_eq!(check(r#"{"iat":1000,"exp":1060,"nbf":1011}"#), Err(ClaimFault::NotYet));
    assert_eq!(check(r#"{"iat":1011,"exp":1060}"#), Err(ClaimFault::IssuedAhead));
    assert_eq!(check(r#"{"iat":1000,"exp":1071}"#), Err(ClaimFault::TooLongLived));
    assert_eq!(check(r#"{"iat":889,"exp":1000}"#), Err(ClaimFault::TooLongLived));
    let aged = Expected { max_lifetime: None, ..expected };
    assert_eq!(aged.check(&claims(r#"{"iat":890,"exp":1000}"#), now), Ok(()));
    assert_eq!(aged.check(&claims(r#"{"iat":889,"exp":1000}"#), now), Err(ClaimFault::TooOld));
    assert_eq!(claims(r#"{"exp":1.5}"#).exp, Some(NumericDate(Instant::from_micros(1_500_000))));
    for bad in ["-1", "1e300", "\"1\"", "253402300800", "9223372036854775808"] {
        assert!(serde_json::from_str::<RegisteredClaims>(&format!(r#"{{"exp":{bad}}}"#)).is_err(), "{bad}");
    }
}

#[test]
fn issuer_and_subject_must_be_there_and_the_same() {
    let expected = Expected { issuer: Some("i"), subject: Some("s"), expiry: false, ..Expected::default() };
    let check = |json: &str| expected.check(&claims(json), Instant::from_seconds(0));
    assert_eq!(check(r#"{"iss":"i","sub":"s"}"#), Ok(()));
    assert_eq!(check(r#"{"sub":"s"}"#), Err(ClaimFault::Missing("iss")));
    assert_eq!(check(r#"{"iss":"I","sub":"s"}"#), Err(ClaimFault::Issuer));
    assert_eq!(check(r#"{"iss":"i","sub":"t"}"#), Err(ClaimFault::Subject));
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Mine {
    #[serde(flatten)]
    registered: RegisteredClaims,
    client_id: String,
}

#[test]
fn repeated_claims_are_refused() {
    let key = pair(Algorithm::Ed25519);
    let token = signed(&key.key, r#"{"alg":"EdDSA"}"#, r#"{"client_id":"a","client_id":"b"}"#);
    let read = jwt::verify::<Mine>(parse(&token).unwrap(), &key.public().key, Typ::Any);
    assert_eq!(read, Err(JwtFault::Claims));
    let token = signed(&key.key, r#"{"alg":"EdDSA"}"#, "[]");
    assert_eq!(jwt::unverified_claims::<Mine>(&parse(&token).unwrap()), Err(JwtFault::Claims));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_signed_is_read_and_any_change_is_noticed(
        client_id in "\\PC{0,40}", kid in "\\PC{1,20}", p256 in any::<bool>(), place in any::<prop::sample::Index>(), bit in 0u8..7,
    ) {
        let key = pair(if p256 { Algorithm::P256 } else { Algorithm::Ed25519 });
        let signer = Signer::new(key.key.clone(), Some(&kid), Some("at+jwt"));
        let mine = Mine { registered: RegisteredClaims { jti: Some(kid.clone()), ..RegisteredClaims::default() }, client_id };
        let token = jwt::sign(&signer, &mine).unwrap();
        let read = parse(&token).unwrap();
        prop_assert_eq!(read.header().kid.as_ref(), Some(&kid));
        prop_assert_eq!(jwt::verify::<Mine>(read, &key.public().key, Typ::Exactly("at+jwt")), Ok(mine));
        let mut altered = token.into_bytes();
        let place = place.index(altered.len());
        altered[place] ^= 1 << bit;
        let altered = String::from_utf8(altered).unwrap();
        let read = parse(&altered).map_err(JwtFault::from).and_then(|t| jwt::verify::<Mine>(t, &key.public().key, Typ::Any));
        prop_assert!(read.is_err());
    }

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&text);
        let _ = PublicJwk::parse(&bytes);
        let _ = JwkSet::parse(&bytes);
        let dotted = format!("{0}.{0}.{0}", base64url::encode(&bytes));
        let _ = parse(&dotted);
    }
}
