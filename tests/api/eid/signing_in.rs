//! Signing in to a page of this service, as HTTP: what a browser keeps, and who takes the session.

use std::time::Duration;

use dancu::eid::{EidConfig, TransactionState};
use dancu::kernel::TransactionId;
use serde_json::json;

use super::rig::{PASSCODE, Rig, an, tight};
use crate::support::for_each_backend;
use crate::support::house::ISSUER;

const HERE: &str = "/signin?to=/me";

/// A browser that has a sign-in page open.
pub struct PageBrowser {
    pub cookie: String,
    pub digits: String,
    pub scan: String,
}

/// An answer to a browser: status, and the cookies it sets as pairs.
pub struct Seen {
    pub status: u16,
    pub html: String,
    pub set: Vec<String>,
}

impl Seen {
    /// The value of a cookie that is set by this name.
    fn cookie(&self, name: &str) -> Option<String> {
        let set = self.set.iter().find(|set| set.starts_with(&format!("{name}=")))?;
        set.split(';').next().map(str::to_owned)
    }
}

pub async fn see(rig: &Rig, cookie: Option<&str>) -> Seen {
    let mut request = rig.web.get(format!("{}{HERE}", rig.base_url())).header("accept", "text/html");
    if let Some(cookie) = cookie {
        request = request.header("cookie", cookie);
    }
    seen(request).await
}

async fn seen(request: reqwest::RequestBuilder) -> Seen {
    let answer = request.send().await.expect("an answer");
    let set = answer.headers().get_all("set-cookie").iter().map(|set| set.to_str().unwrap().to_owned()).collect();
    Seen { status: answer.status().as_u16(), set, html: answer.text().await.expect("a page") }
}

impl PageBrowser {
    pub async fn open(rig: &Rig) -> Self {
        let seen = see(rig, None).await;
        assert_eq!(seen.status, 200, "{}", seen.html);
        let between = |begin: &str, end: &str| {
            let rest = seen.html.split(begin).nth(1).unwrap_or_else(|| panic!("{begin} in {}", seen.html));
            rest.split(end).next().unwrap().to_owned()
        };
        let scan = format!("DANCU-EID:{}", between("DANCU-EID:", "<"));
        let cookie = seen.cookie("__Host-dancu-page").expect("the browser is known again");
        Self { cookie, digits: between("<b>", "</b>"), scan }
    }

    /// Loads the page again; the session's cookie, once there is a session.
    pub async fn go_on(&mut self, rig: &Rig) -> Option<String> {
        see(rig, Some(&self.cookie)).await.cookie("__Host-dancu")
    }

    pub async fn post(&self, rig: &Rig, path: &str, body: &str) -> Seen {
        let request = rig.web.post(format!("{}{path}", rig.base_url())).header("origin", ISSUER);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body.to_owned());
        seen(request.header("accept", "text/html").header("cookie", &self.cookie)).await
    }

    /// Types a number; the page as it then is, and what came of it. The browser keeps what it is given.
    pub async fn name(&mut self, rig: &Rig, number: &str) -> (Seen, Seen) {
        let named = self.post(rig, HERE, &format!("id_number={number}")).await;
        if let Some(cookie) = named.cookie("__Host-dancu-page") {
            self.cookie = cookie;
        }
        let page = see(rig, Some(&self.cookie)).await;
        (named, page)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_browser_that_began_takes_the_session() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let seen = see(&rig, None).await;
        let set = seen.set.iter().find(|set| set.starts_with("__Host-dancu-page=")).expect("a cookie");
        for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(set.split("; ").any(|part| part == attribute), "{attribute}: {set}");
        }

        let mut browser = PageBrowser::open(&rig).await;
        let claimed = json!({ "scan": browser.scan });
        let told = phone.call(&rig, "POST", "/v1/eid/transactions/claim", &claimed).await.json();
        let id: TransactionId = told["transaction_id"].as_str().unwrap().parse().unwrap();
        let statement = told["statement"].as_str().unwrap();
        let approved = phone.decide(&rig, statement, Some(&browser.digits), Some(PASSCODE)).await;
        assert_eq!(approved.json()["outcome"], "approved", "{approved:?}");
        assert_eq!(rig.state(id).await, TransactionState::Approved);

        // Somebody who knows everything but our code over it.
        let (text, code) = browser.cookie.rsplit_once('.').unwrap();
        let (own, own_code) =
            PageBrowser::open(&rig).await.cookie.rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let forged = [
            text.to_owned(),
            format!("{text}."),
            format!("{text}.{own_code}"),
            format!("{own}.{code}"),
            format!("{text}.{}", "A".repeat(43)),
        ];
        for cookie in &forged {
            let seen = see(&rig, Some(cookie)).await;
            assert_eq!((seen.status, seen.cookie("__Host-dancu")), (200, None), "{cookie}");
        }
        assert!(browser.go_on(&rig).await.is_some());
        assert!(browser.go_on(&rig).await.is_none(), "once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opened_page_is_recorded_when_somebody_is_in_it_and_the_session_with_it() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let before = rig.desk.entries().await;
        for _ in 0..3 {
            see(&rig, None).await;
        }
        assert!(rig.recorded_since(before).await.is_empty(), "anybody may open pages");
        rig.signed_in(&phone).await;
        let operations: Vec<_> = rig.recorded_since(before).await.into_iter().map(|(operation, _)| operation).collect();
        assert_eq!(operations, ["eid.claim", "eid.approve", "eid.sign_in"]);
        let last = rig.desk.last_entry().await;
        assert_eq!((last.subjects, last.entry.client.unwrap().as_str()), (vec![an().citizen_id], "portal"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_turns_back_ends_the_request() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let mut browser = PageBrowser::open(&rig).await;
        phone.call(&rig, "POST", "/v1/eid/transactions/claim", &json!({ "scan": browser.scan })).await;
        let (id, statement) = phone.pending(&rig).await.pop().expect("it waits");
        assert_eq!(browser.post(&rig, "/signin/cancel", "").await.status, 303);
        assert_eq!(rig.state(id).await, TransactionState::Expired);
        assert!(phone.pending(&rig).await.is_empty());
        assert_eq!(rig.desk.last_entry().await.entry.operation, "eid.withdraw");
        let late = phone.decide(&rig, &statement, Some(&browser.digits), Some(PASSCODE)).await;
        assert_eq!(late.problem(), (409, "transaction-over".to_owned()));
        assert!(browser.go_on(&rig).await.is_none());

        // One that was approved already is void, too, and its consent never was.
        let asked = rig.ask(an().citizen_id, dancu::kernel::Level::L1).await;
        assert_eq!(phone.approve(&rig, &asked.digits.to_string(), None).await.json()["outcome"], "approved");
        rig.withdraw(asked.transaction).await;
        assert_eq!(rig.take(asked.transaction).await, None);
        rig.withdraw(asked.transaction).await;
        assert_eq!(rig.state(asked.transaction).await, TransactionState::Expired);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_taken_in_time_or_not_at_all() {
    for_each_backend(async |backend| {
        let rig = Rig::open(&backend).await;
        let phone = rig.enrolled(&an()).await;
        let asked = rig
            .begin(dancu::eid::ApprovalRequest {
                consent_for: Some(Duration::from_secs(3_600)),
                ..super::rig::request(Some(an().citizen_id), dancu::kernel::Level::L1)
            })
            .await
            .unwrap();
        assert_eq!(phone.approve(&rig, &asked.digits.to_string(), None).await.json()["outcome"], "approved");
        // What was approved at the last moment may be taken a minute longer.
        rig.advance(Duration::from_secs(301));
        assert_eq!(rig.state(asked.transaction).await, TransactionState::Approved);
        rig.advance(Duration::from_secs(60));
        assert_eq!(rig.state(asked.transaction).await, TransactionState::Expired);
        assert_eq!(rig.take(asked.transaction).await, None);
        assert!(rig.desk.consents.of_citizen(an().citizen_id).await.unwrap().is_empty());

        let taken = rig.ask(an().citizen_id, dancu::kernel::Level::L1).await;
        phone.approve(&rig, &taken.digits.to_string(), None).await;
        assert!(rig.take(taken.transaction).await.is_some());
        rig.advance(Duration::from_secs(361));
        assert_eq!(rig.state(taken.transaction).await, TransactionState::Approved, "what was taken stays approved");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_bounded_for_one_address_and_in_all() {
    for_each_backend(async |backend| {
        let rig = Rig::open_with(&backend, EidConfig { pages_per_address: 3, ..tight() }).await;
        for _ in 0..3 {
            assert_eq!(see(&rig, None).await.status, 200);
        }
        assert_eq!(see(&rig, None).await.status, 429);
        rig.advance(Duration::from_secs(61));
        let browser = PageBrowser::open(&rig).await;
        for _ in 0..5 {
            assert_eq!(see(&rig, Some(&browser.cookie)).await.status, 200, "a page that is open is not begun again");
        }
    })
    .await;
    for_each_backend(async |backend| {
        let rig = Rig::open_with(&backend, EidConfig { pages_per_minute: 2, ..tight() }).await;
        let statuses = [see(&rig, None).await.status, see(&rig, None).await.status, see(&rig, None).await.status];
        assert_eq!(statuses, [200, 200, 429]);
    })
    .await;
}
