//! `/v1/eid/qr`: the citizen's own QR, bound to the device's key.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json as Body};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::input::Base64Url;
use super::signed::ByDevice;
use crate::eid::Eid;
use crate::eid::model::Passcode;
use crate::eid::request::base64url;
use crate::http::problem::ProblemBody;
use crate::http::{Input, Problem};
use crate::kernel::{AttributeSet, ClientId, Faults, Instant, TransactionId};
use crate::qr::{HolderQr, Omitted};

/// For whom, and what of the record is shown.
#[derive(Debug, Deserialize, ToSchema)]
pub struct OwnQrRequest {
    /// The client that reads it; the reader's screen names it.
    audience: Input<ClientId>,
    attributes: Input<AttributeSet>,
    passcode: Input<Passcode>,
}

/// A credential of one showing, for the device to countersign (docs/qr.md).
#[derive(Serialize, ToSchema)]
pub struct OwnQrIssued {
    #[schema(value_type = String)]
    credential_id: TransactionId,
    /// A COSE_Sign1 in base64url.
    credential: String,
    #[schema(value_type = String)]
    audience: ClientId,
    audience_name: String,
    #[schema(value_type = String)]
    expires_at: Instant,
    omitted: Vec<Omitted>,
}

/// Issues the citizen's own QR
///
/// For one reader, once, within a minute, and bound to the key of the device that asks.
#[utoipa::path(
    post,
    path = "/v1/eid/qr",
    tag = "eid",
    request_body = OwnQrRequest,
    responses(
        (status = 201, description = "Issued, to be countersigned", body = OwnQrIssued),
        (status = 401, description = "Not signed by a device in use", body = ProblemBody<'_>),
        (status = 403, description = "The passcode is wrong or locked", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members, no such reader, or nothing to say", body = ProblemBody<'_>),
        (status = 503, description = "Overloaded, or the database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("device_signature" = [])),
)]
pub async fn issue(eid: Data<Eid>, signed: ByDevice) -> Result<HttpResponse, Problem> {
    let read = |request: OwnQrRequest, faults: &mut Faults| {
        let audience = request.audience.required("/audience", faults);
        let attributes = request.attributes.required("/attributes", faults);
        let passcode = request.passcode.required("/passcode", faults);
        Some((audience?, attributes?, passcode?))
    };
    let (audience, attributes, passcode) = signed.json()?.read(read)?;
    let own = eid.own_qr(&signed.device, &passcode, &audience, attributes).await?;
    Ok(HttpResponse::Created().json(OwnQrIssued {
        credential_id: own.credential.id,
        credential: base64url(&own.credential.bytes),
        audience: own.audience,
        audience_name: own.audience_name,
        expires_at: own.credential.expires,
        omitted: own.credential.omitted,
    }))
}

/// A credential and what the device signed over it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ShowOwnQrRequest {
    credential: Input<Base64Url>,
    /// A COSE_Countersignature (RFC 9338) in base64url.
    countersignature: Input<Base64Url>,
}

/// What the reader scans.
#[derive(Serialize, ToSchema)]
pub struct OwnQrShown {
    /// The text of the QR, for alphanumeric mode.
    payload: String,
    /// SVG as text.
    image: String,
}

/// Draws the citizen's own QR
///
/// Packs a credential with its holder's countersignature. Nothing is stored or recorded by it.
#[utoipa::path(
    post,
    path = "/v1/eid/qr/image",
    tag = "eid",
    request_body = ShowOwnQrRequest,
    responses(
        (status = 200, description = "To be shown", body = OwnQrShown),
        (status = 401, description = "Not signed by a device in use", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members, or not signed by the credential's holder", body = ProblemBody<'_>),
        (status = 503, description = "The database is away", body = ProblemBody<'_>),
    ),
    security(("device_signature" = [])),
)]
pub async fn image(eid: Data<Eid>, signed: ByDevice) -> Result<Body<OwnQrShown>, Problem> {
    let read = |request: ShowOwnQrRequest, faults: &mut Faults| {
        let credential = request.credential.required("/credential", faults);
        let countersignature = request.countersignature.required("/countersignature", faults);
        Some((credential?, countersignature?))
    };
    let (Base64Url(credential), Base64Url(countersignature)) = signed.json()?.read(read)?;
    let HolderQr { text, image } = eid.shown_qr(&credential, &countersignature)?;
    Ok(Body(OwnQrShown { payload: text, image }))
}
