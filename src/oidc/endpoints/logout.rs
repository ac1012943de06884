//! `/oauth2/logout` (OpenID Connect RP-Initiated Logout 1.0): ends what the citizen approved for one
//! client. There is no session between clients to end.

use actix_web::http::header::LOCATION;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::http::page::Page;
use crate::http::{Form, OauthCall};
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
pub async fn logout(oidc: Data<Oidc>, frame: Page, request: HttpRequest) -> HttpResponse {
    match Form::parse(request.query_string().as_bytes()) {
        Ok(form) => log_out(&oidc, &frame, &form).await,
        Err(_) => failure(&frame, Failure::Malformed),
    }
}

/// The same by a form.
pub async fn logout_by_form(oidc: Data<Oidc>, frame: Page, call: OauthCall) -> HttpResponse {
    log_out(&oidc, &frame, &call.form).await
}

async fn log_out(oidc: &Oidc, frame: &Page, form: &Form) -> HttpResponse {
    let Some(hint) = form.get("id_token_hint") else { return failure(frame, Failure::LogoutHint) };
    let return_to = form.get("post_logout_redirect_uri");
    match oidc.log_out(hint, form.get("client_id"), return_to).await {
        Ok(Some(uri)) => {
            let parameters: Vec<_> = form.get("state").map(|state| ("state", state)).into_iter().collect();
            HttpResponse::SeeOther().insert_header((LOCATION, super::authorize::with(uri, &parameters))).finish()
        }
        Ok(None) => logged_out(frame),
        Err(LogoutError::Hint) => failure(frame, Failure::LogoutHint),
        Err(LogoutError::ReturnAddress) => failure(frame, Failure::RedirectUri),
        Err(LogoutError::Storage(error)) => failure(frame, Failure::unavailable(&error)),
    }
}
