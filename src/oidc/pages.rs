//! The pages of a sign-in: what is asked, and what went wrong where nobody can be sent back.

use std::fmt::Write;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::protocol::PopulationData;
use super::service::OidcError;
use crate::clients::attribute_label;
use crate::eid::MatchNumber;
use crate::http::Arrival;
use crate::kernel::{AttributeSet, Language, Text};
use crate::qr::image::Symbol;

/// What the sign-in page shows.
#[derive(Debug)]
pub struct AuthorizePage {
    pub client_name: String,
    /// What the client would learn.
    pub attributes: AttributeSet,
    /// The consent that is asked for.
    pub details: Option<PopulationData>,
    /// The text of the QR that the app scans.
    pub scan: String,
    pub digits: MatchNumber,
    /// Whether a number was typed in, or came with the request.
    pub named: bool,
    /// Until the request is over.
    pub left: Duration,
    /// What was wrong with the number that was typed in.
    pub fault: Option<NumberFault>,
    /// This page.
    pub here: String,
    /// `GET`: `{"state": "pending"}`, as soon as it is something else, or after some seconds.
    pub poll: String,
    /// `POST` with `id_number`.
    pub address: String,
    /// `POST`.
    pub cancel: String,
}

/// Why a number was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberFault {
    Malformed,
    TooMany,
}

impl NumberFault {
    pub const fn text(self) -> Text {
        match self {
            Self::Malformed => Text::new(
                "Số định danh cá nhân có đúng 12 chữ số.",
                "A personal identification number has exactly 12 digits.",
            ),
            Self::TooMany => Text::new(
                "Đã thử quá nhiều số. Hãy quét mã QR, hoặc quay lại và bắt đầu lại.",
                "Too many numbers were tried. Scan the QR code, or go back and begin again.",
            ),
        }
    }
}

/// What went wrong where the citizen cannot be sent back safely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    Malformed,
    UnknownClient,
    RedirectUri,
    Over,
    TooManyBrowsers,
    ForeignOrigin,
    LogoutHint,
    Unavailable,
}

impl From<OidcError> for Failure {
    fn from(error: OidcError) -> Self {
        match error {
            OidcError::Over | OidcError::Refused(_) => Self::Over,
            OidcError::TooManyBrowsers => Self::TooManyBrowsers,
            OidcError::OverQuota => Self::Unavailable,
            OidcError::Storage(error) => {
                tracing::error!(%error, "a sign-in met a fault of the store");
                Self::Unavailable
            }
            OidcError::Audit(error) => {
                tracing::error!(%error, "a sign-in cannot be recorded");
                Self::Unavailable
            }
        }
    }
}

impl Failure {
    const fn status(self) -> StatusCode {
        match self {
            Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::TooManyBrowsers => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// What happened, and what helps.
    pub const fn text(self) -> Text {
        match self {
            Self::Malformed => Text::new(
                "Liên kết đăng nhập bị hỏng. Hãy quay lại cổng và thử lại.",
                "The link is damaged. Go back and try again.",
            ),
            Self::UnknownClient => Text::new(
                "Không rõ cổng nào gửi bạn đến đây. Đừng nhập thông tin gì.",
                "It is not known which site sent you here. Enter nothing.",
            ),
            Self::RedirectUri => Text::new(
                "Địa chỉ quay lại không được đăng ký. Hãy báo cho cổng đã gửi bạn đến.",
                "The address to return to is not registered. Tell the site that sent you.",
            ),
            Self::Over => Text::new(
                "Yêu cầu này đã hết hạn hoặc đã dùng. Hãy quay lại cổng và đăng nhập lại.",
                "This request is over or was used. Go back and sign in again.",
            ),
            Self::TooManyBrowsers => Text::new(
                "Yêu cầu này đã mở ở quá nhiều trình duyệt. Hãy quay lại cổng và đăng nhập lại.",
                "Too many browsers have opened this request. Go back and sign in again.",
            ),
            Self::ForeignOrigin => Text::new(
                "Yêu cầu đến từ một trang khác và không được nhận.",
                "The request comes from another site and is not taken.",
            ),
            Self::LogoutHint => Text::new(
                "Không rõ cần đăng xuất khỏi đâu. Phiên của bạn tự hết hạn.",
                "It is not known what to sign out of. Your approval ends by itself.",
            ),
            Self::Unavailable => Text::new(
                "Hệ thống tạm thời không phục vụ được. Hãy thử lại sau ít phút.",
                "The service is away for a moment. Try again in a few minutes.",
            ),
        }
    }
}

/// The sign-in page. Without scripts it comes again by itself.
pub fn ask(arrival: &Arrival, page: &AuthorizePage) -> HttpResponse {
    let say = |text: Text| text.in_language(arrival.language());
    let qr = Symbol::of_text(&page.scan).map(|symbol| symbol.to_svg()).unwrap_or_default();
    let mut main = String::new();
    let name = escaped(&page.client_name);
    let lead = say(Text::new("đề nghị bạn xác nhận danh tính.", "asks you to confirm who you are."));
    let _ = write!(main, "<p><strong>{name}</strong> {lead}</p>");
    if let Some(fault) = page.fault {
        let _ = write!(main, r#"<p role="alert">{}</p>"#, say(fault.text()));
    }
    let scan = say(Text::new("Quét mã này bằng ứng dụng định danh điện tử.", "Scan this code with your e-ID app."));
    let type_in = say(Text::new("Nhập hai chữ số này vào ứng dụng:", "Type these two digits into the app:"));
    let _ = write!(main, r#"<p>{scan}</p><figure>{qr}</figure><p>{type_in} <b data-digits>{}</b></p>"#, page.digits);
    let learns = say(Text::new("Bên này sẽ được biết", "They will learn"));
    let _ = write!(main, "<h2>{learns}</h2><ul>");
    for attribute in page.attributes.iter() {
        let _ = write!(main, "<li>{}</li>", say(attribute_label(attribute)));
    }
    main.push_str("</ul>");
    if let Some(details) = &page.details {
        let why = say(Text::new("Thủ tục, căn cứ, số ngày", "Procedure, legal basis, days"));
        let _ = write!(main, "<p>{why}: {} · {} · {}</p>", details.procedure, details.legal_basis, details.period_days);
    }
    if !page.named {
        let label = say(Text::new("Hoặc nhập số định danh cá nhân", "Or enter your personal number"));
        let send = say(Text::new("Gửi đến ứng dụng", "Send to my app"));
        let _ = write!(
            main,
            r#"<form method="post" action="{}"><label>{label} <input name="id_number" inputmode="numeric" autocomplete="off" maxlength="20" required></label><button>{send}</button></form>"#,
            escaped(&page.address)
        );
    }
    let back = say(Text::new("Không đăng nhập nữa", "Do not sign in"));
    let _ = write!(main, r#"<form method="post" action="{}"><button>{back}</button></form>"#, escaped(&page.cancel));
    let seconds = if page.named { 4 } else { 20 };
    let title = Text::new("Đăng nhập bằng định danh điện tử", "Sign in with e-ID");
    document(arrival, StatusCode::OK, (title, &main), Some((seconds, &page.here)))
}

/// The citizen turned back: the page goes on to the client by itself.
pub fn turned_back(arrival: &Arrival, url: &str) -> HttpResponse {
    let title = Text::new("Bạn đã dừng đăng nhập", "You did not sign in");
    let on = Text::new("Quay lại cổng", "Back to the site").in_language(arrival.language());
    let main = format!(r#"<p><a href="{}">{on}</a></p>"#, escaped(url));
    document(arrival, StatusCode::OK, (title, &main), Some((0, url)))
}

pub fn logged_out(arrival: &Arrival) -> HttpResponse {
    let title = Text::new("Bạn đã đăng xuất", "You are signed out");
    document(arrival, StatusCode::OK, (title, ""), None)
}

/// The page for where nobody can be sent back.
pub fn failure(arrival: &Arrival, failure: Failure) -> HttpResponse {
    let title = Text::new("Không đăng nhập được", "The sign-in does not go on");
    let text = failure.text().in_language(arrival.language());
    let main = format!("<p>{text}</p><p>{}</p>", arrival.request_id());
    document(arrival, failure.status(), (title, &main), None)
}

fn document(
    arrival: &Arrival,
    status: StatusCode,
    (title, main): (Text, &str),
    refresh: Option<(u32, &str)>,
) -> HttpResponse {
    let language = arrival.language();
    let code = match language {
        Language::Vi => "vi",
        Language::En => "en",
    };
    let refresh = refresh
        .map(|(seconds, url)| format!(r#"<meta http-equiv="refresh" content="{seconds}; url={}">"#, escaped(url)));
    let (title, refresh) = (title.in_language(language), refresh.unwrap_or_default());
    let html = format!(
        r#"<!doctype html><html lang="{code}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>{refresh}</head><body><main><h1>{title}</h1>{main}</main></body></html>"#
    );
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((
            "Content-Security-Policy",
            "default-src 'none'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ))
        .insert_header(("Referrer-Policy", "same-origin"))
        .body(html)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
