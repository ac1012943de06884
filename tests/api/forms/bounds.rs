//! Nothing outside agreement and consent, nobody who is hidden, over random requests.

use std::collections::BTreeSet;

use dancu::citizens::model::{RelationToHead, Status};
use dancu::citizens::{Allowance, OpenRecord};
use dancu::clients::{Agreement, Detail, samples};
use dancu::forms::{Housemates, fill};
use dancu::kernel::{Attribute, AttributeSet, Instant};
use serde_json::Value;

use super::ratios::households;
use super::{leaves, shipped};

/// 10 000 by themselves; a script asks for more.
#[allow(clippy::disallowed_methods, reason = "tests take their scale from the environment")]
fn requests() -> usize {
    std::env::var("DANCU_TEST_REQUESTS").ok().and_then(|number| number.parse().ok()).unwrap_or(10_000)
}

/// splitmix64: the same requests each time.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn set(&mut self) -> AttributeSet {
        let bits = self.next() | self.next();
        Attribute::ALL.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1).map(|(_, a)| *a).collect()
    }
}

/// What the mapping of a form says each field is made of, read from the JSON that clients see.
fn attributes_of(mapping: &Value, at: &str) -> BTreeSet<String> {
    let step = |at: &str| at.split('/').collect::<Vec<_>>().len();
    let fields = mapping.as_array().unwrap();
    let field = fields.iter().find(|field| {
        let own = field["at"].as_str().unwrap();
        at == own || (field.get("columns").is_some() && at.starts_with(&format!("{own}/")))
    });
    let field = field.unwrap_or_else(|| panic!("no field at {at}"));
    let source = match field.get("columns") {
        Some(columns) if step(at) > 2 => columns[at.rsplit('/').next().unwrap()]["from"].clone(),
        Some(_) => serde_json::json!({ "attribute": "household" }),
        None => field["from"].clone(),
    };
    let one = |source: &Value| source["attribute"].as_str().unwrap().to_owned();
    match source.as_array() {
        Some(sources) => sources.iter().map(one).collect(),
        None => BTreeSet::from([one(&source)]),
    }
}

fn relation(record: &OpenRecord) -> Option<RelationToHead> {
    record.citizen.household.as_ref().map(|membership| membership.relation_to_head)
}

#[test]
fn no_value_leaves_outside_agreement_and_consent_and_nobody_hidden_is_shown() {
    let forms = ["ct01", "ct07-request", "birth-registration", "passport-tk01"].map(shipped);
    let portal = samples(Instant::default()).unwrap().into_iter().find(|sample| sample.new.id.as_str() == "portal");
    let base = portal.unwrap().new.agreement;
    let households: Vec<_> = households().collect();
    let mut draw = Draw(1);
    let (mut given, mut hidden) = (0, 0);
    for _ in 0..requests() {
        let household = &households[draw.next() as usize % households.len()];
        let record = &household[draw.next() as usize % household.len()];
        let form = &forms[draw.next() as usize % forms.len()];
        let detail = if draw.next().is_multiple_of(8) { Detail::Boolean } else { Detail::Full };
        let agreement = Agreement { attributes: draw.set(), detail, ..base.clone() };
        let consented = (draw.next() & 1 == 0).then(|| draw.set());
        let citizen = &record.citizen;
        let mates = citizen.household.as_ref().map(|_| Housemates::of(citizen, household.clone()));
        let filled = fill(form, citizen, mates.as_ref(), Allowance::new(&agreement, consented));
        let mut told = Vec::new();
        leaves(&filled.values, "", &mut told);
        let allowed = |attribute: Attribute| {
            detail == Detail::Full
                && agreement.attributes.contains(attribute)
                && consented.is_none_or(|consented| consented.contains(attribute))
        };
        for at in told.iter().chain(filled.provenance.keys()) {
            let of = attributes_of(&form.mapping, at);
            assert!(of.iter().any(|name| allowed(name.parse().unwrap())), "{} {at}", form.code);
        }
        assert!(filled.attributes.iter().all(allowed));
        given += told.len();
        // Lodgers and the family, the dead and the missing: by number, which nobody shares.
        let lodges = |record: &OpenRecord| relation(record) == Some(RelationToHead::Lodger);
        let text = filled.values.to_string();
        for other in household.iter().filter(|other| other.citizen.citizen_id != citizen.citizen_id) {
            let apart = lodges(other) || lodges(record) || other.citizen.status != Status::Alive;
            if apart {
                hidden += 1;
                assert!(!text.contains(other.citizen.id_number.expose()), "{} shows somebody hidden", form.code);
                assert!(!filled.others.contains(&other.citizen.citizen_id));
            }
        }
    }
    assert!(given > 1000 && hidden > 100, "the requests try what they should: {given} values, {hidden} hidden");
}
