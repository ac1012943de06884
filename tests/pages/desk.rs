//! `/desk`: a receptionist at the front desk.

use std::time::{Duration, Instant};

use dancu::citizens::Citizen;
use dancu::citizens::model::Status;
use dancu::citizens::seed::showcase;
use dancu::clients::samples;
use dancu::kernel::{PartialDate, Sex};
use dancu::stays::{DeskLink, desk_link};

use super::holder::reachable;
use crate::support::house::caller_of;
use crate::support::photos::Shot;
use crate::support::{Backend, Browser, Installation, Screen, Tab, camera, operator};

const ENTER: &str = "\u{e007}";

/// Links to the desk of the sample hotel's receptionist.
pub async fn link(site: &Installation) -> String {
    let hotel =
        samples(site.app.ground.clock.now()).expect("samples").into_iter().find(|s| s.new.id.as_str() == "hotel");
    let hotel = hotel.expect("the hotel").new;
    let officer = hotel.officers.first().expect("an officer").clone();
    let link = DeskLink { client: hotel.id, officer, lifetime: Duration::from_secs(60) };
    let path = desk_link(&site.app.access, link, &operator(&site.app)).await.expect("a link");
    format!("{}{path}", site.url)
}

pub async fn at_desk(browser: &Browser, site: &Installation, screen: Screen, language: &str) -> Tab {
    let tab = browser.open(screen, language).await;
    enter(&tab, &link(site).await).await;
    tab
}

/// Opens the desk by a link, as who was asked whether they are the one.
pub async fn enter(tab: &Tab, link: &str) {
    tab.go(link).await;
    tab.click("form[action='/desk/open'] button").await;
    tab.at("/desk").await;
}

/// The same without scripts: what the browser is answered.
pub async fn post_code(site: &Installation, link: &str, cookie: Option<&str>) -> reqwest::Response {
    let plain = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let (open, code) = link.split_once('?').expect("a code");
    let request = plain.post(open).header("origin", &site.url).body(code.to_owned());
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = match cookie {
        Some(cookie) => request.header("cookie", cookie),
        None => request,
    };
    request.send().await.expect("an answer")
}

/// Another adult of the showcase.
fn somebody_else(than: &Citizen) -> Citizen {
    let mut people = showcase(1).into_iter().flat_map(|shown| shown.citizens);
    let found = people.find(|citizen| {
        let whole = citizen.date_of_birth.day().is_some() && (1940..2000).contains(&citizen.date_of_birth.year());
        whole && citizen.status == Status::Alive && citizen.id_number != than.id_number
    });
    found.expect("two adults")
}

/// As the symbol on a card has it.
fn card(citizen: &Citizen) -> String {
    let PartialDate::Day(born) = citizen.date_of_birth else { panic!("a whole date") };
    let sex = if citizen.sex == Sex::Male { "Nam" } else { "Nữ" };
    format!(
        "{}||{}|{:02}{:02}{:04}|{sex}|Thôn 1, Xã A, Huyện B, Hà Nội|20052021",
        citizen.id_number.expose(),
        citizen.full_name.expose(),
        born.day(),
        born.month(),
        born.year()
    )
}

pub fn birth(citizen: &Citizen) -> String {
    let PartialDate::Day(born) = citizen.date_of_birth else { panic!("a whole date") };
    format!("{}/{}/{}", born.day(), born.month(), born.year())
}

pub async fn verdict(tab: &Tab) -> String {
    tab.shows("[data-verdict]").await;
    tab.find("[data-verdict]").await.attr("data-verdict").await.expect("an attribute").expect("a verdict")
}

pub async fn type_guest(tab: &Tab, citizen: &Citizen, name: &str) {
    tab.fill("#number", citizen.id_number.expose()).await;
    tab.fill("#full_name", name).await;
    tab.fill("#birth", &birth(citizen)).await;
    tab.press(ENTER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receptionist_reports_guests_and_sees_them_out() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let guest = reachable();
    let opened = link(&site).await;
    let tab = browser.open(Screen::Desktop, "vi").await;
    tab.go(&format!("{}/desk", site.url)).await;
    tab.says("đường dẫn một lần").await;
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-start-vi-desktop").await;
    tab.go(&opened).await;
    tab.says("le-tan-01").await;
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-open-vi-desktop").await;
    enter(&tab, &opened).await;
    tab.says("Hôm nay chưa báo khách nào").await;
    tab.says("phút").await;
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-empty-vi-desktop").await;

    // Typed from the card: it fits.
    tab.click("nav.tabs a[href='/desk?by=number']").await;
    tab.shows("#number").await;
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-number-vi-desktop").await;
    tab.fill("#room", "101").await;
    type_guest(&tab, &guest, guest.full_name.expose()).await;
    assert_eq!(verdict(&tab).await, "verified");
    tab.says(guest.full_name.expose()).await;
    tab.says("đúng hạn").await;
    assert!(!tab.client.current_url().await.unwrap().as_str().contains(guest.id_number.expose()));
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-verified-vi-desktop").await;

    // Another's name under a number: marked, and taken all the same; then put right.
    let other = somebody_else(&guest);
    type_guest(&tab, &other, "Trần Văn Nhầm").await;
    assert_eq!(verdict(&tab).await, "mismatch");
    tab.says("không thuộc về cùng một người").await;
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-mismatch-vi-desktop").await;
    tab.click("a[href*='mend=']").await;
    tab.says("thay vào chỗ khách không khớp").await;
    type_guest(&tab, &other, other.full_name.expose()).await;
    assert_eq!(verdict(&tab).await, "verified");

    // What is not filled in is told beside its field, and nothing is lost.
    tab.run("document.querySelector('form[action=\"/desk/check-in\"]').noValidate = true").await;
    tab.fill("#full_name", "Nguyễn Thị Thiếu").await;
    tab.fill("#birth", "31/2/1999").await;
    tab.press(ENTER).await;
    tab.shows("#number-error").await;
    tab.shows("#birth-error").await;
    assert_eq!(tab.run("return document.querySelector('#full_name').value").await, "Nguyễn Thị Thiếu");
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-faults-vi-desktop").await;

    // A child with a birth certificate, and a foreigner by the machine-readable lines.
    tab.click("nav.tabs a[href='/desk?by=paper']").await;
    tab.fill("#full_name", "Nguyễn Bé Na").await;
    tab.fill("#birth", "2020").await;
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-paper-vi-desktop").await;
    tab.press(ENTER).await;
    assert_eq!(verdict(&tab).await, "unverified");
    tab.click("nav.tabs a[href='/desk?by=passport']").await;
    tab.fill("#mrz", "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10")
        .await;
    // Name and birth date stand in the lines, too.
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-passport-vi-desktop").await;
    tab.click("form[action='/desk/check-in'] .actions button").await;
    assert_eq!(verdict(&tab).await, "unverified");
    tab.says("ERIKSSON ANNA MARIA").await;

    // The receipt, to print.
    tab.click(".last a[href$='/receipt']").await;
    tab.says("Biên nhận thông báo lưu trú").await;
    tab.says("Đã tiếp nhận").await;
    tab.shows("[data-print]").await;
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-receipt-vi-desktop").await;
    tab.click("main a[href='/desk']").await;

    // One leaves, one never came.
    assert_eq!(tab.run("return document.querySelectorAll('tr.open').length").await, 4);
    tab.click("tr.open form[action$='/check-out'] button").await;
    tab.says("Khách đã trả phòng").await;
    assert_eq!(tab.run("return document.querySelectorAll('tr.left').length").await, 1);
    tab.click("tr.open details summary").await;
    tab.click("tr.open form[action$='/cancel'] button").await;
    tab.says("Đã hủy thông báo").await;
    assert_eq!(tab.run("return document.querySelectorAll('tr.open').length").await, 2);
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-list-vi-desktop").await;

    // In English, and out.
    tab.click("a[hreflang=en]").await;
    tab.says("Today’s guests").await;
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-list-en-desktop").await;
    tab.click("form[action='/desk/leave'] button").await;
    tab.says("one-time link").await;
    // The link was used.
    tab.go(&opened).await;
    tab.says("cannot be used any more").await;
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.close().await;
    site.stop().await;
}

/// A scanner is a quick keyboard that ends with Enter: nothing else needs to be pressed.
#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_reports_a_guest_without_a_keystroke() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let guest = reachable();
    let tab = at_desk(&browser, &site, Screen::Desktop, "vi").await;
    tab.press(&format!("{}{ENTER}", card(&guest))).await;
    assert_eq!(verdict(&tab).await, "verified");
    // The next scan is another's code; it is told what it is, and the field is ready for the next.
    tab.press(&format!("https://example.vn{ENTER}")).await;
    tab.shows("#scan-error").await;
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-scan-fault-vi-desktop").await;
    assert_eq!(tab.run("return document.activeElement.id").await, "scan");
    // Into the wrong field, it still counts as a scan.
    tab.click("#room").await;
    tab.press(&format!("{}{ENTER}", card(&guest))).await;
    assert_eq!(verdict(&tab).await, "verified");
    tab.close().await;
    site.stop().await;
}

/// A card before a fake camera: one Enter.
#[tokio::test(flavor = "multi_thread")]
async fn a_camera_reports_a_guest_by_one_keystroke() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let guest = reachable();
    let grainy = Shot { noise: 28, blur: 1.0, degrees: 8.0, quality: 60, ..Shot::default().of_size(1280, 960) };
    let film = camera::film(backend.dir(), "card", &camera::symbol(&card(&guest)), grainy);
    let tab = browser.open_with_camera(Screen::Desktop, "vi", &film).await;
    enter(&tab, &link(&site).await).await;
    tab.shows("[data-camera]").await;
    assert_eq!(tab.run("return document.activeElement.id").await, "scan");
    tab.run(
        "sessionStorage.keys = 0;
         addEventListener('keydown', () => { sessionStorage.keys = Number(sessionStorage.keys) + 1; }, true);",
    )
    .await;
    let begun = Instant::now();
    tab.press(ENTER).await;
    assert_eq!(verdict(&tab).await, "verified");
    println!("from Enter to the verdict: {:?}", begun.elapsed());
    assert_eq!(tab.run("return sessionStorage.keys").await, "1", "keystrokes");
    tab.says(guest.full_name.expose()).await;
    // The cursor is where the next guest begins.
    assert_eq!(tab.run("return document.activeElement.id").await, "scan");
    tab.picture("desk-camera-vi-desktop").await;
    tab.click(".last a[href$='/receipt']").await;
    tab.says("Biên nhận thông báo lưu trú").await;
    tab.close().await;
    site.stop().await;
}

/// Nothing before the camera: it gives up by itself, says so, and tries again by one more Enter.
#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_sees_nothing_says_so() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let film = camera::film(backend.dir(), "nothing", &camera::nothing(), Shot::default().of_size(640, 480));
    let tab = browser.open_with_camera(Screen::Narrow, "vi", &film).await;
    enter(&tab, &link(&site).await).await;
    tab.shows("[data-camera]").await;
    tab.press(ENTER).await;
    tab.shows("[data-picture]").await;
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-camera-vi-narrow").await;
    tab.says("Sau ba giây vẫn chưa đọc được mã").await;
    assert_eq!(tab.run("return document.querySelector('[data-picture]').hidden").await, true);
    tab.press(ENTER).await;
    tab.shows("[data-picture]").await;
    tab.close().await;
    site.stop().await;
}

/// A service that has no room for pictures says so, and not that the card is dirty.
#[tokio::test(flavor = "multi_thread")]
async fn a_busy_service_blames_no_card() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let guest = reachable();
    let shot = Shot::default().of_size(1280, 960);
    let film = camera::film(backend.dir(), "busy", &camera::symbol(&card(&guest)), shot);
    let tab = browser.open_with_camera(Screen::Narrow, "vi", &film).await;
    enter(&tab, &link(&site).await).await;
    tab.shows("[data-camera]").await;
    let caller = caller_of(
        site.app.clients.find(&"hotel".parse().unwrap()).expect("the hotel"),
        site.app.ground.clock.now().plus(Duration::from_secs(3600)),
    );
    let mut rooms = Vec::new();
    while let Ok(room) = site.app.qr.room_for_a_picture(&caller).await {
        rooms.push(room);
    }
    tab.press(ENTER).await;
    tab.says("Hệ thống đang bận, chưa xem được ảnh").await;
    assert_eq!(tab.run("return document.body.innerText.includes('Lau thẻ')").await, false);
    tab.picture("desk-busy-vi-narrow").await;
    drop(rooms);
    tab.press(ENTER).await;
    assert_eq!(verdict(&tab).await, "verified");
    tab.close().await;
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_narrow_phone() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let guest = reachable();
    let tab = at_desk(&browser, &site, Screen::Narrow, "en").await;
    tab.says("Today’s guests").await;
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-empty-en-narrow").await;
    tab.click("nav.tabs a[href='/desk?by=number']").await;
    tab.fill("#room", "12A").await;
    type_guest(&tab, &guest, guest.full_name.expose()).await;
    assert_eq!(verdict(&tab).await, "verified");
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-verified-en-narrow").await;
    tab.click("tr.open details summary").await;
    tab.fill("tr.open input[name=room]", "12B").await;
    tab.click("tr.open form[action$='/change'] button").await;
    tab.says("The change is saved").await;
    tab.says("12B").await;
    tab.picture("desk-list-en-narrow").await;
    tab.click("nav.tabs a[href='/desk/file']").await;
    tab.says("Hand in a file").await;
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-file-en-narrow").await;
    tab.close().await;
    site.stop().await;
}

/// Another facility is chosen once, and kept.
#[tokio::test(flavor = "multi_thread")]
async fn the_facility_is_remembered() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let tab = at_desk(&browser, &site, Screen::Desktop, "vi").await;
    let names = tab.run("return [...document.querySelectorAll('#facility option')].map((o) => o.textContent)").await;
    let names: Vec<String> = serde_json::from_value(names).expect("names");
    assert_eq!(names.len(), 3, "{names:?}");
    tab.says(&names[0]).await;
    tab.run("document.querySelector('#facility').selectedIndex = 2").await;
    tab.click("form[action='/desk/facility'] button").await;
    tab.reads(".place strong", &names[2]).await;
    tab.click("nav.tabs a[href='/desk?by=number']").await;
    tab.shows("#number").await;
    assert_eq!(tab.text_of(".place strong").await, names[2]);
    tab.close().await;
    site.stop().await;
}

/// A browser without scripts does no more than this; and no other site may.
#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_and_from_elsewhere() {
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let guest = reachable();
    let plain = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let opened = post_code(&site, &link(&site).await, None).await;
    assert_eq!((opened.status().as_u16(), opened.headers()["location"].to_str().unwrap()), (303, "/desk"));
    let cookie = opened.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let get = |path: String| plain.get(format!("{}{path}", site.url)).header("cookie", &cookie).send();
    let page = get("/desk?by=number".to_owned()).await.unwrap();
    let policy = page.headers()["permissions-policy"].to_str().unwrap();
    assert!(policy.contains("camera=(self)"), "{policy}");
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("script-src 'self'"));
    let html = page.text().await.unwrap();
    let value = |name: &str| {
        let rest = html.split(&format!("name=\"{name}\" value=\"")).nth(1).expect("the field");
        rest.split('"').next().unwrap().to_owned()
    };
    let fields = [
        ("by", "number".to_owned()),
        ("facility_id", value("facility_id")),
        ("key", value("key")),
        ("number", guest.id_number.expose().to_owned()),
        ("full_name", guest.full_name.expose().to_owned()),
        ("birth", birth(&guest)),
        ("departure", value("departure")),
        ("reason", "tourism".to_owned()),
    ];
    let form = reqwest::Url::parse_with_params("http://x/", fields.iter().map(|(n, v)| (*n, v.as_str()))).unwrap();
    let form = form.query().unwrap().to_owned();
    let post = |origin: &str| {
        let request = plain.post(format!("{}/desk/check-in", site.url)).header("cookie", &cookie);
        let request = request.header("content-type", "application/x-www-form-urlencoded").header("origin", origin);
        request.body(form.clone()).send()
    };
    assert_eq!(post("https://evil.example").await.unwrap().status(), 403);
    let told = post(&site.url).await.unwrap();
    assert_eq!(told.status(), 303);
    let to = told.headers()["location"].to_str().unwrap().to_owned();
    let after = get(to.split('#').next().unwrap().to_owned()).await.unwrap().text().await.unwrap();
    assert!(after.contains("data-verdict=\"verified\""), "{after}");
    // Sent again by the browser's own hand: one stay.
    assert_eq!(post(&site.url).await.unwrap().status(), 303);
    let list = get("/desk".to_owned()).await.unwrap().text().await.unwrap();
    assert_eq!(list.matches("<tr class=\"open\"").count(), 1);
    let id = list.split("<tr class=\"open\" id=\"").nth(1).unwrap().split('"').next().unwrap();
    let left = plain.post(format!("{}/desk/stays/{id}/check-out", site.url)).header("cookie", &cookie);
    let left = left.header("origin", &site.url).send().await.unwrap();
    assert_eq!((left.status().as_u16(), left.headers()["location"].to_str().unwrap()), (303, "/desk?did=left#today"));
    site.stop().await;
}
