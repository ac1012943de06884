//! `POST /v1/stays/batch`

use std::time::Duration;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::error;
use super::input::read_notice;
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens;
use crate::clients::Operation;
use crate::http::extract::{IdempotencyKey, UploadTime, leave_unread, read_file_bytes};
use crate::http::problem::ProblemBody;
use crate::http::{Arrival, Input, Json, Problem, ProblemKind, release};
use crate::kernel::purpose::OfficerCode;
use crate::kernel::{FacilityId, Faults, Instant, LegalBasis, Officer, ProcedureCode, Purpose, Text};
use crate::stays::formats::{BlankRows, ColumnName, Format, MOST_BYTES, RowFault};
use crate::stays::service::{
    Batch, BatchError, BatchFile, BatchPurpose, BatchTold, REPORT_BATCH, Reported, Stays, Taken,
};

/// How much longer than others the answer to a file may take: waiting for a place and its coming included.
pub(in crate::stays) const LONGER: Duration = Duration::from_secs(150);
/// While a file comes it holds a place: it has to come as over a line of 2 Mbit/s.
pub(in crate::stays) const UPLOAD_TIME: UploadTime =
    UploadTime { at_least: Duration::from_secs(10), bytes_per_second: 200 * 1024 };

const PURPOSE_IN_FILE: Text = Text::new(
    "Mục đích của tệp JSON nằm trong tệp, tại purpose.",
    "The purpose of a JSON file stands in the file, as its member purpose.",
);

/// What is said of a file beside it. The purpose of a JSON file stands in the file.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BatchQuery {
    /// Says what would come of the file, and leaves nothing behind.
    #[param(value_type = Option<bool>)]
    dry_run: Input<bool>,
    /// CSV and XLSX: where the guests stay whose row names no facility.
    #[param(value_type = Option<String>)]
    facility_id: Input<FacilityId>,
    /// Code of the administrative procedure; not of JSON.
    #[param(value_type = Option<String>)]
    procedure: Input<ProcedureCode>,
    /// Code of the legal basis; not of JSON.
    #[param(value_type = Option<String>)]
    legal_basis: Input<LegalBasis>,
    /// The receptionist's code; not of JSON.
    #[param(value_type = Option<String>)]
    officer_id: Input<OfficerCode>,
    /// The receptionist's unit; not of JSON.
    #[param(value_type = Option<String>)]
    officer_unit: Input<OfficerCode>,
}

/// What the query says, in the words of the service.
struct Asked {
    dry_run: bool,
    facility: Option<FacilityId>,
    purpose: BatchPurpose,
}

impl BatchQuery {
    fn parse(query: &str, format: Format) -> Result<Asked, Problem> {
        // As one JSON object, it is read by the words of bodies: unknown and repeated members too.
        let members = form_urlencoded::parse(query.as_bytes()).map(|(name, value)| {
            let value = match (&*name, &*value) {
                ("dry_run", "true" | "false") => value.into_owned(),
                _ => Value::from(value).to_string(),
            };
            format!("{}:{value}", Value::from(name))
        });
        let object = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
        Json::<Self>::parse(object.as_bytes())?.read(|query, faults| query.read(format, faults))
    }

    fn read(self, format: Format, faults: &mut Faults) -> Option<Asked> {
        let dry_run = self.dry_run.optional("/dry_run", faults);
        let facility = self.facility_id.optional("/facility_id", faults);
        let purpose = if format == Format::Json {
            let purpose = [self.procedure.is_missing(), self.legal_basis.is_missing(), self.officer_id.is_missing()];
            if purpose.contains(&false) {
                faults.push("/procedure", "purpose_in_file", PURPOSE_IN_FILE);
            }
            Some(BatchPurpose::InFile(read_purpose))
        } else {
            let procedure = self.procedure.required("/procedure", faults);
            let legal_basis = self.legal_basis.required("/legal_basis", faults);
            let officer = match (self.officer_id.is_missing(), self.officer_unit.is_missing()) {
                (true, true) => Some(None),
                _ => {
                    let id = self.officer_id.required("/officer_id", faults);
                    let unit = self.officer_unit.required("/officer_unit", faults);
                    id.zip(unit).map(|(id, unit)| Some(Officer { id, unit }))
                }
            };
            let purpose = procedure.zip(legal_basis).zip(officer);
            purpose.map(|((procedure, legal_basis), officer)| {
                BatchPurpose::Given(Purpose { procedure, legal_basis, officer, consent: None })
            })
        };
        Some(Asked { dry_run: dry_run?.unwrap_or(false), facility: facility?, purpose: purpose? })
    }
}

/// Reads the `purpose` of a JSON file.
fn read_purpose(text: &str) -> Result<Purpose, Faults> {
    #[derive(Deserialize)]
    struct Holder {
        purpose: Input<Purpose>,
    }
    let object = format!("{{\"purpose\":{text}}}");
    let read = Json::<Holder>::parse(object.as_bytes());
    let read = read.and_then(|holder| holder.read(|holder, faults| holder.purpose.required("/purpose", faults)));
    read.map_err(|problem| problem.faults().clone())
}

/// A fault of a row, in words for who filled it in.
#[derive(Serialize, ToSchema)]
pub struct RowFaultTold<'a> {
    /// As spreadsheets and editors count, from 1; in JSON, the place in `stays`.
    row: u32,
    /// `null`: the row itself.
    column: Option<&'a ColumnName>,
    /// JSON pointer (RFC 6901) into the notice that the row is.
    #[schema(example = "/planned_departure")]
    pointer: &'a str,
    /// Stable code of the fault.
    code: &'static str,
    detail: Sentences,
}

/// One sentence in both languages.
#[derive(Serialize, ToSchema)]
pub struct Sentences {
    vi: &'static str,
    en: &'static str,
}

/// One row that was taken.
#[derive(Serialize, ToSchema)]
pub struct TakenRow<'a> {
    row: u32,
    /// The stay; of a dry run `null`.
    #[serde(flatten)]
    stay: Option<&'a Reported>,
    #[serde(flatten)]
    trial: Option<Trial>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    audit: Option<&'a Receipt>,
}

/// What a dry run says of a row.
#[derive(Serialize, ToSchema)]
pub struct Trial {
    /// It had been reported before.
    repeated: bool,
    #[schema(value_type = String)]
    deadline: Instant,
    on_time: bool,
}

/// The refused rows, to be corrected and sent again.
#[derive(Serialize, ToSchema)]
pub struct RefusedFileTold {
    name: String,
    media_type: &'static str,
    /// The file in Base64 (RFC 4648 section 4).
    content: String,
}

/// What came of a file.
#[derive(Serialize, ToSchema)]
pub struct BatchResponse<'a> {
    format: Format,
    dry_run: bool,
    /// Rows that are not blank.
    read: usize,
    /// Of these, taken now or before.
    taken: usize,
    /// Of the taken ones, those that had been reported before.
    repeated: usize,
    /// Rows with faults: not taken.
    refused: usize,
    /// Rows in which nothing stands: passed over.
    blank: &'a BlankRows,
    stays: Vec<TakenRow<'a>>,
    /// Every fault of every row.
    faults: Vec<RowFaultTold<'a>>,
    /// `null` where every row was taken.
    refused_file: Option<RefusedFileTold>,
}

impl<'a> BatchResponse<'a> {
    fn of(told: &'a BatchTold, format: Format) -> Self {
        let stays: Vec<TakenRow<'a>> = told.taken.iter().map(|(row, taken)| taken_row(*row, taken)).collect();
        let repeated = |row: &&TakenRow<'a>| {
            row.stay.is_some_and(|stay| stay.repeated) || row.trial.as_ref().is_some_and(|trial| trial.repeated)
        };
        Self {
            format,
            dry_run: told.dry_run,
            read: told.read,
            taken: stays.len(),
            repeated: stays.iter().filter(repeated).count(),
            refused: told.refused,
            blank: &told.blank,
            stays,
            faults: told.faults.iter().map(fault_told).collect(),
            refused_file: told.refused_file.as_ref().map(|file| RefusedFileTold {
                name: format!("refused.{}", file.format.extension()),
                media_type: file.format.media_type(),
                content: STANDARD.encode(&file.bytes),
            }),
        }
    }
}

fn taken_row(row: u32, taken: &Taken) -> TakenRow<'_> {
    match taken {
        Taken::Reported { told, audit } => TakenRow { row, stay: Some(told), trial: None, audit: Some(audit) },
        Taken::Trial { repeated, deadline, on_time } => {
            let trial = Trial { repeated: *repeated, deadline: *deadline, on_time: *on_time };
            TakenRow { row, stay: None, trial: Some(trial), audit: None }
        }
    }
}

fn fault_told(fault: &RowFault) -> RowFaultTold<'_> {
    RowFaultTold {
        row: fault.row,
        column: fault.column.as_ref(),
        pointer: &fault.pointer,
        code: fault.code,
        detail: Sentences { vi: fault.text.vi, en: fault.text.en },
    }
}

/// Reports the guests of a file
///
/// Up to 10 000 guests as JSON, NDJSON, CSV, or the workbook of the existing portal, by
/// `Content-Type`. A row of a table is one guest and one notice. What can be taken is; every fault of
/// every other row is told at once, and those rows come back as a file of the same format with a
/// column of reasons. Sent twice, a file gives the same stays.
#[utoipa::path(
    post,
    path = "/v1/stays/batch",
    tag = "stays",
    params(
        BatchQuery,
        ("Idempotency-Key" = Option<String>, Header, description = "The same key with another file is refused"),
    ),
    request_body(
        content(
            (String = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ),
        description = "The file; docs/stays.md describes each format",
    ),
    responses(
        (status = 200, description = "What came of each row", body = BatchResponse<'_>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token or the agreement", body = ProblemBody<'_>),
        (status = 408, description = "The file came too slowly", body = ProblemBody<'_>),
        (status = 409, description = "The Idempotency-Key was used for another request", body = ProblemBody<'_>),
        (status = 413, description = "More than 16 MiB", body = ProblemBody<'_>),
        (status = 415, description = "None of the four formats", body = ProblemBody<'_>),
        (status = 422, description = "The file, its header or the query has faults", body = ProblemBody<'_>),
        (status = 429, description = "Over quota, or too many files of the client at once", body = ProblemBody<'_>),
        (status = 503, description = "Too many files at once, or the database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["stays:report"])),
)]
pub async fn batch(
    request: HttpRequest,
    caller: Caller,
    arrival: Arrival,
    stays: Data<Stays>,
    key: IdempotencyKey,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    stays.citizens().require(&caller, Operation::StaysReport, REPORT_BATCH).await?;
    let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let format = Format::of_media_type(media_type).ok_or(ProblemKind::UnsupportedMediaType)?;
    let Asked { dry_run, facility, purpose } = BatchQuery::parse(request.query_string(), format)?;
    arrival.take_longer(LONGER);
    let room = match stays.room_for_a_file(&caller).await {
        Ok(room) => room,
        Err(refusal) => {
            leave_unread(&request, payload.into_inner());
            return Err(refusal.into());
        }
    };
    let bytes = read_file_bytes(&request, payload.into_inner(), (MOST_BYTES, UPLOAD_TIME)).await?;
    let file = match format {
        Format::Csv | Format::Xlsx => BatchFile::Table { format, bytes, facility },
        Format::Json | Format::Ndjson => BatchFile::Records { format, bytes, read: read_notice },
    };
    let idempotency_key = key.given().map(str::to_owned);
    let language = arrival.language();
    let batch = Batch { file, purpose, idempotency_key, dry_run, language };
    let told = stays.batch(&caller, batch, room).await;
    let told = match told {
        Ok(told) => told,
        Err(BatchError::Stays(error)) => return Err(error::problem(error, &arrival).await),
        Err(error) => return Err(refusal(error)),
    };
    release::negative(&arrival).await;
    let response = BatchResponse::of(&told, format);
    Ok(citizens::answer(&response, &told.standing))
}

/// Why nothing of a file was taken.
fn refusal(error: BatchError) -> Problem {
    let mut faults = Faults::default();
    match error {
        BatchError::Purpose(faults) => return Problem::invalid(faults),
        BatchError::Stays(_) | BatchError::Unwritable => return Problem::internal(&error),
        BatchError::File(fault) => faults.push("", fault.code(), fault.text()),
        BatchError::Header(found) => {
            for fault in found {
                let column = fault.column.map(|column| match column.header {
                    Some(header) if column.letter.is_empty() => header.to_owned(),
                    _ => column.letter,
                });
                let column = column.map(|column| format!("/columns/{column}")).unwrap_or_default();
                faults.push(format!("/rows/{}{column}", fault.row), fault.code, fault.text);
            }
        }
    }
    Problem::new(ProblemKind::UnreadableFile).with_faults(faults)
}
