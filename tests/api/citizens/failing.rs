use serde_json::json;

use super::desk::{Desk, an, an_claimed, read};
use crate::support::for_each_backend;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_answered_while_the_database_is_away() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let token = desk.house.token("portal").await;
        // Known to the cache, so that only the record of the look is missing.
        assert_eq!(desk.post_with(&token, "/v1/citizens/lookup", &an()).await.status, 200);
        desk.house.store.close().await;
        for (path, body) in [("/v1/citizens/lookup", an()), ("/v1/citizens/verify", an_claimed())] {
            let answer = desk.post_with(&token, path, &body).await;
            assert_eq!(answer.problem(), (503, "unavailable".to_owned()), "{path}");
            assert!(!answer.header("retry-after").is_empty());
            assert!(!answer.text.contains("Nguyễn"), "{answer:?}");
        }
        let lines = format!("{}\nnothing\n{}\n", an_claimed(), an_claimed());
        let batch = desk.request("/v1/citizens/verify/batch").bearer_auth(&token);
        let answer = read(batch.header("content-type", "application/x-ndjson").body(lines)).await;
        let told: Vec<_> = answer
            .text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["status"].clone())
            .collect();
        assert_eq!(told, [json!(503), json!(400), json!(503)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_answered_that_cannot_be_recorded() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let token = desk.house.token("portal").await;
        backend.execute("ALTER TABLE audit_entries RENAME TO audit_entries_away");
        for (path, body) in [("/v1/citizens/lookup", an()), ("/v1/citizens/verify", an_claimed())] {
            let answer = desk.post_with(&token, path, &body).await;
            assert!(answer.status >= 500, "{answer:?}");
            assert!(!answer.text.contains("Nguyễn") && !answer.text.contains("verified"), "{answer:?}");
        }
        backend.execute("ALTER TABLE audit_entries_away RENAME TO audit_entries");
        assert_eq!(desk.post_with(&token, "/v1/citizens/lookup", &an()).await.status, 200);
    })
    .await;
}
