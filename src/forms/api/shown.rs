//! `GET /v1/forms` and `GET /v1/forms/{code}`

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Data, Path};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::forms::model::{Form, FormCode, FormLabel, Origin};
use crate::forms::service::Forms;
use crate::http::problem::ProblemBody;
use crate::http::{Problem, ProblemKind};
use crate::kernel::ProcedureCode;

/// An operator's change is seen within a minute by whoever keeps an answer.
const FOR_A_MINUTE: &str = "public, max-age=60";

/// One form.
#[derive(Serialize, ToSchema)]
struct ListedForm<'a> {
    #[schema(example = "ct01")]
    code: &'a str,
    title: &'a FormLabel,
    /// The procedures it belongs to; empty: every procedure.
    #[schema(value_type = Vec<String>)]
    procedures: Vec<&'a ProcedureCode>,
    origin: Origin,
}

#[derive(Serialize, ToSchema)]
pub struct FormsResponse<'a> {
    forms: Vec<ListedForm<'a>>,
}

/// A form's definition.
#[derive(Serialize, ToSchema)]
pub struct FormResponse<'a> {
    #[serde(flatten)]
    form: ListedForm<'a>,
    /// JSON Schema 2020-12 of the form's values.
    #[schema(value_type = Object)]
    schema: &'a Value,
    /// In the order of the form: where each field stands in the values, its label, where it is
    /// filled from.
    #[schema(value_type = Vec<Object>)]
    fields: &'a Value,
}

fn listed(form: &Form) -> ListedForm<'_> {
    ListedForm {
        code: form.code.as_str(),
        title: &form.title,
        procedures: form.procedures.iter().collect(),
        origin: form.origin,
    }
}

/// Lists the forms
#[utoipa::path(
    get,
    path = "/v1/forms",
    tag = "forms",
    responses((status = 200, description = "Every form, by code", body = FormsResponse<'_>))
)]
pub async fn list(forms: Data<Forms>) -> HttpResponse {
    let all = forms.all();
    let body = FormsResponse { forms: all.iter().map(|form| listed(form)).collect() };
    HttpResponse::Ok().insert_header((CACHE_CONTROL, FOR_A_MINUTE)).json(body)
}

/// Shows a form
///
/// Its schema, its fields with labels in both languages, and where each is filled from.
#[utoipa::path(
    get,
    path = "/v1/forms/{code}",
    tag = "forms",
    params(("code" = String, Path, description = "The form's code")),
    responses(
        (status = 200, description = "The definition", body = FormResponse<'_>),
        (status = 404, description = "No such form", body = ProblemBody<'_>),
    )
)]
pub async fn form(forms: Data<Forms>, code: Path<String>) -> Result<HttpResponse, Problem> {
    let form = FormCode::parse(&code).and_then(|code| forms.find(&code)).ok_or(ProblemKind::NotFound)?;
    let body = FormResponse { form: listed(&form), schema: &form.schema, fields: &form.mapping };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, FOR_A_MINUTE)).json(body))
}
