//! What a browser that turns back, comes late, or never was there leaves behind.

use std::time::Duration;

use dancu::storage::schema::oidc_requests;
use dancu::storage::{Reach, StorageError};
use diesel::{QueryDsl, RunQueryDsl};
use serde_json::json;

use super::phone::Phone;
use super::rig::{Answer, Rig, asking, authorize_path, but, form, read};
use crate::support::for_each_backend;
use crate::support::house::ISSUER;

const AN: &str = "097099000001";

async fn cancel(rig: &Rig, path: &str, cookie: &str) -> Answer {
    let cancel = path.replace("/authorize?", "/authorize/cancel?");
    read(rig.post(&cancel, &form(&[])).header("cookie", cookie).header("origin", ISSUER)).await
}

fn with_consent() -> super::rig::Form {
    let details = json!([{
        "type": "population_data", "procedure": "1.004222", "legal_basis": "CONSENT",
        "attributes": ["full_name"], "period_days": 30,
    }]);
    but(&asking(), "authorization_details", Some(&details.to_string()))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_turns_back_is_asked_nothing_more_and_gives_no_consent() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let phone = Phone::enrolled(&rig, AN).await;
        let an = rig.people.iter().find(|citizen| citizen.id_number.expose() == AN).unwrap().citizen_id;
        // Scanned, and the browser turns back before the citizen decides.
        let path = rig.pushed("rp-baseline", &with_consent()).await;
        let (page, cookie) = rig.open_page(&path).await;
        let statement = phone.scan(&rig, &page.text).await;
        assert_eq!(cancel(&rig, &path, &cookie).await.status, 200);
        let late = phone.approve_scanned(&rig, &page.text, &statement).await;
        assert_eq!(late.status, 409, "{late:?}");
        // Approved, and the browser turns back before it is sent on.
        let path = rig.pushed("rp-baseline", &with_consent()).await;
        let (page, cookie) = rig.open_page(&path).await;
        assert_eq!(phone.approve(&rig, &page.text).await.status, 200);
        assert_eq!(cancel(&rig, &path, &cookie).await.status, 200);
        assert_eq!(rig.reload(&path, &cookie).await.told(), (400, "page".to_owned()));
        assert!(rig.app.consents.of_citizen(an).await.unwrap().is_empty());
        let withdrawn = rig.recorded("eid.withdraw").await;
        assert_eq!(withdrawn.len(), 2, "each is on record");
        assert_eq!(withdrawn[0].subjects, [an]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_ends_what_other_browsers_ask_for_the_same_request() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let phone = Phone::enrolled(&rig, AN).await;
        let path = rig.pushed("rp-baseline", &with_consent()).await;
        let (scanned_first, _) = rig.open_page(&path).await;
        let statement = phone.scan(&rig, &scanned_first.text).await;
        let (page, cookie) = rig.open_page(&path).await;
        assert_eq!(phone.approve(&rig, &page.text).await.status, 200);
        assert!(rig.reload(&path, &cookie).await.query().contains_key("code"));
        let late = phone.approve_scanned(&rig, &scanned_first.text, &statement).await;
        assert_eq!(late.status, 409, "{late:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_of_the_last_second_leads_to_a_code_and_an_end_back_to_the_client() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let path = rig.pushed("rp-baseline", &asking()).await;
        let (_, cookie) = rig.open_page(&path).await;
        rig.clock.advance(Duration::from_secs(299));
        rig.approve(AN).await;
        rig.clock.advance(Duration::from_secs(31));
        let back = rig.reload(&path, &cookie).await;
        assert!(back.query().contains_key("code"), "{back:?}");
        rig.clock.advance(Duration::from_secs(50));
        let answer = rig.token_by_secret("rp-baseline", &Rig::redeeming(&back.query()["code"])).await;
        assert_eq!(answer.status, 200, "the code's minute began with the code: {answer:?}");

        let path = rig.pushed("rp-baseline", &asking()).await;
        let (_, cookie) = rig.open_page(&path).await;
        rig.clock.advance(Duration::from_secs(301));
        let state = path.replace("/authorize?", "/authorize/state?");
        assert_eq!(rig.reload(&state, &cookie).await.json(), json!({ "state": "expired" }));
        assert_eq!(rig.open_page(&path).await.0.told(), (400, "page".to_owned()), "nobody begins it any more");
        let back = rig.reload(&path, &cookie).await;
        assert_eq!(back.told(), (303, "access_denied".to_owned()), "the client is told");
        assert_eq!(back.query()["state"], "the-state");

        let path = rig.pushed("rp-baseline", &asking()).await;
        let (_, cookie) = rig.open_page(&path).await;
        rig.approve(AN).await;
        rig.clock.advance(Duration::from_secs(361));
        assert_eq!(rig.reload(&path, &cookie).await.told(), (400, "page".to_owned()), "a minute, no more");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_of_another_request_spends_nothing() {
    for_each_backend(async |backend| {
        let mut rig = Rig::new(&backend).await;
        rig.add("rp-other", "rp-baseline").await;
        let path = rig.pushed("rp-baseline", &asking()).await;
        let (_, cookie) = rig.open_page(&path).await;
        let other = rig.pushed("rp-other", &asking()).await;
        let (_, other_cookie) = rig.open_page(&other).await;
        rig.approve(AN).await;
        rig.sql("UPDATE oidc_interactions SET transaction_id = (SELECT transaction_id FROM eid_transactions WHERE client_id = 'rp-other')");
        let crossed = rig.reload(&path, &cookie).await;
        assert_eq!(crossed.told(), (503, "page".to_owned()), "a fault, and no answer to the client: {crossed:?}");
        assert!(rig.recorded("oidc.sign_in").await.is_empty());
        let own = rig.reload(&other, &other_cookie).await;
        assert!(own.query().contains_key("code"), "the approval was not taken: {own:?}");
    })
    .await;
}

async fn kept(rig: &Rig) -> i64 {
    let count = |db: &mut _| Ok::<i64, StorageError>(oidc_requests::table.count().get_result(db)?);
    rig.app.store.read(Reach::Key, count).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_unknown_or_spent_writes_nothing() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let path = rig.pushed("rp-baseline", &asking()).await;
        let (_, cookie) = rig.open_page(&path).await;
        rig.approve(AN).await;
        assert_eq!(rig.reload(&path, &cookie).await.status, 303);
        let before = (rig.entries().await.len(), kept(&rig).await, rig.asked().await);
        let unknown = authorize_path("rp-baseline", "urn:ietf:params:oauth:request_uri:nonsense");
        let foreign = path.replace("rp-baseline", "portal");
        for path in [&path, &unknown, &foreign] {
            for _ in 0..3 {
                assert_eq!(rig.open_page(path).await.0.told(), (400, "page".to_owned()));
            }
        }
        assert_eq!((rig.entries().await.len(), kept(&rig).await, rig.asked().await), before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_nobody_pushed_are_bounded() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let mut asked = asking();
        asked.push(("client_id".to_owned(), "rp-baseline".to_owned()));
        let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(&asked).finish();
        let path = format!("/oauth2/authorize?{query}");
        for _ in 0..60 {
            assert!(read(rig.get(&path)).await.query().contains_key("request_uri"));
        }
        let refused = read(rig.get(&path)).await;
        assert_eq!(refused.told(), (303, "temporarily_unavailable".to_owned()), "{refused:?}");
        assert_eq!(kept(&rig).await, 60);
        rig.clock.advance(Duration::from_secs(61));
        assert!(read(rig.get(&path)).await.query().contains_key("request_uri"));
    })
    .await;
}
