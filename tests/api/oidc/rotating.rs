//! Keys come and go; sign-ins do not notice.

use std::time::Duration;

use dancu::crypto::{KeyUse, SystemEntropy};

use super::rig::{Rig, asking, claims_of};
use crate::support::for_each_backend;
use crate::support::keys::Keys;

/// Another version writes from now on, and the first is gone.
fn replace(rig: &Rig, key_use: KeyUse) {
    let (keyring, clock) = (&rig.app.ground.keyring, &*rig.clock);
    keyring.rotate(key_use, &SystemEntropy::default(), clock).unwrap();
    keyring.activate(key_use, clock, Duration::ZERO).unwrap();
    keyring.retire(key_use, 1, 0, clock).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_outlives_the_index_key() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let before = claims_of(&rig.signed_in().await.text_of("id_token"))["sub"].clone();
        replace(&rig, KeyUse::Index);
        let after = claims_of(&rig.signed_in().await.text_of("id_token"))["sub"].clone();
        assert_eq!(after, before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_key_is_needed_by_what_waits_and_by_nothing_that_was_used() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let rows = async || {
            let keys = Keys { store: &rig.app.store, keyring: &rig.app.ground.keyring, now: rig.now() };
            keys.of(&["oidc_requests", "oidc_codes"], KeyUse::Seal, 1).await
        };
        assert_eq!(rows().await, 0);
        let path = rig.pushed("rp-baseline", &asking()).await;
        assert_eq!(rows().await, 1, "a request waits");
        let (_, cookie) = rig.open_page(&path).await;
        rig.approve("097099000001").await;
        let code = rig.reload(&path, &cookie).await.query().remove("code").unwrap();
        assert_eq!(rows().await, 1, "the request is answered, its code waits");
        let first = rig.token_by_secret("rp-baseline", &Rig::redeeming(&code)).await;
        assert_eq!(first.status, 200, "{first:?}");
        assert_eq!(rows().await, 0, "the code was used");
        rig.pushed("rp-baseline", &asking()).await;
        rig.clock.advance(Duration::from_secs(361));
        assert_eq!(rows().await, 0, "nobody answers it any more");

        replace(&rig, KeyUse::Seal);
        let again = rig.token_by_secret("rp-baseline", &Rig::redeeming(&code)).await;
        assert_eq!(again.told(), (400, "invalid_grant".to_owned()), "a second use is known without the key: {again:?}");
        let refused = rig.userinfo(&first.text_of("access_token")).await;
        assert_eq!(refused.status, 401, "and ends what the first gave");
    })
    .await;
}
