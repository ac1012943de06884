//! Pages for people: the frame around every page, its language, its assets and its policy.
//!
//! A slice's template lies beside its code (`src/<slice>/pages/*.html`), extends
//! `http/page/layout.html` and is filled from a struct with a member `page: Page`. Both languages
//! stand side by side in the template: `{{ page.say("Tiếp tục", "Continue") }}`. Nothing is inline:
//! scripts and styles are [`Asset`]s, and data for a script stands in `data-` attributes.

mod approval;
mod asset;
mod failure;
mod notice;
mod policy;
mod problem;
mod site;
#[cfg(test)]
mod tests;

use std::future::{Ready, ready};

use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode, header};
use actix_web::web::{Data, ServiceConfig};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use askama::Template;

pub use approval::{ApprovalScreen, ApprovalState, Asked, Begun, PolledState};
pub use asset::Asset;
pub use failure::PageFailure;
pub use notice::{Link, Notice, Tone};
pub(super) use problem::of_problem;
pub use site::Site;

use super::context::{Arrival, RequestId};
use super::language::{self, chosen, tag};
use super::problem::Problem;
use crate::kernel::{CivilDate, Instant, Language, Text};

/// The one stylesheet.
static STYLE: Asset = Asset::css("dancu.css", include_bytes!("style.css"));
/// The mark in the browser's tab.
static ICON: Asset = Asset::svg("dancu.svg", include_bytes!("icon.svg"));

/// What every page needs.
pub fn routes(config: &mut ServiceConfig) {
    STYLE.route(config);
    ICON.route(config);
    approval::SCRIPT.route(config);
}

/// What the frame of a page is filled with. Handlers take it as an argument.
#[derive(Debug, Clone)]
pub struct Page {
    language: Language,
    /// This page in the other language, unless it answers something that cannot be asked again.
    switch: Option<String>,
    /// Whether the URL made a choice of language, which is then kept.
    choice: bool,
    secure: bool,
    demo: bool,
    /// Whether the e-ID app is served as a page, too.
    wallet: bool,
    /// Reload (or go there) after so many seconds, where no script runs.
    refresh: Option<(u32, String)>,
    /// Go there at once.
    onward: Option<String>,
    /// Whether its script may ask for the camera.
    camera: bool,
    reference: Option<RequestId>,
}

impl Page {
    /// The frame for the answer to `request`.
    pub fn of(request: &HttpRequest) -> Self {
        let arrival = Arrival::of(request);
        let language = arrival.as_ref().map(Arrival::language).unwrap_or_default();
        let site = request.app_data::<Data<Site>>();
        Self {
            language,
            switch: (request.method() == Method::GET).then(|| switch(request, language)),
            choice: chosen(request.uri().query()).is_some(),
            secure: arrival.as_ref().is_some_and(Arrival::is_secure),
            demo: site.is_some_and(|site| site.demo),
            wallet: site.is_some_and(|site| site.wallet),
            refresh: None,
            onward: None,
            camera: false,
            reference: arrival.map(|arrival| arrival.request_id()),
        }
    }

    /// Comes again after `seconds`, where no script runs. `to` is a path of this service.
    pub fn refreshing(self, seconds: u32, to: impl Into<String>) -> Self {
        Self { refresh: Some((seconds, to.into())), ..self }
    }

    /// Goes on to `to` by itself, scripts or not.
    pub fn going_on(self, to: &str) -> Self {
        Self { onward: Some(to.to_owned()), ..self }
    }

    /// Its script may ask for the camera.
    pub fn with_camera(self) -> Self {
        Self { camera: true, ..self }
    }

    /// What to quote when asking about this answer.
    pub fn reference(&self) -> Option<String> {
        self.reference.map(|id| id.to_string())
    }

    pub const fn language(&self) -> Language {
        self.language
    }

    pub fn is_vietnamese(&self) -> bool {
        self.language == Language::Vi
    }

    /// Whether everybody in this installation is invented.
    pub const fn is_demo(&self) -> bool {
        self.demo
    }

    /// The sentence in the page's language.
    pub fn say<'a>(&self, vi: &'a str, en: &'a str) -> &'a str {
        if self.is_vietnamese() { vi } else { en }
    }

    /// A date as it is written in the page's language: `26/11/2026`, `26 November 2026`.
    pub fn date(&self, date: CivilDate) -> String {
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let (day, month, year) = (date.day(), date.month(), date.year());
        if self.is_vietnamese() {
            return format!("{day:02}/{month:02}/{year}");
        }
        let name = usize::try_from(month).ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
        format!("{day} {} {year}", name.unwrap_or(&""))
    }

    /// An instant in Viet Nam's time, the day and the minute.
    pub fn time(&self, at: Instant) -> String {
        let (hour, minute) = at.hour_and_minute_in_viet_nam();
        format!("{}, {hour:02}:{minute:02}", self.date(at.date_in_viet_nam()))
    }

    pub const fn tell(&self, text: &Text) -> &'static str {
        text.in_language(self.language)
    }

    /// The answer: `view` (which holds this page) as HTML.
    ///
    /// # Errors
    /// If the template fails, which is a fault of its own code.
    pub fn show(&self, view: &impl Template) -> Result<HttpResponse, Problem> {
        self.show_as(StatusCode::OK, view)
    }

    /// The same with another status.
    ///
    /// # Errors
    /// If the template fails.
    pub fn show_as(&self, status: StatusCode, view: &impl Template) -> Result<HttpResponse, Problem> {
        let html = view.render().map_err(|fault| Problem::internal(&fault))?;
        let mut response = HttpResponse::build(status);
        response.content_type("text/html; charset=utf-8");
        response.insert_header((header::CONTENT_LANGUAGE, self.tag()));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        policy::apply(&mut response, self.camera);
        if self.choice {
            let mut kept = Cookie::new(language::COOKIE, self.tag());
            kept.set_path("/");
            kept.set_secure(self.secure);
            kept.set_http_only(true);
            kept.set_same_site(SameSite::Lax);
            kept.set_max_age(time::Duration::days(365));
            response.cookie(kept);
        }
        Ok(response.body(html))
    }

    /// This page in the other language, if it can be asked again.
    pub(crate) fn other_language(&self) -> Option<&str> {
        self.switch.as_deref()
    }

    pub(crate) const fn reload(&self) -> Option<&(u32, String)> {
        self.refresh.as_ref()
    }

    pub(crate) fn onward(&self) -> Option<&str> {
        self.onward.as_deref()
    }

    /// Where the e-ID app runs in a browser, if it does.
    pub(crate) fn wallet(&self) -> Option<&'static str> {
        self.wallet.then_some("/wallet")
    }

    pub(crate) const fn tag(&self) -> &'static str {
        tag(self.language)
    }

    pub(crate) fn style(&self) -> &'static Asset {
        &STYLE
    }

    pub(crate) fn icon(&self) -> &'static Asset {
        &ICON
    }
}

impl FromRequest for Page {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

/// The request's own path and query, with the other language chosen. No personal data is ever in a
/// URL of this service, so none is repeated here.
fn switch(request: &HttpRequest, language: Language) -> String {
    let other = match language {
        Language::Vi => Language::En,
        Language::En => Language::Vi,
    };
    let kept = request.query_string().split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !pair.is_empty() && name != language::PARAMETER
    });
    let choice = format!("{}={}", language::PARAMETER, tag(other));
    let query: Vec<&str> = kept.chain(std::iter::once(choice.as_str())).collect();
    // A path of two slashes would lead to another host.
    format!("/{}?{}", request.path().trim_start_matches(['/', '\\']), query.join("&"))
}
