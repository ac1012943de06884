//! What may be used once is used once, however many try at the same time, on however many replicas.

use futures_util::future::join_all;
use serde_json::json;

use super::rig::{Rig, asking, form, read};
use crate::support::for_each_backend;

#[tokio::test(flavor = "multi_thread")]
async fn a_code_used_eight_times_at_once_gives_one_answer_and_then_nothing() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let twin = if backend.is_postgres() { Some(rig.twin(&backend).await) } else { None };
        let code = rig.code("rp-baseline", &asking()).await;
        let redeeming = Rig::redeeming(&code);
        let answers = join_all((0..8).map(|turn| {
            let rig = if turn % 2 == 0 { &rig } else { twin.as_ref().unwrap_or(&rig) };
            rig.token_by_secret("rp-baseline", &redeeming)
        }))
        .await;
        let given: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(given.len(), 1, "{answers:?}");
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(refused.told(), (400, "invalid_grant".to_owned()));
        }
        let token = given[0].text_of("access_token");
        assert_eq!(rig.userinfo(&token).await.status, 401, "what it gave is revoked");
        let refresh = form(&[("grant_type", "refresh_token"), ("refresh_token", &given[0].text_of("refresh_token"))]);
        assert_eq!(rig.token_by_secret("rp-baseline", &refresh).await.told(), (400, "invalid_grant".to_owned()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_used_eight_times_at_once_ends_its_family() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let tokens = rig.signed_in().await;
        let asked = form(&[("grant_type", "refresh_token"), ("refresh_token", &tokens.text_of("refresh_token"))]);
        let answers = join_all((0..8).map(|_| rig.token_by_secret("rp-baseline", &asked))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
        assert_eq!(rig.userinfo(&tokens.text_of("access_token")).await.status, 401);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_completed_eight_times_at_once_gives_one_code() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let path = rig.pushed("rp-baseline", &asking()).await;
        let (_, cookie) = rig.open_page(&path).await;
        rig.approve("097099000001").await;
        let answers = join_all((0..8).map(|_| rig.reload(&path, &cookie))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 303).count(), 1, "{answers:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_and_assertions_used_eight_times_at_once_are_taken_once() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let proof = rig.proof();
        let proven = join_all((0..8).map(|_| {
            let asked = rig.authenticated("portal", &form(&[("grant_type", "client_credentials")]));
            read(rig.post("/oauth2/token", &asked).header("dpop", &proof))
        }))
        .await;
        assert_eq!(proven.iter().filter(|answer| answer.status == 200).count(), 1, "{proven:?}");
        let asked = rig.authenticated("rp-fapi", &asking());
        let pushed = join_all((0..8).map(|_| read(rig.post("/oauth2/par", &asked)))).await;
        assert_eq!(pushed.iter().filter(|answer| answer.status == 201).count(), 1, "{pushed:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_share_requests_codes_and_nonces() {
    for_each_backend(async |backend| {
        // One process serves a SQLite store; several share a PostgreSQL.
        if !backend.is_postgres() {
            return;
        }
        let rig = Rig::new(&backend).await;
        let twin = rig.twin(&backend).await;
        let path = rig.pushed("rp-fapi", &asking()).await;
        let (page, cookie) = twin.open_page(&path).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert_eq!(rig.reload(&path, &cookie).await.text, page.text, "the same digits");
        rig.approve("097099000001").await;
        let code = rig.reload(&path, &cookie).await.query().remove("code").unwrap();
        let nonce = rig.app.access.dpop_nonce();
        let proof = rig.proof_with("POST", "/oauth2/token", json!({ "nonce": nonce }));
        let asked = rig.authenticated("rp-fapi", &Rig::redeeming(&code));
        let answer = read(twin.post("/oauth2/token", &asked).header("dpop", proof)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let token = answer.text_of("access_token");
        assert_eq!(rig.call_bound("/oauth2/userinfo", &token).await.status, 200);
    })
    .await;
}
