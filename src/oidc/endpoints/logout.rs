//! `/oauth2/logout` (OpenID Connect RP-Initiated Logout 1.0): ends what the citizen approved for one
//! client. There is no session between clients to end.

use actix_web::http::header::LOCATION;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::http::{Arrival, Form, OauthCall};
use crate::oidc::Oidc;
use crate::oidc::pages::{Failure, failure, logged_out};
use crate::oidc::service::LogoutError;

/// Ends every grant that the client of `id_token_hint` has about its subject, and returns to
/// `post_logout_redirect_uri` if that is registered.
#[utoipa::path(
    get,
    path = "/oauth2/logout",
    tag = "oauth",
    params(
        ("id_token_hint" = String, Query, description = "An ID token of this server, however old"),
        ("client_id" = Option<String>, Query, description = "Whose token it is"),
        ("post_logout_redirect_uri" = Option<String>, Query, description = "Registered, compared as written"),
        ("state" = Option<String>, Query, description = "Comes back with the redirect"),
    ),
    responses(
        (status = 303, description = "Back to the client"),
        (status = 200, description = "A page that says so"),
        (status = 400, description = "A page: the hint or the address is not good"),
    )
)]
pub async fn logout(oidc: Data<Oidc>, arrival: Arrival, request: HttpRequest) -> HttpResponse {
    match Form::parse(request.query_string().as_bytes()) {
        Ok(form) => log_out(&oidc, &arrival, &form).await,
        Err(_) => failure(&arrival, Failure::Malformed),
    }
}

/// The same by a form.
pub async fn logout_by_form(oidc: Data<Oidc>, arrival: Arrival, call: OauthCall) -> HttpResponse {
    log_out(&oidc, &arrival, &call.form).await
}

async fn log_out(oidc: &Oidc, arrival: &Arrival, form: &Form) -> HttpResponse {
    let Some(hint) = form.get("id_token_hint") else { return failure(arrival, Failure::LogoutHint) };
    let return_to = form.get("post_logout_redirect_uri");
    match oidc.log_out(hint, form.get("client_id"), return_to).await {
        Ok(()) => match return_to {
            Some(uri) => {
                let parameters: Vec<_> = form.get("state").map(|state| ("state", state)).into_iter().collect();
                HttpResponse::SeeOther().insert_header((LOCATION, super::authorize::with(uri, &parameters))).finish()
            }
            None => logged_out(arrival),
        },
        Err(LogoutError::Hint) => failure(arrival, Failure::LogoutHint),
        Err(LogoutError::ReturnAddress) => failure(arrival, Failure::RedirectUri),
        Err(LogoutError::Storage(error)) => {
            tracing::error!(%error, "a logout met a fault of the store");
            failure(arrival, Failure::Unavailable)
        }
    }
}
