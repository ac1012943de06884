//! The start page, the language, and errors met in a browser.

use crate::support::{Backend, Browser, Installation, Screen};

#[tokio::test(flavor = "multi_thread")]
async fn the_start_page_in_both_languages() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    for (screen, name) in [(Screen::Desktop, "desktop"), (Screen::Phone, "phone")] {
        let tab = browser.open(screen, "vi").await;
        tab.go(&site.url).await;
        tab.says("Xác nhận danh tính và nơi cư trú").await;
        tab.says("Đang hoạt động").await;
        tab.says("Trung tâm dữ liệu dân cư").await;
        assert_eq!(tab.flaws().await, [""; 0]);
        tab.picture(&format!("landing-vi-{name}")).await;
        tab.click("a[hreflang=en]").await;
        tab.says("Confirming identity and residence").await;
        // The choice stays, on errors, too.
        tab.go(&format!("{}/nowhere", site.url)).await;
        tab.says("There is no such resource").await;
        assert_eq!(tab.flaws().await, [""; 0]);
        tab.picture(&format!("error-en-{name}")).await;
        tab.click("main a.button").await;
        tab.says("Who runs this").await;
        assert_eq!(tab.flaws().await, [""; 0]);
        tab.picture(&format!("landing-en-{name}")).await;
        tab.close().await;
    }
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyboard_goes_past_the_frame() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let tab = browser.open(Screen::Desktop, "en").await;
    tab.go(&site.url).await;
    tab.press("\u{e004}").await;
    assert_eq!(tab.run("return document.activeElement.className").await, "skip");
    tab.picture("skip-link").await;
    tab.press("\u{e007}").await;
    assert_eq!(tab.run("return document.activeElement.id").await, "main");
    tab.close().await;
    site.stop().await;
}
