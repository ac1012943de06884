//! New tokens for a refresh token (RFC 6749 section 6).

use futures_util::future::BoxFuture;

use super::{check_agreement, check_binding, provider};
use crate::access::{GrantError, GrantRequest, GrantType, IssuedToken};
use crate::oidc::service::WeakOidc;

pub struct RefreshToken(pub WeakOidc);

impl GrantType for RefreshToken {
    fn name(&self) -> &'static str {
        "refresh_token"
    }

    fn answer<'a>(&'a self, request: GrantRequest<'a>) -> BoxFuture<'a, Result<IssuedToken, GrantError>> {
        Box::pin(async move {
            let oidc = provider(&self.0)?;
            let terms = &request.client.agreement.eid;
            check_agreement(&request.client, terms.sign_in || terms.ciba, oidc.0.clock.now())?;
            check_binding(&request)?;
            let token = request.form.get("refresh_token").ok_or(GrantError::Parameter("refresh_token is missing"))?;
            oidc.refresh(&request.client, (token, request.form.get("scope")), &request.binding).await
        })
    }
}
