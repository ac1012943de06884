//! `GET /`.

use actix_web::HttpResponse;
use actix_web::web::Data;
use askama::Template;

use super::Console;
use crate::app::PagesConfig;
use crate::http::page::Page;
use crate::http::{Contact, Problem};
use crate::telemetry::Health;

#[derive(Template)]
#[template(path = "console/pages/landing.html")]
struct Landing<'a> {
    page: Page,
    pages: &'a PagesConfig,
    contact: &'a Contact,
    ready: bool,
    version: &'static str,
}

/// What runs here, what of it is for whoever reads this, how it is, whom to ask.
pub(super) async fn landing(page: Page, console: Data<Console>, health: Data<Health>) -> Result<HttpResponse, Problem> {
    let ready = health.readiness().ready;
    let contact = &console.contact;
    let view = Landing { page, pages: &console.pages, contact, ready, version: env!("CARGO_PKG_VERSION") };
    view.page.show(&view)
}
