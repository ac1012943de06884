//! Declare once, as a household meets it: a form that arrives filled, a confirmation in place of the
//! paper book, its end when the household moves, and every look at it in the citizen's own view.

use std::time::Duration;

use dancu::citizens::Citizen;
use dancu::citizens::seed::showcase;
use serde_json::{Value, json};

use super::holder::{Holder, sign_in};
use crate::support::house::within;
use crate::support::{Backend, Browser, Installation, Screen, Tab};

fn family() -> Vec<Citizen> {
    showcase(1).into_iter().find(|shown| shown.case == "household_of_five").expect("a household").citizens
}

/// The form by the citizen's own sign-in: every value says where it is from.
async fn prefilled(screen: &Tab, site: &Installation, holder: &Holder) {
    screen.go(&format!("{}/portal", site.url)).await;
    screen.click("main a.button").await;
    sign_in(screen, holder).await;
    screen.at("/portal").await;
    screen.says("Đã điền sẵn").await;
    screen.says("Cơ sở dữ liệu quốc gia về dân cư").await;
    for (field, value) in [
        ("/full_name", "Bùi Quang Hải"),
        ("/id_number", "097084000012"),
        ("/members/0/full_name", "Đỗ Thị Thanh Hà"),
        ("/members/1/full_name", "Ngô Thị Lan"),
    ] {
        let script = format!("return document.querySelector('[name=\"{field}\"]').value");
        assert_eq!(screen.run(&script).await, value, "{field}");
    }
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("declare-once-form-vi-desktop").await;
}

/// The confirmation that the portal's back end asks for, and the page that is printed of it.
async fn confirmed(screen: &Tab, site: &Installation, backend: &Backend) -> Value {
    let ask = json!({
        "id_number": "097084000012", "full_name": "Bùi Quang Hải", "date_of_birth": "1984-02-10",
        "recipient": "Trường THPT Mẫu",
        "purpose": { "procedure": "1.010041", "legal_basis": "STATE_DUTY",
            "officer": { "id": "canbo-01", "unit": "mot-cua" } },
    });
    let token = site.token("portal").await;
    let answer = site.post(Some(&token), "/v1/residence/confirmations", &ask).await;
    let told: Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(told["outcome"], "issued", "{told}");
    let page = site.post(None, "/v1/residence/confirmations/page", &json!({ "jws": told["jws"] })).await;
    let file = backend.dir().join("confirmation.html");
    std::fs::write(&file, page).expect("the page is kept");
    screen.go(&format!("file://{}", file.display())).await;
    for words in ["XÁC NHẬN THÔNG TIN VỀ CƯ TRÚ", "Bùi Quang Hải", "Đỗ Thị Thanh Hà", "Trường THPT Mẫu"]
    {
        screen.says(words).await;
    }
    // A document of its own, which may carry its style with it.
    let flaws = screen.flaws().await.into_iter().filter(|flaw| !flaw.starts_with("it is inline: <style>"));
    assert_eq!(flaws.collect::<Vec<_>>(), [""; 0]);
    screen.picture("declare-once-confirmation-vi-desktop").await;
    told
}

async fn status_of(site: &Installation, shown: &Value) -> String {
    let answer = site.post(None, "/v1/residence/confirmations/verify", shown).await;
    let told: Value = serde_json::from_str(&answer).expect("JSON");
    told["status"].as_str().expect("a status").to_owned()
}

/// The household moves: the civil registry tells.
async fn moved(site: &Installation) {
    let today = site.app.ground.clock.now().date_in_viet_nam().to_string();
    let event = json!({
        "event_id": "chuyen-nha-1", "kind": "move", "effective": today, "id_number": "097084000012",
        "residence_kind": "permanent", "unit": "26740", "detail": "Số 5, đường Lê Lợi", "whole_household": true,
        "purpose": { "procedure": "1.004222", "legal_basis": "STATE_DUTY",
            "officer": { "id": "do-tai-01", "unit": "do-tai" } },
    });
    let token = site.token("loadtest").await;
    let answer = site.post(Some(&token), "/v1/events", &event).await;
    assert_eq!(serde_json::from_str::<Value>(&answer).expect("JSON")["changed"], 5, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_household_declares_once_and_sees_every_look() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let head = family().remove(0);
    let holder = Holder::enrol_as(head, &browser, (&site, &backend), "vi").await;
    let screen = browser.open(Screen::Desktop, "vi").await;
    prefilled(&screen, &site, &holder).await;
    let told = confirmed(&screen, &site, &backend).await;
    let by_code = json!({ "confirmation_id": told["confirmation_id"], "code": told["code"] });
    let shown = [json!({ "payload": told["qr"]["payload"] }), json!({ "jws": told["jws"] }), by_code];
    for shown in &shown {
        assert_eq!(status_of(&site, shown).await, "valid");
    }
    moved(&site).await;
    let took = within(Duration::from_secs(60), async || status_of(&site, &shown[0]).await == "void").await;
    eprintln!("void {} ms after the move", took.as_millis());
    for shown in &shown {
        assert_eq!(status_of(&site, shown).await, "void");
    }

    holder.app.click("[data-view=outcome-approved] [data-open=tab]").await;
    screen.go(&format!("{}/me", site.url)).await;
    screen.click("main a.button").await;
    sign_in(&screen, &holder).await;
    screen.at("/me").await;
    for look in
        ["điền sẵn tờ khai cho bạn", "lập xác nhận thông tin cư trú của bạn", "cập nhật hộ tịch, cư trú của bạn"]
    {
        screen.says(look).await;
    }
    assert_eq!(screen.flaws().await, [""; 0]);
    screen.picture("declare-once-me-vi-desktop").await;
    for tab in [holder.app, screen] {
        tab.close().await;
    }
    site.stop().await;
}
