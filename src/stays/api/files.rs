//! `GET /v1/stays/template.csv` and `GET /v1/stays/template.xlsx`

use actix_web::HttpResponse;

use super::answers::file;
use crate::http::Problem;
use crate::stays::formats::{self, Format};

const NAME: &str = "khach";

/// Gives an empty file of guests as CSV
///
/// The columns of the existing portal and one for the facility, their headers in Vietnamese; no rows.
#[utoipa::path(
    get,
    path = "/v1/stays/template.csv",
    tag = "stays",
    responses((status = 200, description = "The headers", body = String, content_type = "text/csv")),
)]
pub async fn template_csv() -> HttpResponse {
    file(Format::Csv, NAME, formats::template_csv())
}

/// Gives an empty workbook of guests
///
/// As the CSV, with lists to choose from, every column formatted as text, and a sheet that explains
/// the columns in both languages.
#[utoipa::path(
    get,
    path = "/v1/stays/template.xlsx",
    tag = "stays",
    responses((status = 200, description = "The workbook", body = Vec<u8>,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")),
)]
pub async fn template_xlsx() -> Result<HttpResponse, Problem> {
    let bytes = formats::template_xlsx().map_err(|error| Problem::internal(&error))?;
    Ok(file(Format::Xlsx, NAME, bytes))
}
