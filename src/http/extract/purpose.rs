//! The `purpose` every call on population data carries.

use serde::Deserialize;
use serde::de::MapAccess;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::input::{Expected, FromInput, Input, read_object};
use crate::kernel::purpose::OfficerCode;
use crate::kernel::{ConsentId, Faults, LegalBasis, Officer, ProcedureCode, Purpose, Text};

const CONSENT_WITHOUT_BASIS: Text = Text::new(
    "Chỉ nêu sự đồng ý khi căn cứ pháp lý là CONSENT.",
    "A consent is named only where the legal basis is CONSENT.",
);

// Requests hold it as `Input<Purpose>`.
/// Why the question is asked.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PurposeRequest {
    procedure: Input<ProcedureCode>,
    legal_basis: Input<LegalBasis>,
    /// Required where an officer asks; absent where the citizen's own token stands in their place.
    #[schema(required = false)]
    officer: Input<Officer>,
    /// The citizen's consent on record, where `legal_basis` is `CONSENT`; not needed where the
    /// citizen's own token carries it.
    #[schema(required = false)]
    consent: Input<ConsentId>,
}

/// The officer in whose name the question is asked.
#[derive(Debug, Deserialize, ToSchema)]
pub struct OfficerRequest {
    id: Input<OfficerCode>,
    unit: Input<OfficerCode>,
}

impl FromInput for Purpose {
    const EXPECTED: Expected = Expected::Object;

    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Result<Self, Faults>, A::Error> {
        read_object(object, |request: PurposeRequest, faults| {
            let procedure = request.procedure.required("/procedure", faults);
            let legal_basis = request.legal_basis.required("/legal_basis", faults);
            let officer = request.officer.optional("/officer", faults);
            let consent = request.consent.optional("/consent", faults);
            let (procedure, legal_basis, officer, consent) = (procedure?, legal_basis?, officer?, consent?);
            if consent.is_some() && !legal_basis.is_consent() {
                faults.push("/consent", "consent_without_basis", CONSENT_WITHOUT_BASIS);
                return None;
            }
            Some(Self { procedure, legal_basis, officer, consent })
        })
    }
}

impl FromInput for Officer {
    const EXPECTED: Expected = Expected::Object;

    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Result<Self, Faults>, A::Error> {
        read_object(object, |request: OfficerRequest, faults| {
            let id = request.id.required("/id", faults);
            let unit = request.unit.required("/unit", faults);
            Some(Self { id: id?, unit: unit? })
        })
    }
}

macro_rules! described_by {
    ($($type:ty = $request:ty),*) => {
        $(
            impl PartialSchema for $type {
                fn schema() -> RefOr<Schema> {
                    <$request>::schema()
                }
            }

            impl ToSchema for $type {
                fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                    <$request>::schemas(schemas);
                }
            }
        )*
    };
}
described_by!(Purpose = PurposeRequest, Officer = OfficerRequest);
