//! Client authentication by a secret: `client_secret_basic` (RFC 6749 section 2.3.1), for clients of
//! profile `baseline`.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::GrantError;
use super::service::Access;
use crate::clients::{Client, ClientProfile};
use crate::http::Form;
use crate::kernel::ClientId;

/// Longer fields hold no secret of ours.
const LONGEST_FIELD: usize = 1024;

impl Access {
    /// The client whose id and secret the field holds. Who is unknown costs the same comparison.
    pub(super) fn by_secret(&self, field: &str, form: &Form) -> Result<Arc<Client>, GrantError> {
        let (id, secret) = read(field).ok_or(GrantError::Unauthenticated)?;
        let client = id.parse::<ClientId>().map_or(Ok(None), |id| self.clients.find_current(&id))?;
        let client = client.filter(|client| client.profile == ClientProfile::Baseline);
        let tag = client.as_ref().and_then(|client| client.secret.as_ref());
        let fits = tag.unwrap_or(&self.decoys.secret).fits(&secret);
        let named = form.get("client_id").is_none_or(|named| named == id);
        let client = client.filter(|client| fits && named && client.secret.is_some());
        let client = client.ok_or(GrantError::Unauthenticated)?;
        if client.is_stopped() { Err(GrantError::ClientStopped) } else { Ok(client) }
    }
}

/// Id and secret, each form-encoded as the RFC asks.
fn read(field: &str) -> Option<(String, String)> {
    let (scheme, text) = field.split_once(' ').filter(|_| field.len() <= LONGEST_FIELD)?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((decoded(id)?, decoded(secret)?))
}

fn decoded(text: &str) -> Option<String> {
    let encoded = format!("v={}", text.replace('&', "%26"));
    form_urlencoded::parse(encoded.as_bytes()).next().map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_are_form_encoded() {
        let field = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let told = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
        assert_eq!(read(&field("rp:a-b_c")), told("rp", "a-b_c"));
        assert_eq!(read(&field("rp%2D1:a%3Ab+c")), told("rp-1", "a:b c"));
        assert_eq!(read(&field("rp:a&b:c")), told("rp", "a&b:c"));
        assert_eq!(read(&field("rp")), None);
        assert_eq!(read("Basic !!"), None);
        assert_eq!(read("Bearer abc"), None);
    }
}
