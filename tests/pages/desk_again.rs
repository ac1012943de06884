//! Guests who are sent to the desk a second time, by forms as a browser without scripts posts them.

use std::time::Duration;

use dancu::citizens::Citizen;
use dancu::kernel::Instant;

use super::desk::{birth, link, post_code};
use super::holder::reachable;
use crate::support::{Backend, Installation};

struct Plain {
    web: reqwest::Client,
    url: String,
    cookie: String,
}

impl Plain {
    async fn open(site: &Installation) -> Self {
        let web = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let opened = post_code(site, &link(site).await, None).await;
        let cookie = opened.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { web, url: site.url.clone(), cookie }
    }

    async fn get(&self, path: &str) -> String {
        let request = self.web.get(format!("{}{path}", self.url)).header("cookie", &self.cookie);
        request.send().await.expect("an answer").text().await.expect("a page")
    }

    /// Fills in the form of a fresh page; the stay, and whether it was there already.
    async fn check_in(&self, by: &str, fields: &[(&str, &str)]) -> (String, bool) {
        let html = self.get(&format!("/desk?by={by}")).await;
        let value = |name: &str| {
            let rest = html.split(&format!("name=\"{name}\" value=\"")).nth(1).expect("the field");
            rest.split('"').next().unwrap().to_owned()
        };
        let hidden = ["facility_id", "key", "departure"].map(|name| (name, value(name)));
        let hidden = hidden.iter().map(|(name, value)| (*name, value.as_str()));
        // The first of a name counts.
        let all = fields.iter().copied().chain([("by", by), ("reason", "tourism")]).chain(hidden);
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
        let request = self.web.post(format!("{}/desk/check-in", self.url)).header("cookie", &self.cookie);
        let request = request.header("content-type", "application/x-www-form-urlencoded").header("origin", &self.url);
        let answer = request.body(body).send().await.expect("an answer");
        assert_eq!(answer.status(), 303, "{:?}", answer.text().await);
        let to = answer.headers()["location"].to_str().unwrap().to_owned();
        let stay = to.split("done=").nth(1).expect("a stay").split('&').next().unwrap().to_owned();
        (stay, to.contains("again=true"))
    }
}

/// As a field of a form has it, and as pages show it.
fn written(at: Instant) -> (String, String) {
    let (day, (hour, minute)) = (at.date_in_viet_nam(), at.hour_and_minute_in_viet_nam());
    (
        format!("{day}T{hour:02}:{minute:02}"),
        format!("{hour:02}:{minute:02} {:02}/{:02}/{:04}", day.day(), day.month(), day.year()),
    )
}

fn typed<'a>(guest: &'a Citizen, born: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("number", guest.id_number.expose()), ("full_name", guest.full_name.expose()), ("birth", born)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_scanned_again_is_told_to_be_reported_already() {
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let (desk, guest) = (Plain::open(&site).await, reachable());
    let born = birth(&guest);
    let (earlier, _) = written(site.app.ground.clock.now().minus(Duration::from_secs(600)));
    let (first, again) = desk.check_in("number", &[typed(&guest, &born), vec![("arrival", &earlier)]].concat()).await;
    assert!(!again);
    let (second, again) = desk.check_in("number", &typed(&guest, &born)).await;
    assert_eq!((second.as_str(), again), (first.as_str(), true));
    let page = desk.get(&format!("/desk?done={second}&again=true&lang=vi")).await;
    assert!(page.contains("không báo hai lần") && page.contains(&format!("/desk/stays/{first}/receipt")), "{page}");
    assert_eq!(page.matches("<tr class=\"open\"").count(), 1);
    // The night before is another, where somebody says so.
    let (before, _) = written(site.app.ground.clock.now().minus(Duration::from_secs(20 * 3600)));
    let (other, again) = desk.check_in("number", &[typed(&guest, &born), vec![("arrival", &before)]].concat()).await;
    assert!(other != first && !again);
    site.stop().await;
}

/// Back in the browser, and Enter.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_again_tells_whom_it_reported() {
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let (desk, guest) = (Plain::open(&site).await, reachable());
    let born = birth(&guest);
    let (earlier, _) = written(site.app.ground.clock.now().minus(Duration::from_secs(600)));
    let form = [typed(&guest, &born), vec![("key", "the-form-of-a-page")]].concat();
    let (first, _) = desk.check_in("number", &[form.clone(), vec![("arrival", &earlier)]].concat()).await;
    assert_eq!(desk.check_in("number", &form).await, (first.clone(), true));
    let child = [("full_name", "Nguyễn Bé Na"), ("birth", "2020"), ("key", "the-form-of-a-page")];
    let (other, again) = desk.check_in("paper", &child).await;
    assert!(other != first && !again, "somebody else");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_arrival_typed_with_a_mended_guest_is_kept() {
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let (desk, guest) = (Plain::open(&site).await, reachable());
    let born = birth(&guest);
    let (earlier, shown) = written(site.app.ground.clock.now().minus(Duration::from_secs(600)));
    let wrong = [vec![("full_name", "Trần Văn Nhầm")], typed(&guest, &born)].concat();
    let (stay, _) = desk.check_in("number", &wrong).await;
    let receipt = format!("/desk/stays/{stay}/receipt");
    assert!(!desk.get(&receipt).await.contains(&shown));
    let mended = [typed(&guest, &born), vec![("mend", stay.as_str()), ("guest", "1"), ("arrival", &earlier)]].concat();
    assert_eq!(desk.check_in("number", &mended).await, (stay, false));
    // The one page of receipts tells the amendment, and leads back to the desk.
    let page = desk.get(&receipt).await;
    assert!(page.contains(&shown) && page.contains("Sửa đổi lúc"), "{page}");
    assert!(page.contains("<a href=\"/desk\">") && !page.contains("<style"), "{page}");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passport_is_taken_from_its_lines_alone() {
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let desk = Plain::open(&site).await;
    let lines = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
    let (stay, _) = desk.check_in("passport", &[("mrz", lines)]).await;
    let page = desk.get(&format!("/desk?done={stay}")).await;
    assert!(page.contains("ERIKSSON ANNA MARIA") && page.contains("data-verdict=\"unverified\""), "{page}");
    site.stop().await;
}
