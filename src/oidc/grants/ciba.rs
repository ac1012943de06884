//! Tokens for an approval at the backchannel (OpenID Connect CIBA section 10.1).

use futures_util::future::BoxFuture;

use super::{check_agreement, check_binding, provider};
use crate::access::{GrantError, GrantRequest, GrantType, IssuedToken};
use crate::oidc::service::WeakOidc;

pub struct Ciba(pub WeakOidc);

impl GrantType for Ciba {
    fn name(&self) -> &'static str {
        "urn:openid:params:grant-type:ciba"
    }

    fn answer<'a>(&'a self, request: GrantRequest<'a>) -> BoxFuture<'a, Result<IssuedToken, GrantError>> {
        Box::pin(async move {
            let oidc = provider(&self.0)?;
            check_agreement(&request.client, request.client.agreement.eid.ciba, oidc.0.clock.now())?;
            check_binding(&request)?;
            let id = request.form.get("auth_req_id").ok_or(GrantError::Parameter("auth_req_id is missing"))?;
            oidc.poll(&request.client, id, &request.binding).await
        })
    }
}
