//! Problems as pages, for those who meet one in a browser.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use super::{Link, Notice, Page, Tone};
use crate::http::Contact;
use crate::http::problem::{Problem, ProblemKind};
use crate::kernel::Text;

/// The problem as a page, with the status and headers of `details`; `details` itself if the page
/// cannot be made.
pub fn of_problem(
    request: &HttpRequest,
    problem: &Problem,
    contact: Option<&Contact>,
    details: HttpResponse,
) -> HttpResponse {
    let page = Page::of(request);
    let kind = problem.kind();
    let notice = Notice {
        tone: if kind.status().is_server_error() { Tone::Warning } else { Tone::Plain },
        title: page.tell(&kind.title()).to_owned(),
        paragraphs: std::iter::once(page.tell(&advice(kind)).to_owned())
            .chain(contact.filter(|_| kind.is_stop()).map(Contact::to_string))
            .collect(),
        next: Some(Link { to: "/".to_owned(), text: page.say("Về trang đầu", "Go to the start page").to_owned() }),
        reference: page.reference(),
        page,
    };
    let Ok(mut response) = notice.page.show_as(kind.status(), &notice) else { return details };
    for (name, value) in details.headers() {
        if ![header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_LANGUAGE].contains(name) {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    response
}

/// What a person can do about it.
fn advice(kind: ProblemKind) -> Text {
    match kind {
        ProblemKind::NotFound => Text::new(
            "Địa chỉ này không có trang nào. Hãy kiểm tra lại đường dẫn, hoặc bắt đầu từ trang đầu.",
            "There is no page at this address. Check the link, or begin at the start page.",
        ),
        ProblemKind::Unauthorised | ProblemKind::TokenInvalid | ProblemKind::TokenExpired => Text::new(
            "Phiên làm việc chưa mở hoặc đã kết thúc. Hãy đăng nhập rồi thử lại.",
            "You are not signed in, or your session has ended. Sign in and try again.",
        ),
        kind if kind.is_stop() => Text::new(
            "Cơ quan quản lý dữ liệu dân cư đã dừng quyền này và sẽ mở lại khi mọi việc rõ ràng. Hãy liên hệ:",
            "The keepers of the population data have stopped this until matters are clear. Please call:",
        ),
        ProblemKind::RateLimited | ProblemKind::OverQuota | ProblemKind::TooManyFailedAnchors => Text::new(
            "Đã có quá nhiều yêu cầu trong thời gian ngắn. Hãy đợi một lát rồi thử lại.",
            "There were too many requests in a short time. Wait a moment and try again.",
        ),
        kind if kind.status().is_server_error() => Text::new(
            "Yêu cầu chưa thực hiện được, lỗi không do bạn. Hãy thử lại sau ít phút; nếu vẫn gặp lỗi, báo mã yêu cầu dưới đây.",
            "This could not be done, and it is not your fault. Try again in a few minutes; if it goes on, report the reference below.",
        ),
        _ => Text::new(
            "Yêu cầu không thực hiện được như đã gửi. Hãy quay lại trang trước và kiểm tra lại.",
            "The request cannot be done as it was sent. Go back and check it.",
        ),
    }
}
