//! `POST /v1/citizens/verify`

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::de::MapAccess;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema as SchemaKind};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{answer, error};
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens::matching::claims::{Check, Claims};
use crate::citizens::matching::{AnchorNumber, Reason, Verdict};
use crate::citizens::model::Status;
use crate::citizens::service::Citizens;
use crate::citizens::verify::{VERIFY, Verify, VerifyAnswer};
use crate::citizens::warning::Warning;
use crate::clients::Operation;
use crate::http::extract::{Expected, FromInput};
use crate::http::problem::ProblemBody;
use crate::http::{Arrival, Input, Json, Problem, release};
use crate::kernel::{Attribute, Faults, IdNumber, LegacyIdNumber, Purpose, Text, TransactionId};

const NUMBER_MISSING: Text =
    Text::new("Cần id_number hoặc legacy_id_number.", "One of id_number and legacy_id_number is required.");
const NO_ANCHOR: Text = Text::new(
    "Các mục khác chỉ được đối chiếu cùng với full_name và date_of_birth.",
    "Other claims are compared only together with full_name and date_of_birth.",
);
const GIVEN_TWICE: Text =
    Text::new("Số CMND đã nêu ở legacy_id_number.", "The CMND number is given as legacy_id_number already.");

/// What is claimed about the person who has the number.
#[derive(Debug, Deserialize, ToSchema)]
pub struct VerifyRequest {
    /// The personal number; with `legacy_id_number` beside it, also whether both are one person's.
    #[schema(required = false)]
    id_number: Input<IdNumber>,
    /// The old CMND number.
    #[schema(required = false)]
    legacy_id_number: Input<LegacyIdNumber>,
    claims: Input<ClaimsInput>,
    purpose: Input<Purpose>,
}

impl VerifyRequest {
    pub fn read(self, faults: &mut Faults) -> Option<(Verify, Purpose)> {
        let personal = self.id_number.optional("/id_number", faults);
        let legacy = self.legacy_id_number.optional("/legacy_id_number", faults);
        let claims = self.claims.required("/claims", faults);
        let purpose = self.purpose.required("/purpose", faults);
        let (number, legacy_number) = match (personal?, legacy?) {
            (Some(number), legacy) => (AnchorNumber::Personal(number), legacy),
            (None, Some(number)) => (AnchorNumber::Legacy(number), None),
            (None, None) => {
                faults.push("/id_number", "missing", NUMBER_MISSING);
                return None;
            }
        };
        let (ask, purpose) = (Verify { number, legacy_number, claims: claims?.0 }, purpose?);
        if ask.legacy_number.is_some() && ask.claims.attributes().contains(Attribute::LegacyIdNumber) {
            faults.push("/claims/legacy_id_number", "given_twice", GIVEN_TWICE);
            return None;
        }
        if !ask.is_comparable() {
            faults.push("/claims", "anchor_incomplete", NO_ANCHOR);
            return None;
        }
        Some((ask, purpose))
    }
}

/// Claims by attribute, e.g. `{"full_name": "Nguyễn Văn An", "date_of_birth": "1999-03-15"}`.
#[derive(Debug)]
pub struct ClaimsInput(Claims);

impl FromInput for ClaimsInput {
    const EXPECTED: Expected = Expected::Object;

    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Result<Self, Faults>, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = object.next_entry::<String, Value>()? {
            members.insert(name, value);
        }
        let mut faults = Faults::default();
        let claims = Claims::parse(&Value::Object(members), "", &mut faults);
        Ok(faults.or_value(claims.map(Self)))
    }
}

impl PartialSchema for ClaimsInput {
    fn schema() -> RefOr<Schema> {
        let any = AdditionalProperties::<SchemaKind>::FreeForm(true);
        ObjectBuilder::new()
            .additional_properties(Some(any))
            .description(Some(
                "Claims by attribute: text for names, dates (`YYYY-MM-DD`, `YYYY-MM`, `YYYY`), numbers and codes; \
                 `{unit | old_unit, text}` for places; `{unit | old_unit, detail}` for residences; \
                 `{household_id, relation_to_head}`; `{kind, issued, expires}` for the card.",
            ))
            .into()
    }
}

impl ToSchema for ClaimsInput {
    fn name() -> Cow<'static, str> {
        "Claims".into()
    }
}

#[derive(Serialize, ToSchema)]
pub struct VerifyResponse<'a> {
    #[schema(value_type = TransactionId)]
    transaction_id: TransactionId,
    /// Whether every claim is `exact` or `equivalent`.
    verified: bool,
    /// Only for an agreement for full detail that lists it (and a consent that does, where one is needed),
    /// and a person whose number, name and birth date match.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    status: Option<Status>,
    /// Only for an agreement for full detail, and a person whose number, name and birth date match.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, CheckResponse>>, required = false)]
    checks: Option<Checks<'a>>,
    warnings: &'a [Warning],
    audit: &'a Receipt,
}

/// How one claim compared.
#[derive(Serialize, ToSchema)]
pub struct CheckResponse {
    #[schema(value_type = String, example = "equivalent")]
    verdict: Verdict,
    /// Stable code; see docs/matching.md.
    #[schema(value_type = String, example = "tone_placement")]
    reason: Reason,
    /// How alike two names are, 0 to 1; only of attributes the agreement may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f32>,
}

struct Checks<'a>(&'a [Check]);

impl Serialize for Checks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for Check { attribute, comparison, score } in self.0 {
            let check = CheckResponse { verdict: comparison.verdict, reason: comparison.reason, score: *score };
            map.serialize_entry(attribute.name(), &check)?;
        }
        map.end()
    }
}

impl<'a> VerifyResponse<'a> {
    pub fn of(answer: &'a VerifyAnswer) -> Self {
        let checked = answer.verdicts.checked.as_ref();
        Self {
            transaction_id: answer.transaction,
            verified: answer.verdicts.verified,
            status: checked.and_then(|checked| checked.status),
            checks: checked.map(|checked| Checks(&checked.checks)),
            warnings: checked.map_or(&[], |checked| &checked.warnings),
            audit: &answer.receipt,
        }
    }
}

/// Verifies claims about one citizen
///
/// `verified` says whether every claim belongs to the person who has the number. Which of them do
/// is told only to agreements for full detail, and only if number, name and birth date match.
#[utoipa::path(
    post,
    path = "/v1/citizens/verify",
    tag = "citizens",
    request_body = VerifyRequest,
    responses(
        (status = 200, description = "Verified or not", body = VerifyResponse<'_>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token, the agreement or the consent", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 429, description = "Over quota, or too many failed anchors", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["citizens:verify"])),
)]
pub async fn verify(
    caller: Caller,
    arrival: Arrival,
    citizens: Data<Citizens>,
    body: Json<VerifyRequest>,
) -> Result<HttpResponse, Problem> {
    let (ask, purpose) = match body.read(VerifyRequest::read) {
        Ok(read) => read,
        Err(faults) => {
            citizens.require(&caller, Operation::CitizensVerify, VERIFY).await?;
            return Err(faults);
        }
    };
    let verified = match citizens.verify(&caller, ask, purpose).await {
        Ok(verified) => verified,
        Err(refusal) => return Err(error::held_back(refusal, &arrival).await),
    };
    if !verified.verdicts.verified {
        release::negative(&arrival).await;
    }
    Ok(answer(&VerifyResponse::of(&verified), &verified.standing))
}
