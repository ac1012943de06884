//! Members of requests that only the e-ID reads.

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
