//! Tokens that were revoked before their time, as every process knows them.

use std::time::Duration;

use crate::support::for_each_backend;
use crate::support::house::{House, within};

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_starts_knows_them_before_its_first_question() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        let token = house.token("portal").await;
        let (verified, _) = house.access.inspect(&token).await.unwrap().expect("a good token");
        house.access.revoke_token(&verified).await.unwrap();
        for _ in 0..3 {
            let twin = house.twin(&backend).await;
            assert_eq!(twin.probe_with(&token).await.told(), (401, "token-invalid"));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_cannot_read_them_takes_no_token_until_it_can() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        let token = house.token("portal").await;
        assert_eq!(house.probe_with(&token).await.told().0, 200);
        backend.execute("ALTER TABLE revoked_tokens RENAME TO set_aside");
        within(Duration::from_secs(20), async || house.probe_with(&token).await.told() == (503, "unavailable")).await;
        assert!(!house.access.is_current());
        assert!(house.access.inspect(&token).await.is_err(), "nor is it called good or bad");
        backend.execute("ALTER TABLE set_aside RENAME TO revoked_tokens");
        within(Duration::from_secs(20), async || house.probe_with(&token).await.told().0 == 200).await;
    })
    .await;
}
