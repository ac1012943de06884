//! A JSON body: bounded, in time, of the right media type, in UTF-8, its every fault told at once.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, BytesMut, Data};
use actix_web::{FromRequest, HttpRequest};
use futures_util::{FutureExt, StreamExt};
use serde::de::DeserializeOwned;

use super::hasty::Hasty;
use super::input::Expected;
use super::tracked::{Notes, Tracked};
use crate::http::context::Arrival;
use crate::http::limits::Limits;
use crate::http::problem::{Problem, ProblemKind};
use crate::kernel::{Faults, Text};

/// A request body, and the faults noted while it was read. Ask for its meaning with [`Json::read`].
#[derive(Debug)]
pub struct Json<T> {
    /// A body that cannot be read is told by [`Json::read`] and not by the extractor: handlers have their
    /// arguments read side by side, and the first fault would be told to whoever the caller turns out to be.
    parsed: Result<(T, Faults), Problem>,
}

impl<T> Json<T> {
    /// What the request means. `read` notes faults in the members and gives `None` where it noted
    /// one; the problem then holds these and the unknown and repeated members.
    ///
    /// # Errors
    /// `invalid-fields`, with every fault; why the body could not be read at all.
    pub fn read<C>(self, read: impl FnOnce(T, &mut Faults) -> Option<C>) -> Result<C, Problem> {
        let (request, mut faults) = self.parsed?;
        let value = read(request, &mut faults);
        faults.or_value(value).map_err(Problem::invalid)
    }
}

impl<T: DeserializeOwned> Json<T> {
    /// Reads one JSON document, such as a line of a batch.
    ///
    /// # Errors
    /// `not-utf8`, `invalid-json`, or `invalid-fields` where the document is no object.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(body).map_err(|_| ProblemKind::NotUtf8)?;
        if let Some(request) = read_hastily(text) {
            return Ok(Self { parsed: Ok((request, Faults::default())) });
        }
        let notes = Notes::default();
        let mut reader = serde_json::Deserializer::from_str(text);
        match T::deserialize(Tracked::new(&mut reader, &notes)) {
            Ok(request) => {
                reader.end().map_err(|_| ProblemKind::InvalidJson)?;
                Ok(Self { parsed: Ok((request, notes.into_faults())) })
            }
            Err(error) if error.is_data() => {
                // The document itself has another shape, or a member that is no `Input` has.
                let pointer = notes.pointer();
                let mut faults = notes.into_faults();
                if pointer.is_empty() {
                    faults.extend(Expected::Object.mismatch());
                } else {
                    faults.push(pointer, "wrong_type", Text::new("Sai kiểu dữ liệu.", "The value has the wrong type."));
                }
                Err(Problem::invalid(faults))
            }
            Err(_) => Err(ProblemKind::InvalidJson.into()),
        }
    }
}

/// Reads a document without noting anything; `None` if there was anything to note.
fn read_hastily<T: DeserializeOwned>(text: &str) -> Option<T> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let request = T::deserialize(Hasty(&mut reader)).ok()?;
    reader.end().is_ok().then_some(request)
}

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let reading = read_json_bytes(request, payload.take());
        Box::pin(async move {
            let body = reading.await.and_then(|bytes| Self::parse(&bytes));
            Ok(body.unwrap_or_else(|problem| Self { parsed: Err(problem) }))
        })
    }
}

/// The bytes of a JSON body as they came, for those who check a signature over them before they are
/// read: of the right media type, bounded, in time.
pub fn read_json_bytes(
    request: &HttpRequest,
    mut payload: Payload,
) -> impl Future<Output = Result<Bytes, Problem>> + use<> {
    let (bytes, time) = match request.app_data::<Data<Limits>>() {
        Some(limits) => (limits.body_bytes, limits.body_timeout),
        None => (Limits::default().body_bytes, Limits::default().body_timeout),
    };
    let head = check_head(request.headers(), bytes);
    let arrival = Arrival::of(request);
    async move {
        let body = match head {
            Ok(()) => read_body(&mut payload, bytes, time).await,
            Err(problem) => Err(problem),
        };
        if let (Err(_), Some(arrival)) = (&body, arrival) {
            arrival.leave_unread(payload);
        }
        body
    }
}

/// Refuses a body of another media type or coding, or one that says it is too long.
fn check_head(headers: &HeaderMap, most: usize) -> Result<(), Problem> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let plain = headers.get(header::CONTENT_ENCODING).is_none_or(|coding| coding == "identity");
    if !plain || !is_json(media_type) {
        return Err(ProblemKind::UnsupportedMediaType.into());
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > most as u64) {
        return Err(ProblemKind::BodyTooLarge.into());
    }
    Ok(())
}

/// `application/json` or `application/…+json`, in UTF-8 if it says so.
fn is_json(media_type: &str) -> bool {
    if media_type == "application/json" {
        return true;
    }
    let mut parts = media_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let json = essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    json && parts.all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.eq_ignore_ascii_case("charset") => {
            charset.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    })
}

/// The whole body, if it is short and quick enough.
async fn read_body(payload: &mut Payload, most: usize, time: Duration) -> Result<Bytes, Problem> {
    let reading = async {
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Problem::new(ProblemKind::InvalidRequest))?;
            if first.len().max(rest.len()) + chunk.len() > most {
                return Err(ProblemKind::BodyTooLarge.into());
            }
            // Nearly every body comes in one piece, which is then not copied.
            if first.is_empty() {
                first = chunk;
            } else {
                if rest.is_empty() {
                    rest.extend_from_slice(&first);
                }
                rest.extend_from_slice(&chunk);
            }
        }
        Ok(if rest.is_empty() { first } else { rest.freeze() })
    };
    let mut reading = std::pin::pin!(reading);
    // Nearly every body came with its head: no timer is set for it.
    if let Some(read) = reading.as_mut().now_or_never() {
        return read;
    }
    tokio::time::timeout(time, reading).await.unwrap_or_else(|_| Err(ProblemKind::BodyTimeout.into()))
}

#[cfg(test)]
mod tests {
    use super::is_json;

    #[test]
    fn media_types_of_json() {
        for good in ["application/json", "Application/JSON; charset=UTF-8", "application/ld+json; profile=x"] {
            assert!(is_json(good), "{good}");
        }
        for bad in ["", "text/json", "application/jsonx", "application/json; charset=latin1", "application/x-ndjson"] {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
