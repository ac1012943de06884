//! Files of many guests at the desk: handed in, or only checked, with what is wrong told in place.

use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::StreamExt;

use super::frame::Top;
use super::{By, Desk, Shift, purpose};
use crate::access::{Caller, is_own_origin};
use crate::clients::Operation;
use crate::http::page::Page;
use crate::http::{Arrival, Problem, ProblemKind, release};
use crate::kernel::TransactionId;
use crate::stays::api::{error, read_notice};
use crate::stays::formats::{Format, MOST_BYTES, RowFault};
use crate::stays::service::{Batch, BatchError, BatchFile, BatchPurpose, BatchTold, REPORT};

const UPLOAD_TIME: Duration = Duration::from_secs(60);
/// How much longer than others the answer may take, the file's coming included.
const LONGER: Duration = Duration::from_secs(120);
const LONGEST_PART: usize = 200;
/// Faults on the page; the file that comes back has them all.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "stays/pages/upload.html")]
struct View {
    page: Page,
    desk: Top,
    key: String,
    trouble: Option<String>,
    done: Option<Outcome>,
    templates: [(&'static str, &'static str); 2],
}

/// What came of a file.
struct Outcome {
    trial: bool,
    tone: &'static str,
    headline: &'static str,
    summary: String,
    caption: String,
    taken: usize,
    faults: Vec<ShownFault>,
    refused: Option<Download>,
}

struct ShownFault {
    row: u32,
    column: String,
    text: &'static str,
}

/// A file that is in the page itself: it holds what was handed in and is kept nowhere.
struct Download {
    href: String,
    name: String,
}

/// What a browser sent.
#[derive(Default)]
struct Sent {
    facility: Option<String>,
    key: Option<String>,
    trial: bool,
    name: String,
    bytes: Option<Bytes>,
}

/// The form.
pub(super) async fn show(
    page: Page,
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    desk: Data<Desk>,
) -> Result<HttpResponse, Problem> {
    match Shift::of(&page, caller, &request, &desk, None).await? {
        Ok(shift) => answer(page, &shift, &desk, None, None),
        Err(instead) => Ok(instead),
    }
}

/// Takes a file, or only checks it.
pub(super) async fn take(
    page: Page,
    request: HttpRequest,
    arrived: Arrival,
    caller: Result<Caller, Problem>,
    desk: Data<Desk>,
    form: Multipart,
) -> Result<HttpResponse, Problem> {
    // Before anything is taken in.
    if !is_own_origin(&request, desk.access.config().origin()) {
        return Err(ProblemKind::Forbidden.into());
    }
    let shift = match Shift::of(&page, caller, &request, &desk, None).await? {
        Ok(shift) => shift,
        Err(instead) => return Ok(instead),
    };
    desk.stays.citizens().require(&shift.caller, Operation::StaysReport, REPORT).await?;
    arrived.take_longer(LONGER);
    let sent = tokio::time::timeout(UPLOAD_TIME, read(form)).await.map_err(|_| ProblemKind::BodyTimeout)??;
    let shift = shift.at(sent.facility.as_deref())?;
    let Some(bytes) = sent.bytes.filter(|bytes| !bytes.is_empty()) else {
        let trouble = page.say("Hãy chọn một tệp có nội dung.", "Choose a file that is not empty.").to_owned();
        return answer(page, &shift, &desk, Some(trouble), None);
    };
    let format = format_of(&sent.name, &bytes);
    let batch = Batch {
        file: match format {
            Format::Csv | Format::Xlsx => BatchFile::Table { format, bytes, facility: Some(shift.here.facility_id) },
            Format::Json | Format::Ndjson => BatchFile::Records { format, bytes, read: read_notice },
        },
        purpose: BatchPurpose::Given(purpose(&shift.caller)?),
        idempotency_key: sent.key.filter(|_| !sent.trial),
        dry_run: sent.trial,
        language: page.language(),
    };
    match desk.stays.batch(&shift.caller, batch).await {
        Ok(told) => {
            release::negative(&arrived).await;
            let outcome = Outcome::of(&page, told);
            answer(page, &shift, &desk, None, Some(outcome))
        }
        Err(BatchError::File(fault)) => {
            let trouble = page.tell(&fault.text()).to_owned();
            answer(page, &shift, &desk, Some(trouble), None)
        }
        Err(BatchError::Header(faults)) => {
            let outcome = Outcome::of_header(&page, &faults);
            answer(page, &shift, &desk, None, Some(outcome))
        }
        Err(BatchError::Stays(refusal)) => Err(error::problem(refusal, &arrived).await),
        Err(fault @ (BatchError::Purpose(_) | BatchError::Unwritable)) => Err(Problem::internal(&fault)),
    }
}

fn answer(
    page: Page,
    shift: &Shift,
    desk: &Desk,
    trouble: Option<String>,
    done: Option<Outcome>,
) -> Result<HttpResponse, Problem> {
    let unread = trouble.is_some() || done.as_ref().is_some_and(|done| done.taken == 0 && !done.trial);
    let status = if unread { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let view = View {
        desk: Top::of(&page, shift, By::File),
        key: TransactionId::random(&*desk.entropy).to_string(),
        trouble,
        done,
        templates: [("/v1/stays/template.xlsx", "XLSX"), ("/v1/stays/template.csv", "CSV")],
        page,
    };
    view.page.show_as(status, &view)
}

impl Outcome {
    fn of(page: &Page, told: BatchTold) -> Self {
        let BatchTold { dry_run: trial, read, taken, faults, refused, refused_file, .. } = told;
        let (taken, total) = (taken.len(), faults.len());
        let (tone, headline) = match (taken, refused, trial) {
            (_, 0, true) => ("good", page.say("Tệp không có lỗi", "The file has no faults")),
            (_, _, true) => ("amber", page.say("Có dòng cần sửa", "Some rows need mending")),
            (_, 0, false) => ("good", page.say("Đã nhận tất cả", "All taken")),
            (0, _, false) => ("bad", page.say("Chưa nhận dòng nào", "No row was taken")),
            (_, _, false) => ("amber", page.say("Đã nhận các dòng đúng", "The good rows were taken")),
        };
        let summary = match (page.is_vietnamese(), trial) {
            (true, false) => format!("Đọc {read} dòng: đã nhận {taken}, cần sửa {refused}."),
            (true, true) => format!("Đọc {read} dòng: đúng {taken}, cần sửa {refused}. Chưa báo khách nào."),
            (false, false) => format!("{read} rows read: {taken} taken, {refused} to mend."),
            (false, true) => format!("{read} rows read: {taken} good, {refused} to mend. Nobody was reported."),
        };
        let refused = refused_file.map(|file| Download {
            href: format!("data:{};base64,{}", file.format.media_type(), STANDARD.encode(&file.bytes)),
            name: format!("{}.{}", page.say("can-sua", "to-mend"), file.format.extension()),
        });
        let (caption, faults) = (caption(page, total), shown(page, &faults));
        Self { trial, tone, headline, summary, caption, taken, faults, refused }
    }

    /// No row is read under a header that is not understood.
    fn of_header(page: &Page, faults: &[RowFault]) -> Self {
        Self {
            trial: false,
            tone: "bad",
            headline: page.say("Dòng tiêu đề chưa đúng", "The header is not right"),
            summary: page.say("Chưa đọc dòng khách nào.", "No guest was read.").to_owned(),
            caption: caption(page, faults.len()),
            taken: 0,
            faults: shown(page, faults),
            refused: None,
        }
    }
}

fn caption(page: &Page, total: usize) -> String {
    match (page.is_vietnamese(), total > SHOWN) {
        (true, false) => format!("{total} lỗi"),
        (true, true) => format!("{SHOWN} lỗi đầu trong {total} lỗi; tệp tải về có đủ"),
        (false, false) => format!("{total} faults"),
        (false, true) => format!("the first {SHOWN} of {total} faults; the file has them all"),
    }
}

fn shown(page: &Page, faults: &[RowFault]) -> Vec<ShownFault> {
    let fault = |fault: &RowFault| ShownFault {
        row: fault.row,
        column: match &fault.column {
            Some(column) => match column.header {
                Some(header) => format!("{} · {header}", column.letter),
                None => column.letter.clone(),
            },
            None => page.say("cả dòng", "the whole row").to_owned(),
        },
        text: page.tell(&fault.text),
    };
    faults.iter().take(SHOWN).map(fault).collect()
}

/// By its first bytes, then by its name: a workbook is a zip file; a locked or an old one another
/// container, whose fault is told.
fn format_of(name: &str, bytes: &[u8]) -> Format {
    if bytes.starts_with(b"PK") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Format::Xlsx;
    }
    let name = name.to_ascii_lowercase();
    match name.rsplit('.').next().unwrap_or_default() {
        "xlsx" | "xls" => Format::Xlsx,
        "json" => Format::Json,
        "ndjson" | "jsonl" => Format::Ndjson,
        _ => Format::Csv,
    }
}

async fn read(mut form: Multipart) -> Result<Sent, Problem> {
    let mut sent = Sent::default();
    while let Some(field) = form.next().await {
        let field = field.map_err(|_| ProblemKind::InvalidRequest)?;
        match field.name().unwrap_or_default().to_owned().as_str() {
            "facility_id" => sent.facility = Some(text(field).await?),
            "key" => sent.key = Some(text(field).await?),
            "how" => sent.trial = text(field).await? == "try",
            "file" => {
                let named = field.content_disposition().and_then(|disposition| disposition.get_filename());
                sent.name = named.unwrap_or_default().to_owned();
                sent.bytes = Some(part(field, MOST_BYTES).await?);
            }
            _ => return Err(ProblemKind::InvalidRequest.into()),
        }
    }
    Ok(sent)
}

async fn text(field: Field) -> Result<String, Problem> {
    let bytes = part(field, LONGEST_PART).await?;
    String::from_utf8(bytes.to_vec()).map_err(|_| ProblemKind::NotUtf8.into())
}

async fn part(mut field: Field, most: usize) -> Result<Bytes, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(|_| ProblemKind::InvalidRequest)?;
        if bytes.len() + chunk.len() > most {
            return Err(ProblemKind::BodyTooLarge.into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.into())
}
