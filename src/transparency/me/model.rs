//! Looks at a citizen, as the citizen is told of them.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;

use crate::audit::tree::Hash;
use crate::audit::{OfficerStanding, OpenedEntry, Outcome, Page, Receipt, RecordedEntry};
use crate::kernel::{
    AttributeSet, CitizenId, CivilDate, ClientId, ConsentId, Instant, LegalBasis, PartialDate, PersonName,
    ProcedureCode, TransactionId,
};

/// The most looks that one export holds.
pub const WHOLE: Page = Page { skip: 0, limit: 20_000 };

/// A change of the record, whether a client told it or the registry's operator gave a file.
pub(super) const EVENT: &str = "population.event";

/// Which looks are wanted.
#[derive(Debug, Clone)]
pub struct HistoryQuery {
    /// A child of the citizen, by the handle an earlier answer gave; `None`: the citizen.
    pub child: Option<TransactionId>,
    pub range: Range<Instant>,
    pub page: Page,
    /// Whether each look comes with what proves that it stands in the log.
    pub proofs: bool,
}

/// Whether the citizen was asked about, or somebody they live with or are related to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    Asked,
    /// Told along with somebody else: a member of the household, a relative.
    AlongWithAnother,
}

/// Who did it, whichever client's page or request it was done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Doer {
    /// Who reads the history.
    Reader,
    /// The child whose history it is, where a parent reads it.
    Child,
    /// Somebody who may act for the child, and does not read now.
    Guardian,
    /// The client that the entry names.
    Organisation,
    /// The keeper of the population data.
    Keeper,
    /// Somebody who knows the citizen's data or holds their device, and proved no more.
    Unknown,
}

/// What came of it, as the page tells it and the filter finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LookKind {
    Answered,
    NoMatch,
    Refused,
    /// The citizen's own act.
    Own,
    OwnRefused,
}

/// What citizens do, with their device or on their own page.
const OWN_ACTS: &[&str] = &[
    "consent.withdraw",
    "desk.bind",
    "desk.sign_in",
    "eid.activate",
    "eid.approve",
    "eid.claim",
    "eid.decide",
    "eid.device.add",
    "eid.device.invite",
    "eid.device.revoke",
    "eid.mismatch",
    "eid.passcode",
    "eid.passcode.set",
    "eid.qr",
    "eid.reject",
    "eid.settings",
    "me.access_history",
    "me.consents",
];

/// Own acts whose refusal shows that nobody proved to be the citizen.
const UNPROVEN_IF_REFUSED: &[&str] = &["eid.activate", "eid.device.add", "eid.passcode", "eid.passcode.set"];

/// Own acts that are recorded as refusals because the request that they end is refused by them.
const REFUSED_BY_CITIZEN: &[&str] = &["eid.mismatch", "eid.reject"];

fn doer(entry: &RecordedEntry, subjects: &[CitizenId], whose: CitizenId, reader: CitizenId) -> Doer {
    let operation = entry.operation.as_str();
    let refused = entry.outcome == Outcome::Refused;
    if OWN_ACTS.contains(&operation) {
        // Who acts on another's account is named after them.
        return match subjects.last().copied().unwrap_or(whose) {
            _ if refused && UNPROVEN_IF_REFUSED.contains(&operation) => Doer::Unknown,
            actor if actor == reader => Doer::Reader,
            actor if actor == whose => Doer::Child,
            _ => Doer::Guardian,
        };
    }
    match &entry.client {
        Some(_) => Doer::Organisation,
        None if matches!(operation, EVENT | "eid.account.close") => Doer::Keeper,
        None => Doer::Unknown,
    }
}

/// One look at a citizen, or an attempt at one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    pub transaction: TransactionId,
    pub at: Instant,
    /// Stable name, e.g. `citizens.lookup`.
    pub operation: String,
    pub client: Option<ClientId>,
    /// The client's name, as the registry has it today.
    pub client_name: Option<String>,
    /// The officer's unit; who the officer is, is for the client to answer.
    pub unit: Option<(String, OfficerStanding)>,
    /// What was disclosed, or asked for if refused.
    pub attributes: AttributeSet,
    pub procedure: Option<ProcedureCode>,
    pub legal_basis: Option<LegalBasis>,
    pub consent: Option<ConsentId>,
    pub outcome: Outcome,
    pub reason: String,
    pub doer: Doer,
    pub relation: Relation,
    pub receipt: Receipt,
    pub proof: Option<LookProof>,
}

impl Look {
    /// What `entry` says of the citizen `whose`, to `reader`: the same, or a parent.
    pub fn of(
        entry: OpenedEntry,
        (whose, reader): (CitizenId, CitizenId),
        name: impl Fn(&ClientId) -> Option<String>,
    ) -> Self {
        let OpenedEntry { receipt, entry, subjects, .. } = entry;
        let first = subjects.first().is_none_or(|first| *first == whose);
        let asked = first || each_for_themself(&entry.operation);
        Self {
            doer: doer(&entry, &subjects, whose, reader),
            transaction: entry.transaction,
            at: entry.at,
            operation: entry.operation,
            client_name: entry.client.as_ref().and_then(name),
            client: entry.client,
            unit: entry.officer.map(|officer| (officer.unit, officer.standing)),
            attributes: entry.attributes,
            procedure: entry.procedure,
            legal_basis: entry.legal_basis,
            consent: entry.consent.map(|consent| ConsentId(consent.0)),
            outcome: entry.outcome,
            reason: entry.reason,
            relation: if asked { Relation::Asked } else { Relation::AlongWithAnother },
            receipt,
            proof: None,
        }
    }
}

impl Look {
    pub fn kind(&self) -> LookKind {
        let own = OWN_ACTS.contains(&self.operation.as_str());
        match self.outcome {
            Outcome::Answered | Outcome::Replayed if own => LookKind::Own,
            Outcome::Refused if REFUSED_BY_CITIZEN.contains(&self.operation.as_str()) => LookKind::Own,
            Outcome::Refused | Outcome::NoMatch if own => LookKind::OwnRefused,
            Outcome::Answered | Outcome::Replayed => LookKind::Answered,
            Outcome::NoMatch => LookKind::NoMatch,
            Outcome::Refused => LookKind::Refused,
        }
    }
}

/// Looks of one day that say the same: who, what, why, and what came of it. Newest first, never empty.
pub type LookGroup<'a> = Vec<&'a Look>;

/// The groups of a page, newest first, and how many looks of `looks` they come of.
#[derive(Debug, PartialEq, Eq)]
pub struct GroupedLooks<'a> {
    pub groups: Vec<LookGroup<'a>>,
    pub consumed: usize,
}

/// Groups whole days of `looks` (newest first) that `wanted` lets pass, until there are `enough` groups. A day
/// is cut only where `looks` is one day; `complete` says that none follow it.
pub fn group_looks<'a>(
    looks: &'a [Look],
    wanted: impl Fn(&Look) -> bool,
    enough: usize,
    complete: bool,
) -> GroupedLooks<'a> {
    let (mut groups, mut consumed) = (Vec::<LookGroup<'a>>::new(), 0);
    for day in looks.chunk_by(|left, right| left.day() == right.day()) {
        let cut = !complete && consumed + day.len() == looks.len();
        if groups.len() >= enough || (cut && consumed > 0) {
            break;
        }
        let begin = groups.len();
        for look in day.iter().filter(|look| wanted(look)) {
            match groups[begin..].iter_mut().find(|group| group[0].says_the_same(look)) {
                Some(group) => group.push(look),
                None => groups.push(vec![look]),
            }
        }
        consumed += day.len();
    }
    GroupedLooks { groups, consumed }
}

impl Look {
    pub fn day(&self) -> CivilDate {
        self.at.date_in_viet_nam()
    }

    fn says_the_same(&self, other: &Self) -> bool {
        let key = |look: &Self| (look.doer, look.kind(), look.relation);
        key(self) == key(other)
            && (&self.client, &self.operation) == (&other.client, &other.operation)
            && (&self.procedure, &self.legal_basis) == (&other.procedure, &other.legal_basis)
    }
}

/// Whether the operation's entries name everybody for their own sake, in no order: whose record an event
/// changed, who stays somewhere. Whoever comes first there is not whom the others are told along with.
fn each_for_themself(operation: &str) -> bool {
    operation == EVENT || operation.starts_with("stays.")
}

/// That a look stands in its log: with the tree of the same answer, what an inclusion proof needs
/// (RFC 6962), and what opens the commitment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookProof {
    pub commitment: Hash,
    pub path: Vec<Hash>,
    pub salt: [u8; 16],
    pub subjects: Hash,
    pub canonical: String,
}

/// The published tree that the proofs of one log lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    pub size: u64,
    pub root: Hash,
    /// A signed note (c2sp.org/tlog-checkpoint) that covers at least `size`.
    pub checkpoint: String,
}

/// A child whose history the citizen may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ward {
    /// Names the child to this citizen only.
    pub handle: TransactionId,
    pub full_name: PersonName,
    pub date_of_birth: PartialDate,
}

/// A part of the history, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryPage {
    /// Looks in the range, over all pages.
    pub total: usize,
    pub looks: Vec<Look>,
    /// By log; empty unless proofs were asked for. A look that the published tree does not cover
    /// yet has no proof for about a second.
    pub trees: BTreeMap<String, Tree>,
    /// The citizen's children under 16.
    pub wards: Vec<Ward>,
    /// Where this reading is recorded.
    pub receipt: Receipt,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: CitizenId = CitizenId([1; 16]);
    const PARENT: CitizenId = CitizenId([2; 16]);

    fn recorded(operation: &str, client: Option<&str>, outcome: Outcome) -> RecordedEntry {
        RecordedEntry {
            transaction: TransactionId([0; 16]),
            at: Instant::from_seconds(1_795_000_000),
            client: client.map(|client| client.parse().unwrap()),
            officer: None,
            operation: operation.to_owned(),
            attributes: AttributeSet::EMPTY,
            procedure: None,
            legal_basis: None,
            consent: None,
            outcome,
            reason: String::new(),
            act: None,
        }
    }

    /// `minutes` before noon of the day in Viet Nam.
    fn look(operation: &str, client: Option<&str>, outcome: Outcome, minutes: i64) -> Look {
        let entry = recorded(operation, client, outcome);
        let at = Instant::from_seconds(1_795_000_000 - minutes * 60);
        let doer = doer(&entry, &[ME], ME, ME);
        let receipt = Receipt { log: "log".to_owned(), log_index: 0 };
        let opened = |client: Option<ClientId>| Look {
            transaction: entry.transaction,
            at,
            operation: entry.operation.clone(),
            client_name: None,
            client,
            unit: None,
            attributes: AttributeSet::EMPTY,
            procedure: None,
            legal_basis: None,
            consent: None,
            outcome,
            reason: String::new(),
            doer,
            relation: Relation::Asked,
            receipt,
            proof: None,
        };
        opened(entry.client.clone())
    }

    #[test]
    fn who_did_it_is_not_whose_page_it_was_done_on() {
        let who = |operation: &str, client: Option<&str>, outcome: Outcome| {
            doer(&recorded(operation, client, outcome), &[ME], ME, ME)
        };
        for own in ["eid.approve", "eid.activate", "me.access_history", "consent.withdraw", "desk.bind"] {
            assert_eq!(who(own, Some("portal"), Outcome::Answered), Doer::Reader, "{own}");
        }
        assert_eq!(who("eid.reject", Some("portal"), Outcome::Refused), Doer::Reader);
        assert_eq!(who("citizens.lookup", Some("portal"), Outcome::Answered), Doer::Organisation);
        assert_eq!(who("eid.withdraw", Some("portal"), Outcome::Refused), Doer::Organisation);
        assert_eq!(who(EVENT, None, Outcome::Answered), Doer::Keeper);
        // Who typed a wrong code, or asked for one, has proved nothing.
        assert_eq!(who("eid.activate", None, Outcome::Refused), Doer::Unknown);
        assert_eq!(who("eid.activation.asked", None, Outcome::Answered), Doer::Unknown);
        // Of a child's history: the parent who reads, the child, another parent.
        let child = |subjects: &[CitizenId]| {
            doer(&recorded("me.access_history", Some("portal"), Outcome::Answered), subjects, ME, PARENT)
        };
        assert_eq!(child(&[ME, PARENT]), Doer::Reader);
        assert_eq!(child(&[ME]), Doer::Child);
        assert_eq!(child(&[ME, CitizenId([3; 16])]), Doer::Guardian);
    }

    #[test]
    fn what_was_refused_is_never_an_answer() {
        let kind = |operation: &str, outcome: Outcome| look(operation, Some("portal"), outcome, 0).kind();
        assert_eq!(kind("citizens.lookup", Outcome::Refused), LookKind::Refused);
        assert_eq!(kind("citizens.lookup", Outcome::NoMatch), LookKind::NoMatch);
        assert_eq!(kind("citizens.lookup", Outcome::Replayed), LookKind::Answered);
        assert_eq!(kind("me.consents", Outcome::Refused), LookKind::OwnRefused);
        assert_eq!(kind("eid.reject", Outcome::Refused), LookKind::Own);
    }

    #[test]
    fn a_list_shown_again_is_one_line_of_its_day() {
        let mut looks: Vec<_> = (0..20).map(|n| look("stays.today", Some("hotel"), Outcome::Answered, n)).collect();
        looks.insert(7, look("citizens.lookup", Some("portal"), Outcome::Refused, 7));
        looks.push(look("stays.today", Some("hotel"), Outcome::Answered, 24 * 60));
        let grouped = group_looks(&looks, |_| true, 20, true);
        let counts: Vec<_> = grouped.groups.iter().map(|group| (group[0].operation.as_str(), group.len())).collect();
        assert_eq!(counts, [("stays.today", 20), ("citizens.lookup", 1), ("stays.today", 1)]);
        assert_eq!(grouped.consumed, 22);
        // Enough with the first day; the next page begins with the second.
        assert_eq!(group_looks(&looks, |_| true, 2, true).consumed, 21);
        // More may follow: the day that may go on is left to the next page, unless it is the only one.
        assert_eq!(group_looks(&looks, |_| true, 20, false).consumed, 21);
        assert_eq!(group_looks(&looks[..5], |_| true, 20, false).consumed, 5);
        // What a filter leaves out is passed over all the same.
        let refused = group_looks(&looks, |look| look.kind() == LookKind::Refused, 20, true);
        assert_eq!((refused.groups.len(), refused.consumed), (1, 22));
    }
}
