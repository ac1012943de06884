//! The pages of a sign-in: what is asked, and what went wrong where nobody can be sent back.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::protocol::PopulationData;
use super::service::OidcError;
use crate::clients::labels;
use crate::eid::MatchNumber;
use crate::http::Problem;
use crate::http::page::{ApprovalScreen, ApprovalState, Asked, Begun, Link, Notice, Page, PageFailure, Tone};
use crate::kernel::{AttributeSet, Text};
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
    pub const fn text(&self) -> Text {
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
#[derive(Debug)]
pub enum Failure {
    Malformed,
    UnknownClient,
    ClientStopped,
    RedirectUri,
    Over,
    TooManyBrowsers,
    TooMany,
    ForeignOrigin,
    LogoutHint,
    /// Why is for the log.
    Unavailable(PageFailure),
}

impl Failure {
    pub fn unavailable(cause: &(dyn std::error::Error + 'static)) -> Self {
        Self::Unavailable(PageFailure::because(cause))
    }
}

impl From<OidcError> for Failure {
    fn from(error: OidcError) -> Self {
        match error {
            OidcError::Over | OidcError::Refused(_) => Self::Over,
            OidcError::TooManyBrowsers => Self::TooManyBrowsers,
            error @ (OidcError::OverQuota | OidcError::Storage(_) | OidcError::Audit(_)) => Self::unavailable(&error),
        }
    }
}

impl Failure {
    const fn status(&self) -> StatusCode {
        match self {
            Self::ForeignOrigin | Self::ClientStopped => StatusCode::FORBIDDEN,
            Self::TooManyBrowsers | Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// What happened, and what helps.
    pub const fn text(&self) -> Text {
        match self {
            Self::Malformed => Text::new(
                "Liên kết đăng nhập bị hỏng. Hãy quay lại cổng và thử lại.",
                "The link is damaged. Go back and try again.",
            ),
            Self::UnknownClient => Text::new(
                "Không rõ cổng nào gửi bạn đến đây. Đừng nhập thông tin gì.",
                "It is not known which site sent you here. Enter nothing.",
            ),
            Self::ClientStopped => Text::new(
                "Cổng này đang bị cơ quan quản lý dữ liệu dân cư dừng lại, không đăng nhập được. Đừng nhập thông tin gì vào cổng đó.",
                "The keepers of the population data have stopped this site: nobody can sign in to it. Enter nothing there.",
            ),
            Self::RedirectUri => Text::new(
                "Địa chỉ quay lại không được đăng ký. Hãy báo cho cổng đã gửi bạn đến.",
                "The address to return to is not registered. Tell the site that sent you.",
            ),
            Self::Over => Text::new(
                "Yêu cầu này đã hết hạn hoặc đã dùng. Hãy quay lại cổng và đăng nhập lại.",
                "This request is over or was used. Go back and sign in again.",
            ),
            Self::TooMany => Text::new(
                "Đã có quá nhiều yêu cầu trong thời gian ngắn. Hãy đợi một phút rồi thử lại.",
                "There were too many requests in a short time. Wait a minute and try again.",
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
            Self::Unavailable(_) => Text::new(
                "Hệ thống tạm thời không phục vụ được. Hãy thử lại sau ít phút.",
                "The service is away for a moment. Try again in a few minutes.",
            ),
        }
    }
}

/// The sign-in page. Without scripts it comes again by itself.
pub fn ask(frame: &Page, shown: &AuthorizePage) -> HttpResponse {
    let say = |text: Text| frame.tell(&text).to_owned();
    let symbol = match Symbol::of_text(&shown.scan) {
        Ok(symbol) => symbol,
        Err(error) => return failure(frame, Failure::unavailable(&error)),
    };
    let details = shown.details.as_ref();
    let reasons = details.map(|details| {
        [labels::procedure_label(&details.procedure), labels::legal_basis_label(&details.legal_basis)]
            .into_iter()
            .zip([details.procedure.to_string(), details.legal_basis.to_string()])
            .map(|(known, code)| known.map_or(code, say))
            .collect()
    });
    let asked = Asked {
        asker: shown.client_name.clone(),
        attributes: shown.attributes.iter().map(|attribute| say(labels::attribute_label(attribute))).collect(),
        reasons: reasons.unwrap_or_default(),
        message: None,
        consent: details.map(|details| {
            format!(
                "{} {}",
                details.period_days,
                frame.say("ngày, rút lại được bất cứ lúc nào", "days; you can withdraw it at any time")
            )
        }),
    };
    let begun = Begun {
        qr: symbol.to_svg(),
        scan: shown.scan.clone(),
        digits: shown.digits.to_string(),
        left: shown.left,
        here: shown.here.clone(),
        poll: shown.poll.clone(),
        address: shown.address.clone(),
        cancel: shown.cancel.clone(),
        addressed: shown.named,
        fault: shown.fault.map(|fault| say(fault.text())),
    };
    let view =
        ApprovalScreen { asked, state: ApprovalState::Pending, begun: Some(begun), next: None, page: frame.clone() }
            .refreshing();
    answered(view.page.show(&view))
}

/// The citizen turned back: the page goes on to the client by itself.
pub fn turned_back(frame: &Page, url: &str) -> HttpResponse {
    let text = Text::new("Không có dữ liệu nào được chia sẻ.", "Nothing was shared.");
    let on = Text::new("Quay lại cổng", "Back to the site");
    let notice = Notice {
        page: frame.clone().going_on(url),
        tone: Tone::Plain,
        title: frame.say("Bạn đã dừng đăng nhập", "You did not sign in").to_owned(),
        paragraphs: vec![frame.tell(&text).to_owned()],
        next: Some(Link { to: url.to_owned(), text: frame.tell(&on).to_owned() }),
        reference: None,
    };
    answered(notice.page.show(&notice))
}

pub fn logged_out(frame: &Page) -> HttpResponse {
    let text = Text::new(
        "Cổng đó không còn nhận dữ liệu của bạn qua lần đăng nhập này.",
        "That site gets nothing more of you by this sign-in.",
    );
    let notice = Notice {
        page: frame.clone(),
        tone: Tone::Success,
        title: frame.say("Bạn đã đăng xuất", "You are signed out").to_owned(),
        paragraphs: vec![frame.tell(&text).to_owned()],
        next: None,
        reference: None,
    };
    answered(notice.page.show(&notice))
}

/// The page for where nobody can be sent back.
pub fn failure(frame: &Page, failure: Failure) -> HttpResponse {
    let notice = Notice {
        page: frame.clone(),
        tone: Tone::Warning,
        title: frame.say("Không đăng nhập được", "The sign-in does not go on").to_owned(),
        paragraphs: vec![frame.tell(&failure.text()).to_owned()],
        next: None,
        reference: frame.reference(),
    };
    let mut response = answered(notice.page.show_as(failure.status(), &notice));
    if let Failure::Unavailable(why) = failure {
        response.extensions_mut().insert(why);
    }
    response
}

/// A page that cannot be made is a fault of its own template.
fn answered(shown: Result<HttpResponse, Problem>) -> HttpResponse {
    shown.unwrap_or_else(HttpResponse::from_error)
}
