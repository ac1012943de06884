//! `dancu link` prints a link that opens the desk once.

use clap::Parser;
use dancu::audit::Page;
use dancu::cli::link::{self, LinkArgs, LinkError};
use dancu::cli::operate::{Operators, WhyArgs};
use dancu::cli::place::PlaceArgs;
use dancu::clients::Stoppable;
use dancu::kernel::Instant;
use dancu::kernel::purpose::OfficerCode;
use reqwest::redirect::Policy;

use crate::support::{Backend, Installation, operator};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    why: WhyArgs,
    #[command(flatten)]
    args: LinkArgs,
}

async fn printed(backend: &Backend, more: &[&str]) -> Result<String, LinkError> {
    let dir = backend.dir().to_str().expect("a path").to_owned();
    let line = Line::parse_from(["link", "--dir", &dir].iter().chain(more));
    let mut out = Vec::new();
    let operators = Operators::at(&line.place, &line.why);
    link::run(&line.place, &line.args, &operators, &mut out).await?;
    Ok(String::from_utf8(out).expect("UTF-8").trim().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_opens_the_desk_once() {
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let demo = serde_json::json!({ "base_url": site.url });
    std::fs::write(backend.dir().join("demo.json"), demo.to_string()).expect("a file");
    let url =
        printed(&backend, &["--client", "hotel", "--officer", "le-tan-01", "--page", "/desk"]).await.expect("a link");
    assert!(url.starts_with(&format!("{}/desk/open?code=", site.url)), "{url}");
    // Mail programs and browsers look ahead: nothing is used up, and nobody is signed in.
    let plain = reqwest::Client::builder().redirect(Policy::none()).build().expect("a client");
    for _ in 0..2 {
        let asked = plain.get(&url).send().await.expect("an answer");
        assert_eq!((asked.status().as_u16(), asked.headers().contains_key("set-cookie")), (200, false));
        let page = asked.text().await.expect("a page");
        assert!(page.contains("le-tan-01") && page.contains("Khách sạn"), "{page}");
    }
    let (open, code) = url.split_once('?').expect("a code");
    let post = async |origin: Option<&str>, cookie: Option<&str>| {
        let request = plain.post(open).body(code.to_owned());
        let mut request = request.header("content-type", "application/x-www-form-urlencoded");
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        request.send().await.expect("an answer")
    };
    for foreign in [None, Some("null"), Some("https://evil.vn")] {
        assert_eq!(post(foreign, None).await.status(), 403, "{foreign:?}");
    }
    let cookie_of = |answer: &reqwest::Response| {
        let set = answer.headers()["set-cookie"].to_str().expect("ASCII");
        set.split(';').next().expect("a pair").to_owned()
    };
    let desk = async |cookie: &str| {
        let page = plain.get(format!("{}/desk", site.url)).header("cookie", cookie).send().await.expect("an answer");
        page.text().await.expect("a page")
    };
    let opened = post(Some(&site.url), None).await;
    assert_eq!(opened.status(), 303);
    let cookie = cookie_of(&opened);
    assert!(desk(&cookie).await.contains("le-tan-01"));
    assert_eq!(post(Some(&site.url), None).await.status(), 410, "once");
    assert_eq!(plain.get(&url).send().await.expect("an answer").status(), 410);

    // Of an officer who is stopped a link opens nothing, and is not used up by that.
    let officer = Stoppable::Officer(OfficerCode::parse("le-tan-01").expect("a code"));
    let changes = operator(&site.app);
    let (clients, hotel) = (site.app.clients.clone(), "hotel".parse().expect("a client id"));
    let later = printed(&backend, &["--client", "hotel", "--officer", "le-tan-01"]).await.expect("a link");
    clients.under(&changes).stop(&hotel, officer.clone()).await.expect("stopped");
    assert!(!desk(&cookie).await.contains("le-tan-01"), "the session is refused");
    let opening = async || {
        let request = plain.post(later.split_once('?').expect("a code").0).header("origin", &site.url);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(later.split_once('?').expect("a code").1.to_owned()).send().await.expect("an answer").status()
    };
    assert_eq!(opening().await, 410);
    let unmade = printed(&backend, &["--client", "hotel", "--officer", "le-tan-01"]).await.expect_err("no link");
    assert!(unmade.to_string().contains("stopped"), "{unmade}");
    clients.under(&changes).start(&hotel, officer).await.expect("started");
    assert!(desk(&cookie).await.contains("le-tan-01"));
    assert_eq!(opening().await, 303);

    // Another link in the same browser ends that session.
    let again = printed(&backend, &["--client", "hotel", "--officer", "le-tan-01"]).await.expect("a link");
    let (open, code) = again.split_once('?').expect("a code");
    let request = plain.post(open).body(code.to_owned()).header("origin", &site.url).header("cookie", &cookie);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let other = cookie_of(&request.send().await.expect("an answer"));
    assert!(desk(&other).await.contains("le-tan-01"));
    assert!(!desk(&cookie).await.contains("le-tan-01"), "the session before is over");

    // The hotel is told of the links that were made for its officer; who used them is recorded.
    let hotel = "hotel".parse().expect("a client id");
    let (range, page) = (Instant::from_seconds(0)..Instant::from_seconds(4_000_000_000), Page { skip: 0, limit: 50 });
    let told = site.app.audit.changes_of(&hotel, range, page).await.expect("a history");
    let links: Vec<_> = told.entries.iter().filter(|entry| entry.entry.operation == "links.desk").collect();
    assert_eq!(links.len(), 3, "{told:?}");
    assert!(
        links[0].entry.act.as_ref().is_some_and(|act| act.target == "hotel quay-le-tan/le-tan-01"),
        "{:?}",
        links[0]
    );

    let told = |refused: Result<String, LinkError>| refused.expect_err("refused").to_string();
    assert!(
        told(printed(&backend, &["--client", "hotel", "--officer", "nobody"]).await).contains("no registered officer")
    );
    assert!(told(printed(&backend, &["--client", "bank", "--officer", "gdv-01"]).await).contains("does not list"));
    assert!(told(printed(&backend, &["--client", "none", "--officer", "x"]).await).contains("no client"));
    site.stop().await;
}
