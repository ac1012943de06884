//! A client's token for itself (RFC 6749 section 4.4).

use crate::access::form::Form;
use crate::access::{Access, GrantError, IssuedToken, scope};
use crate::clients::Client;

impl Access {
    pub(super) fn client_credentials(&self, client: &Client, form: &Form) -> Result<IssuedToken, GrantError> {
        if !client.agreement.in_force(self.clock.now()) {
            return Err(GrantError::NotInForce);
        }
        if !client.may_use_bearer() {
            return Err(GrantError::BearerNotAgreed);
        }
        let scopes = scope::granted(form.get("scope"), client.agreement.operations)?;
        self.issue(client, scopes)
    }
}
