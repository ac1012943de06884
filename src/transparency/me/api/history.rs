//! `POST` and `GET /v1/me/access-history`

use std::time::Duration;

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::shown::HistoryResponse;
use crate::access::Caller;
use crate::audit::Page;
use crate::http::extract::scalar::Whole;
use crate::http::problem::ProblemBody;
use crate::http::{Input, Json, Problem, ProblemKind};
use crate::kernel::{Faults, Instant, TransactionId};
use crate::transparency::me::model::HistoryQuery;
use crate::transparency::me::service::Me;

/// Two years, unless said otherwise.
const SPAN: Duration = Duration::from_secs(731 * 24 * 3600);
const USUAL: usize = 50;
const MOST: usize = 200;

type Skip = Whole<0, 10_000_000>;
type Limit = Whole<1, 200>;

/// Which looks are asked for. Everything may be left out.
#[derive(Debug, Deserialize, ToSchema)]
pub struct HistoryRequest {
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
    /// A child, by the handle an earlier answer gave.
    #[schema(required = false)]
    child: Input<TransactionId>,
    /// Whether each look comes with its inclusion proof.
    #[schema(required = false)]
    proofs: Input<bool>,
}

impl HistoryRequest {
    fn read(self, now: Instant, faults: &mut Faults) -> Option<HistoryQuery> {
        let from = self.from.optional("/from", faults);
        let until = self.until.optional("/until", faults);
        let skip = self.skip.optional("/skip", faults);
        let limit = self.limit.optional("/limit", faults);
        let child = self.child.optional("/child", faults);
        let proofs = self.proofs.optional("/proofs", faults);
        let whole = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        Some(HistoryQuery {
            child: child?,
            range: range(from?, until?, now),
            page: Page {
                skip: skip?.map_or(0, |skip| whole(skip.get())),
                limit: limit?.map_or(USUAL, |limit| whole(limit.get())),
            },
            proofs: proofs?.unwrap_or(false),
        })
    }
}

/// The same in a query: nothing in it tells who anybody is.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryParams {
    /// RFC 3339; two years ago if left out.
    from: Option<String>,
    /// RFC 3339; now if left out.
    until: Option<String>,
    skip: Option<usize>,
    /// 1 to 200; 50 if left out.
    limit: Option<usize>,
    /// A child, by the handle an earlier answer gave.
    child: Option<String>,
    /// Whether each look comes with its inclusion proof.
    proofs: Option<bool>,
}

impl HistoryParams {
    /// Reads the query of a request.
    pub(super) fn of(request: &HttpRequest, now: Instant) -> Result<HistoryQuery, Problem> {
        let bad = || Problem::from(ProblemKind::InvalidRequest);
        let params = Query::<Self>::from_query(request.query_string()).map_err(|_| bad())?.into_inner();
        let instant = |text: Option<String>| match text {
            Some(text) => Instant::parse_rfc3339(&text).map(Some).ok_or_else(bad),
            None => Ok(None),
        };
        let child = params.child.map(|handle| handle.parse().map_err(|_| bad())).transpose()?;
        let limit = params.limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(bad());
        }
        Ok(HistoryQuery {
            child,
            range: range(instant(params.from)?, instant(params.until)?, now),
            page: Page { skip: params.skip.unwrap_or(0), limit },
            proofs: params.proofs.unwrap_or(false),
        })
    }
}

/// What is written this very moment counts as now.
fn range(from: Option<Instant>, until: Option<Instant>, now: Instant) -> std::ops::Range<Instant> {
    from.unwrap_or_else(|| now.minus(SPAN))..until.unwrap_or_else(|| now.plus(Duration::from_secs(1)))
}

/// Who looked at me
///
/// Who, from which unit, when, at what, why and on what legal basis; refusals, lines of batches and
/// looks at others of the household included. With the citizen's own token or session only; the
/// reading is recorded, too.
#[utoipa::path(
    post,
    path = "/v1/me/access-history",
    tag = "me",
    request_body = HistoryRequest,
    responses(
        (status = 200, description = "Looks, newest first", body = HistoryResponse<'_>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Not a citizen's own token, or outside it", body = ProblemBody<'_>),
        (status = 404, description = "No such child", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["audit:read"])),
)]
pub async fn ask(caller: Caller, me: Data<Me>, body: Json<HistoryRequest>) -> Result<HttpResponse, Problem> {
    let now = me.now();
    let query = body.read(|request, faults| request.read(now, faults))?;
    let page = me.history(&caller, query).await?;
    Ok(HttpResponse::Ok().json(HistoryResponse::of(&page)))
}

/// Who looked at me, asked for by a query
#[utoipa::path(
    get,
    path = "/v1/me/access-history",
    tag = "me",
    params(HistoryParams),
    responses(
        (status = 200, description = "Looks, newest first", body = HistoryResponse<'_>),
        (status = 400, description = "A faulty query", body = ProblemBody<'_>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Not a citizen's own token, or outside it", body = ProblemBody<'_>),
        (status = 404, description = "No such child", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["audit:read"])),
)]
pub async fn read(caller: Caller, me: Data<Me>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let page = me.history(&caller, HistoryParams::of(&request, me.now())?).await?;
    Ok(HttpResponse::Ok().json(HistoryResponse::of(&page)))
}
