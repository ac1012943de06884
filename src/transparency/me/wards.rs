//! Children whose guardian a citizen is.

use std::sync::Arc;

use super::service::Me;
use crate::citizens::model::{Citizen, Relative};
use crate::citizens::{Citizens, OpenRecord};
use crate::kernel::{CitizenId, CivilDate, IdNumber, TransactionId};
use crate::storage::StorageError;

/// A child is under 16 (Law on Children 102/2016/QH13 art. 1).
const OF_AGE: i32 = 16;

/// Whether `guardian` may see the history of `child` on a day: recorded as the child's legal
/// representative or parent, by number, and the child under 16. Where the birth date is not known to
/// the day, the child is as old as it can be.
pub fn is_ward(child: &Citizen, guardian: &Citizen, today: CivilDate) -> bool {
    let of_guardian =
        |number: &IdNumber| *number == guardian.id_number || guardian.cancelled_id_numbers.contains(number);
    let is_guardian = |relative: &Relative| relative.id_number.as_ref().is_some_and(of_guardian);
    let recorded = child.representative.iter().chain(&child.parents).any(is_guardian);
    recorded && child.date_of_birth.earliest().years_until(today) < OF_AGE
}

/// The citizen's wards, wherever they live and whether or not the citizen's own record lists them.
pub async fn wards_of(
    citizens: &Citizens,
    guardian: &Citizen,
    today: CivilDate,
) -> Result<Vec<Arc<OpenRecord>>, StorageError> {
    let mut wards = citizens.wards_of(guardian).await?;
    wards.retain(|record| is_ward(&record.citizen, guardian, today));
    // The eldest first.
    wards.sort_by_key(|record| (record.citizen.date_of_birth.earliest(), record.citizen.citizen_id.0));
    Ok(wards)
}

impl Me {
    /// Names a child to its guardian, and tells nobody else anything.
    pub(super) fn handle(&self, guardian: CitizenId, child: CitizenId) -> TransactionId {
        let (_, key) = self.0.keyring.active_index_key("me_child");
        let tag = key.tag(&[guardian.as_bytes(), child.as_bytes()]);
        let mut handle = [0; 16];
        handle.copy_from_slice(&tag[..16]);
        TransactionId(handle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::citizens::seed::showcase;

    fn family() -> Vec<Citizen> {
        let shown = showcase(1).into_iter().find(|shown| shown.case == "household_of_five").unwrap();
        shown.citizens
    }

    #[test]
    fn a_parent_or_representative_until_the_child_is_sixteen() {
        let family = family();
        let [father, mother, daughter, _, grandmother] = family.as_slice() else { panic!("five people") };
        let day = |text| CivilDate::parse(text).unwrap();
        let before = day("2028-03-07");
        assert!(is_ward(daughter, mother, before) && is_ward(daughter, father, before));
        assert!(!is_ward(daughter, mother, day("2028-03-08")), "sixteen");
        assert!(!is_ward(daughter, grandmother, before), "no guardian");
        assert!(!is_ward(mother, daughter, before));
        // A number the mother held before names her still.
        let mut renumbered = mother.clone();
        renumbered.cancelled_id_numbers = vec![mother.id_number.clone()];
        renumbered.id_number = IdNumber::parse("097186000099").unwrap();
        assert!(is_ward(daughter, &renumbered, before));
        let mut unnamed = daughter.clone();
        (unnamed.parents, unnamed.representative) = (Vec::new(), None);
        assert!(!is_ward(&unnamed, mother, before));
    }
}
