//! The e-ID app in a browser.

use super::holder::{Holder, PASSCODE};
use crate::support::{Backend, Browser, Installation, Screen};

#[tokio::test(flavor = "multi_thread")]
async fn an_account_its_devices_and_its_passcode() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let Holder { app, citizen } = Holder::enrol(&browser, &site, &backend, "vi").await;
    app.picture("wallet-requests-vi-phone").await;
    assert_eq!(app.flaws().await, [""; 0]);

    // The key stays in the browser, and cannot be read out of it.
    let kept = app
        .client
        .execute_async(
            "const done = arguments[0]; indexedDB.open('dancu-wallet', 1).onsuccess = (opened) => {
               opened.target.result.transaction('keep').objectStore('keep').get('device').onsuccess = async (got) => {
                 const key = got.target.result.key.privateKey;
                 const read = await crypto.subtle.exportKey('jwk', key).then(() => 'read', () => 'refused');
                 done([key.extractable, read]);
               };
             };",
            Vec::new(),
        )
        .await
        .expect("the script runs");
    assert_eq!(kept, serde_json::json!([false, "refused"]));

    app.click("nav a[href='#devices']").await;
    app.says("Điện thoại của tôi").await;
    app.says("Mức 1").await;
    assert_eq!(app.flaws().await, [""; 0]);
    app.picture("wallet-devices-vi-phone").await;

    // A wrong passcode is told beside its field; the right one makes a code for a second device.
    app.click("[data-open=invite]").await;
    app.fill("#invite-passcode", "000001").await;
    app.click("form[data-form=invite] button").await;
    app.shows("[data-view=invite] .notice.failure").await;
    app.picture("wallet-refused-vi-phone").await;
    app.fill("#invite-passcode", PASSCODE).await;
    app.click("form[data-form=invite] button").await;
    app.shows("[data-invitation-code]").await;
    let id = app.find("[data-invitation-id]").await.text().await.unwrap();
    let code = app.find("[data-invitation-code]").await.text().await.unwrap();
    assert_eq!(app.flaws().await, [""; 0]);

    let second = browser.open(Screen::Desktop, "en").await;
    second.go(&format!("{}/wallet", site.url)).await;
    second.shows("[data-view=welcome] h1").await;
    assert_eq!(second.flaws().await, [""; 0]);
    second.picture("wallet-welcome-en-desktop").await;
    second.click("[data-open=activate]").await;
    second.fill("#activation_id", &id).await;
    second.fill("#code", &code).await;
    second.fill("#new-passcode", "123456").await;
    second.fill("#again", "123456").await;
    second.fill("#device_name", "Laptop").await;
    second.click("form[data-form=activate] button:not([type])").await;
    second.says("guessed first").await;
    assert_eq!(second.flaws().await, [""; 0]);
    second.picture("wallet-faults-en-desktop").await;
    second.fill("#new-passcode", "482915").await;
    second.fill("#again", "482915").await;
    second.click("form[data-form=activate] button:not([type])").await;
    second.shows("[data-view=requests] h1").await;
    second.picture("wallet-requests-en-desktop").await;

    // The first device removes the second, which learns of it by itself.
    app.click("[data-view=invite] [data-open=tab]").await;
    app.says("Laptop").await;
    app.run("[...document.querySelectorAll('[data-devices] .card')].find((card) => card.innerText.includes('Laptop')).querySelector('button').click()").await;
    app.says("Gỡ thiết bị này?").await;
    assert_eq!(app.flaws().await, [""; 0]);
    app.fill("#remove-passcode", PASSCODE).await;
    app.click("form[data-form=remove] button.danger").await;
    app.shows("[data-view=devices] h1").await;
    second.says("This device is not accepted").await;
    assert_eq!(second.flaws().await, [""; 0]);
    second.picture("wallet-removed-en-desktop").await;
    // A refusal deletes no key: its holder does.
    let kept = "const done = arguments[0]; indexedDB.open('dancu-wallet', 1).onsuccess = (opened) => {
       opened.target.result.transaction('keep').objectStore('keep').get('device').onsuccess = (got) =>
         done(Boolean(got.target.result?.key)); };";
    assert_eq!(second.client.execute_async(kept, Vec::new()).await.expect("the script runs"), true);
    second.click("[data-open=forget]").await;
    second.shows("[data-view=welcome] h1").await;
    assert_eq!(second.client.execute_async(kept, Vec::new()).await.expect("the script runs"), false);

    // Activated again in the same page, it hears of requests again.
    app.click("[data-open=invite]").await;
    app.fill("#invite-passcode", PASSCODE).await;
    app.click("form[data-form=invite] button").await;
    app.shows("[data-invitation-code]").await;
    let id = app.find("[data-invitation-id]").await.text().await.unwrap();
    let code = app.find("[data-invitation-code]").await.text().await.unwrap();
    second.click("[data-view=welcome] [data-open=activate]").await;
    second.fill("#activation_id", &id).await;
    second.fill("#code", &code).await;
    second.fill("#new-passcode", "482915").await;
    second.fill("#again", "482915").await;
    second.fill("#device_name", "Laptop").await;
    second.click("form[data-form=activate] button:not([type])").await;
    second.shows("[data-view=requests] h1").await;
    let screen = browser.open(Screen::Desktop, "en").await;
    screen.go(&format!("{}/signin?to=/me", site.url)).await;
    screen.click("details:has(#id_number) summary").await;
    screen.fill("#id_number", citizen.id_number.expose()).await;
    screen.click("form:has(#id_number) button").await;
    second.shows("[data-requests] button").await;
    screen.close().await;
    app.close().await;
    second.close().await;
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_shown_again_with_the_passcode_and_an_own_qr_is_made() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let Holder { app, .. } = Holder::enrol(&browser, &site, &backend, "en").await;
    app.click("nav a[href='#devices']").await;
    app.says("Điện thoại của tôi").await;
    app.click("#scanned_only").await;
    app.says("The change is saved").await;
    app.click("#scanned_only").await;
    app.says("Show all requests again?").await;
    assert_eq!(app.flaws().await, [""; 0]);
    app.fill("#unscanned-passcode", "000001").await;
    app.click("form[data-form=unscanned] button:not([type])").await;
    app.shows("[data-view=unscanned] .notice.failure").await;
    app.fill("#unscanned-passcode", PASSCODE).await;
    app.click("form[data-form=unscanned] button:not([type])").await;
    app.says("The change is saved").await;
    assert_eq!(app.run("return document.querySelector('#scanned_only').checked").await, false);

    // The service draws it only if this browser's key signed over it rightly.
    app.click("nav a[href='#qr']").await;
    app.says("My QR code").await;
    app.fill("#audience", "nowhere").await;
    app.fill("#qr-passcode", PASSCODE).await;
    app.click("form[data-form=qr] button").await;
    app.shows("[data-view=qr] .notice.failure").await;
    assert_eq!(app.flaws().await, [""; 0]);
    app.fill("#audience", "portal").await;
    app.fill("#nonce", "7301").await;
    app.click("form[data-form=qr] button").await;
    app.shows("[data-own-qr] svg").await;
    app.says("Cổng dịch vụ công (mẫu)").await;
    assert_eq!(app.flaws().await, [""; 0]);
    app.picture("wallet-qr-en-phone").await;
    app.click("nav a[href='#requests']").await;
    app.click("nav a[href='#qr']").await;
    assert_eq!(
        app.run("return document.querySelectorAll('[data-own-qr] svg').length").await,
        0,
        "it is not left lying"
    );
    app.close().await;
    site.stop().await;
}
