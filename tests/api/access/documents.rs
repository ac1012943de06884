//! What the server says about itself.

use actix_web::http::header::CONTENT_TYPE;

use dancu::access::AccessApi;
use dancu::clients::ClientsApi;
use dancu::http::Routes;
use serde_json::Value;
use utoipa::OpenApi;

use crate::support::Backend;
use crate::support::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn the_key_set_holds_public_keys_only() {
    let backend = Backend::sqlite();
    let house = House::new(&backend).await;
    let answer = house.get("/oauth2/jwks").await;
    assert_eq!(answer.header(CONTENT_TYPE), "application/jwk-set+json");
    let keys = answer.body["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    let mut names: Vec<_> = keys[0].as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"], "and no `d`");
    assert_eq!((&keys[0]["alg"], &keys[0]["use"]), (&"ES256".into(), &"sig".into()));
}

#[test]
fn every_endpoint_is_described() {
    let routes = Routes::default().with((), dancu::access::routes, AccessApi::openapi()).with(
        (),
        dancu::clients::routes,
        ClientsApi::openapi(),
    );
    let document: Value = serde_json::from_str(&routes.description().unwrap()).unwrap();
    let mut paths: Vec<_> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/oauth2/jwks", "/oauth2/token", "/v1/catalogue"]);
}
