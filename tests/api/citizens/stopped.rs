//! Questions under a procedure, or in the name of an officer, that operators have stopped.

use dancu::audit::Outcome;
use dancu::clients::Stoppable;
use dancu::kernel::ProcedureCode;
use dancu::kernel::purpose::OfficerCode;
use serde_json::json;

use super::desk::{Desk, an, but};
use crate::support::for_each_backend;
use crate::support::house::id;

const LOOK_UP: &str = "/v1/citizens/lookup";

#[tokio::test(flavor = "multi_thread")]
async fn only_the_stopped_part_is_refused_and_each_refusal_is_recorded() {
    for_each_backend(async |backend| {
        let mut desk = Desk::open(&backend).await;
        let other = ProcedureCode::parse("1.004194").unwrap();
        desk.client("counter", "portal", |agreement| agreement.procedures.extend([other.clone()])).await;
        let token = desk.house.token("counter").await;
        let elsewhere = but(
            an(),
            json!({ "purpose": {
            "procedure": "1.004194", "legal_basis": "STATE_DUTY", "officer": { "id": "canbo-02", "unit": "mot-cua" },
        } }),
        );
        let parts = [
            (Stoppable::Procedure(ProcedureCode::parse("1.004222").unwrap()), "procedure-stopped", "procedure_stopped"),
            (Stoppable::Officer(OfficerCode::parse("canbo-01").unwrap()), "officer-stopped", "officer_stopped"),
        ];
        for (part, problem, reason) in parts {
            desk.house.changes().await.stop(&id("counter"), part.clone()).await.unwrap();
            let refused = desk.post_with(&token, LOOK_UP, &an()).await;
            assert_eq!(refused.problem(), (403, problem.to_owned()));
            let entry = desk.last_entry().await.entry;
            assert_eq!((entry.outcome, entry.reason.as_str()), (Outcome::Refused, reason));
            assert_eq!(desk.post_with(&token, LOOK_UP, &elsewhere).await.status, 200, "the rest goes on");
            desk.house.changes().await.start(&id("counter"), part).await.unwrap();
            assert_eq!(desk.post_with(&token, LOOK_UP, &an()).await.status, 200);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_is_stopped_in_every_unit() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let token = desk.house.token("portal").await;
        let officer = OfficerCode::parse("canbo-01").unwrap();
        desk.house.changes().await.stop(&id("portal"), Stoppable::Officer(officer)).await.unwrap();
        let named = |officer: &str, unit: &str| {
            but(
                an(),
                json!({ "purpose": {
                "procedure": "1.004222", "legal_basis": "STATE_DUTY", "officer": { "id": officer, "unit": unit },
            } }),
            )
        };
        for (officer, unit) in [("canbo-01", "mot-cua"), ("canbo-01", "kho-bac"), ("CanBo-01", "mot-cua")] {
            let refused = desk.post_with(&token, LOOK_UP, &named(officer, unit)).await;
            assert_eq!(refused.problem(), (403, "officer-stopped".to_owned()), "{officer} {unit}");
        }
        assert_eq!(desk.post_with(&token, LOOK_UP, &named("canbo-09", "mot-cua")).await.status, 200, "another name");
    })
    .await;
}
