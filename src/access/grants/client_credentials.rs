//! A client's token for itself (RFC 6749 section 4.4).

use crate::access::approved::Binding;
use crate::access::{Access, GrantError, IssuedToken, scope};
use crate::clients::Client;
use crate::http::Form;

impl Access {
    pub(super) fn client_credentials(
        &self,
        client: &Client,
        form: &Form,
        binding: &Binding,
    ) -> Result<IssuedToken, GrantError> {
        if !client.agreement.in_force(self.clock.now()) {
            return Err(GrantError::NotInForce);
        }
        if binding.is_none() && !client.may_use_bearer() {
            return Err(GrantError::BearerNotAgreed);
        }
        let scopes = scope::granted(form.get("scope"), client.agreement.operations)?;
        self.issue(client, scopes, binding)
    }
}
