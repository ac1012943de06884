use std::time::Duration;

use dancu::crypto::cose::read_key_set;
use dancu::crypto::jose::JwkSet;
use dancu::qr::credential::{CwtClaims, verify};
use dancu::qr::status::{StatusListFault, is_revoked, read_list};
use serde_json::json;

use super::shown::{issue, verdict};
use crate::api::citizens::desk::{BANK, Desk, PORTAL, purpose};
use crate::support::for_each_backend;
use crate::support::house::within;

fn claims(desk: &Desk, payload: &str) -> CwtClaims {
    verify(payload, &desk.trusted(), None, desk.house.now()).unwrap().claims.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_credential_is_refused_online_at_once_and_in_the_next_list() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let twin = desk.twin(&backend).await;
        assert_eq!(desk.get("/v1/status-lists/1", "*/*").await.1, 404);
        let (id, payload) = desk.give(&issue(json!({}))).await;
        let (_, kept) = desk.give(&issue(json!({}))).await;
        let reference = claims(&desk, &payload).status.unwrap();
        let path = reference.uri.strip_prefix(crate::support::house::ISSUER).unwrap().to_owned();
        let list = async |accept: &str| {
            let (headers, status, body) = desk.get(&path, accept).await;
            assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, accept));
            assert_eq!(headers["cache-control"], "public, max-age=60");
            read_list(&body, &desk.trusted(), desk.house.now()).unwrap()
        };
        for form in ["application/statuslist+jwt", "application/statuslist+cwt"] {
            assert_eq!(is_revoked(&claims(&desk, &payload), &list(form).await), Ok(false));
        }
        // Who remembers it remembers it as valid.
        for shower in [&desk, &desk, &twin, &twin] {
            assert_eq!(verdict(&shower.show(&payload).await), ("valid".to_owned(), true));
        }
        let revoke = format!("/v1/qr/credentials/{id}/revoke");
        assert_eq!(desk.post("loadtest", &revoke, &json!({ "purpose": purpose(PORTAL) })).await.status, 404);
        assert_eq!(desk.post("bank", &revoke, &json!({ "purpose": purpose(BANK) })).await.status, 403);
        let revoked = desk.post("portal", &revoke, &json!({ "purpose": purpose(PORTAL) })).await.json();
        desk.house.clock.advance(Duration::from_secs(2));
        let again = desk.post("portal", &revoke, &json!({ "purpose": purpose(PORTAL) })).await.json();
        assert_eq!(revoked["revoked_at"], again["revoked_at"], "{revoked} {again}");
        assert_eq!(verdict(&desk.show(&payload).await), ("revoked".to_owned(), false));
        assert_eq!(verdict(&desk.show(&kept).await).0, "valid");
        for form in ["application/statuslist+jwt", "application/statuslist+cwt"] {
            let list = list(form).await;
            assert_eq!(is_revoked(&claims(&desk, &payload), &list), Ok(true));
            assert_eq!(is_revoked(&claims(&desk, &kept), &list), Ok(false));
        }
        let elsewhere = async || verdict(&twin.show(&payload).await).0 == "revoked";
        let took = within(Duration::from_secs(10), elsewhere).await;
        eprintln!("{}: refused elsewhere {} ms after the list was read", backend.name(), took.as_millis());
        assert_eq!(verdict(&twin.show(&kept).await).0, "valid");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_used_says_nothing() {
    let desk = Desk::open(&crate::support::Backend::sqlite()).await;
    let (_, payload) = desk.give(&issue(json!({}))).await;
    let (_, _, jwt) = desk.get("/v1/status-lists/1", "*/*").await;
    let (_, _, cwt) = desk.get("/v1/status-lists/1", "application/statuslist+cwt").await;
    let now = desk.house.now();
    for mut bytes in [jwt, cwt] {
        let later = now.plus(Duration::from_secs(25 * 3600));
        assert_eq!(read_list(&bytes, &desk.trusted(), later), Err(StatusListFault::Expired));
        assert!(read_list(&bytes, &[], now).is_err());
        let last = bytes.len() - 8;
        bytes[last] = if bytes[last] == b'A' { b'B' } else { b'A' };
        assert!(read_list(&bytes, &desk.trusted(), now).is_err());
        assert!(read_list(&bytes[..40], &desk.trusted(), now).is_err());
    }
    assert!(claims(&desk, &payload).status.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_are_served_in_both_forms() {
    let desk = Desk::open(&crate::support::Backend::sqlite()).await;
    let (headers, status, json) = desk.get("/.well-known/dancu-qr-keys", "*/*").await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "application/jwk-set+json"));
    let (headers, _, cbor) = desk.get("/.well-known/dancu-qr-keys", "application/cose-key-set").await;
    assert_eq!(headers["content-type"], "application/cose-key-set");
    let (jwks, cose) = (JwkSet::parse(&json).unwrap(), read_key_set(&cbor).unwrap());
    assert_eq!(jwks.keys.len(), 1);
    assert_eq!(jwks.keys[0].kid.as_deref().unwrap().as_bytes(), cose[0].0);
    assert_eq!(jwks.keys[0].key, cose[0].1);
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&json).unwrap()["issuer"], crate::support::house::ISSUER);
}
