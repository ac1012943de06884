//! Files and forms that are uploaded: bounded, and given up where they come too slowly. Whoever reads one has
//! room for it: until then nothing is taken from the socket.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use tokio::time::{Instant, Sleep};

use crate::http::context::Arrival;
use crate::http::problem::{Problem, ProblemKind};

/// In what time an upload must have come.
#[derive(Debug, Clone, Copy)]
pub struct UploadTime {
    /// However long it is.
    pub at_least: Duration,
    /// So many bytes that came are worth a second more. Without it (`u64::MAX`) nothing is.
    pub bytes_per_second: u64,
}

/// One part of a form (RFC 7578), read whole.
pub struct FormPart {
    pub name: String,
    /// The name of the file, as the browser gives it.
    pub file_name: Option<String>,
    pub bytes: Bytes,
}

/// Why a form is not read.
pub enum FormFault {
    /// A part that nobody asked for, or that came before.
    Unknown,
    Other(Problem),
}

impl From<ProblemKind> for FormFault {
    fn from(kind: ProblemKind) -> Self {
        Self::Other(kind.into())
    }
}

/// The bytes of a file that is sent as the body, whatever its kind: bounded, in time, not compressed.
///
/// # Errors
/// `body-too-large`, `body-timeout`, or `unsupported-media-type` where it is compressed.
pub async fn read_file_bytes(
    request: &HttpRequest,
    payload: Payload,
    (most, time): (usize, UploadTime),
) -> Result<Bytes, Problem> {
    let upload = Upload::new(payload, time);
    let body = match check_head(request, most) {
        Ok(()) => read_body(&upload, most).await,
        Err(problem) => Err(problem),
    };
    body.map_err(|problem| upload.give_up(request, problem))
}

/// The parts of a form that is sent as the body. `bounds` names each part that may come, once, and its most
/// bytes.
///
/// # Errors
/// [`FormFault::Unknown`], or as [`read_file_bytes`].
pub async fn read_form(
    request: &HttpRequest,
    payload: Payload,
    bounds: &[(&str, usize)],
    time: UploadTime,
) -> Result<Vec<FormPart>, FormFault> {
    let upload = Upload::new(payload, time);
    let mut form = Multipart::new(request.headers(), upload.clone());
    let mut parts: Vec<FormPart> = Vec::new();
    let read = async {
        while let Some(field) = form.next().await {
            let field = field.map_err(|_| ProblemKind::InvalidRequest)?;
            let name = field.name().unwrap_or_default().to_owned();
            let most = bounds.iter().find(|(known, _)| *known == name).map(|(_, most)| *most);
            let Some(most) = most.filter(|_| parts.iter().all(|part| part.name != name)) else {
                return Err(FormFault::Unknown);
            };
            let disposition = field.content_disposition();
            let file_name = disposition.and_then(|disposition| disposition.get_filename()).map(str::to_owned);
            parts.push(FormPart { name, file_name, bytes: read_part(field, most).await? });
        }
        Ok(())
    };
    match read.await {
        Ok(()) => Ok(parts),
        Err(FormFault::Unknown) => {
            upload.leave_unread(request);
            Err(FormFault::Unknown)
        }
        Err(FormFault::Other(problem)) => Err(FormFault::Other(upload.give_up(request, problem))),
    }
}

/// Leaves a body unread that is refused before anything of it was taken in.
pub fn leave_unread(request: &HttpRequest, payload: Payload) {
    if let Some(arrival) = Arrival::of(request) {
        arrival.leave_unread(payload);
    }
}

/// Refuses a body that is compressed, or that says it is too long.
fn check_head(request: &HttpRequest, most: usize) -> Result<(), Problem> {
    let headers = request.headers();
    if headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(ProblemKind::UnsupportedMediaType.into());
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > most as u64) {
        return Err(ProblemKind::BodyTooLarge.into());
    }
    Ok(())
}

async fn read_body(upload: &Upload, most: usize) -> Result<Bytes, Problem> {
    let mut upload = upload.clone();
    let mut body = BytesMut::new();
    while let Some(chunk) = upload.next().await {
        add(&mut body, chunk.map_err(|_| ProblemKind::InvalidRequest)?, most)?;
    }
    Ok(body.freeze())
}

async fn read_part(mut field: Field, most: usize) -> Result<Bytes, ProblemKind> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = field.next().await {
        add(&mut bytes, chunk.map_err(|_| ProblemKind::InvalidRequest)?, most)?;
    }
    Ok(bytes.freeze())
}

fn add(bytes: &mut BytesMut, chunk: Bytes, most: usize) -> Result<(), ProblemKind> {
    if bytes.len() + chunk.len() > most {
        return Err(ProblemKind::BodyTooLarge);
    }
    bytes.extend_from_slice(&chunk);
    Ok(())
}

/// A body on its way, which ends with an error once it is late.
#[derive(Clone)]
struct Upload(Rc<Inner>);

struct Inner {
    /// `None` once it is over, or nobody will read it further.
    payload: RefCell<Option<Payload>>,
    time: UploadTime,
    began: Instant,
    arrived: Cell<u64>,
    deadline: RefCell<Pin<Box<Sleep>>>,
    late: Cell<bool>,
}

impl Upload {
    fn new(payload: Payload, time: UploadTime) -> Self {
        let began = Instant::now();
        Self(Rc::new(Inner {
            payload: RefCell::new(Some(payload)),
            time,
            began,
            arrived: Cell::new(0),
            deadline: RefCell::new(Box::pin(tokio::time::sleep_until(began + time.at_least))),
            late: Cell::new(false),
        }))
    }

    /// Leaves the rest unread, and says what is wrong.
    fn give_up(&self, request: &HttpRequest, problem: Problem) -> Problem {
        self.leave_unread(request);
        if self.0.late.get() { ProblemKind::BodyTimeout.into() } else { problem }
    }

    fn leave_unread(&self, request: &HttpRequest) {
        if let Some(payload) = self.0.payload.take() {
            leave_unread(request, payload);
        }
    }
}

impl Stream for Upload {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let inner = &self.0;
        let mut payload = inner.payload.borrow_mut();
        let Some(body) = payload.as_mut() else { return Poll::Ready(None) };
        let mut deadline = inner.deadline.borrow_mut();
        match Pin::new(body).poll_next(context) {
            Poll::Ready(Some(Ok(chunk))) => {
                let arrived = inner.arrived.get() + chunk.len() as u64;
                inner.arrived.set(arrived);
                let earned = Duration::from_secs(arrived / inner.time.bytes_per_second.max(1));
                deadline.as_mut().reset(inner.began + inner.time.at_least + earned);
                // A trickle of bytes keeps nobody waiting for the timer.
                if Instant::now() < deadline.deadline() {
                    return Poll::Ready(Some(Ok(chunk)));
                }
            }
            Poll::Ready(other) => {
                if other.is_none() {
                    *payload = None;
                }
                return Poll::Ready(other);
            }
            Poll::Pending => {
                if deadline.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
            }
        }
        inner.late.set(true);
        Poll::Ready(Some(Err(PayloadError::Io(Error::from(ErrorKind::TimedOut)))))
    }
}
