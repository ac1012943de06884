//! Files of many guests at the desk: handed in, or only checked, with what is wrong told in place.

use actix_web::dev;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::frame::Top;
use super::{By, Desk, Shift, purpose};
use crate::access::{Caller, is_own_origin};
use crate::clients::Operation;
use crate::http::extract::{FormFault, leave_unread, read_form};
use crate::http::page::Page;
use crate::http::{Arrival, Problem, ProblemKind, release};
use crate::kernel::TransactionId;
use crate::stays::api::{LONGER, UPLOAD_TIME, error, read_notice};
use crate::stays::formats::{Format, MOST_BYTES, RowFault};
use crate::stays::service::{Batch, BatchError, BatchFile, BatchPurpose, BatchTold, REPORT};

const LONGEST_PART: usize = 200;
/// Nothing of what was sent was taken.
const UNREAD: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
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
        Ok(shift) => answer(page, &shift, &desk, StatusCode::OK, (None, None)),
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
    body: Payload,
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
    let room = match desk.stays.room_for_a_file(&shift.caller).await {
        Ok(room) => room,
        Err(_) => {
            leave_unread(&request, body.into_inner());
            let busy = page.say(
                "Hệ thống đang bận nhận tệp khác nên chưa nhận tệp này. Hãy chờ một phút rồi nộp lại.",
                "The service is busy with other files and has not taken this one. Wait a minute, then hand it in again.",
            );
            let trouble = busy.to_owned();
            return answer(page, &shift, &desk, StatusCode::SERVICE_UNAVAILABLE, (Some(trouble), None));
        }
    };
    let sent = read(&request, body.into_inner()).await?;
    let shift = shift.at(sent.facility.as_deref())?;
    let Some(bytes) = sent.bytes.filter(|bytes| !bytes.is_empty()) else {
        let trouble = page.say("Hãy chọn một tệp có nội dung.", "Choose a file that is not empty.").to_owned();
        return answer(page, &shift, &desk, UNREAD, (Some(trouble), None));
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
    match desk.stays.batch(&shift.caller, batch, room).await {
        Ok(told) => {
            release::negative(&arrived).await;
            let outcome = Outcome::of(&page, told);
            let status = if outcome.taken == 0 && !outcome.trial { UNREAD } else { StatusCode::OK };
            answer(page, &shift, &desk, status, (None, Some(outcome)))
        }
        Err(BatchError::File(fault)) => {
            let trouble = page.tell(&fault.text()).to_owned();
            answer(page, &shift, &desk, UNREAD, (Some(trouble), None))
        }
        Err(BatchError::Header(faults)) => {
            let outcome = Outcome::of_header(&page, &faults);
            answer(page, &shift, &desk, UNREAD, (None, Some(outcome)))
        }
        Err(BatchError::Stays(refusal)) => Err(error::problem(refusal, &arrived).await),
        Err(fault @ (BatchError::Purpose(_) | BatchError::Unwritable)) => Err(Problem::internal(&fault)),
    }
}

fn answer(
    page: Page,
    shift: &Shift,
    desk: &Desk,
    status: StatusCode,
    (trouble, done): (Option<String>, Option<Outcome>),
) -> Result<HttpResponse, Problem> {
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

async fn read(request: &HttpRequest, body: dev::Payload) -> Result<Sent, Problem> {
    let bounds = [("facility_id", LONGEST_PART), ("key", LONGEST_PART), ("how", LONGEST_PART), ("file", MOST_BYTES)];
    let parts = read_form(request, body, &bounds, UPLOAD_TIME).await.map_err(|fault| match fault {
        FormFault::Unknown => ProblemKind::InvalidRequest.into(),
        FormFault::Other(problem) => problem,
    })?;
    let mut sent = Sent::default();
    for part in parts {
        match part.name.as_str() {
            "facility_id" => sent.facility = Some(text(&part.bytes)?),
            "key" => sent.key = Some(text(&part.bytes)?),
            "how" => sent.trial = text(&part.bytes)? == "try",
            _ => {
                sent.name = part.file_name.unwrap_or_default();
                sent.bytes = Some(part.bytes);
            }
        }
    }
    Ok(sent)
}

fn text(bytes: &[u8]) -> Result<String, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| ProblemKind::NotUtf8)?;
    Ok(text.to_owned())
}
