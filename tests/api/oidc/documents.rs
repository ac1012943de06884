//! What the provider says about itself.

use dancu::access::AccessApi;
use dancu::http::Routes;
use dancu::oidc::OidcApi;
use serde_json::Value;
use utoipa::OpenApi;

use super::rig::{Rig, read};
use crate::support::Backend;

#[tokio::test(flavor = "multi_thread")]
async fn both_places_hold_the_same_truthful_metadata() {
    let backend = Backend::sqlite();
    let rig = Rig::new(&backend).await;
    let connect = read(rig.get("/.well-known/openid-configuration")).await;
    let oauth = read(rig.get("/.well-known/oauth-authorization-server")).await;
    assert_eq!((connect.status, &connect.text), (200, &oauth.text));
    assert_eq!(connect.header("cache-control"), "public, max-age=300");
    insta::assert_json_snapshot!("provider_metadata", connect.json());
    // Every endpoint it names is there.
    let told = connect.json();
    for (name, url) in told.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("_endpoint")) {
        let path = url.as_str().unwrap().strip_prefix("https://dancu.test").unwrap();
        let answer = read(rig.get(path)).await;
        assert_ne!(answer.status, 404, "{name}");
    }
}

#[test]
fn every_endpoint_is_described() {
    let routes = Routes::default().with((), dancu::oidc::routes, OidcApi::openapi());
    let document: Value = serde_json::from_str(&routes.description().unwrap()).unwrap();
    let mut paths: Vec<_> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    paths.sort_unstable();
    let oauth = ["authorize", "bc-authorize", "introspect", "logout", "par", "revoke", "userinfo"];
    let mut expected: Vec<String> = oauth.iter().map(|name| format!("/oauth2/{name}")).collect();
    expected.extend(["oauth-authorization-server", "openid-configuration"].map(|name| format!("/.well-known/{name}")));
    expected.sort_unstable();
    assert_eq!(paths, expected);
}

#[test]
fn every_form_of_a_client_is_described() {
    let routes = Routes::default().with((), dancu::oidc::routes, OidcApi::openapi()).with(
        (),
        dancu::access::routes,
        AccessApi::openapi(),
    );
    let document: Value = serde_json::from_str(&routes.description().unwrap()).unwrap();
    for (path, needed) in [
        ("token", vec!["grant_type"]),
        ("par", vec!["response_type", "redirect_uri", "scope", "code_challenge", "code_challenge_method"]),
        ("bc-authorize", vec!["scope", "login_hint"]),
        ("introspect", vec!["token"]),
        ("revoke", vec!["token"]),
    ] {
        let body = &document["paths"][format!("/oauth2/{path}")]["post"]["requestBody"]["content"];
        let named = body["application/x-www-form-urlencoded"]["schema"]["$ref"].as_str().unwrap_or_default();
        let form = document.pointer(named.trim_start_matches('#')).unwrap_or_else(|| panic!("{path}: {body}"));
        assert_eq!(form["required"], serde_json::json!(needed), "{path}");
        assert!(form["properties"]["client_assertion"].is_object(), "{path}: {form}");
    }
}
