use std::time::Duration;

use dancu::audit::Outcome;
use dancu::clients::Detail;
use dancu::consent::Consent;
use dancu::kernel::{Attribute, ProcedureCode};
use serde_json::json;

use super::{an_citizen, shop_asks, to_shop};
use crate::api::citizens::desk::{Desk, an_claimed, but};
use crate::support::for_each_backend;

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_gets_nothing_without_consent_and_what_was_agreed_to_with_one() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        assert_eq!(desk.shop_asks(json!(null)).await.problem(), (403, "consent-missing".to_owned()));
        let id = desk.consent(to_shop(&desk)).await;
        let body = desk.shop_asks(json!(id)).await.json();
        assert_eq!(body["outcome"], "found", "{body}");
        assert_eq!(body["citizen"]["full_name"]["value"], "Nguyễn Văn An");
        assert_eq!(body["citizen"]["date_of_birth"]["value"], "1999-03-15");
        assert_eq!(body["citizen"].as_object().unwrap().len(), 2);
        assert_eq!(body["withheld"], json!([{ "attribute": "sex", "reason": "not_agreed" }]));
        let entry = desk.entry_of(&body).await;
        assert_eq!(entry.entry.consent.unwrap().0, id.0);
        assert_eq!(entry.entry.legal_basis.unwrap().as_str(), "CONSENT");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_citizen_did_not_agree_to_is_withheld_or_refused() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let name_alone = [Attribute::FullName].into_iter().collect();
        let id = desk.consent(dancu::consent::NewConsent { attributes: name_alone, ..to_shop(&desk) }).await;
        let body = desk.shop_asks(json!(id)).await.json();
        assert_eq!(body["citizen"].as_object().unwrap().len(), 1, "{body}");
        assert!(body["withheld"].as_array().unwrap().contains(&json!({
            "attribute": "date_of_birth", "reason": "not_consented"
        })));
        let purpose = shop_asks(json!(id))["purpose"].clone();
        let verify = but(an_claimed(), json!({ "purpose": purpose }));
        let verified = desk.post("shop", "/v1/citizens/verify", &verify).await.json();
        assert_eq!(verified["verified"], true, "{verified}");
        let mut more = verify.clone();
        more["claims"]["sex"] = json!("male");
        let refused = desk.post("shop", "/v1/citizens/verify", &more).await;
        assert_eq!(refused.problem(), (403, "forbidden".to_owned()));
        assert_eq!(refused.faults(), [("/claims/sex".to_owned(), "attribute_not_consented".to_owned())]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_foreign_over_and_withdrawn_are_one_refusal_that_names_whose_it_was() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let good = to_shop(&desk);
        let foreign = desk.consent(dancu::consent::NewConsent { client: "bank".parse().unwrap(), ..good.clone() });
        let foreign = foreign.await;
        let over = dancu::consent::NewConsent { until: good.given_at.plus(Duration::from_secs(60)), ..good.clone() };
        let over = desk.consent(over).await;
        let kyc = Some(ProcedureCode::parse("KYC").unwrap());
        let elsewhere = desk.consent(dancu::consent::NewConsent { procedure: kyc, ..good.clone() }).await;
        let withdrawn = desk.consent(good.clone()).await;
        desk.consents.withdraw(an_citizen(), withdrawn, &"portal".parse().unwrap()).await.unwrap().unwrap();
        desk.house.clock.advance(Duration::from_secs(61));
        for (id, named) in [
            ("a".repeat(32), false),
            (foreign.to_string(), true),
            (over.to_string(), true),
            (elsewhere.to_string(), true),
            (withdrawn.to_string(), true),
        ] {
            assert_eq!(desk.shop_asks(json!(id)).await.problem(), (403, "consent-missing".to_owned()), "{id}");
            let entry = desk.last_entry().await;
            assert_eq!((entry.entry.outcome, entry.entry.reason.as_str()), (Outcome::Refused, "consent_missing"));
            assert_eq!(entry.subjects.contains(&an_citizen()), named);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_consent_of_another_person_finds_nobody() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        desk.client("yes-no", "shop", |agreement| agreement.detail = Detail::Boolean).await;
        let other = crate::api::citizens::desk::people()[1].citizen_id;
        let id = desk.consent(dancu::consent::NewConsent { citizen: other, ..to_shop(&desk) }).await;
        let nobody = but(shop_asks(json!(id)), json!({ "id_number": "097099000099" }));
        let nobody = desk.post("shop", "/v1/citizens/lookup", &nobody).await;
        let answer = desk.shop_asks(json!(id)).await;
        let same = |answer: &crate::api::citizens::desk::Answer| {
            but(answer.json(), json!({ "transaction_id": null, "audit": null }))
        };
        assert_eq!(same(&answer), same(&nobody));
        assert_eq!(answer.json()["outcome"], "no_match");
        let entry = desk.entry_of(&answer.json()).await;
        assert_eq!((entry.entry.outcome, entry.subjects.as_slice()), (Outcome::NoMatch, [an_citizen()].as_slice()));
        // Nor does it verify anything, alone or together.
        let client: dancu::kernel::ClientId = "yes-no".parse().unwrap();
        let id = desk.consent(dancu::consent::NewConsent { citizen: other, client, ..to_shop(&desk) }).await;
        let purpose = shop_asks(json!(id))["purpose"].clone();
        for claims in [an_claimed()["claims"].clone(), json!({ "full_name": "Nguyễn Văn An" })] {
            let ask = but(an_claimed(), json!({ "purpose": purpose, "claims": claims }));
            let body = desk.post("yes-no", "/v1/citizens/verify", &ask).await.json();
            assert_eq!(body["verified"], false, "{body}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_is_named_only_where_it_is_the_basis() {
    let desk = Desk::open(&crate::support::Backend::sqlite()).await;
    let mut ask = crate::api::citizens::desk::an();
    ask["purpose"]["consent"] = json!("a".repeat(32));
    assert_eq!(
        desk.look_up(&ask).await.faults(),
        [("/purpose/consent".to_owned(), "consent_without_basis".to_owned())]
    );
    ask["purpose"]["consent"] = json!("0");
    assert_eq!(desk.look_up(&ask).await.faults(), [("/purpose/consent".to_owned(), "id_format".to_owned())]);
    assert_eq!(Consent::LASTS, Duration::from_secs(90 * 24 * 3600));
}
