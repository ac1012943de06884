//! Looks and consents as they are written.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::{OfficerStanding, Outcome, Receipt};
use crate::consent::Consent;
use crate::kernel::{AttributeSet, ClientId, ConsentId, Instant, PartialDate, PersonName, TransactionId};
use crate::transparency::me::model::{HistoryPage, Look, LookProof, Relation, Tree, Ward};

/// The organisation that asked.
#[derive(Serialize, ToSchema)]
pub struct ShownClient {
    #[schema(value_type = String, example = "portal")]
    pub id: ClientId,
    /// As the registry has it today; the id if the client is gone.
    pub name: String,
}

impl ShownClient {
    pub fn of(id: &ClientId, name: Option<&str>) -> Self {
        Self { id: id.clone(), name: name.unwrap_or(id.as_str()).to_owned() }
    }
}

/// The unit in whose name an officer asked.
#[derive(Serialize, ToSchema)]
struct ShownUnit<'a> {
    unit: &'a str,
    /// Whether the officer is known by name or only claimed by the client.
    #[schema(value_type = String, example = "registered")]
    standing: OfficerStanding,
}

/// Why it was asked.
#[derive(Serialize, ToSchema)]
struct ShownPurpose<'a> {
    procedure: Option<&'a str>,
    legal_basis: Option<&'a str>,
    #[schema(value_type = Option<String>)]
    consent: Option<ConsentId>,
}

/// One look at the citizen, or an attempt at one.
#[derive(Serialize, ToSchema)]
pub struct ShownLook<'a> {
    #[schema(value_type = String)]
    transaction_id: TransactionId,
    #[schema(value_type = String)]
    at: Instant,
    /// Stable name, e.g. `citizens.lookup`.
    operation: &'a str,
    client: Option<ShownClient>,
    /// `null` where no officer asked.
    officer: Option<ShownUnit<'a>>,
    /// What was disclosed; of a refusal, what was asked for.
    attributes: AttributeSet,
    purpose: ShownPurpose<'a>,
    /// `answered`, `no_match`, `refused` or `replayed`.
    #[schema(value_type = String, example = "answered")]
    outcome: Outcome,
    /// Stable code that explains the outcome.
    reason: Option<&'a str>,
    relation: Relation,
    audit: &'a Receipt,
    proof: Option<ShownProof<'a>>,
}

/// Hashes are base64, as in checkpoints.
#[derive(Serialize, ToSchema)]
struct ShownProof<'a> {
    /// The leaf's data: `SHA-256("dancu/audit/entry/1\n" ‖ salt ‖ subjects ‖ canonical)`.
    commitment: String,
    /// Sibling hashes from the leaf up (RFC 6962), to the root of the tree of the same log.
    path: Vec<String>,
    salt: String,
    /// Digest of the persons that the entry is about.
    subjects: String,
    /// The entry's canonical form, byte for byte. It names the officer's unit; who the officer is, is for
    /// the client to answer.
    canonical: &'a str,
}

/// The published tree of one log.
#[derive(Serialize, ToSchema)]
struct ShownTree<'a> {
    tree_size: u64,
    root: String,
    /// A signed note.
    checkpoint: &'a str,
}

/// A child whose history may be asked for by `child`.
#[derive(Serialize, ToSchema)]
struct ShownWard<'a> {
    #[schema(value_type = String)]
    child: TransactionId,
    #[schema(value_type = String)]
    full_name: &'a PersonName,
    #[schema(value_type = String)]
    date_of_birth: PartialDate,
}

#[derive(Serialize, ToSchema)]
pub struct HistoryResponse<'a> {
    /// Looks in the range, over all pages.
    total: usize,
    /// Newest first.
    looks: Vec<ShownLook<'a>>,
    /// By log, where proofs were asked for.
    trees: BTreeMap<&'a str, ShownTree<'a>>,
    /// The citizen's children under 16.
    children: Vec<ShownWard<'a>>,
    /// Where this reading is recorded.
    audit: &'a Receipt,
}

fn text(hash: impl AsRef<[u8]>) -> String {
    STANDARD.encode(hash)
}

impl<'a> ShownLook<'a> {
    pub fn of(look: &'a Look) -> Self {
        let proof = |proof: &'a LookProof| ShownProof {
            commitment: text(proof.commitment),
            path: proof.path.iter().map(text).collect(),
            salt: text(proof.salt),
            subjects: text(proof.subjects),
            canonical: &proof.canonical,
        };
        Self {
            transaction_id: look.transaction,
            at: look.at,
            operation: &look.operation,
            client: look.client.as_ref().map(|id| ShownClient::of(id, look.client_name.as_deref())),
            officer: look.unit.as_ref().map(|(unit, standing)| ShownUnit { unit, standing: *standing }),
            attributes: look.attributes,
            purpose: ShownPurpose {
                procedure: look.procedure.as_ref().map(|code| code.as_str()),
                legal_basis: look.legal_basis.as_ref().map(|basis| basis.as_str()),
                consent: look.consent,
            },
            outcome: look.outcome,
            reason: (!look.reason.is_empty()).then_some(look.reason.as_str()),
            relation: look.relation,
            audit: &look.receipt,
            proof: look.proof.as_ref().map(proof),
        }
    }
}

impl<'a> HistoryResponse<'a> {
    pub fn of(page: &'a HistoryPage) -> Self {
        let tree =
            |tree: &'a Tree| ShownTree { tree_size: tree.size, root: text(tree.root), checkpoint: &tree.checkpoint };
        let ward = |ward: &'a Ward| ShownWard {
            child: ward.handle,
            full_name: &ward.full_name,
            date_of_birth: ward.date_of_birth,
        };
        Self {
            total: page.total,
            looks: page.looks.iter().map(ShownLook::of).collect(),
            trees: page.trees.iter().map(|(log, of)| (log.as_str(), tree(of))).collect(),
            children: page.wards.iter().map(ward).collect(),
            audit: &page.receipt,
        }
    }
}

/// Whether a consent can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    InForce,
    Over,
    Withdrawn,
}

#[derive(Serialize, ToSchema)]
pub struct ShownConsent {
    #[schema(value_type = String)]
    pub consent_id: ConsentId,
    pub client: ShownClient,
    /// `null`: every procedure of the client's agreement.
    pub procedure: Option<String>,
    pub attributes: AttributeSet,
    #[schema(value_type = String)]
    pub given_at: Instant,
    /// The first instant at which it no longer holds.
    #[schema(value_type = String)]
    pub until: Instant,
    #[schema(value_type = Option<String>)]
    pub withdrawn_at: Option<Instant>,
    pub state: ConsentState,
}

impl ShownConsent {
    pub fn of(consent: &Consent, name: Option<&str>, now: Instant) -> Self {
        Self {
            consent_id: consent.id,
            client: ShownClient::of(&consent.client, name),
            procedure: consent.procedure.as_ref().map(ToString::to_string),
            attributes: consent.attributes,
            given_at: consent.given_at,
            until: consent.until,
            withdrawn_at: consent.withdrawn_at,
            state: match consent.withdrawn_at {
                Some(_) => ConsentState::Withdrawn,
                None if consent.in_force(now) => ConsentState::InForce,
                None => ConsentState::Over,
            },
        }
    }
}
