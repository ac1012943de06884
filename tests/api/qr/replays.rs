use futures_util::future::join_all;
use serde_json::json;

use super::shown::{VERIFY, about, dynamic, verdict};
use crate::api::citizens::desk::Desk;
use crate::support::for_each_backend;

#[tokio::test(flavor = "multi_thread")]
async fn of_many_showings_at_once_over_two_processes_one_is_good() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let twin = desk.twin(&backend).await;
        let token = desk.house.token("portal").await;
        for _ in 0..5 {
            let (_, payload) = desk.give(&dynamic("portal")).await;
            let ask = about(&payload);
            let showings = (0..8).map(|i| [&desk, &twin][i % 2].post_with(&token, VERIFY, &ask));
            let statuses: Vec<_> = join_all(showings).await.iter().map(|answer| verdict(answer).0).collect();
            assert_eq!(statuses.iter().filter(|status| *status == "valid").count(), 1, "{statuses:?}");
            assert_eq!(statuses.iter().filter(|status| *status == "replayed").count(), 7);
            // A process that starts afterwards knows as well.
            assert_eq!(verdict(&twin.post_with(&token, VERIFY, &ask).await).0, "replayed");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_thousand_replays_none_is_accepted() {
    let backend = crate::support::Backend::sqlite();
    let desk = Desk::open(&backend).await;
    let token = desk.house.token("portal").await;
    let (_, payload) = desk.give(&dynamic("portal")).await;
    let ask = about(&payload);
    assert_eq!(verdict(&desk.post_with(&token, VERIFY, &ask).await).0, "valid");
    let begun = std::time::Instant::now();
    let mut replayed = 0;
    for _ in 0..400 {
        let answers = join_all((0..25).map(|_| desk.post_with(&token, VERIFY, &ask))).await;
        replayed += answers.iter().filter(|answer| answer.json()["status"] == json!("replayed")).count();
    }
    eprintln!("10 000 replays in {:?}", begun.elapsed());
    assert_eq!(replayed, 10_000);
}
