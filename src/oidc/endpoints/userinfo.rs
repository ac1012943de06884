//! `/oauth2/userinfo` (OpenID Connect Core section 5.3).

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;

use crate::access::Caller;
use crate::http::{Problem, ProblemKind};
use crate::oidc::Oidc;
use crate::oidc::service::OidcError;

/// Tells of the citizen whose token is sent: `sub`, and what they approved under the agreement.
#[utoipa::path(
    get,
    path = "/oauth2/userinfo",
    tag = "oauth",
    responses((status = 200, description = "The claims", body = serde_json::Value))
)]
pub async fn userinfo(oidc: Data<Oidc>, caller: Caller) -> Result<HttpResponse, Problem> {
    let Some(approved) = caller.citizen.clone() else { return Err(ProblemKind::InsufficientScope.into()) };
    if !caller.client.agreement.in_force(oidc.0.clock.now()) {
        return Err(ProblemKind::AgreementNotInForce.into());
    }
    let claims = oidc.userinfo(&caller, &approved).await.map_err(problem)?;
    let claims = claims.ok_or(ProblemKind::TokenInvalid)?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(claims))
}

fn problem(error: OidcError) -> Problem {
    Problem::new(ProblemKind::Unavailable).because(&error)
}
