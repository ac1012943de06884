//! `POST /v1/audit/proof`

use actix_web::HttpResponse;
use actix_web::web::Data;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Caller;
use crate::audit::tree::Hash;
use crate::audit::{ConsistencyProof, Receipt};
use crate::clients::Operation;
use crate::http::extract::scalar::{BoundedText, Whole};
use crate::http::problem::ProblemBody;
use crate::http::{Input, Json, Problem};
use crate::kernel::{Faults, Text, TransactionId};
use crate::transparency::{Consistency, Inclusion, ProofTarget, Transparency};

const TARGET_MISSING: Text = Text::new(
    "Cần transaction_id, hoặc log cùng log_index, hoặc log cùng from_size.",
    "Give transaction_id, or log with log_index, or log with from_size.",
);
const NOT_TOGETHER: Text =
    Text::new("Trường này không đi cùng các trường kia.", "This member does not go with the others.");

type LogName = BoundedText<32>;
type Count = Whole<0, { i64::MAX }>;

/// What is to be proven: the entries of a transaction, an entry by its place, or that a log only
/// grew since it had `from_size` entries.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ProofRequest {
    #[schema(required = false)]
    transaction_id: Input<TransactionId>,
    /// The log's name, as in `audit`.
    #[schema(required = false)]
    log: Input<LogName>,
    #[schema(required = false)]
    log_index: Input<Count>,
    /// The size to prove consistency from.
    #[schema(required = false)]
    from_size: Input<Count>,
    /// The size of the tree that proofs lead to; what is published by default.
    #[schema(required = false)]
    tree_size: Input<Count>,
}

enum Wanted {
    Inclusion(ProofTarget),
    Consistency(Consistency),
}

fn count(count: Count) -> u64 {
    count.get().unsigned_abs()
}

impl ProofRequest {
    fn read(self, faults: &mut Faults) -> Option<Wanted> {
        let transaction = self.transaction_id.optional("/transaction_id", faults);
        let log = self.log.optional("/log", faults);
        let log_index = self.log_index.optional("/log_index", faults);
        let from = self.from_size.optional("/from_size", faults);
        let tree_size = self.tree_size.optional("/tree_size", faults);
        let (log, tree_size) = (log?.map(LogName::into_string), tree_size?.map(count));
        match (transaction?, log, log_index?, from?) {
            (Some(transaction), None, None, None) if tree_size.is_none() => {
                Some(Wanted::Inclusion(ProofTarget::Transaction(transaction)))
            }
            (None, Some(log), Some(index), None) => {
                let receipt = Receipt { log, log_index: count(index) };
                Some(Wanted::Inclusion(ProofTarget::Entry { receipt, tree_size }))
            }
            (None, Some(log), None, Some(from)) => {
                Some(Wanted::Consistency(Consistency { log, from: count(from), to: tree_size }))
            }
            (Some(_), ..) => {
                faults.push("/transaction_id", "not_together", NOT_TOGETHER);
                None
            }
            (None, _, Some(_), Some(_)) => {
                faults.push("/from_size", "not_together", NOT_TOGETHER);
                None
            }
            (None, ..) => {
                faults.push("/log", "missing", TARGET_MISSING);
                None
            }
        }
    }
}

/// Hashes are base64, as in checkpoints.
#[derive(Serialize, ToSchema)]
struct InclusionBody {
    log: String,
    log_index: u64,
    tree_size: u64,
    /// Root of the tree of `tree_size`.
    root: String,
    /// The leaf's data: `SHA-256("dancu/audit/entry/1\n" ‖ salt ‖ subjects ‖ canonical)`.
    commitment: String,
    /// Sibling hashes from the leaf up (RFC 6962).
    path: Vec<String>,
    /// The published checkpoint, a signed note.
    checkpoint: String,
    /// What opens the commitment: only for the client's own entries, until they expire.
    entry: Option<EntryBody>,
}

#[derive(Serialize, ToSchema)]
struct EntryBody {
    salt: String,
    /// Digest of the persons that the entry is about, which stays closed.
    subjects: String,
    /// The entry's canonical form, byte for byte.
    canonical: String,
    /// Where an officer asked: `id_digest` in the canonical form is the hexadecimal of
    /// `SHA-256("dancu/audit/officer/1\n" ‖ officer_salt ‖ id)`.
    officer_salt: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct ConsistencyBody {
    log: String,
    from_size: u64,
    from_root: String,
    tree_size: u64,
    root: String,
    path: Vec<String>,
    checkpoint: String,
}

#[derive(Serialize, ToSchema)]
pub struct ProofResponse {
    inclusion: Vec<InclusionBody>,
    consistency: Option<ConsistencyBody>,
}

fn text(hash: impl AsRef<[u8]>) -> String {
    STANDARD.encode(hash)
}

fn texts(path: &[Hash]) -> Vec<String> {
    path.iter().map(text).collect()
}

impl From<Inclusion> for InclusionBody {
    fn from(Inclusion { proof, entry }: Inclusion) -> Self {
        Self {
            log: proof.log,
            log_index: proof.log_index,
            tree_size: proof.tree_size,
            root: text(proof.root),
            commitment: text(proof.commitment),
            path: texts(&proof.path),
            checkpoint: proof.checkpoint,
            entry: entry.map(|entry| EntryBody {
                salt: text(entry.salt),
                subjects: text(entry.subjects_digest),
                canonical: entry.canonical,
                officer_salt: entry.officer_salt.map(text),
            }),
        }
    }
}

impl From<ConsistencyProof> for ConsistencyBody {
    fn from(proof: ConsistencyProof) -> Self {
        Self {
            log: proof.log,
            from_size: proof.from,
            from_root: text(proof.from_root),
            tree_size: proof.to,
            root: text(proof.to_root),
            path: texts(&proof.path),
            checkpoint: proof.checkpoint,
        }
    }
}

/// Proves what the audit log holds
///
/// That entries stand in their log, opened for the client that they are about; or that a log only
/// grew. An entry is covered about a second after its answer; before that: `conflict`.
#[utoipa::path(
    post,
    path = "/v1/audit/proof",
    tag = "audit",
    request_body = ProofRequest,
    responses(
        (status = 200, description = "The proofs", body = ProofResponse),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token or the agreement", body = ProblemBody<'_>),
        (status = 404, description = "No such log, or no such transaction of this client", body = ProblemBody<'_>),
        (status = 409, description = "The published checkpoint does not cover it (yet)", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 503, description = "The database is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["audit:read"])),
)]
pub async fn prove(
    caller: Caller,
    transparency: Data<Transparency>,
    body: Json<ProofRequest>,
) -> Result<HttpResponse, Problem> {
    caller.require(Operation::AuditRead)?;
    let mut response = ProofResponse { inclusion: Vec::new(), consistency: None };
    match body.read(ProofRequest::read)? {
        Wanted::Inclusion(target) => {
            let proven = transparency.prove_inclusion(&caller, target).await?;
            response.inclusion = proven.into_iter().map(Into::into).collect();
        }
        Wanted::Consistency(wanted) => {
            response.consistency = Some(transparency.prove_consistency(&caller, wanted).await?.into());
        }
    }
    Ok(HttpResponse::Ok().json(response))
}
