use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dancu::consent::Consent;
use dancu::kernel::AttributeSet;
use serde_json::json;

use crate::api::citizens::desk::{Desk, people};
use crate::api::consent::to_shop;
use crate::support::for_each_backend;

const CONSENTS: &str = "/v1/me/consents";

#[tokio::test(flavor = "multi_thread")]
async fn a_citizen_sees_proves_exports_and_withdraws_their_consents() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let (citizen, stranger) = (people()[0].citizen_id, people()[1].citizen_id);
        let old = desk.consent(to_shop(&desk)).await;
        desk.house.clock.advance(Consent::LASTS + Duration::from_secs(60));
        let id = desk.consent(to_shop(&desk)).await;
        let cookie = desk.session(citizen, AttributeSet::EMPTY, None).await;
        let listed = desk.page_get(&cookie, CONSENTS).await.json();
        let told: Vec<_> = listed["consents"].as_array().unwrap().iter().map(|c| (&c["consent_id"], &c["state"])).collect();
        assert_eq!(told, [(&json!(id), &json!("in_force")), (&json!(old), &json!("over"))]);
        assert_eq!(listed["consents"][0]["client"], json!({ "id": "shop", "name": "Cửa hàng (mẫu)" }));
        assert_eq!(listed["consents"][0]["attributes"], json!(["full_name", "date_of_birth"]));
        let one = desk.page_get(&cookie, &format!("{CONSENTS}/{id}")).await.json();
        assert_eq!(STANDARD.decode(one["proof"].as_str().unwrap()).unwrap(), b"what An signed");
        let csv = desk.page_get(&cookie, &format!("{CONSENTS}/export?format=csv")).await;
        assert!(csv.text.contains("shop,Cửa hàng (mẫu),SHOP,full_name date_of_birth"), "{}", csv.text);
        assert_eq!(desk.page_get(&cookie, &format!("{CONSENTS}/export")).await.json().as_array().unwrap().len(), 2);

        assert_eq!(desk.shop_asks(json!(id)).await.status, 200);
        let theirs = desk.session(stranger, AttributeSet::EMPTY, None).await;
        let withdraw = format!("{CONSENTS}/{id}/withdraw");
        for path in [withdraw.clone(), format!("{CONSENTS}/x/withdraw")] {
            assert_eq!(desk.page_post(&theirs, &path, &json!({})).await.problem().0, 404);
        }
        assert_eq!(desk.page_get(&theirs, &format!("{CONSENTS}/{id}")).await.problem().0, 404);
        let first = desk.page_post(&cookie, &withdraw, &json!({})).await.json();
        assert_eq!(desk.shop_asks(json!(id)).await.problem(), (403, "consent-missing".to_owned()));
        desk.house.clock.advance(Duration::from_secs(9));
        let again = desk.page_post(&cookie, &withdraw, &json!({})).await.json();
        assert_eq!(first["withdrawn_at"], again["withdrawn_at"], "{first} {again}");
        let listed = desk.page_get(&cookie, CONSENTS).await.json();
        assert_eq!(listed["consents"][0]["state"], "withdrawn");
        assert_eq!(desk.post("portal", &withdraw, &json!({})).await.problem(), (403, "forbidden".to_owned()));
    })
    .await;
}
