//! `/v1/eid/accounts`: activation, and the account as its holder sees it.

use actix_web::web::{Data, Json as Body};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::signed::{ByDevice, ByNewKey};
use crate::citizens::matching::{Anchor, AnchorNumber};
use crate::eid::Eid;
use crate::eid::model::{AccountLevel, Passcode};
use crate::eid::service::{NewDevice, OwnAccount};
use crate::http::extract::BoundedText;
use crate::http::problem::ProblemBody;
use crate::http::{AnonymousRequest, Arrival, Input, Problem, address_of, release};
use crate::kernel::{DeviceId, Faults, IdNumber, Instant, PartialDate, PersonName, TransactionId};

/// Who wants an account. Signed by the key of the device to be.
#[derive(Debug, Deserialize, ToSchema)]
pub struct BeginActivationRequest {
    id_number: Input<IdNumber>,
    full_name: Input<PersonName>,
    date_of_birth: Input<PartialDate>,
}

impl BeginActivationRequest {
    fn read(self, faults: &mut Faults) -> Option<Anchor> {
        let id_number = self.id_number.required("/id_number", faults);
        let full_name = self.full_name.required("/full_name", faults);
        let date_of_birth = self.date_of_birth.required("/date_of_birth", faults);
        let number = AnchorNumber::Personal(id_number?);
        Some(Anchor { number, full_name: full_name?, date_of_birth: date_of_birth? })
    }
}

/// The same whoever was named: a code may have been sent to the recorded contact.
#[derive(Serialize, ToSchema)]
pub struct ActivationBegun {
    #[schema(value_type = String)]
    activation_id: TransactionId,
    #[schema(value_type = String)]
    expires_at: Instant,
}

/// Begins an activation
///
/// If the three belong to one citizen of 14 or older without an account, a one-time code goes to the
/// contact that the citizen store records. The answer is the same in any case; who gets no code goes
/// to a desk.
#[utoipa::path(
    post,
    path = "/v1/eid/accounts",
    tag = "eid",
    request_body = BeginActivationRequest,
    responses(
        (status = 202, description = "Begun, or not: the same answer", body = ActivationBegun),
        (status = 401, description = "Not signed by the key in the signature's header", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 429, description = "Too many requests from there", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("device_signature" = [])),
)]
pub async fn begin(
    _: AnonymousRequest,
    arrival: Arrival,
    request: HttpRequest,
    eid: Data<Eid>,
    signed: ByNewKey,
) -> Result<HttpResponse, Problem> {
    let anchor = signed.json()?.read(BeginActivationRequest::read)?;
    let begun = eid.begin_activation(&anchor, &signed.key, address_of(&request)).await;
    release::negative(&arrival).await;
    let activation = begun?;
    Ok(HttpResponse::Accepted().json(ActivationBegun { activation_id: activation.id, expires_at: activation.expires }))
}

/// The code, and the device to be. Signed by its key.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ActivateRequest {
    activation_id: Input<TransactionId>,
    code: Input<BoundedText<32>>,
    passcode: Input<Passcode>,
    /// As the citizen calls the device.
    device_name: Input<BoundedText<64>>,
}

impl ActivateRequest {
    fn read(self, faults: &mut Faults) -> Option<(TransactionId, BoundedText<32>, Passcode, BoundedText<64>)> {
        let id = self.activation_id.required("/activation_id", faults);
        let code = self.code.required("/code", faults);
        let passcode = self.passcode.required("/passcode", faults);
        let name = self.device_name.required("/device_name", faults);
        Some((id?, code?, passcode?, name?))
    }
}

/// The device is enrolled.
#[derive(Serialize, ToSchema)]
pub struct DeviceEnrolled {
    /// The `kid` of its signatures from now on.
    #[schema(value_type = String)]
    device_id: DeviceId,
    account_level: AccountLevel,
}

/// Activates an account, or adds a device
///
/// The signature over the fresh `activation_id` proves that the device holds its key.
#[utoipa::path(
    post,
    path = "/v1/eid/accounts/activate",
    tag = "eid",
    request_body = ActivateRequest,
    responses(
        (status = 201, description = "The device is enrolled", body = DeviceEnrolled),
        (status = 401, description = "Not signed by the key in the signature's header", body = ProblemBody<'_>),
        (status = 403, description = "The code is wrong, over or another's", body = ProblemBody<'_>),
        (status = 409, description = "The account has as many devices as it may have", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members, or a weak passcode", body = ProblemBody<'_>),
        (status = 429, description = "Too many requests from there", body = ProblemBody<'_>),
        (status = 503, description = "Overloaded, or the database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("device_signature" = [])),
)]
pub async fn activate(
    _: AnonymousRequest,
    arrival: Arrival,
    eid: Data<Eid>,
    signed: ByNewKey,
) -> Result<HttpResponse, Problem> {
    let (id, code, passcode, name) = signed.json()?.read(ActivateRequest::read)?;
    let new = NewDevice { key: signed.key.clone(), name: name.into_string(), passcode };
    match eid.activate(id, code.as_ref(), new).await {
        Ok(enrolled) => {
            Ok(HttpResponse::Created()
                .json(DeviceEnrolled { device_id: enrolled.device, account_level: enrolled.level }))
        }
        Err(refusal) => {
            release::negative(&arrival).await;
            Err(refusal.into())
        }
    }
}

/// The account, as its holder sees it.
#[derive(Serialize, ToSchema)]
pub struct AccountShown {
    account_level: AccountLevel,
    /// Only requests that the citizen scanned are shown.
    scanned_only: bool,
    #[schema(value_type = String)]
    activated_at: Instant,
    /// The device that asks.
    #[schema(value_type = String)]
    device_id: DeviceId,
}

impl AccountShown {
    fn of(account: OwnAccount, device_id: DeviceId) -> Self {
        let OwnAccount { level, scanned_only, activated_at } = account;
        Self { account_level: level, scanned_only, activated_at, device_id }
    }
}

/// Shows the account
#[utoipa::path(
    get,
    path = "/v1/eid/accounts",
    tag = "eid",
    responses(
        (status = 200, description = "The account of the device that asks", body = AccountShown),
        (status = 401, description = "Not signed by a device in use", body = ProblemBody<'_>),
        (status = 503, description = "The database is away", body = ProblemBody<'_>),
    ),
    security(("device_signature" = [])),
)]
pub async fn show(eid: Data<Eid>, signed: ByDevice) -> Result<Body<AccountShown>, Problem> {
    Ok(Body(AccountShown::of(eid.account(&signed.device).await?, signed.device.id)))
}

/// What the holder may choose.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AccountSettingsRequest {
    /// Show only requests that the citizen scanned.
    scanned_only: Input<bool>,
    /// Needed to have others shown again.
    #[schema(required = false)]
    passcode: Input<Passcode>,
}

/// Changes the account's settings
#[utoipa::path(
    post,
    path = "/v1/eid/accounts/settings",
    tag = "eid",
    request_body = AccountSettingsRequest,
    responses(
        (status = 200, description = "The account as it is now", body = AccountShown),
        (status = 401, description = "Not signed by a device in use", body = ProblemBody<'_>),
        (status = 403, description = "The passcode is wrong or locked", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members, or the passcode is missing", body = ProblemBody<'_>),
        (status = 503, description = "Overloaded, or the database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("device_signature" = [])),
)]
pub async fn settings(eid: Data<Eid>, signed: ByDevice) -> Result<Body<AccountShown>, Problem> {
    let read = |request: AccountSettingsRequest, faults: &mut Faults| {
        let scanned_only = request.scanned_only.required("/scanned_only", faults);
        let passcode = request.passcode.optional("/passcode", faults);
        Some((scanned_only?, passcode?))
    };
    let (scanned_only, passcode) = signed.json()?.read(read)?;
    let account = eid.set_scanned_only(&signed.device, scanned_only, passcode.as_ref()).await?;
    Ok(Body(AccountShown::of(account, signed.device.id)))
}
