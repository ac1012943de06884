//! A receptionist's own e-ID: bound to the desk once, it signs them in from then on.

use super::desk::{at_desk, enter, link};
use super::holder::{Holder, sign_in};
use crate::support::{Backend, Browser, Installation, Screen};

#[tokio::test(flavor = "multi_thread")]
async fn a_receptionist_signs_in_by_e_id_once_it_is_bound() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let holder = Holder::enrol(&browser, &site, &backend, "vi").await;
    // An e-ID that is nobody's opens nothing.
    let tab = browser.open(Screen::Desktop, "vi").await;
    tab.go(&format!("{}/desk", site.url)).await;
    tab.click("main a.button[href='/signin?to=/desk']").await;
    sign_in(&tab, &holder).await;
    tab.says("Chưa nhận ra lễ tân nào").await;
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-stranger-vi-desktop").await;

    // In the session of a link it is bound.
    enter(&tab, &link(&site).await).await;
    tab.says("le-tan-01").await;
    tab.click("form[action='/desk/eid'] button").await;
    holder.app.click("[data-view=outcome-approved] [data-open=tab]").await;
    sign_in(&tab, &holder).await;
    tab.says("le-tan-01").await;
    tab.at("/desk").await;
    tab.click("form[action='/desk/leave'] button").await;
    tab.says("Đã gắn định danh điện tử").await;

    // From now on it opens the desk, on any machine.
    let other = browser.open(Screen::Desktop, "vi").await;
    other.go(&format!("{}/desk", site.url)).await;
    other.click("main a.button[href='/signin?to=/desk']").await;
    holder.app.click("[data-view=outcome-approved] [data-open=tab]").await;
    sign_in(&other, &holder).await;
    other.says("le-tan-01").await;
    other.says("Khách hôm nay").await;

    // The citizen sees it among the looks at their data.
    let me = browser.open(Screen::Desktop, "vi").await;
    me.go(&format!("{}/signin?to=/me", site.url)).await;
    holder.app.click("[data-view=outcome-approved] [data-open=tab]").await;
    sign_in(&me, &holder).await;
    me.says("đăng nhập quầy lễ tân").await;
    for tab in [holder.app, tab, other, me] {
        tab.close().await;
    }
    site.stop().await;
}

/// Signing in to another page of this service opens no desk.
#[tokio::test(flavor = "multi_thread")]
async fn another_pages_session_opens_nothing() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let holder = Holder::enrol(&browser, &site, &backend, "vi").await;
    let tab = at_desk(&browser, &site, Screen::Desktop, "vi").await;
    tab.click("form[action='/desk/eid'] button").await;
    sign_in(&tab, &holder).await;
    tab.says("le-tan-01").await;
    tab.click("form[action='/desk/leave'] button").await;
    tab.go(&format!("{}/signin?to=/me", site.url)).await;
    holder.app.click("[data-view=outcome-approved] [data-open=tab]").await;
    sign_in(&tab, &holder).await;
    tab.at("/me").await;
    tab.go(&format!("{}/desk", site.url)).await;
    tab.says("đường dẫn một lần").await;
    tab.close().await;
    holder.app.close().await;
    site.stop().await;
}
