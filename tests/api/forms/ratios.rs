//! How much of each shipped form is prefilled, over 10 000 people of the seed.

use std::fmt::Write;
use std::sync::Arc;

use dancu::citizens::model::Status;
use dancu::citizens::seed::Population;
use dancu::citizens::{Allowance, OpenRecord};
use dancu::clients::samples;
use dancu::forms::{Form, Housemates, fill};
use dancu::kernel::Instant;

use super::{as_far_as_it_goes, shipped};

/// The directive asks for a fifth fewer fields to type.
const LEAST: f64 = 0.2;
const PEOPLE: u64 = 10_000;
const FORMS: [&str; 4] = ["birth-registration", "ct01", "ct07-request", "passport-tk01"];

/// Everybody of the seed who can fill in a form, with their household.
pub fn households() -> impl Iterator<Item = Vec<Arc<OpenRecord>>> {
    Population::new(1, PEOPLE)
        .map(|members| members.into_iter().map(|citizen| Arc::new(OpenRecord::new(citizen, 1, 1000, 0))).collect())
}

fn ratios(form: &Form) -> Vec<f64> {
    let portal = samples(Instant::default()).unwrap().into_iter().find(|sample| sample.new.id.as_str() == "portal");
    let agreement = portal.unwrap().new.agreement;
    let check = as_far_as_it_goes(form.schema.clone());
    let mut found = Vec::new();
    for household in households() {
        for record in household.iter().filter(|record| record.citizen.status == Status::Alive) {
            let citizen = &record.citizen;
            let mates = citizen.household.as_ref().map(|_| Housemates::of(citizen, household.clone()));
            let filled = fill(form, citizen, mates.as_ref(), Allowance::new(&agreement, None));
            assert!(check.is_valid(&filled.values), "{}: {}", form.code, filled.values);
            found.push(filled.prefilled().ratio);
        }
    }
    found.sort_by(f64::total_cmp);
    found
}

/// The table of docs/forms.md is what this test measures.
#[test]
fn every_shipped_form_saves_a_fifth_of_the_typing_for_everybody() {
    let mut table = String::from("| form | least | median |\n| --- | --- | --- |\n");
    for code in FORMS {
        let found = ratios(&shipped(code));
        let (least, median) = (found[0], found[found.len() / 2]);
        writeln!(table, "| `{code}` | {:.0} % | {:.0} % |", least * 100.0, median * 100.0).unwrap();
        assert!(least >= LEAST, "{code}: {least} of the fields are prefilled for somebody");
    }
    let docs = include_str!("../../../docs/forms.md");
    assert!(docs.contains(&table), "docs/forms.md should hold:\n{table}");
}
