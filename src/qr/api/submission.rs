//! What is submitted for verification: a scanner's text as JSON, or a picture as a form.

use std::future::{Future, ready};
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::Caller;
use crate::http::extract::{
    BoundedText, Expected, FormFault, FormPart, FromInput, UploadTime, leave_unread, read_form,
};
use crate::http::{Input, Json, Problem, ProblemKind};
use crate::kernel::{Faults, Purpose, Text};
use crate::qr::image::LONGEST_PICTURE;
use crate::qr::service::{Picture, Qr, Room, Shown};

const LONGEST_PART: usize = 16 * 1024;
const UPLOAD_TIME: UploadTime = UploadTime { at_least: Duration::from_secs(8), bytes_per_second: u64::MAX };

/// What a scanner read.
#[derive(Debug, Deserialize, ToSchema)]
pub struct VerifyQrRequest {
    #[schema(value_type = String)]
    payload: Input<Scanned>,
    purpose: Input<Purpose>,
    /// Given back in the answer. Of a credential that is bound to its holder's key: what the holder was asked
    /// to sign; any other is `holder_proof_invalid`.
    #[schema(required = false)]
    nonce: Input<BoundedText<128>>,
}

/// As `multipart/form-data`: a photo of the QR in place of its text.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the form")]
pub struct VerifyQrPicture {
    /// PNG, JPEG or WebP of at most 12 megapixels and 12 MiB.
    #[schema(value_type = String, format = Binary)]
    image: Vec<u8>,
    /// As in the JSON form.
    purpose: Purpose,
    /// As in the JSON form.
    nonce: Option<String>,
}

#[derive(Debug, Deserialize)]
struct PictureParts {
    purpose: Input<Purpose>,
    nonce: Input<BoundedText<128>>,
}

/// A scanner's text, control characters and all.
#[derive(ToSchema)]
#[schema(value_type = String)]
struct Scanned(String);

impl std::fmt::Debug for Scanned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scanned(redacted)")
    }
}

impl FromInput for Scanned {
    const EXPECTED: Expected = Expected::Text;

    fn from_text(text: &str) -> Result<Self, Faults> {
        Ok(Self(text.to_owned()))
    }
}

pub struct Submission {
    pub shown: Shown,
    pub purpose: Purpose,
    pub nonce: Option<String>,
}

/// Either form of the request. Faults of the text are told, and the form of a picture is read, after
/// the scope is known to be there.
pub enum Submitted {
    Text(Result<Submission, Problem>),
    Form(PictureForm),
}

/// A form that is still to be uploaded.
pub struct PictureForm {
    request: HttpRequest,
    payload: Payload,
}

impl PictureForm {
    /// Takes room for the picture, then reads it.
    pub async fn read(self, caller: &Caller, qr: &Qr) -> Result<Submission, Problem> {
        let room = match qr.room_for_a_picture(caller).await {
            Ok(room) => room,
            Err(refusal) => {
                leave_unread(&self.request, self.payload);
                return Err(refusal.into());
            }
        };
        let bounds = [("image", LONGEST_PICTURE), ("purpose", LONGEST_PART), ("nonce", LONGEST_PART)];
        match read_form(&self.request, self.payload, &bounds, UPLOAD_TIME).await {
            Ok(parts) => submission(parts, room),
            Err(FormFault::Other(problem)) => Err(problem),
            Err(FormFault::Unknown) => {
                let mut faults = Faults::default();
                let text = Text::new("Không có trường này.", "There is no such member, or it came before.");
                faults.push("", "unknown", text);
                Err(Problem::invalid(faults))
            }
        }
    }
}

impl FromRequest for Submitted {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if media_type.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
            let form = PictureForm { request: request.clone(), payload: payload.take() };
            return Box::pin(ready(Ok(Self::Form(form))));
        }
        let json = Json::<VerifyQrRequest>::from_request(request, payload);
        Box::pin(async move { Ok(Self::Text(json.await?.read(read_text))) })
    }
}

fn read_text(request: VerifyQrRequest, faults: &mut Faults) -> Option<Submission> {
    let payload = request.payload.required("/payload", faults);
    let purpose = request.purpose.required("/purpose", faults);
    let nonce = request.nonce.optional("/nonce", faults);
    let nonce = nonce?.map(BoundedText::into_string);
    Some(Submission { shown: Shown::Text(payload?.0), purpose: purpose?, nonce })
}

fn submission(sent: Vec<FormPart>, room: Room) -> Result<Submission, Problem> {
    let mut picture = None;
    let mut parts = serde_json::Map::new();
    let mut faults = Faults::default();
    for FormPart { name, bytes, .. } in sent {
        match name.as_str() {
            "image" => picture = Some(bytes),
            "purpose" => {
                let purpose = serde_json::from_slice(&bytes).map_err(|_| ProblemKind::InvalidJson)?;
                parts.insert(name, purpose);
            }
            _ => {
                let text = String::from_utf8(bytes.into()).map_err(|_| ProblemKind::NotUtf8)?;
                parts.insert(name, text.into());
            }
        }
    }
    if picture.is_none() {
        faults.push("/image", "missing", Text::new("Trường này là bắt buộc.", "This member is required."));
    }
    let parts = serde_json::to_vec(&parts).map_err(|_| ProblemKind::InvalidJson)?;
    Json::<PictureParts>::parse(&parts)?.read(|request, found| {
        found.extend(faults);
        let purpose = request.purpose.required("/purpose", found);
        let nonce = request.nonce.optional("/nonce", found);
        let nonce = nonce?.map(BoundedText::into_string);
        let picture = Picture { bytes: picture?, room };
        Some(Submission { shown: Shown::Picture(picture), purpose: purpose?, nonce })
    })
}
