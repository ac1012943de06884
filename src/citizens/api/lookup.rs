//! `POST /v1/citizens/lookup`

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{answer_with, error};
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens::disclose::{Disclosure, Withheld, put};
use crate::citizens::look_up::{Found, LOOKUP, LookUp, LookUpAnswer};
use crate::citizens::matching::{Anchor, AnchorNumber};
use crate::citizens::model::Status;
use crate::citizens::service::Citizens;
use crate::citizens::warning::Warning;
use crate::clients::Operation;
use crate::http::problem::ProblemBody;
use crate::http::{Arrival, Input, Json, Problem, release};
use crate::kernel::{
    AttributeSet, Faults, IdNumber, LegacyIdNumber, PartialDate, PersonName, Purpose, Text, TransactionId,
};

const NUMBER_MISSING: Text =
    Text::new("Cần id_number hoặc legacy_id_number.", "One of id_number and legacy_id_number is required.");
const TWO_NUMBERS: Text = Text::new(
    "Chỉ nêu id_number hoặc legacy_id_number, không nêu cả hai.",
    "Give id_number or legacy_id_number, not both.",
);

/// Whom to look up, and what is asked about them.
#[derive(Debug, Deserialize, ToSchema)]
pub struct LookUpRequest {
    /// The personal number, or one that was cancelled; or else `legacy_id_number`.
    #[schema(required = false)]
    id_number: Input<IdNumber>,
    /// The old CMND number.
    #[schema(required = false)]
    legacy_id_number: Input<LegacyIdNumber>,
    full_name: Input<PersonName>,
    /// At least as precise as the record.
    date_of_birth: Input<PartialDate>,
    purpose: Input<Purpose>,
    /// What is asked for; what is not given is listed in `withheld`.
    attributes: Input<AttributeSet>,
}

impl LookUpRequest {
    fn read(self, faults: &mut Faults) -> Option<LookUp> {
        let number = one_number(self.id_number, self.legacy_id_number, faults);
        let full_name = self.full_name.required("/full_name", faults);
        let date_of_birth = self.date_of_birth.required("/date_of_birth", faults);
        let purpose = self.purpose.required("/purpose", faults);
        let attributes = self.attributes.required("/attributes", faults);
        let anchor = Anchor { number: number?, full_name: full_name?, date_of_birth: date_of_birth? };
        Some(LookUp { anchor, purpose: purpose?, attributes: attributes? })
    }
}

fn one_number(id_number: Input<IdNumber>, legacy: Input<LegacyIdNumber>, faults: &mut Faults) -> Option<AnchorNumber> {
    let personal = id_number.optional("/id_number", faults);
    let legacy = legacy.optional("/legacy_id_number", faults);
    match (personal?, legacy?) {
        (Some(number), None) => Some(AnchorNumber::Personal(number)),
        (None, Some(number)) => Some(AnchorNumber::Legacy(number)),
        (None, None) => {
            faults.push("/id_number", "missing", NUMBER_MISSING);
            None
        }
        (Some(_), Some(_)) => {
            faults.push("/legacy_id_number", "two_numbers", TWO_NUMBERS);
            None
        }
    }
}

/// Whether somebody was found. Every cause of `no_match` looks the same.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LookUpOutcome {
    Found,
    NoMatch,
}

// Described by its derive, written by `write`.
#[derive(ToSchema)]
pub struct LookUpResponse<'a> {
    #[schema(value_type = TransactionId)]
    transaction_id: TransactionId,
    outcome: LookUpOutcome,
    /// Alive, deceased or missing; `null` unless somebody was found, and agreement and consent list it.
    /// Whoever is not told it finds nobody who is not alive.
    #[schema(value_type = Option<String>)]
    status: Option<Status>,
    /// Attributes by name, each `{value, source, as_of, classification}`.
    #[schema(value_type = std::collections::BTreeMap<String, DisclosedAttribute>, required = true)]
    citizen: Option<&'a Disclosure>,
    withheld: &'a [Withheld],
    warnings: &'a [Warning],
    audit: &'a Receipt,
}

/// One attribute: its value, and what it is worth.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what Disclosure writes")]
pub struct DisclosedAttribute {
    value: serde_json::Value,
    /// Code of the register it comes from.
    #[schema(example = "population")]
    source: String,
    /// The day it was last known to be so.
    #[schema(example = "2026-01-01")]
    as_of: String,
    /// `basic` or `sensitive` personal data.
    #[schema(example = "basic")]
    classification: String,
}

impl<'a> LookUpResponse<'a> {
    fn of(answer: &'a LookUpAnswer) -> Self {
        let LookUpAnswer { transaction, found, receipt, .. } = answer;
        let found = found.as_ref();
        Self {
            transaction_id: *transaction,
            outcome: if found.is_some() { LookUpOutcome::Found } else { LookUpOutcome::NoMatch },
            status: found.and_then(|found| found.status),
            citizen: found.map(|found| &found.disclosure),
            withheld: found.map_or(&[], |found| found.disclosure.withheld()),
            warnings: found.map_or(&[], |Found { warnings, .. }| warnings),
            audit: receipt,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        put(out, "{\"transaction_id\":", &self.transaction_id);
        put(out, ",\"outcome\":", &self.outcome);
        put(out, ",\"status\":", &self.status);
        out.extend_from_slice(b",\"citizen\":");
        match self.citizen {
            Some(disclosure) => disclosure.write(out),
            None => out.extend_from_slice(b"{}"),
        }
        put(out, ",\"withheld\":", &self.withheld);
        put(out, ",\"warnings\":", &self.warnings);
        put(out, ",\"audit\":", self.audit);
        out.push(b'}');
    }
}

/// Looks up one citizen
///
/// Number, name and birth date must all belong to one person; anything else is one uniform
/// `no_match`. Answers with those of the attributes asked for that the agreement lists.
#[utoipa::path(
    post,
    path = "/v1/citizens/lookup",
    tag = "citizens",
    request_body = LookUpRequest,
    responses(
        (status = 200, description = "Found, or no match", body = LookUpResponse<'_>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token, the agreement or the consent", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 429, description = "Over quota, or too many failed anchors", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["citizens:lookup"])),
)]
pub async fn look_up(
    caller: Caller,
    arrival: Arrival,
    citizens: Data<Citizens>,
    body: Json<LookUpRequest>,
) -> Result<HttpResponse, Problem> {
    let ask = match body.read(LookUpRequest::read) {
        Ok(ask) => ask,
        Err(faults) => {
            citizens.require(&caller, Operation::CitizensLookup, LOOKUP).await?;
            return Err(faults);
        }
    };
    let found = match citizens.look_up(&caller, ask).await {
        Ok(found) => found,
        Err(refusal) => return Err(error::held_back(refusal, &arrival).await),
    };
    if found.found.is_none() {
        release::negative(&arrival).await;
    }
    let mut body = Vec::with_capacity(4096);
    LookUpResponse::of(&found).write(&mut body);
    Ok(answer_with(body, &found.standing))
}
