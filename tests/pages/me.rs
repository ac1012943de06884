//! `/me`: who looked at my data.

use dancu::audit::{Entry, Outcome};
use dancu::crypto::SystemEntropy;
use dancu::kernel::clock::SystemClock;
use dancu::kernel::{Attribute, Clock, TransactionId};

use super::holder::{Holder, sign_in};
use crate::support::{Backend, Browser, Installation, Screen};

const ENTER: &str = "\u{e007}";

/// A look at the citizen by a client.
fn look(holder: &Holder, client: &str, operation: &'static str, outcome: Outcome) -> Entry {
    Entry {
        transaction: TransactionId::random(&SystemEntropy::default()),
        at: SystemClock.now(),
        client: Some(client.parse().expect("a client id")),
        officer: None,
        subjects: vec![holder.citizen.citizen_id],
        operation,
        attributes: [Attribute::FullName, Attribute::PermanentResidence].into_iter().collect(),
        procedure: None,
        legal_basis: None,
        consent: None,
        outcome,
        reason: "",
    }
}

/// A list that is shown again and again is one line; what was refused was not seen; and what the citizen did
/// is theirs, whichever page they did it on.
#[tokio::test(flavor = "multi_thread")]
async fn the_history_groups_filters_and_is_true() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let holder = Holder::enrol(&browser, &site, &backend, "vi").await;
    for _ in 0..20 {
        site.app.audit.record(look(&holder, "hotel", "stays.today", Outcome::Answered)).await.expect("recorded");
    }
    for (client, operation, outcome) in [
        ("portal", "citizens.lookup", Outcome::Refused),
        ("bank", "citizens.verify", Outcome::NoMatch),
        ("portal", "citizens.lookup", Outcome::Answered),
    ] {
        site.app.audit.record(look(&holder, client, operation, outcome)).await.expect("recorded");
    }
    let screen = browser.open(Screen::Phone, "vi").await;
    screen.go(&format!("{}/me", site.url)).await;
    screen.click("main a.button").await;
    sign_in(&screen, &holder).await;
    screen.at("/me").await;
    screen.says("Số lần: 20.").await;
    let text = screen.text().await;
    for words in [
        "Đã xem danh sách khách trong ngày, có bạn.",
        "Đã hỏi nhưng bị từ chối: xem thông tin của bạn.",
        "Đã hỏi nhưng không khớp nên không được trả lời: đối chiếu thông tin họ đã có về bạn.",
        "Bạn đã đồng ý một yêu cầu xác nhận.",
        "Qua: Cổng dịch vụ công",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(text.matches("danh sách khách").count(), 1, "one line: {text}");
    assert_eq!(text.matches("Đã xem thông tin của bạn.").count(), 1, "the one that was answered: {text}");
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("me-grouped-vi-phone").await;
    // The count opens by keyboard, and shows each.
    screen.tab_to("Từng lần một (20)").await;
    screen.press(ENTER).await;
    let open = "return document.querySelectorAll('details[open] code').length";
    assert_eq!(screen.run(open).await, 40);
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("me-opened-vi-phone").await;
    // Filters: what was refused, one organisation, own acts, another time.
    let url = |query: &str| format!("{}/me?{query}", site.url);
    screen.go(&url("kind=refused")).await;
    screen.says("bị từ chối: xem thông tin của bạn").await;
    let refused = screen.text().await;
    assert!(refused.contains("Bỏ lọc") && !refused.contains("danh sách khách"), "{refused}");
    screen.go(&url("client=hotel")).await;
    screen.says("Số lần: 20.").await;
    assert!(!screen.text().await.contains("thông tin của bạn."));
    screen.go(&url("kind=own")).await;
    screen.says("Bạn đã đồng ý một yêu cầu xác nhận.").await;
    assert!(!screen.text().await.contains("danh sách khách"));
    screen.picture("me-own-vi-phone").await;
    screen.go(&url("to=2020-01-01&kind=nonsense&from=x")).await;
    screen.says("Không có lần nào như vậy ở đây.").await;
    assert_eq!(screen.flaws().await, [""; 0]);
    let wide = browser.open(Screen::Desktop, "en").await;
    wide.go(&format!("{}/signin?to=/me", site.url)).await;
    holder.app.click("[data-view=outcome-approved] [data-open=tab]").await;
    sign_in(&wide, &holder).await;
    wide.says("They asked to look at your data, and were refused.").await;
    wide.says("You approved a request.").await;
    assert_eq!(wide.flaws().await, [""; 0]);
    wide.picture("me-grouped-en-desktop").await;
    for tab in [holder.app, screen, wide] {
        tab.close().await;
    }
    site.stop().await;
}

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
    screen.says("Ai đã hỏi, ai đã làm gì").await;
    screen.says("Bạn đã kích hoạt tài khoản.").await;
    screen.says("Đã nhận kết quả đăng nhập của bạn.").await;
    screen.says("Những đồng ý của tôi").await;
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("me-vi-desktop").await;
    screen.click("a[hreflang=en]").await;
    screen.says("Who asked for my data").await;
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
