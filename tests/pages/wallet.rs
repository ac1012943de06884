//! The e-ID app in a browser.

use super::holder::{Holder, PASSCODE};
use crate::support::{Backend, Browser, Installation, Screen};

#[tokio::test(flavor = "multi_thread")]
async fn an_account_its_devices_and_its_passcode() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let Holder { app, .. } = Holder::enrol(&browser, &site, &backend, "vi").await;
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
    app.click("form[data-form=remove] button.danger").await;
    app.shows("[data-view=devices] h1").await;
    second.says("This device was removed").await;
    second.picture("wallet-removed-en-desktop").await;
    app.close().await;
    second.close().await;
    site.stop().await;
}
