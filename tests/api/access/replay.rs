//! An assertion is good once, for all processes together.

use std::time::Duration;

use futures_util::future::join_all;

use crate::support::for_each_backend;
use crate::support::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_is_spent_by_its_first_use() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        let assertion = house.assertion("portal");
        assert_eq!(house.ask_with(&assertion, &[]).await.told().0, 200);
        let again = house.ask_with(&assertion, &[]).await;
        assert_eq!(again.told(), (401, "invalid_client"));
        assert_eq!(again.body["error_description"], "the assertion's jti was used before");
        // Nor does it help that the request around it fails for another reason.
        let assertion = house.assertion("portal");
        assert_eq!(house.ask_with(&assertion, &[("scope", "nonsense")]).await.told(), (400, "invalid_scope"));
        assert_eq!(house.ask_with(&assertion, &[]).await.told(), (401, "invalid_client"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_at_once_on_two_processes_get_one_token() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        let twin = house.twin(&backend).await;
        for _ in 0..20 {
            let assertion = house.assertion("portal");
            let asked = (0..8).map(|i| if i % 2 == 0 { &house } else { &twin }).map(|h| h.ask_with(&assertion, &[]));
            let answers = join_all(asked).await;
            let given = answers.iter().filter(|answer| answer.status == 200).count();
            let refused = answers.iter().filter(|answer| answer.told() == (401, "invalid_client")).count();
            assert_eq!((given, refused), (1, 7), "{answers:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_jti_of_two_clients_is_two() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        for client in ["portal", "bank"] {
            let mut claims = house.claims(client);
            claims["jti"] = "the-same".into();
            let answer = house.ask_with(&house.sign(client, &house.header(client), &claims), &[]).await;
            assert_eq!(answer.told().0, 200, "{client}: {answer:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_swept_and_nothing_else() {
    for_each_backend(async |backend| {
        let house = House::new(&backend).await;
        let early = house.assertion("portal");
        assert_eq!(house.ask_with(&early, &[]).await.told().0, 200);
        house.clock.advance(Duration::from_secs(90));
        let late = house.assertion("portal");
        assert_eq!(house.ask_with(&late, &[]).await.told().0, 200);
        house.clock.advance(Duration::from_secs(45));
        let rules = dancu::access::retention_rules(Duration::ZERO);
        assert_eq!(dancu::storage::erase_ended(&house.store, &rules, house.now()).await.unwrap(), 1);
        assert_eq!(spent(&house).await, 1);
        assert_eq!(house.ask_with(&early, &[]).await.told(), (401, "invalid_client"), "it has expired besides");
        assert_eq!(house.ask_with(&late, &[]).await.told(), (401, "invalid_client"));
    })
    .await;
}

async fn spent(house: &House) -> i64 {
    use dancu::storage::schema::spent_tokens;
    use dancu::storage::{Reach, StorageError};
    use diesel::{QueryDsl, RunQueryDsl};
    let count = house.store.read(Reach::Key, |db| Ok::<i64, StorageError>(spent_tokens::table.count().get_result(db)?));
    count.await.unwrap()
}
