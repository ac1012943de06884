//! Signing in to a page of this service: a screen here, an approval on another device.

use super::holder::Holder;
use super::relying_party::{CLIENT, RelyingParty};
use crate::support::{Backend, Browser, Installation, Screen, Tab};

async fn begin(browser: &Browser, site: &Installation, screen: Screen, language: &str) -> Tab {
    let tab = browser.open(screen, language).await;
    tab.go(&format!("{}/signin?to=/me", site.url)).await;
    tab
}

async fn digits(tab: &Tab) -> String {
    tab.text_of(".match b").await
}

async fn enter_number(tab: &Tab, number: &str) {
    tab.click("details:has(#id_number) summary").await;
    tab.fill("#id_number", number).await;
    tab.click("form:has(#id_number) button").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn approved_on_a_phone_and_signed_in() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let holder = Holder::enrol(&browser, &site, &backend, "vi").await;
    let screen = begin(&browser, &site, Screen::Desktop, "vi").await;
    screen.says("Cổng dịch vụ công (mẫu)").await;
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("signin-vi-desktop").await;

    // A number that cannot be one is told; then the right one goes to the app.
    enter_number(&screen, "123").await;
    screen.says("Số định danh gồm 12 chữ số").await;
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("signin-fault-vi-desktop").await;
    screen.fill("#id_number", holder.citizen.id_number.expose()).await;
    screen.click("form:has(#id_number) button").await;
    screen.says("yêu cầu này đang chờ ở đó").await;
    assert!(!screen.client.current_url().await.unwrap().as_str().contains(holder.citizen.id_number.expose()));
    screen.picture("signin-addressed-vi-desktop").await;
    holder.open_request().await;
    holder.app.says("Cổng dịch vụ công (mẫu)").await;
    assert_eq!(holder.app.flaws().await, [""; 0]);
    holder.app.picture("wallet-request-vi-phone").await;
    holder.approve(&digits(&screen).await).await;
    holder.app.shows("[data-view=outcome-approved] h1").await;
    holder.app.picture("wallet-approved-vi-phone").await;
    screen.at("/me").await;
    let cookies = screen.client.get_all_cookies().await.unwrap();
    assert!(cookies.iter().any(|c| c.name() == "dancu_session" && c.http_only() == Some(true)), "{cookies:?}");
    holder.app.click("[data-view=outcome-approved] [data-open=tab]").await;
    holder.app.click("nav a[href='#history']").await;
    holder.app.says("Đã đồng ý").await;
    assert_eq!(holder.app.flaws().await, [""; 0]);
    holder.app.picture("wallet-history-vi-phone").await;
    for tab in [holder.app, screen] {
        tab.close().await;
    }
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_and_mismatched_each_say_what_is_next() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let holder = Holder::enrol(&browser, &site, &backend, "en").await;
    let screen = begin(&browser, &site, Screen::Phone, "en").await;
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("signin-en-phone").await;
    // By the text of the code, for who cannot scan.
    let scan = screen.run("return document.querySelector('[data-scan]').textContent").await;
    holder.app.fill("#scan", scan.as_str().expect("a text")).await;
    holder.app.click("form[data-form=scan] button").await;
    holder.app.shows("[data-view=request] h1").await;
    let wrong = if digits(&screen).await == "10" { "11" } else { "10" };
    holder.approve(wrong).await;
    holder.app.says("The two digits did not match").await;
    holder.app.picture("wallet-mismatch-en-phone").await;
    screen.says("The two digits did not match").await;
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("signin-mismatch-en-phone").await;

    screen.click("main a.button").await;
    screen.says("Waiting for your approval").await;
    let scan = screen.run("return document.querySelector('[data-scan]').textContent").await;
    holder.app.click("[data-view=outcome-mismatch] [data-open=tab]").await;
    holder.app.fill("#scan", scan.as_str().expect("a text")).await;
    holder.app.click("form[data-form=scan] button").await;
    holder.app.shows("[data-view=request] h1").await;
    holder.app.click("form[data-form=request] button.danger").await;
    holder.app.says("You have rejected").await;
    screen.says("The request was rejected").await;
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("signin-rejected-en-phone").await;
    for tab in [holder.app, screen] {
        tab.close().await;
    }
    site.stop().await;
}

/// A browser without scripts does no more than this: the page comes again by itself.
#[tokio::test(flavor = "multi_thread")]
async fn without_scripts() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let holder = Holder::enrol(&browser, &site, &backend, "vi").await;
    let plain = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let here = format!("{}/signin?to=/me", site.url);
    let kept = |response: &reqwest::Response| {
        let cookie = response.headers()["set-cookie"].to_str().expect("ASCII");
        cookie.split(';').next().expect("a pair").to_owned()
    };
    let page = plain.get(&here).send().await.expect("a page");
    let cookie = kept(&page);
    let html = page.text().await.expect("a page");
    assert!(html.contains("<noscript><meta http-equiv=\"refresh\""), "{html}");
    let digits = html.split("<b>").nth(1).and_then(|rest| rest.get(..2)).expect("two digits").to_owned();
    let form = format!("id_number={}", holder.citizen.id_number.expose());
    let named = plain.post(&here).header("cookie", cookie).header("origin", &site.url).body(form);
    let named = named.header("content-type", "application/x-www-form-urlencoded").send().await.expect("an answer");
    assert_eq!(named.status(), 303);
    let cookie = kept(&named);
    holder.open_request().await;
    holder.approve(&digits).await;
    holder.app.shows("[data-view=outcome-approved] h1").await;
    let on = plain.get(&here).header("cookie", cookie).send().await.expect("an answer");
    assert_eq!((on.status().as_u16(), on.headers()["location"].to_str().expect("ASCII")), (303, "/me"));
    let set: Vec<_> = on.headers().get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()).collect();
    assert!(set.iter().any(|cookie| cookie.starts_with("dancu_session=")), "{set:?}");
    holder.app.close().await;
    site.stop().await;
}

/// From the address bar to the sent number without a mouse.
#[tokio::test(flavor = "multi_thread")]
async fn with_the_keyboard_alone() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let screen = begin(&browser, &site, Screen::Desktop, "en").await;
    screen.says("Waiting for your approval").await;
    screen.press("\u{e004}\u{e007}").await;
    screen.tab_to("Enter your number instead of scanning").await;
    screen.press("\u{e007}").await;
    screen.press("\u{e004}").await;
    assert_eq!(screen.run("return document.activeElement.id").await, "id_number");
    screen.press("097099000999\u{e007}").await;
    screen.says("this request is waiting there").await;
    screen.tab_to("Do not sign in").await;
    screen.picture("signin-focus-en-desktop").await;
    screen.press("\u{e007}").await;
    screen.says("Who runs this").await;
    screen.close().await;
    site.stop().await;
}

/// A portal of somebody else's: its page, the sign-in here, the approval on a phone, and back.
#[tokio::test(flavor = "multi_thread")]
async fn at_a_relying_party() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let shop = RelyingParty::start(&site.url, &site.secrets[CLIENT]).await;
    let holder = Holder::enrol(&browser, &site, &backend, "vi").await;
    let screen = browser.open(Screen::Desktop, "vi").await;
    screen.go(&shop.url).await;
    screen.click("a").await;
    screen.says("Cổng đăng nhập OIDC (mẫu)").await;
    screen.says("Ngày, tháng, năm sinh").await;
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("authorize-vi-desktop").await;
    screen.click("a[hreflang=en]").await;
    screen.says("They will learn").await;
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("authorize-en-desktop").await;
    enter_number(&screen, holder.citizen.id_number.expose()).await;
    screen.says("this request is waiting there").await;
    holder.open_request().await;
    holder.app.says("Ngày, tháng, năm sinh").await;
    holder.app.picture("wallet-authorize-vi-phone").await;
    holder.approve(&digits(&screen).await).await;
    screen.says(&format!("Signed in as {}", holder.citizen.full_name.expose())).await;

    // Turning back tells the portal, and shares nothing.
    screen.go(&shop.url).await;
    screen.click("a").await;
    screen.says("Waiting for your approval").await;
    screen.click("form[action*=cancel] button").await;
    screen.says("Not signed in: access_denied").await;

    // A portal that nobody knows gets nobody back.
    screen.go(&format!("{}/oauth2/authorize?client_id=nobody&response_type=code", site.url)).await;
    screen.says("It is not known which site sent you here").await;
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("authorize-unknown-en-desktop").await;
    for tab in [holder.app, screen] {
        tab.close().await;
    }
    site.stop().await;
}
