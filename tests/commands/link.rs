//! `dancu link` prints a link that opens the desk once.

use clap::Parser;
use dancu::cli::link::{self, LinkArgs, LinkError};
use dancu::cli::place::PlaceArgs;
use reqwest::redirect::Policy;

use crate::support::{Backend, Installation};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    args: LinkArgs,
}

async fn printed(backend: &Backend, more: &[&str]) -> Result<String, LinkError> {
    let dir = backend.dir().to_str().expect("a path").to_owned();
    let line = Line::parse_from(["link", "--dir", &dir].iter().chain(more));
    let mut out = Vec::new();
    link::run(&line.place, &line.args, &mut out).await?;
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
    let plain = reqwest::Client::builder().redirect(Policy::none()).build().expect("a client");
    // A browser that looks ahead does not use it up.
    let ahead = plain.get(&url).header("sec-purpose", "prefetch").send().await.expect("an answer");
    assert_eq!(ahead.status(), 503);
    let opened = plain.get(&url).send().await.expect("an answer");
    assert_eq!(opened.status(), 303);
    let cookie = opened.headers()["set-cookie"].to_str().expect("ASCII").split(';').next().expect("a pair").to_owned();
    let page = plain.get(format!("{}/desk", site.url)).header("cookie", cookie).send().await.expect("an answer");
    assert!(page.text().await.expect("a page").contains("le-tan-01"));
    assert_eq!(plain.get(&url).send().await.expect("an answer").status(), 410);

    let told = |refused: Result<String, LinkError>| refused.expect_err("refused").to_string();
    assert!(
        told(printed(&backend, &["--client", "hotel", "--officer", "nobody"]).await).contains("no registered officer")
    );
    assert!(told(printed(&backend, &["--client", "bank", "--officer", "gdv-01"]).await).contains("does not list"));
    assert!(told(printed(&backend, &["--client", "none", "--officer", "x"]).await).contains("no enabled client"));
    site.stop().await;
}
