//! Looks at a citizen, as the citizen is told of them.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;

use crate::audit::tree::Hash;
use crate::audit::{OfficerStanding, OpenedEntry, Outcome, Page, Receipt};
use crate::kernel::{
    AttributeSet, CitizenId, ClientId, ConsentId, Instant, LegalBasis, PartialDate, PersonName, ProcedureCode,
    TransactionId,
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
    pub relation: Relation,
    pub receipt: Receipt,
    pub proof: Option<LookProof>,
}

impl Look {
    /// What `entry` tells `citizen`.
    pub fn of(entry: OpenedEntry, citizen: CitizenId, name: impl Fn(&ClientId) -> Option<String>) -> Self {
        let OpenedEntry { receipt, entry, subjects, .. } = entry;
        let first = subjects.first().is_none_or(|first| *first == citizen);
        let asked = first || each_for_themself(&entry.operation);
        Self {
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
