//! What a confirmation states of somebody, within agreement and consent, and whose change undoes it.

use std::sync::Arc;

use super::{Residence, ResidenceError};
use crate::citizens::{Citizen, Draft, OpenRecord, Withheld, WithheldReason, is_recorded};
use crate::clients::Agreement;
use crate::kernel::{Attribute, AttributeSet, CitizenId, HouseholdId};
use crate::residence::model::{CONFIRMABLE, Hidden, Statement};

/// What is to be stated of somebody who was found.
pub struct Stated {
    pub record: Arc<OpenRecord>,
    /// Those named beside the citizen, with the versions of their records.
    pub members: Option<Vec<Arc<OpenRecord>>>,
    pub attributes: AttributeSet,
    pub statement: Statement,
    pub withheld: Vec<Withheld>,
    pub hidden: Vec<Hidden>,
}

impl Residence {
    /// Chooses what the agreement lets out of what was asked for.
    pub(super) async fn state(
        &self,
        agreement: &Agreement,
        asked: AttributeSet,
        record: Arc<OpenRecord>,
        draft: &Draft,
    ) -> Result<Stated, ResidenceError> {
        let allowance = draft.allowance(agreement, record.citizen.citizen_id);
        let mut attributes = AttributeSet::EMPTY;
        let mut withheld = Vec::new();
        for attribute in CONFIRMABLE.into_iter().filter(|attribute| asked.contains(*attribute)) {
            let not_recorded = || (!is_recorded(&record.citizen, attribute)).then_some(WithheldReason::NotRecorded);
            match allowance.withholds(attribute).or_else(not_recorded) {
                Some(reason) => withheld.push(Withheld { attribute, reason }),
                None => attributes.insert(attribute),
            }
        }
        let household = record.citizen.household.as_ref().filter(|_| attributes.contains(Attribute::Household));
        let (members, hidden) = match household {
            Some(household) if draft.names_members(agreement) => {
                (Some(self.0.citizens.household(household.household_id).await?), Vec::new())
            }
            Some(_) => (None, Hidden::members_of(&record.citizen)),
            None => (None, Vec::new()),
        };
        let named: Option<Vec<Citizen>> =
            members.as_ref().map(|members| members.iter().map(|member| member.citizen.clone()).collect());
        let statement = Statement::of(&record.citizen, attributes, named.as_deref());
        Ok(Stated { record, members, attributes, statement, withheld, hidden })
    }
}

impl Stated {
    fn records(&self) -> impl Iterator<Item = &Arc<OpenRecord>> {
        let citizen = self.record.citizen.citizen_id;
        let others = self.members.iter().flatten().filter(move |member| member.citizen.citizen_id != citizen);
        std::iter::once(&self.record).chain(others)
    }

    /// Everybody of whom something is told.
    pub fn subjects(&self) -> Vec<CitizenId> {
        self.records().map(|record| record.citizen.citizen_id).collect()
    }

    pub fn versions(&self) -> Vec<(CitizenId, i64)> {
        self.records().map(|record| (record.citizen.citizen_id, record.row_version)).collect()
    }

    /// The household whose members are named, and who they are.
    pub fn household(&self) -> Option<(HouseholdId, Vec<CitizenId>)> {
        let members = self.members.as_ref()?;
        let household = self.record.citizen.household.as_ref()?.household_id;
        Some((household, members.iter().map(|member| member.citizen.citizen_id).collect()))
    }

    /// Whose change may make it void: the people, and the household whose members are named.
    pub fn watched(&self) -> Vec<[u8; 16]> {
        let household = self.record.citizen.household.as_ref().filter(|_| self.members.is_some());
        let people = self.records().map(|record| record.citizen.citizen_id.0);
        people.chain(household.map(|household| household.household_id.0)).collect()
    }
}
