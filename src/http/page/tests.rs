use actix_web::body::to_bytes;
use actix_web::http::header;
use actix_web::test::TestRequest;
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest};

use super::*;
use crate::http::ProblemKind;
use crate::http::context::{Head, RequestId};
use crate::http::language::language_of;
use crate::telemetry::metrics::Gauge;

fn request(uri: &str) -> HttpRequest {
    let request = TestRequest::with_uri(uri).app_data(Data::new(Site { demo: true, wallet: true })).to_http_request();
    let head = Head {
        at: std::time::Instant::now(),
        request_id: RequestId::parse("abcdefgh-1").unwrap(),
        language: language_of(request.head()),
        negative_delay: std::time::Duration::ZERO,
        secure: true,
        wants_page: true,
        contact: None,
    };
    let arrival = Arrival::new(head, Gauge::default(), None);
    request.extensions_mut().insert(arrival);
    request
}

fn notice(page: Page) -> Notice {
    Notice {
        page,
        tone: Tone::Plain,
        title: "<b>&\"'".to_owned(),
        paragraphs: vec!["một".to_owned()],
        next: None,
        reference: None,
    }
}

async fn text(response: HttpResponse) -> String {
    String::from_utf8(to_bytes(response.into_body()).await.unwrap_or_default().to_vec()).unwrap()
}

#[actix_web::test]
async fn a_page_is_whole_in_its_language_and_lets_nothing_foreign_in() {
    let view = notice(Page::of(&request("/me?page=2")));
    let response = view.page.show(&view).unwrap();
    let field = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let policy = field("content-security-policy");
    for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{policy}");
    assert_eq!(field("cache-control"), "no-store");
    assert_eq!(field("content-language"), "vi");
    assert_eq!(field("referrer-policy"), "same-origin");
    assert_eq!(field("set-cookie"), "");
    let html = text(response).await;
    assert!(html.contains("<html lang=\"vi\">") && html.contains("Bản thử"), "{html}");
    assert!(html.contains("href=\"/me?page=2&#38;lang=en\""), "{html}");
    assert!(!html.contains("<b>") && !html.contains(" style=") && !html.contains(" onclick="), "{html}");
    assert!(html.contains(&STYLE.to_string()) && !html.contains("http-equiv"), "{html}");
}

#[actix_web::test]
async fn a_choice_of_language_is_kept() {
    let view = notice(Page::of(&request("/?lang=en")).refreshing(3, "/next"));
    let response = view.page.show_as(StatusCode::FORBIDDEN, &view).unwrap();
    assert_eq!(response.status(), 403);
    let cookie = response.headers().get(header::SET_COOKIE).unwrap().to_str().unwrap().to_owned();
    assert_eq!(cookie, "dancu_lang=en; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=31536000");
    let html = text(response).await;
    assert!(html.contains("<html lang=\"en\">") && html.contains("href=\"/?lang=vi\""), "{html}");
    assert!(html.contains("<noscript><meta http-equiv=\"refresh\" content=\"3;url=/next\"></noscript>"), "{html}");
}

#[actix_web::test]
async fn a_problem_keeps_its_status_and_headers_on_a_page() {
    for kind in ProblemKind::ALL {
        let problem = Problem::new(*kind);
        let (request, details) = (request("/x"), problem.render(Language::Vi, None, None));
        let expected: Vec<_> =
            [header::RETRY_AFTER, header::WWW_AUTHENTICATE].map(|name| details.headers().get(name).cloned()).into();
        let response = of_problem(&request, &problem, None, details);
        assert_eq!(response.status(), kind.status());
        let given: Vec<_> =
            [header::RETRY_AFTER, header::WWW_AUTHENTICATE].map(|name| response.headers().get(name).cloned()).into();
        assert_eq!(given, expected, "{}", kind.slug());
        assert_eq!(response.headers().get(header::CONTENT_TYPE).unwrap(), "text/html; charset=utf-8");
        let html = text(response).await;
        assert!(html.contains(kind.title().vi) && html.contains("abcdefgh-1"), "{html}");
    }
}

#[test]
fn an_asset_is_named_by_its_contents() {
    static ONE: Asset = Asset::css("a.css", b"a");
    static OTHER: Asset = Asset::css("a.css", b"b");
    assert_ne!(ONE.to_string(), OTHER.to_string());
    let path = STYLE.to_string();
    assert!(path.starts_with("/assets/") && path.ends_with("/dancu.css"), "{path}");
    assert!(!path.bytes().any(|byte| byte.is_ascii_digit()), "{path}");
}
