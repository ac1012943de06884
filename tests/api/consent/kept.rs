use std::time::Duration;

use dancu::audit::{AuditConfig, Outcome};
use dancu::consent::retention_rules;
use dancu::crypto::{KeyUse, SystemEntropy};
use dancu::storage::erase_ended;
use serde_json::json;

use super::{an_citizen, to_shop, within};
use crate::api::citizens::desk::Desk;
use crate::support::for_each_backend;

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_holds_at_once_on_every_replica_and_is_recorded_once() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let id = desk.consent(to_shop(&desk)).await;
        let (citizen, portal) = (an_citizen(), "portal".parse().unwrap());
        let twin = if backend.is_postgres() { Some(desk.twin(&backend).await) } else { None };
        let asked = twin.as_ref().unwrap_or(&desk);
        assert_eq!(asked.shop_asks(json!(id)).await.status, 200);
        let stranger = crate::api::citizens::desk::people()[1].citizen_id;
        assert_eq!(desk.consents.withdraw(stranger, id, &portal).await.unwrap(), None);
        let first = desk.consents.withdraw(citizen, id, &portal).await.unwrap().unwrap();
        let begun = std::time::Instant::now();
        assert_eq!(asked.shop_asks(json!(id)).await.problem(), (403, "consent-missing".to_owned()));
        assert!(begun.elapsed() < within(1), "the very next question is refused");
        desk.house.clock.advance(Duration::from_secs(5));
        let again = desk.consents.withdraw(citizen, id, &portal).await.unwrap().unwrap();
        assert_eq!(first.at, again.at);
        for (receipt, outcome) in [(first.receipt, Outcome::Answered), (again.receipt, Outcome::Replayed)] {
            let entry = desk.audit.find(&receipt).await.unwrap().unwrap();
            assert_eq!((entry.entry.outcome, entry.entry.operation.as_str()), (outcome, "consent.withdraw"));
            assert_eq!((entry.subjects.as_slice(), entry.entry.consent.unwrap().0), ([citizen].as_slice(), id.0));
        }
        let held = desk.consents.of_citizen(citizen).await.unwrap();
        assert_eq!((held.len(), held[0].withdrawn_at), (1, Some(first.at)));
        assert!(desk.consents.of_citizen(stranger).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_are_sealed_follow_the_keys_and_are_kept_as_long_as_the_log() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let new = to_shop(&desk);
        let id = desk.consent(new.clone()).await;
        assert_eq!(desk.consents.proof(id).await.unwrap(), Some(new.proof.clone()));
        let under = async |version| desk.house.rows().of(&["consents"], KeyUse::Seal, version).await;
        assert_eq!(under(1).await, 1);
        let keyring = &desk.house.keyring;
        let version = keyring.rotate(KeyUse::Seal, &SystemEntropy::default(), &*desk.house.clock).unwrap();
        keyring.activate(KeyUse::Seal, &*desk.house.clock, Duration::ZERO).unwrap();
        desk.house.rows().renew().await;
        assert_eq!((under(1).await, under(version).await), (0, 1));
        assert_eq!(desk.consents.proof(id).await.unwrap(), Some(new.proof.clone()));
        // A proof put under another consent does not open.
        let other = desk.consent(new.clone()).await;
        let swap = |id: dancu::kernel::ConsentId| id.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (from, to) = (swap(id), swap(other));
        let bytes =
            |hex: &str| if backend.is_postgres() { format!("decode('{hex}','hex')") } else { format!("x'{hex}'") };
        backend.execute(&format!(
            "UPDATE consents SET proof = (SELECT proof FROM consents WHERE consent_id = {}) WHERE consent_id = {}",
            bytes(&from),
            bytes(&to)
        ));
        assert!(desk.consents.proof(other).await.is_err());
        let rules = retention_rules(AuditConfig::years(5));
        let sweep = async || erase_ended(&desk.house.store, &rules, desk.house.now()).await.unwrap();
        desk.house.clock.advance(AuditConfig::years(5));
        assert_eq!(sweep().await, 0);
        desk.house.clock.advance(dancu::consent::Consent::LASTS + Duration::from_secs(1));
        assert_eq!(sweep().await, 2);
        assert_eq!(desk.consents.find(id).await.unwrap(), None);
    })
    .await;
}
