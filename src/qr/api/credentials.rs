//! `POST /v1/qr/credentials` and `POST /v1/qr/credentials/{id}/revoke`

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Deserialize;
use utoipa::ToSchema;

use super::error;
use crate::access::Caller;
use crate::citizens::matching::{Anchor, AnchorNumber};
use crate::citizens::{Recorded, respond};
use crate::clients::Operation;
use crate::crypto::digest::sha256;
use crate::http::extract::{Expected, FromInput, IdempotencyKey, Whole};
use crate::http::problem::ProblemBody;
use crate::http::{Arrival, Input, Json, Problem, ProblemKind, release};
use crate::kernel::{AttributeSet, ClientId, Faults, IdNumber, PartialDate, PersonName, Purpose, Text, TransactionId};
use crate::qr::image::ImageKind;
use crate::qr::service::{ISSUE, Issue, IssueTold, Lifetime, Qr, REVOKE, RevokeTold};

const DAY: i64 = 24 * 3600;

const LONGEST_DYNAMIC: i64 = 60;

/// Which kind of credential.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(rename_all = "snake_case")]
enum CredentialKind {
    Static,
    Dynamic,
}

#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(rename_all = "snake_case")]
enum PictureKind {
    Svg,
    Png,
    None,
}

macro_rules! word {
    ($type:ty, $code:literal, $vi:literal, $en:literal, $($word:literal => $value:expr),*) => {
        impl FromInput for $type {
            const EXPECTED: Expected = Expected::Text;

            fn from_text(text: &str) -> Result<Self, Faults> {
                match text {
                    $($word => Ok($value),)*
                    _ => {
                        let mut faults = Faults::default();
                        faults.push("", $code, Text::new($vi, $en));
                        Err(faults)
                    }
                }
            }
        }
    };
}

word!(CredentialKind, "kind_unknown", "Loại là static hoặc dynamic.", "The kind is static or dynamic.",
    "static" => Self::Static, "dynamic" => Self::Dynamic);
word!(PictureKind, "image_unknown", "Ảnh là svg, png hoặc none.", "The image is svg, png or none.",
    "svg" => Self::Svg, "png" => Self::Png, "none" => Self::None);

/// About whom a credential is issued, and what it says.
#[derive(Debug, Deserialize, ToSchema)]
pub struct IssueQrRequest {
    id_number: Input<IdNumber>,
    full_name: Input<PersonName>,
    /// At least as precise as the record.
    date_of_birth: Input<PartialDate>,
    purpose: Input<Purpose>,
    /// What it should say; what it cannot is listed in `omitted`.
    attributes: Input<AttributeSet>,
    kind: Input<CredentialKind>,
    /// `static`: a day to five years; `dynamic`: at most 60.
    lifetime_seconds: Input<Whole<1, 158_112_000>>,
    /// The one client that may read it; of a dynamic one the issuing client, if none is given.
    #[schema(required = false)]
    audience: Input<ClientId>,
    /// `none` if it is missing.
    #[schema(required = false)]
    image: Input<PictureKind>,
}

impl IssueQrRequest {
    fn read(self, faults: &mut Faults) -> Option<Issue> {
        let id_number = self.id_number.required("/id_number", faults);
        let full_name = self.full_name.required("/full_name", faults);
        let date_of_birth = self.date_of_birth.required("/date_of_birth", faults);
        let purpose = self.purpose.required("/purpose", faults);
        let attributes = self.attributes.required("/attributes", faults);
        let kind = self.kind.required("/kind", faults);
        let seconds = self.lifetime_seconds.required("/lifetime_seconds", faults);
        let audience = self.audience.optional("/audience", faults);
        let image = self.image.optional("/image", faults);
        let lifetime = lifetime(kind?, seconds?.get(), faults);
        if attributes?.is_empty() {
            faults.push("/attributes", "empty", Text::new("Cần ít nhất một mục.", "At least one attribute is needed."));
        }
        let anchor =
            Anchor { number: AnchorNumber::Personal(id_number?), full_name: full_name?, date_of_birth: date_of_birth? };
        let image = match image? {
            Some(PictureKind::Svg) => Some(ImageKind::Svg),
            Some(PictureKind::Png) => Some(ImageKind::Png),
            Some(PictureKind::None) | None => None,
        };
        let (purpose, attributes, lifetime, audience) = (purpose?, attributes?, lifetime?, audience?);
        let mut issue =
            Issue { anchor, purpose, attributes, lifetime, audience, image, idempotency_key: None, request: [0; 32] };
        issue.request = digest(&issue);
        Some(issue)
    }
}

/// Two requests with one digest ask for the same.
fn digest(issue: &Issue) -> [u8; 32] {
    let number = match &issue.anchor.number {
        AnchorNumber::Personal(number) => number.expose(),
        AnchorNumber::Legacy(number) => number.expose(),
    };
    let (kind, lifetime) = match issue.lifetime {
        Lifetime::Static(lifetime) => ("static", lifetime),
        Lifetime::Dynamic(lifetime) => ("dynamic", lifetime),
    };
    let image = match issue.image {
        Some(ImageKind::Svg) => "svg",
        Some(ImageKind::Png) => "png",
        None => "none",
    };
    let written = serde_json::json!([
        number,
        issue.anchor.full_name.expose(),
        issue.anchor.date_of_birth.to_string(),
        issue.purpose,
        issue.attributes,
        kind,
        lifetime.as_secs(),
        issue.audience,
        image,
    ]);
    sha256(&[written.to_string().as_bytes()])
}

fn lifetime(kind: CredentialKind, seconds: i64, faults: &mut Faults) -> Option<Lifetime> {
    let duration = Duration::from_secs(seconds.unsigned_abs());
    match kind {
        CredentialKind::Static if seconds >= DAY => Some(Lifetime::Static(duration)),
        CredentialKind::Dynamic if seconds <= LONGEST_DYNAMIC => Some(Lifetime::Dynamic(duration)),
        _ => {
            faults.push(
                "/lifetime_seconds",
                "out_of_range",
                Text::new(
                    "Mã tĩnh có hạn từ một ngày, mã động nhiều nhất 60 giây.",
                    "A static credential lives for a day or longer, a dynamic one for 60 seconds at most.",
                ),
            );
            None
        }
    }
}

/// Issues a credential
///
/// Number, name and birth date must belong to one person; anything else is one uniform `no_match`.
#[utoipa::path(
    post,
    path = "/v1/qr/credentials",
    tag = "qr",
    request_body = IssueQrRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key repeats the first answer")),
    responses(
        (status = 200, description = "Issued, or not", body = Recorded<'_, IssueTold>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token, the agreement or the consent", body = ProblemBody<'_>),
        (status = 409, description = "The Idempotency-Key was used for another request", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 429, description = "Over quota, or too many failed anchors", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["qr:issue"])),
)]
pub async fn issue(
    caller: Caller,
    arrival: Arrival,
    qr: Data<Qr>,
    key: IdempotencyKey,
    body: Json<IssueQrRequest>,
) -> Result<HttpResponse, Problem> {
    let ask = match body.read(IssueQrRequest::read) {
        Ok(ask) => Issue { idempotency_key: key.given().map(str::to_owned), ..ask },
        Err(faults) => {
            qr.require(&caller, Operation::QrIssue, ISSUE).await?;
            return Err(faults);
        }
    };
    match qr.issue(&caller, ask).await {
        Ok(answer) => {
            if answer.negative {
                release::negative(&arrival).await;
            }
            Ok(respond(&answer))
        }
        Err(refusal) => Err(error::problem(refusal, &arrival).await),
    }
}

/// Why a credential is revoked.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RevokeQrRequest {
    purpose: Input<Purpose>,
}

/// Revokes a credential
///
/// Only the client that issued it may; doing it again changes nothing.
#[utoipa::path(
    post,
    path = "/v1/qr/credentials/{id}/revoke",
    tag = "qr",
    params(("id" = String, Path, description = "`credential_id`")),
    request_body = RevokeQrRequest,
    responses(
        (status = 200, description = "Revoked", body = Recorded<'_, RevokeTold>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token or the agreement", body = ProblemBody<'_>),
        (status = 404, description = "The client has issued no such credential", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["qr:issue"])),
)]
pub async fn revoke(
    caller: Caller,
    arrival: Arrival,
    qr: Data<Qr>,
    id: Path<String>,
    body: Json<RevokeQrRequest>,
) -> Result<HttpResponse, Problem> {
    let purpose = body.read(|request, faults| request.purpose.required("/purpose", faults));
    let asked = purpose.and_then(|purpose| Ok((id.parse().map_err(|_| ProblemKind::NotFound)?, purpose)));
    let (id, purpose): (TransactionId, _) = match asked {
        Ok(asked) => asked,
        Err(faults) => {
            qr.require(&caller, Operation::QrIssue, REVOKE).await?;
            return Err(faults);
        }
    };
    match qr.revoke(&caller, id, purpose).await {
        Ok(answer) => Ok(respond(&answer)),
        Err(refusal) => Err(error::problem(refusal, &arrival).await),
    }
}
