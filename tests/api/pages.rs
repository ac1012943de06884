//! Pages as HTTP has them: what a browser test does not see.

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};

use crate::support::{Installation, for_each_backend};

fn browser() -> Client {
    Client::builder().redirect(Policy::none()).build().expect("a client")
}

fn field<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

async fn sent(request: RequestBuilder) -> Response {
    request.header("accept", "text/html").send().await.expect("an answer")
}

fn form(request: RequestBuilder, body: &'static str) -> RequestBuilder {
    request.header("content-type", "application/x-www-form-urlencoded").body(body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_is_tied_to_the_browser_that_began_it() {
    for_each_backend(async |backend| {
        let (site, web) = (Installation::start(&backend).await, browser());
        let at = |path: &str| format!("{}{path}", site.url);
        for elsewhere in
            ["/signin?to=/nowhere", "/signin?to=https://example.vn", "/signin?to=//example.vn", "/signin?to=/"]
        {
            assert_eq!(sent(web.get(at(elsewhere))).await.status(), 404, "{elsewhere}");
        }
        assert_eq!(sent(web.get(at("/signin"))).await.status(), 400);
        let page = sent(web.get(at("/signin?to=/me"))).await;
        assert_eq!(page.status(), 200);
        assert_eq!(field(&page, "cache-control"), "no-store");
        let cookie = field(&page, "set-cookie").to_owned();
        assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax"), "{cookie}");
        // As `__Host-` asks for, where there is TLS.
        assert!(cookie.contains("; Path=/;"), "{cookie}");
        let pair = cookie.split(';').next().expect("a pair").to_owned();
        let html = page.text().await.expect("a page");
        let digits = html.split("<b>").nth(1).and_then(|rest| rest.get(..2)).expect("two digits").to_owned();
        assert!(digits.bytes().all(|digit| digit.is_ascii_digit()), "{digits}");

        // The same browser sees the same digits again; another begins another request.
        let again = sent(web.get(at("/signin?to=/me")).header("cookie", &pair)).await.text().await.expect("a page");
        assert!(again.contains(&format!("<b>{digits}</b>")), "{again}");
        assert_eq!(sent(web.get(at("/signin/state"))).await.status(), 404, "nothing was begun here");

        // Forms of other sites change nothing, and numbers stay out of addresses.
        let address = || form(web.post(at("/signin?to=/me")), "id_number=097099000001").header("cookie", &pair);
        assert_eq!(sent(address()).await.status(), 403);
        assert_eq!(sent(address().header("origin", "https://example.vn")).await.status(), 403);
        let named = sent(address().header("origin", &site.url)).await;
        assert_eq!((named.status().as_u16(), field(&named, "location")), (303, "/signin?to=/me"));
        let wrong = form(web.post(at("/signin?to=/me")), "id_number=12").header("cookie", &pair);
        assert_eq!(sent(wrong.header("origin", &site.url)).await.status(), 422);
        let cancel = || web.post(at("/signin/cancel")).header("cookie", &pair);
        assert_eq!(sent(cancel()).await.status(), 403);
        let cancelled = sent(cancel().header("origin", &site.url)).await;
        assert_eq!((cancelled.status().as_u16(), field(&cancelled, "location")), (303, "/"));
        assert!(field(&cancelled, "set-cookie").contains("Max-Age=0"), "{cancelled:?}");
        site.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_citizen_show_nothing_without_a_session() {
    for_each_backend(async |backend| {
        let (site, web) = (Installation::start(&backend).await, browser());
        let at = |path: &str| format!("{}{path}", site.url);
        for path in ["/me", "/portal"] {
            let page = sent(web.get(at(path)).header("cookie", "dancu_session=forged")).await;
            assert_eq!(page.status(), 200, "{path}");
            assert!(page.text().await.expect("a page").contains("/signin?to="), "{path}");
        }
        let withdraw = at("/me/consents/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/withdraw");
        assert_eq!(sent(web.post(withdraw)).await.status(), 401);
        assert_eq!(sent(web.post(at("/signout"))).await.status(), 403, "a form of another site");
        let out = sent(web.post(at("/signout")).header("origin", &site.url)).await;
        assert_eq!((out.status().as_u16(), field(&out, "location")), (303, "/"));
        // Pages are no part of the API.
        let api = web.get(at("/openapi.json")).send().await.expect("an answer").text().await.expect("JSON");
        assert!(!api.contains("\"/me\"") && !api.contains("\"/wallet\"") && !api.contains("\"/signin\""));
        site.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_is_checked_and_never_repeated_unescaped() {
    for_each_backend(async |backend| {
        let (site, web) = (Installation::start(&backend).await, browser());
        let submit = format!("{}/portal/submit", site.url);
        let body = "%2Ffull_name=%3Cscript%3Ealert(1)%3C%2Fscript%3E&%2Fid_number=12&%2Faddressee=x&%2Frequest=y\
                    &%2Fdate_of_birth=1999-03-15&%2Fsex=Nam&%2Fother=1";
        let page = sent(form(web.post(&submit), body)).await;
        assert_eq!(page.status(), 422);
        let html = page.text().await.expect("a page");
        assert!(!html.contains("<script>alert") && html.contains("&#60;script&#62;alert"), "{html}");
        assert!(html.contains("id=\"id_number-error\"") && !html.contains("id=\"request-error\""), "{html}");
        let card = format!("{}/portal/card", site.url);
        let page = sent(form(web.post(&card), "card=098300000002%7C%7CTr%E1%BA%A7n%20Th%E1%BB%8B%20B%C3%ACnh")).await;
        assert_eq!(page.status(), 422, "too few fields");
        site.stop().await;
    })
    .await;
}
