//! `/me`: who looked at my data.

use super::holder::{Holder, sign_in};
use crate::support::{Backend, Browser, Installation, Screen};

#[tokio::test(flavor = "multi_thread")]
async fn a_citizen_sees_every_look() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let holder = Holder::enrol(&browser, &site, &backend, "vi").await;
    let screen = browser.open(Screen::Desktop, "vi").await;
    screen.go(&format!("{}/me", site.url)).await;
    screen.says("lần xem dữ liệu của con bạn").await;
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("me-start-vi-desktop").await;
    screen.click("main a.button").await;
    sign_in(&screen, &holder).await;
    screen.at("/me").await;
    screen.says("Các lần xem").await;
    screen.says("thay đổi tài khoản định danh").await;
    screen.says("Những đồng ý của tôi").await;
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("me-vi-desktop").await;
    screen.click("a[hreflang=en]").await;
    screen.says("Who looked at my data").await;
    // The first reading is on record, too.
    screen.says("looked at this history").await;
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("me-en-desktop").await;
    // A page beyond all numbers is empty.
    screen.go(&format!("{}/me?skip={}", site.url, usize::MAX)).await;
    screen.says("My consents").await;
    screen.click("form[action='/signout'] button").await;
    screen.at("/").await;
    screen.go(&format!("{}/me", site.url)).await;
    screen.says("Sign in with e-ID").await;
    for tab in [holder.app, screen] {
        tab.close().await;
    }
    site.stop().await;
}
