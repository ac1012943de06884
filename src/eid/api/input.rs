//! Members of requests that only the e-ID reads.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::eid::model::Passcode;
use crate::eid::service::DeskAction;
use crate::http::extract::{Expected, FromInput};
use crate::kernel::{Faults, Text};

impl FromInput for Passcode {
    const EXPECTED: Expected = Expected::Text;

    fn from_text(text: &str) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let read = faults.take("", Self::parse(text));
        faults.or_value(read)
    }
}

impl PartialSchema for Passcode {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9]{6,12}$")).into()
    }
}

impl ToSchema for Passcode {}

/// Bytes in base64url without padding, 8 KiB at most.
#[derive(Debug)]
pub struct Base64Url(pub Vec<u8>);

const MOST_BYTES: usize = 8_192;

impl FromInput for Base64Url {
    const EXPECTED: Expected = Expected::Text;

    fn from_text(text: &str) -> Result<Self, Faults> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() <= MOST_BYTES);
        let mut faults = Faults::default();
        if bytes.is_none() {
            faults.push(
                "",
                "base64url",
                Text::new("Cần base64url, không đệm.", "This takes base64url without padding."),
            );
        }
        faults.or_value(bytes.map(Self))
    }
}

impl PartialSchema for Base64Url {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Za-z0-9_-]+$")).into()
    }
}

impl ToSchema for Base64Url {}

impl FromInput for DeskAction {
    const EXPECTED: Expected = Expected::Text;

    fn from_text(text: &str) -> Result<Self, Faults> {
        let action = match text {
            "confirm" => Some(Self::Confirm),
            "enrol" => Some(Self::Enrol),
            "unlock" => Some(Self::Unlock),
            "revoke_devices" => Some(Self::RevokeDevices),
            _ => None,
        };
        let mut faults = Faults::default();
        if action.is_none() {
            let text = Text::new(
                "Thao tác là confirm, enrol, unlock hoặc revoke_devices.",
                "The action is confirm, enrol, unlock or revoke_devices.",
            );
            faults.push("", "action_unknown", text);
        }
        faults.or_value(action)
    }
}

impl PartialSchema for DeskAction {
    fn schema() -> RefOr<Schema> {
        let names = ["confirm", "enrol", "unlock", "revoke_devices"];
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
    }
}

impl ToSchema for DeskAction {}
