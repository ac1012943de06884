use dancu::consent::NewConsent;
use dancu::kernel::{Attribute, ProcedureCode};
use serde_json::{Value, json};

use super::desk::{Desk, but};
use crate::api::consent::to_shop;
use crate::api::forms::{about, family};
use crate::api::residence::without_members;
use crate::support::for_each_backend;

const LOOK_UP: &str = "/v1/citizens/lookup";

fn hidden(body: &Value) -> bool {
    let household = &body["citizen"]["household"]["value"];
    assert_eq!(household["relation_to_head"], "child", "{body}");
    let reason = json!({ "attribute": "household", "reason": "members_not_agreed" });
    let told = body["withheld"].as_array().unwrap().contains(&reason);
    assert_eq!(household.get("members").is_none() && household.get("head").is_none(), told, "{body}");
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_named_where_the_agreement_needs_them_and_never_under_a_consent() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        let daughter = &family()[2];
        let ask = but(about(daughter), json!({ "attributes": ["full_name", "household"] }));
        let body = desk.look_up(&ask).await.json();
        assert!(!hidden(&body), "{body}");
        assert_eq!(body["citizen"]["household"]["value"]["members"].as_array().unwrap().len(), 5);
        let elsewhere = but(ask.clone(), json!({ "purpose": without_members() }));
        desk.client("narrow", "portal", |agreement| agreement.household_members.clear()).await;
        // The family's agreement names the procedure; the consent is the daughter's alone.
        desk.client("family", "shop", |agreement| {
            agreement.attributes.insert(Attribute::Household);
            agreement.household_members = agreement.procedures.clone();
        })
        .await;
        let consent = NewConsent {
            citizen: daughter.citizen_id,
            client: "family".parse().unwrap(),
            procedure: Some(ProcedureCode::parse("SHOP").unwrap()),
            attributes: [Attribute::FullName, Attribute::DateOfBirth, Attribute::Household].into_iter().collect(),
            ..to_shop(&desk)
        };
        let purpose = json!({ "procedure": "SHOP", "legal_basis": "CONSENT", "consent": desk.consent(consent).await,
            "officer": { "id": "nv-1", "unit": "q-1" } });
        let consented = but(ask.clone(), json!({ "purpose": purpose }));
        for (client, ask) in [("portal", &elsewhere), ("narrow", &ask), ("family", &consented)] {
            let body = desk.post(client, LOOK_UP, ask).await.json();
            assert!(hidden(&body), "{client}: {body}");
            assert!(!body.to_string().contains("Hải"), "{client}: {body}");
            assert_eq!(desk.entry_of(&body).await.subjects, [daughter.citizen_id], "{client}");
        }
    })
    .await;
}
