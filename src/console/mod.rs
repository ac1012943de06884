//! The landing page: what runs here, for whom, and whom to ask.

mod pages;

use actix_web::web::{self, ServiceConfig};

use crate::app::{App, PagesConfig};
use crate::http::page::Site;
use crate::http::{Contact, Routes};

/// What the landing page tells.
struct Console {
    contact: Contact,
    pages: PagesConfig,
}

/// The routes of all slices and, around them, what every page needs.
pub fn routes(app: &App) -> Routes {
    let pages = app.pages.clone();
    let routes = app.routes().with_pages(Site { demo: pages.demo, wallet: pages.wallet }, |_| {});
    if !pages.landing {
        return routes;
    }
    let console = Console { contact: app.contact.clone(), pages };
    routes.with_pages(console, landing)
}

fn landing(config: &mut ServiceConfig) {
    config.service(web::resource("/").get(pages::landing));
}
