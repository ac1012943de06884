//! `POST /v1/citizens/verify/batch`

use std::convert::Infallible;
use std::future::ready;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use utoipa::ToSchema;

use super::lines::{Line, Lines, Piece};
use super::quota;
use super::verify::{VerifyRequest, VerifyResponse};
use crate::access::{Access, Caller, Denied, FairPermit};
use crate::citizens::service::Citizens;
use crate::citizens::verify::Verify;
use crate::http::problem::ProblemBody;
use crate::http::{Arrival, Json, Limits, Problem, ProblemKind, release};
use crate::kernel::Purpose;

const MEDIA_TYPE: &str = "application/x-ndjson";
/// Pieces in work at the same time: while negative answers wait for their release, the next lines
/// are read. This and the size of a piece bound the memory of a batch.
const PIECES: usize = 8;
/// How often it is looked whether a batch that waits for lines may go on.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The answer to a line that was not answered: a problem, and which line.
#[derive(Serialize, ToSchema)]
pub struct LineProblem<'a> {
    /// Counted from 1.
    line: u64,
    #[serde(flatten)]
    problem: ProblemBody<'a>,
}

/// What comes next of the batch.
enum Input {
    Lines(Vec<Line>),
    /// No more is read.
    End(Problem),
}

/// The same, and the number of its first line.
struct Numbered {
    first: u64,
    input: Input,
}

/// Verifies claims about many citizens
///
/// One request of `/v1/citizens/verify` a line (NDJSON), one answer a line, in the same order. A
/// line at fault is answered with its problem and the rest go on; every line is recorded before its
/// answer is sent, and counts as a call. When the token ends or is revoked, or operators stop the client, so
/// does the batch: its last line says so; the same where a line, or the whole batch, takes too long. A client has a
/// few batches at once.
#[utoipa::path(
    post,
    path = "/v1/citizens/verify/batch",
    tag = "citizens",
    request_body(content = String, content_type = "application/x-ndjson"),
    responses(
        (status = 200, description = "A line is a verification's answer, or a LineProblem",
            content((VerifyResponse<'_> = "application/x-ndjson"), (LineProblem<'_> = "application/x-ndjson"))),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token", body = ProblemBody<'_>),
        (status = 415, description = "Not NDJSON", body = ProblemBody<'_>),
        (status = 429, description = "As many batches are running as a client may have", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["citizens:verify"])),
)]
pub async fn verify_batch(
    request: HttpRequest,
    caller: Caller,
    arrival: Arrival,
    access: Data<Access>,
    citizens: Data<Citizens>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let running = citizens.begin_batch(&caller).await?;
    if !is_ndjson(request.headers()) {
        return Err(ProblemKind::UnsupportedMediaType.into());
    }
    let limits = request.app_data::<Data<Limits>>().map_or_else(Limits::default, |limits| (***limits).clone());
    let standing = citizens.standing(&caller);
    let due = Instant::now() + limits.batch_timeout;
    let batch = Rc::new(Batch { caller, arrival, access, citizens, due, _running: running });
    let reading = Some((Lines::new(payload, limits.line_timeout), 1, Rc::clone(&batch)));
    let pieces = stream::unfold(reading, async |reading| {
        let (mut lines, first, batch) = reading?;
        let input = batch.next_input(&mut lines).await?;
        let after = match &input {
            Input::Lines(read) => Some((lines, first + read.len() as u64, batch)),
            Input::End(_) => None,
        };
        Some((Numbered { first, input }, after))
    });
    let answers = pieces
        .map(move |piece| {
            let batch = Rc::clone(&batch);
            async move { batch.answer(piece).await }
        })
        .buffered(PIECES)
        .scan(false, |over, answered| ready((!std::mem::replace(over, answered.last)).then_some(answered.lines)))
        .map(Ok::<_, Infallible>);
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE)));
    for header in quota::headers(&standing) {
        response.insert_header(header);
    }
    Ok(response.streaming(answers))
}

fn is_ndjson(headers: &HeaderMap) -> bool {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    let plain = headers.get(CONTENT_ENCODING).is_none_or(|coding| coding == "identity");
    plain && (essence.eq_ignore_ascii_case(MEDIA_TYPE) || essence.eq_ignore_ascii_case("application/ndjson"))
}

/// The answers to one piece.
struct Answered {
    lines: Bytes,
    /// No more of the batch is answered.
    last: bool,
}

struct Batch {
    caller: Caller,
    arrival: Arrival,
    access: Data<Access>,
    citizens: Data<Citizens>,
    /// When it has lasted as long as it may.
    due: Instant,
    _running: FairPermit,
}

impl Batch {
    /// Waits for lines; `None` at the end of the body. While none comes it looks again and again whether the
    /// batch may go on.
    async fn next_input(&self, lines: &mut Lines) -> Option<Input> {
        loop {
            if let Some(problem) = self.over().await {
                return Some(Input::End(problem));
            }
            match tokio::time::timeout(LOOK_EVERY, lines.next_piece()).await {
                Ok(Some(Piece::Lines(lines))) => return Some(Input::Lines(lines)),
                Ok(Some(Piece::Broken)) => return Some(Input::End(ProblemKind::BodyTimeout.into())),
                Ok(None) => return None,
                Err(_) => {}
            }
        }
    }

    /// Why the batch may not go on, if it may not.
    async fn over(&self) -> Option<Problem> {
        if Instant::now() >= self.due {
            return Some(ProblemKind::BodyTimeout.into());
        }
        match self.access.renewed(&self.caller).await {
            // What is away for a moment is told of the lines that it concerns.
            Err(denied) if !denied.is_unavailability() => Some(denied.into()),
            _ => None,
        }
    }

    async fn answer(&self, Numbered { first, input }: Numbered) -> Answered {
        let lines = match input {
            Input::Lines(lines) => lines,
            Input::End(problem) => return self.end(first, &problem),
        };
        let began = Instant::now();
        let mut asks = Vec::with_capacity(lines.len());
        let faults: Vec<Option<Problem>> = lines
            .into_iter()
            .map(|line| match read(&line) {
                Ok(ask) => {
                    asks.push(ask);
                    None
                }
                Err(problem) => Some(problem),
            })
            .collect();
        let mut out = Vec::with_capacity(faults.len() * 320);
        match self.write(&mut out, first, faults, asks).await {
            Ok(negative) => {
                if negative {
                    release::negative_since(&self.arrival, began).await;
                }
                Answered { lines: out.into(), last: false }
            }
            Err(denied) => self.end(first, &denied.into()),
        }
    }

    /// Says at which line the batch ends, and why.
    fn end(&self, line: u64, problem: &Problem) -> Answered {
        let mut out = Vec::new();
        self.write_problem(&mut out, line, problem);
        Answered { lines: out.into(), last: true }
    }

    /// Writes a line for each of `faults`: the fault, or the next answer. Says whether any answer
    /// must be held back.
    ///
    /// # Errors
    /// If the caller may not go on; then nothing is written.
    async fn write(
        &self,
        out: &mut Vec<u8>,
        first: u64,
        faults: Vec<Option<Problem>>,
        asks: Vec<(Verify, Purpose)>,
    ) -> Result<bool, Denied> {
        let mut negative = false;
        let answered = match self.access.renewed(&self.caller).await {
            Ok(caller) => self.citizens.verify_all(&caller, asks).await.map_err(Problem::from),
            Err(denied) if denied.is_unavailability() => Err(denied.into()),
            Err(denied) => return Err(denied),
        };
        let mut answers = match answered {
            Ok(answers) => answers.into_iter(),
            Err(away) => {
                for (line, fault) in (first..).zip(&faults) {
                    self.write_problem(out, line, fault.as_ref().unwrap_or(&away));
                }
                return Ok(false);
            }
        };
        for (line, fault) in (first..).zip(faults) {
            match (fault, &mut answers) {
                (Some(fault), _) => self.write_problem(out, line, &fault),
                (None, answers) => match answers.next() {
                    Some(Ok(answer)) => {
                        negative |= !answer.verdicts.verified;
                        write_line(out, &VerifyResponse::of(&answer));
                    }
                    Some(Err(refusal)) => {
                        negative = true;
                        self.write_problem(out, line, &refusal.into());
                    }
                    None => self.write_problem(out, line, &ProblemKind::Internal.into()),
                },
            }
        }
        Ok(negative)
    }

    fn write_problem(&self, out: &mut Vec<u8>, line: u64, problem: &Problem) {
        let id = self.arrival.request_id();
        let server_fault = problem.kind().status().is_server_error();
        let problem = problem.body(self.arrival.language(), server_fault.then_some(&id), self.arrival.contact());
        write_line(out, &LineProblem { line, problem });
    }
}

fn read(line: &Line) -> Result<(Verify, Purpose), Problem> {
    match line {
        Line::Text(text) => Json::<VerifyRequest>::parse(text)?.read(VerifyRequest::read),
        Line::TooLong => Err(ProblemKind::BodyTooLarge.into()),
    }
}

fn write_line(out: &mut Vec<u8>, line: &impl Serialize) {
    // Writing plain structs to memory has no way to fail.
    let _ = serde_json::to_writer(&mut *out, line);
    out.push(b'\n');
}
