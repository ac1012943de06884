//! Over many random requests: no value outside the agreement, no member shown who should be hidden.

use std::collections::BTreeSet;
use std::sync::Arc;

use dancu::citizens::matching::{Anchor, AnchorNumber};
use dancu::citizens::model::Status;
use dancu::citizens::seed::Population;
use dancu::citizens::{Citizen, GuardConfig};
use dancu::clients::Detail;
use dancu::kernel::units::UnitCode;
use dancu::kernel::{Attribute, AttributeSet, ClientId, ProcedureCode};
use dancu::residence::model::{AskedResidence, Predicate, QUESTIONS, Relation, ResidenceKind, Since};
use dancu::residence::{Check, Confirm};
use futures_util::StreamExt;
use serde_json::Value;

use super::state_duty;
use crate::api::citizens::desk::Desk;
use crate::support::for_each_backend;
use crate::support::house::caller_of;

const PROCEDURES: [&str; 3] = ["1.004222", "1.010041", "1.003677"];

/// A small generator: the same run for the same seed.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end
    }

    fn coin(&mut self) -> bool {
        self.next().is_multiple_of(2)
    }

    fn some(&mut self, of: impl IntoIterator<Item = Attribute>) -> AttributeSet {
        of.into_iter().filter(|_| self.coin()).collect()
    }
}

fn anchor(citizen: &Citizen) -> Anchor {
    Anchor {
        number: AnchorNumber::Personal(citizen.id_number.clone()),
        full_name: citizen.full_name.clone(),
        date_of_birth: citizen.date_of_birth,
    }
}

fn predicate(chance: &mut Chance, other: &Citizen) -> Predicate {
    match chance.below(5) {
        0 => Predicate::ResidesIn(AskedResidence {
            unit: dancu::citizens::matching::address::ClaimedUnit::Current(UnitCode::parse("01").unwrap()),
            kind: [ResidenceKind::Permanent, ResidenceKind::Temporary, ResidenceKind::Current, ResidenceKind::Any]
                [chance.below(4)],
            since: Since::Now,
        }),
        1 => Predicate::SameHouseholdAs(anchor(other)),
        2 => Predicate::IsHouseholdHead,
        3 => Predicate::RelationTo { other: anchor(other), relation: Relation::Child },
        _ => Predicate::AgeAtLeast(18),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_that_the_agreement_does_not_let_out() {
    #[allow(clippy::disallowed_methods, reason = "a longer run is asked for by the environment")]
    let requests = std::env::var("DANCU_TEST_REQUESTS").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000_usize);
    for_each_backend(async |backend| {
        // Who is not alive counts as a failed anchor; here nobody is stopped by that.
        let guards =
            GuardConfig { per_number: 10_000, per_person: 10_000, share_from: 10_000, ..GuardConfig::default() };
        let desk = Desk::open_with(&backend, guards).await;
        let people: Arc<Vec<Citizen>> = Arc::new(
            Population::new(7, 400).flatten().filter(|citizen| !citizen.id_number.expose().starts_with("09")).collect(),
        );
        for citizen in people.iter() {
            desk.put(citizen).await;
        }
        let portal = desk.house.clients.find(&"portal".parse::<ClientId>().unwrap()).unwrap();
        let now = desk.house.now();
        let asking = futures_util::stream::iter(0..requests).map(|number| {
            let (portal, people, residence) = (portal.clone(), people.clone(), desk.residence.clone());
            async move {
                let mut chance = Chance(number as u64 + 1);
                let mut client = (*portal).clone();
                (client.agreement.per_minute, client.agreement.per_day) = (u32::MAX, u64::MAX);
                client.agreement.attributes = chance.some(Attribute::ALL.iter().copied());
                client.agreement.household_members = PROCEDURES
                    .iter()
                    .filter(|_| chance.coin())
                    .map(|code| ProcedureCode::parse(code).unwrap())
                    .collect();
                client.agreement.detail = if chance.below(5) == 0 { Detail::Boolean } else { Detail::Full };
                let agreement = client.agreement.clone();
                let purpose = state_duty(PROCEDURES[chance.below(3)]);
                let expires = now.plus(std::time::Duration::from_secs(60));
                let caller = caller_of(Arc::new(client), expires);
                let citizen = &people[chance.below(people.len())];
                let other = &people[chance.below(people.len())];
                let shows = agreement.names_members(&purpose.procedure);
                if chance.below(10) == 0 {
                    let ask = Confirm {
                        anchor: anchor(citizen),
                        purpose,
                        recipient: "Ai đó".into(),
                        attributes: chance.some(dancu::residence::model::CONFIRMABLE),
                        other_content: None,
                        idempotency_key: None,
                        request: [0; 32],
                    };
                    if let Ok(answer) = residence.confirm(&caller, ask).await
                        && let dancu::citizens::Body::First(told) = answer.body
                        && let Some(document) = told.document
                    {
                        let written = serde_json::to_value(&document).unwrap();
                        inspect(&written, citizen, &people, shows);
                        let stated: AttributeSet = document.statement.attributes();
                        assert!(agreement.detail == Detail::Full && stated.is_subset(agreement.attributes));
                    }
                    return;
                }
                let questions = chance.some(QUESTIONS);
                let predicates: Vec<Predicate> = (0..chance.below(3)).map(|_| predicate(&mut chance, other)).collect();
                let ask = Check { anchor: anchor(citizen), purpose, questions, predicates: predicates.clone() };
                let answer = residence.check(&caller, ask).await.expect("an answer");
                let told = agreement.detail == Detail::Full && agreement.attributes.contains(Attribute::Status);
                let Some(checked) = answer.checked else {
                    assert!(citizen.status != Status::Alive && !told, "the person is there");
                    return;
                };
                assert!(citizen.status == Status::Alive || told, "who is not alive is nobody to whom it is not told");
                let mut told = Vec::new();
                checked.disclosure.write(&mut told);
                let told: Value = serde_json::from_slice(&told).unwrap();
                for name in told.as_object().unwrap().keys() {
                    let attribute: Attribute = name.parse().unwrap();
                    assert!(agreement.detail == Detail::Full && agreement.attributes.contains(attribute), "{name}");
                    assert!(questions.contains(attribute), "{name} was not asked for");
                }
                inspect(&told, citizen, &people, shows);
                for (predicate, answer) in predicates.iter().zip(&checked.answers) {
                    let agreed = !predicate.attributes().intersection(agreement.attributes).is_empty();
                    assert!(agreed || answer.answer.is_none(), "{}", predicate.name());
                }
            }
        });
        asking.buffer_unordered(64).collect::<Vec<()>>().await;
    })
    .await;
}

/// No name of another member unless members are shown, and never a name of anybody else.
fn inspect(told: &Value, citizen: &Citizen, people: &[Citizen], shows: bool) {
    let mut names = BTreeSet::new();
    gather(told, &mut names);
    let household = citizen.household.as_ref().map(|household| household.household_id);
    for name in names {
        let own = name == citizen.full_name.expose();
        let member = people.iter().any(|person| {
            person.full_name.expose() == name
                && person.household.as_ref().is_some_and(|held| Some(held.household_id) == household)
        });
        assert!(own || (shows && member), "a name that should be hidden");
    }
}

/// Every value that stands under a member for names.
fn gather(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if matches!(name.as_str(), "full_name" | "head")
                    && let Some(text) = value.as_str()
                {
                    names.insert(text.to_owned());
                }
                gather(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, names)),
        _ => {}
    }
}
