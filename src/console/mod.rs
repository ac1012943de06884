//! The landing page: what runs here, for whom, and whom to ask.

mod pages;

use actix_web::web::{self, ServiceConfig};
use utoipa::openapi::OpenApi;

use crate::app::{App, PagesConfig};
use crate::clients::Contact;
use crate::http::Routes;
use crate::http::page::Site;

/// What the landing page tells.
struct Console {
    contact: Contact,
    pages: PagesConfig,
}

/// The routes of all slices and, around them, what every page needs.
pub fn routes(app: &App) -> Routes {
    let pages = app.pages;
    let routes = app.routes().with(Site { demo: pages.demo }, |_| {}, OpenApi::default());
    if !pages.landing {
        return routes;
    }
    let console = Console { contact: app.contact.clone(), pages };
    routes.with(console, landing, OpenApi::default())
}

fn landing(config: &mut ServiceConfig) {
    config.service(web::resource("/").get(pages::landing));
}
