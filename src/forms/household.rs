//! Who of a household a form may speak of.

use std::sync::Arc;

use crate::citizens::OpenRecord;
use crate::citizens::model::{Citizen, RelationToHead, Status};

/// The people of a citizen's household whom a form about the citizen may name. Lodgers and the
/// family they stay with share an address and no book: neither is shown to the other. The dead and
/// the missing are not shown.
pub struct Housemates {
    /// Everybody but the citizen, the head first.
    pub others: Vec<Arc<OpenRecord>>,
    /// The citizen is the head.
    pub is_head: bool,
    /// Somebody lives there, or may, who is not shown.
    pub some_hidden: bool,
    /// Nobody but the citizen may be named at all.
    pub closed: bool,
}

impl Housemates {
    /// The household of which nobody but the citizen may be named.
    pub fn closed(citizen: &Citizen) -> Self {
        let is_head = relation_of(citizen) == Some(RelationToHead::Head);
        Self { others: Vec::new(), is_head, some_hidden: true, closed: true }
    }

    pub fn of(citizen: &Citizen, members: Vec<Arc<OpenRecord>>) -> Self {
        let relation = relation_of(citizen);
        let family = relation.is_some_and(|relation| relation != RelationToHead::Lodger);
        let others: Vec<_> =
            members.into_iter().filter(|member| member.citizen.citizen_id != citizen.citizen_id).collect();
        let all = others.len();
        let mut shown: Vec<_> = others.into_iter().filter(|member| family && may_be_shown(&member.citizen)).collect();
        shown.sort_by_key(|member| order(&member.citizen));
        let is_head = relation == Some(RelationToHead::Head);
        Self { some_hidden: shown.len() < all, others: shown, is_head, closed: false }
    }

    /// The head's record, if it may be shown; of a head the own one.
    pub fn head<'a>(&'a self, own: &'a Citizen) -> Option<&'a Citizen> {
        if self.is_head {
            return Some(own);
        }
        let heads = self.others.iter().map(|member| &member.citizen);
        heads.into_iter().find(|member| relation_of(member) == Some(RelationToHead::Head))
    }
}

fn relation_of(citizen: &Citizen) -> Option<RelationToHead> {
    citizen.household.as_ref().map(|membership| membership.relation_to_head)
}

fn may_be_shown(citizen: &Citizen) -> bool {
    citizen.status == Status::Alive && relation_of(citizen).is_some_and(|relation| relation != RelationToHead::Lodger)
}

/// Head, spouse, then by age.
fn order(citizen: &Citizen) -> (u8, crate::kernel::CivilDate) {
    let rank = match relation_of(citizen) {
        Some(RelationToHead::Head) => 0,
        Some(RelationToHead::Spouse) => 1,
        _ => 2,
    };
    (rank, citizen.date_of_birth.earliest())
}
