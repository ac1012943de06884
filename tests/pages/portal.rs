//! `/portal`: a form that arrives filled.

use super::holder::{Holder, sign_in};
use crate::support::{Backend, Browser, Installation, Screen};

const CARD: &str = "097099000001|123456789|Nguyễn Văn An|15031999|Nam|Thôn 1, Xã A, Huyện B, Hà Nội|20052021";

#[tokio::test(flavor = "multi_thread")]
async fn signed_in_the_form_is_filled_and_says_from_where() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let holder = Holder::enrol(&browser, &site, &backend, "vi").await;
    let screen = browser.open(Screen::Desktop, "vi").await;
    screen.go(&format!("{}/portal", site.url)).await;
    screen.says("Không cần sổ hộ khẩu giấy").await;
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("portal-start-vi-desktop").await;
    screen.click("main a.button").await;
    sign_in(&screen, &holder).await;
    screen.at("/portal").await;
    screen.says("Đã điền sẵn").await;
    screen.says("Cơ sở dữ liệu quốc gia về dân cư").await;
    let name = screen.run("return document.querySelector('[name=\"/full_name\"]').value").await;
    assert_eq!(name, holder.citizen.full_name.expose());
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("portal-form-vi-desktop").await;

    // What is missing is told beside its field; then the sample back end takes the form.
    screen.click("form[action='/portal/submit'] button").await;
    screen.says("Hãy điền mục này").await;
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("portal-faults-vi-desktop").await;
    screen.fill("[name='/addressee']", "Công an phường Bến Nghé").await;
    screen.fill("[name='/request']", "Đăng ký thường trú").await;
    screen.click("form[action='/portal/submit'] button").await;
    screen.says("Mã hồ sơ").await;
    screen.says("Đăng ký thường trú").await;
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("portal-receipt-vi-desktop").await;
    for tab in [holder.app, screen] {
        tab.close().await;
    }
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_fills_what_it_says_and_asks_nobody() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let screen = browser.open(Screen::Phone, "en").await;
    screen.go(&format!("{}/portal", site.url)).await;
    screen.fill("#card", "https://example.vn").await;
    screen.click("form[action='/portal/card'] button").await;
    screen.shows("#card-error").await;
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("portal-card-fault-en-phone").await;
    screen.fill("#card", CARD).await;
    screen.click("form[action='/portal/card'] button").await;
    screen.says("type the rest").await;
    let number = screen.run("return document.querySelector('[name=\"/id_number\"]').value").await;
    assert_eq!(number, "097099000001");
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("portal-card-en-phone").await;
    screen.close().await;
    site.stop().await;
}
