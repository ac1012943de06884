//! `POST /v1/audit/changes`

use std::ops::Range;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Caller;
use crate::audit::{OpenedEntry, OperatorAccount, Page, Receipt};
use crate::clients::Operation;
use crate::http::extract::scalar::Whole;
use crate::http::problem::ProblemBody;
use crate::http::{Input, Json, Problem};
use crate::kernel::{Faults, Instant, TransactionId};
use crate::transparency::Transparency;

/// Two years, unless said otherwise.
const SPAN: Duration = Duration::from_secs(731 * 24 * 3600);
const USUAL: usize = 50;

type Skip = Whole<0, 10_000_000>;
type Limit = Whole<1, 200>;

/// Which changes are asked for. Everything may be left out.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ChangesRequest {
    /// The first instant; two years ago if left out.
    #[schema(required = false)]
    from: Input<Instant>,
    /// The first instant that no longer counts; now if left out.
    #[schema(required = false)]
    until: Input<Instant>,
    #[schema(required = false)]
    skip: Input<Skip>,
    /// 50 if left out.
    #[schema(required = false)]
    limit: Input<Limit>,
}

impl ChangesRequest {
    fn read(self, now: Instant, faults: &mut Faults) -> Option<(Range<Instant>, Page)> {
        let from = self.from.optional("/from", faults);
        let until = self.until.optional("/until", faults);
        let skip = self.skip.optional("/skip", faults);
        let limit = self.limit.optional("/limit", faults);
        let whole = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        let from = from?.unwrap_or_else(|| now.minus(SPAN));
        // What is written this very moment counts as now.
        let until = until?.unwrap_or_else(|| now.plus(Duration::from_secs(1)));
        let page = Page {
            skip: skip?.map_or(0, |skip| whole(skip.get())),
            limit: limit?.map_or(USUAL, |limit| whole(limit.get())),
        };
        Some((from..until, page))
    }
}

/// One change that an operator made to what the client may ask, or to how it proves who it is.
#[derive(Serialize, ToSchema)]
struct ChangeBody {
    #[schema(value_type = String)]
    transaction_id: TransactionId,
    #[schema(value_type = String)]
    at: Instant,
    /// Stable name, e.g. `clients.amend`.
    operation: String,
    /// What was changed: the client, and its key or officer where it was one of these; or a facility.
    target: String,
    /// The operator's reason.
    why: String,
    operator: OperatorBody,
    audit: Receipt,
}

/// The account that gave the command, as the operating system has it.
#[derive(Serialize, ToSchema)]
struct OperatorBody {
    uid: u32,
    name: Option<String>,
    /// Whom `sudo` named as its caller: asserted, not proven.
    sudo_user: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ChangesResponse {
    /// Changes in the range, over all pages.
    total: usize,
    /// Newest first.
    changes: Vec<ChangeBody>,
}

impl ChangeBody {
    fn of(opened: OpenedEntry) -> Option<Self> {
        let act = opened.entry.act?;
        let OperatorAccount { uid, name, sudo_user } = act.operator;
        Some(Self {
            transaction_id: opened.entry.transaction,
            at: opened.entry.at,
            operation: opened.entry.operation,
            target: act.target,
            why: act.why,
            operator: OperatorBody { uid, name, sudo_user },
            audit: opened.receipt,
        })
    }
}

/// What operators changed of the client
///
/// Its agreement, keys, secret, redirect addresses, officers, facilities and the links made for its
/// officers: what, when, by whose account, and why. Each change can be proven with `/v1/audit/proof`.
#[utoipa::path(
    post,
    path = "/v1/audit/changes",
    tag = "audit",
    request_body = ChangesRequest,
    responses(
        (status = 200, description = "Changes, newest first", body = ChangesResponse),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token or the agreement", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 503, description = "The database is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["audit:read"])),
)]
pub async fn list(
    caller: Caller,
    transparency: Data<Transparency>,
    body: Json<ChangesRequest>,
) -> Result<HttpResponse, Problem> {
    caller.require(Operation::AuditRead)?;
    let now = transparency.now();
    let (range, page) = body.read(|request, faults| request.read(now, faults))?;
    let found = transparency.changes(&caller, range, page).await?;
    let changes = found.entries.into_iter().filter_map(ChangeBody::of).collect();
    Ok(HttpResponse::Ok().json(ChangesResponse { total: found.total, changes }))
}
