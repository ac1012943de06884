//! What is submitted for verification: a scanner's text as JSON, or a picture as a form.

use std::future::{Future, ready};
use std::pin::Pin;
use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::extract::{BoundedText, Expected, FromInput};
use crate::http::{Input, Json, Problem, ProblemKind};
use crate::kernel::{Faults, Purpose, Text};
use crate::qr::service::{Picture, Qr, Room, Shown};

/// The longest picture, in bytes: more than 12 megapixels take as JPEG.
const LONGEST_PICTURE: usize = 12 << 20;
const LONGEST_PART: usize = 16 * 1024;
const UPLOAD_TIME: Duration = Duration::from_secs(8);

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
pub struct PictureForm(Multipart);

impl PictureForm {
    /// Takes room for the picture, then reads it.
    pub async fn read(self, qr: &Qr) -> Result<Submission, Problem> {
        let room = qr.room_for_a_picture()?;
        let reading = tokio::time::timeout(UPLOAD_TIME, read_form(self.0, room)).await;
        reading.unwrap_or_else(|_| Err(ProblemKind::BodyTimeout.into()))
    }
}

impl FromRequest for Submitted {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if media_type.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
            let form = PictureForm(Multipart::new(request.headers(), payload.take()));
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

async fn read_form(mut form: Multipart, room: Room) -> Result<Submission, Problem> {
    let mut picture = None;
    let mut parts = serde_json::Map::new();
    let mut faults = Faults::default();
    while let Some(field) = form.next().await {
        let field = field.map_err(|_| ProblemKind::InvalidRequest)?;
        match field.name().unwrap_or_default().to_owned().as_str() {
            "image" if picture.is_none() => picture = Some(read_part(field, LONGEST_PICTURE).await?),
            "purpose" if !parts.contains_key("purpose") => {
                let json = read_part(field, LONGEST_PART).await?;
                parts
                    .insert("purpose".to_owned(), serde_json::from_slice(&json).map_err(|_| ProblemKind::InvalidJson)?);
            }
            "nonce" if !parts.contains_key("nonce") => {
                let text =
                    String::from_utf8(read_part(field, LONGEST_PART).await?).map_err(|_| ProblemKind::NotUtf8)?;
                parts.insert("nonce".to_owned(), text.into());
            }
            _ => {
                faults.push(
                    "",
                    "unknown",
                    Text::new("Không có trường này.", "There is no such member, or it came before."),
                );
                return Err(Problem::invalid(faults));
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

async fn read_part(mut field: Field, most: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(|_| ProblemKind::InvalidRequest)?;
        if bytes.len() + chunk.len() > most {
            return Err(ProblemKind::BodyTooLarge.into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
