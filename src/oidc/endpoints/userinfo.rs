//! `/oauth2/userinfo` (OpenID Connect Core section 5.3).

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;

use crate::access::Caller;
use crate::http::{Problem, ProblemKind};
use crate::oidc::Oidc;
use crate::oidc::service::UserinfoError;

/// Tells of the citizen whose token is sent: `sub`, and what they approved under the agreement.
#[utoipa::path(
    get,
    path = "/oauth2/userinfo",
    tag = "oauth",
    responses(
        (status = 200, description = "The claims", body = serde_json::Value),
        (status = 403, description = "No citizen's token, or the agreement covers no sign-in now"),
        (status = 429, description = "More calls than the agreement allows"),
    ),
    security(("access_token" = [])),
)]
pub async fn userinfo(oidc: Data<Oidc>, caller: Caller) -> Result<HttpResponse, Problem> {
    let claims = oidc.userinfo(&caller).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(claims))
}

impl From<UserinfoError> for Problem {
    fn from(error: UserinfoError) -> Self {
        match error {
            UserinfoError::NoCitizen => ProblemKind::InsufficientScope.into(),
            UserinfoError::Refused(refused) => refused.into(),
        }
    }
}
