//! Tokens for a code (RFC 6749 section 4.1.3, RFC 7636 section 4.5).

use futures_util::future::BoxFuture;

use super::{check_agreement, check_binding, provider};
use crate::access::{GrantError, GrantRequest, GrantType, IssuedToken};
use crate::oidc::model::Redemption;
use crate::oidc::service::WeakOidc;

pub struct AuthorizationCode(pub WeakOidc);

impl GrantType for AuthorizationCode {
    fn name(&self) -> &'static str {
        "authorization_code"
    }

    fn answer<'a>(&'a self, request: GrantRequest<'a>) -> BoxFuture<'a, Result<IssuedToken, GrantError>> {
        Box::pin(async move {
            let oidc = provider(&self.0)?;
            check_agreement(&request.client, request.client.agreement.eid.sign_in, oidc.0.clock.now())?;
            check_binding(&request)?;
            let needed = |name, description| request.form.get(name).ok_or(GrantError::Parameter(description));
            let code = needed("code", "code is missing")?;
            let asked = Redemption {
                client: request.client.id.clone(),
                redirect_uri: request.form.get("redirect_uri").map(str::to_owned),
                verifier: needed("code_verifier", "code_verifier is missing")?.to_owned(),
                binding: request.binding.clone(),
            };
            oidc.redeem(&request.client, code, asked).await
        })
    }
}
