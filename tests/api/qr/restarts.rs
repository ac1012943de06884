use std::time::Duration;

use dancu::crypto::{KeyUse, SystemEntropy};
use dancu::qr::credential::{CredentialStatus, verify};
use serde_json::json;

use super::shown::{dynamic, issue, verdict};
use crate::api::citizens::desk::Desk;
use crate::support::for_each_backend;

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_starts_later_knows_what_was_shown_and_revoked() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let (id, revoked) = desk.give(&issue(json!({}))).await;
        let (_, kept) = desk.give(&issue(json!({}))).await;
        let (_, spent) = desk.give(&dynamic("portal")).await;
        let (_, fresh) = desk.give(&dynamic("portal")).await;
        let revoke = format!("/v1/qr/credentials/{id}/revoke");
        let purpose = json!({ "purpose": crate::api::citizens::desk::purpose(crate::api::citizens::desk::PORTAL) });
        assert_eq!(desk.post("portal", &revoke, &purpose).await.status, 200);
        assert_eq!(verdict(&desk.show(&spent).await).0, "valid");
        let house = desk.house.twin(&backend).await;
        drop(desk);
        let desk = Desk::again(house, &backend).await;
        for (payload, status) in [(revoked, "revoked"), (kept, "valid"), (spent, "replayed"), (fresh.clone(), "valid")]
        {
            assert_eq!(verdict(&desk.show(&payload).await).0, status);
        }
        assert_eq!(verdict(&desk.show(&fresh).await).0, "replayed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_goes_on_vouching_for_what_it_signed() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let (keyring, clock) = (&desk.house.keyring, &*desk.house.clock);
        let (_, old) = desk.give(&issue(json!({}))).await;
        keyring.rotate(KeyUse::Qr, &SystemEntropy::default(), clock).unwrap();
        assert_eq!(desk.trusted()[0].keys.len(), 2, "readers get the next key before it is used");
        let (_, between) = desk.give(&issue(json!({}))).await;
        keyring.activate(KeyUse::Qr, clock, Duration::ZERO).unwrap();
        let (_, new) = desk.give(&issue(json!({}))).await;
        let signer = |payload: &str| {
            let bytes = dancu::qr::credential::unpack(payload).unwrap();
            let signed = dancu::crypto::cose::Sign1::read(&bytes).unwrap();
            signed.kid.map(<[u8]>::to_vec)
        };
        assert_eq!(signer(&old), signer(&between));
        assert!(signer(&old) != signer(&new));
        let offline = |payload: &str| verify(payload, &desk.trusted(), None, desk.house.now()).unwrap().status;
        for payload in [&old, &between, &new] {
            assert_eq!(verdict(&desk.show(payload).await), ("valid".to_owned(), true));
            assert_eq!(offline(payload), CredentialStatus::Valid);
        }
        let late = desk.twin(&backend).await;
        for payload in [&old, &between, &new] {
            assert_eq!(verdict(&late.show(payload).await), ("valid".to_owned(), true));
        }
        // Not before nothing it signed can be in force.
        assert!(keyring.retire(KeyUse::Qr, 1, 0, clock).is_err());
        clock.advance(Duration::from_secs(6 * 366 * 24 * 3600));
        keyring.retire(KeyUse::Qr, 1, 0, clock).unwrap();
        assert_eq!(offline(&old), CredentialStatus::UnknownIssuer);
        assert_eq!(offline(&new), CredentialStatus::Expired);
    })
    .await;
}
