//! `/v1/eid/devices`: the devices of an account.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json as Body, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::weak;
use super::signed::ByDevice;
use crate::eid::Eid;
use crate::eid::model::Passcode;
use crate::eid::service::{EidError, Enrolment, Proof};
use crate::http::extract::BoundedText;
use crate::http::problem::ProblemBody;
use crate::http::{Input, Problem, ProblemKind};
use crate::kernel::{DeviceId, Faults, Instant, TransactionId};

/// One device of the account.
#[derive(Serialize, ToSchema)]
pub struct DeviceShown {
    #[schema(value_type = String)]
    device_id: DeviceId,
    name: String,
    #[schema(value_type = String)]
    added_at: Instant,
    /// The device that asks.
    current: bool,
    /// A desk has to unlock it before its passcode may be tried again.
    locked: bool,
}

/// The account's devices, oldest first.
#[derive(Serialize, ToSchema)]
pub struct DevicesShown {
    devices: Vec<DeviceShown>,
}

/// Lists the devices
#[utoipa::path(
    get,
    path = "/v1/eid/devices",
    tag = "eid",
    responses(
        (status = 200, description = "The devices in use", body = DevicesShown),
        (status = 401, description = "Not signed by a device in use", body = ProblemBody<'_>),
        (status = 503, description = "The database is away", body = ProblemBody<'_>),
    ),
    security(("device_signature" = [])),
)]
pub async fn list(eid: Data<Eid>, signed: ByDevice) -> Result<Body<DevicesShown>, Problem> {
    let devices = eid.devices(&signed.device).await?.into_iter();
    let shown = devices.map(|device| DeviceShown {
        device_id: device.id,
        name: device.name,
        added_at: device.added_at,
        current: device.id == signed.device.id,
        locked: device.locked,
    });
    Ok(Body(DevicesShown { devices: shown.collect() }))
}

/// The passcode of the device that asks.
#[derive(Debug, Deserialize, ToSchema)]
pub struct InviteDeviceRequest {
    passcode: Input<Passcode>,
}

/// A code with which a device joins the account, or sets a new passcode.
#[derive(Serialize, ToSchema)]
pub struct EnrolmentCode {
    #[schema(value_type = String)]
    pub activation_id: TransactionId,
    #[schema(example = "402913")]
    pub code: String,
    #[schema(value_type = String)]
    pub expires_at: Instant,
}

impl From<Enrolment> for EnrolmentCode {
    fn from(Enrolment { activation, code }: Enrolment) -> Self {
        Self { activation_id: activation.id, code, expires_at: activation.expires }
    }
}

/// Invites a further device
///
/// The new device ends the activation with the code, under its own key.
#[utoipa::path(
    post,
    path = "/v1/eid/devices",
    tag = "eid",
    request_body = InviteDeviceRequest,
    responses(
        (status = 201, description = "A code for one device", body = EnrolmentCode),
        (status = 401, description = "Not signed by a device in use", body = ProblemBody<'_>),
        (status = 403, description = "The passcode is wrong or locked", body = ProblemBody<'_>),
        (status = 409, description = "The account has as many devices as it may have", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 503, description = "Overloaded, or the database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("device_signature" = [])),
)]
pub async fn invite(eid: Data<Eid>, signed: ByDevice) -> Result<HttpResponse, Problem> {
    let read = |request: InviteDeviceRequest, faults: &mut Faults| request.passcode.required("/passcode", faults);
    let passcode = signed.json()?.read(read)?;
    let enrolment = eid.invite(&signed.device, &passcode).await?;
    Ok(HttpResponse::Created().json(EnrolmentCode::from(enrolment)))
}

/// Nothing has to be said.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NothingRequest {}

/// The device that was changed.
#[derive(Serialize, ToSchema)]
pub struct DeviceChanged {
    #[schema(value_type = String)]
    device_id: DeviceId,
}

/// The passcode of the device that asks, where it revokes another.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RevokeDeviceRequest {
    #[schema(required = false)]
    passcode: Input<Passcode>,
}

/// Revokes a device
///
/// This one, or with the passcode another of the account. Codes that were handed out are void, too, and
/// what it approved ends: sessions, grants, approvals that nobody took.
#[utoipa::path(
    post,
    path = "/v1/eid/devices/{id}/revoke",
    tag = "eid",
    params(("id" = String, Path, description = "`device_id`")),
    request_body = RevokeDeviceRequest,
    responses(
        (status = 200, description = "Revoked", body = DeviceChanged),
        (status = 401, description = "Not signed by a device in use", body = ProblemBody<'_>),
        (status = 403, description = "The passcode is wrong or locked", body = ProblemBody<'_>),
        (status = 404, description = "The account has no such device", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members, or the passcode is missing", body = ProblemBody<'_>),
        (status = 503, description = "Overloaded, or the database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("device_signature" = [])),
)]
pub async fn revoke(eid: Data<Eid>, id: Path<String>, signed: ByDevice) -> Result<Body<DeviceChanged>, Problem> {
    let read = |request: RevokeDeviceRequest, faults: &mut Faults| request.passcode.optional("/passcode", faults);
    let passcode = signed.json()?.read(read)?;
    let device_id = id.parse().map_err(|_| ProblemKind::NotFound)?;
    eid.revoke(&signed.device, device_id, passcode.as_ref()).await?;
    Ok(Body(DeviceChanged { device_id }))
}

/// Another passcode for the device that asks.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SetPasscodeRequest {
    /// The old one.
    #[schema(required = false)]
    passcode: Input<Passcode>,
    /// In its place: what a desk handed out to unlock one device.
    #[schema(required = false)]
    code: Input<BoundedText<32>>,
    new_passcode: Input<Passcode>,
}

/// Sets another passcode
#[utoipa::path(
    post,
    path = "/v1/eid/devices/passcode",
    tag = "eid",
    request_body = SetPasscodeRequest,
    responses(
        (status = 200, description = "Set", body = DeviceChanged),
        (status = 401, description = "Not signed by a device in use", body = ProblemBody<'_>),
        (status = 403, description = "The passcode or the code is wrong, locked or missing", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members, or a weak passcode", body = ProblemBody<'_>),
        (status = 503, description = "Overloaded, or the database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("device_signature" = [])),
)]
pub async fn passcode(eid: Data<Eid>, signed: ByDevice) -> Result<Body<DeviceChanged>, Problem> {
    let read = |request: SetPasscodeRequest, faults: &mut Faults| {
        let old = request.passcode.optional("/passcode", faults);
        let code = request.code.optional("/code", faults);
        let new = request.new_passcode.required("/new_passcode", faults);
        Some((old?, code?, new?))
    };
    let (old, code, new) = signed.json()?.read(read)?;
    let proof = match (&old, &code) {
        (Some(old), _) => Proof::Passcode(old),
        (None, Some(code)) => Proof::DeskCode(code.as_ref()),
        (None, None) => Proof::None,
    };
    match eid.set_passcode(&signed.device, proof, &new).await {
        Ok(()) => {}
        Err(EidError::Passcode(fault)) => return Err(weak("/new_passcode", fault)),
        Err(refusal) => return Err(refusal.into()),
    }
    Ok(Body(DeviceChanged { device_id: signed.device.id }))
}
