use dancu::audit::Outcome;
use dancu::clients::Operation;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::shown::{AN_CARD, ISSUE, VERIFY, about, issue};
use crate::api::citizens::desk::{Answer, Desk, PORTAL, but, purpose, read};
use crate::support::for_each_backend;

async fn upload(desk: &Desk, token: &str, purpose: &str) -> Answer {
    let picture = Part::bytes(vec![0; 1000]).file_name("photo.png");
    let form = Form::new().part("image", picture).text("purpose", purpose.to_owned());
    read(desk.request(VERIFY).bearer_auth(token).multipart(form)).await
}

/// Every refusal that is told to a known client stands in the audit, also where the request was not
/// read any further.
#[tokio::test(flavor = "multi_thread")]
async fn each_operation_refuses_whom_it_must_and_records_the_refusal() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("reader", "portal", |agreement| {
            agreement.operations = [Operation::CitizensLookup].into_iter().collect();
        })
        .await;
        let (reader, portal) = (desk.house.token("reader").await, desk.house.token("portal").await);
        let revoke = "/v1/qr/credentials/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/revoke";
        let why = json!({ "purpose": purpose(PORTAL) });
        let asks: [(&str, Value, &str); 3] =
            [(VERIFY, about(AN_CARD), "qr.verify"), (ISSUE, issue(json!({})), "qr.issue"), (revoke, why, "qr.revoke")];
        let refused = async |answer: Answer, problem: &str, (reason, operation): (&str, &str)| {
            assert_eq!(answer.problem(), (403, problem.to_owned()), "{operation}");
            let entry = desk.last_entry().await.entry;
            assert_eq!((entry.outcome, entry.reason.as_str()), (Outcome::Refused, reason), "{operation}");
            assert_eq!(entry.operation, operation);
        };
        for (path, body, operation) in asks {
            let why = ("insufficient_scope", operation);
            let answer = desk.post_with(&reader, path, &body).await;
            assert!(answer.header("www-authenticate").contains("insufficient_scope"), "{answer:?}");
            refused(answer, "insufficient-scope", why).await;
            // Whether a body is faulty is not told to those who may not ask, and they are recorded too.
            refused(desk.post_with(&reader, path, &json!({})).await, "insufficient-scope", why).await;
            let other = but(body, json!({ "purpose": but(purpose(PORTAL), json!({ "procedure": "9.999" })) }));
            let answer = desk.post_with(&portal, path, &other).await;
            refused(answer, "procedure-not-agreed", ("procedure_not_agreed", operation)).await;
        }
        refused(upload(&desk, &reader, PORTAL).await, "insufficient-scope", ("insufficient_scope", "qr.verify")).await;
        // A picture is not looked at before the question is admitted: this one is no picture at all.
        let other = PORTAL.replace("1.004222", "9.999");
        let why = ("procedure_not_agreed", "qr.verify");
        refused(upload(&desk, &portal, &other).await, "procedure-not-agreed", why).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_count_against_the_quota_before_they_are_read() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("few", "portal", |agreement| agreement.per_minute = 2).await;
        let token = desk.house.token("few").await;
        for _ in 0..2 {
            assert_eq!(upload(&desk, &token, PORTAL).await.problem(), (422, "unreadable-qr".to_owned()));
        }
        assert_eq!(upload(&desk, &token, PORTAL).await.status, 429);
        assert_eq!(desk.last_entry().await.entry.reason, "over_quota");
    })
    .await;
}
