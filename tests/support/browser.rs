//! A real browser: headless Chromium, driven by its WebDriver.
//!
//! Debian's packages `chromium` and `chromium-driver`. Without them the tests of pages are skipped,
//! loudly; with `DANCU_TEST_REQUIRE_BROWSER=1` their absence fails them.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a page may take to show what a test waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the reader holds in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    Desktop,
    /// 390 by 844 points, as phones of these years have.
    Phone,
    /// 360 by 740 points: the narrowest that is still about.
    Narrow,
}

/// A driver; each tab it opens is a browser of its own, with nothing remembered.
pub struct Browser {
    driver: Child,
    url: String,
}

/// One browser with one page.
pub struct Tab {
    pub client: Client,
    driver: String,
    _profile: TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Browser {
    /// `None` where no browser is installed.
    #[allow(clippy::disallowed_methods, reason = "tests learn from the environment what they must have")]
    pub fn start() -> Option<Self> {
        static SKIPPED: Once = Once::new();
        let spawned = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut driver = match spawned {
            Ok(driver) => driver,
            Err(error) => {
                assert!(
                    std::env::var("DANCU_TEST_REQUIRE_BROWSER").as_deref() != Ok("1"),
                    "a browser is required (DANCU_TEST_REQUIRE_BROWSER=1), but chromedriver does not run: {error}"
                );
                SKIPPED.call_once(|| {
                    let line =
                        "SKIPPED: every test in a browser; install chromium and chromium-driver, or use ./scripts/test";
                    let _ = writeln!(std::io::stderr(), "\n*** {line} ***\n");
                });
                return None;
            }
        };
        let said = BufReader::new(driver.stdout.take().expect("its output"));
        let port = said.lines().map_while(Result::ok).find_map(|line| {
            let port = line.split("successfully on port ").nth(1)?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let port = port.expect("chromedriver says its port");
        Some(Self { driver, url: format!("http://127.0.0.1:{port}") })
    }

    /// A browser whose reader likes `language` best.
    pub async fn open(&self, screen: Screen, language: &str) -> Tab {
        self.open_with(screen, language, Vec::new()).await
    }

    /// The same with a camera that plays a film (YUV4MPEG2), which pages may use unasked.
    pub async fn open_with_camera(&self, screen: Screen, language: &str, film: &Path) -> Tab {
        let film = format!("--use-file-for-fake-video-capture={}", film.display());
        let fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
        self.open_with(screen, language, fake.map(str::to_owned).into_iter().chain([film]).collect()).await
    }

    async fn open_with(&self, screen: Screen, language: &str, more: Vec<String>) -> Tab {
        let profile = TempDir::new().expect("a temporary directory");
        let mut options = json!({
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1280,900",
                format!("--user-data-dir={}", profile.path().display()),
            ],
            "prefs": { "intl.accept_languages": language },
        });
        options["args"].as_array_mut().expect("a list").extend(more.into_iter().map(Value::from));
        let hand = match screen {
            Screen::Desktop => None,
            Screen::Phone => Some((390, 844)),
            Screen::Narrow => Some((360, 740)),
        };
        if let Some((width, height)) = hand {
            options["mobileEmulation"] =
                json!({ "deviceMetrics": { "width": width, "height": height, "pixelRatio": 2.0, "touch": true } });
        }
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": options });
        let wanted = wanted.as_object().expect("an object").clone();
        let client = ClientBuilder::new(HttpConnector::new()).capabilities(wanted).connect(&self.url).await;
        Tab { client: client.expect("a browser starts"), driver: self.url.clone(), _profile: profile }
    }
}

impl Tab {
    pub async fn go(&self, url: &str) {
        self.client.goto(url).await.expect("the page opens");
    }

    /// The element, once it is there.
    #[track_caller]
    pub fn find(&self, selector: &str) -> impl Future<Output = Element> {
        let caller = std::panic::Location::caller();
        async move {
            match self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await {
                Ok(element) => element,
                Err(error) => panic!("{selector} is not on the page at {caller}: {error}\n{}", self.text().await),
            }
        }
    }

    /// Does something with the element; with its successor where another page took its place meanwhile.
    #[track_caller]
    fn with<T>(&self, selector: &str, act: impl AsyncFn(Element) -> Result<T, CmdError>) -> impl Future<Output = T> {
        let caller = std::panic::Location::caller();
        async move {
            let begun = std::time::Instant::now();
            loop {
                match act(self.find(selector).await).await {
                    Ok(done) => return done,
                    Err(error) if error.is_stale_element_reference() && begun.elapsed() < PATIENCE => {}
                    Err(error) => panic!("{selector} does not do as it is told ({caller}): {error}"),
                }
            }
        }
    }

    pub async fn click(&self, selector: &str) {
        self.shows(selector).await;
        self.with(selector, async |element| element.click().await).await;
    }

    pub async fn fill(&self, selector: &str, text: &str) {
        self.shows(selector).await;
        let fill = async |field: Element| {
            field.clear().await?;
            field.send_keys(text).await
        };
        self.with(selector, fill).await;
    }

    /// The element's visible text.
    #[track_caller]
    pub fn text_of(&self, selector: &str) -> impl Future<Output = String> {
        self.with(selector, async |element| element.text().await)
    }

    /// Waits until the element says just that.
    #[track_caller]
    pub fn reads(&self, selector: &str, words: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let begun = std::time::Instant::now();
            loop {
                let text = self.text_of(selector).await;
                if text == words {
                    return;
                }
                assert!(begun.elapsed() < PATIENCE, "{selector} says {text:?}, never {words:?} ({caller})");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    /// Types to whatever has the focus, as a keyboard does.
    pub async fn press(&self, keys: &str) {
        self.client.active_element().await.expect("a focus").send_keys(keys).await.expect("a key press");
    }

    /// The visible text.
    pub async fn text(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Waits until the page says so.
    #[track_caller]
    pub fn says(&self, words: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let begun = std::time::Instant::now();
            loop {
                let text = self.text().await;
                if text.contains(words) {
                    return;
                }
                assert!(begun.elapsed() < PATIENCE, "the page never said {words:?} ({caller}):\n{text}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    /// Waits until the element is visible.
    #[track_caller]
    pub fn shows(&self, selector: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let begun = std::time::Instant::now();
            while !self.find(selector).await.is_displayed().await.unwrap_or(false) {
                assert!(begun.elapsed() < PATIENCE, "{selector} never showed ({caller}):\n{}", self.text().await);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    /// Waits until the browser is at this path.
    #[track_caller]
    pub fn at(&self, path: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let begun = std::time::Instant::now();
            loop {
                let url = self.client.current_url().await.expect("a URL");
                if url.path() == path {
                    return;
                }
                assert!(begun.elapsed() < PATIENCE, "at {url}, not at {path} ({caller}):\n{}", self.text().await);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    /// Presses the tabulator until what says so has the focus.
    pub async fn tab_to(&self, words: &str) {
        for _ in 0..60 {
            let focused = self.run("return document.activeElement.innerText || ''").await;
            if focused.as_str().is_some_and(|text| text.trim() == words) {
                return;
            }
            self.press("\u{e004}").await;
        }
        panic!("no tabulator leads to {words:?}:\n{}", self.text().await);
    }

    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.expect("the script runs")
    }

    /// What a screen reader would miss or a keyboard could not reach; empty on a good page.
    pub async fn flaws(&self) -> Vec<String> {
        let found = self.run(include_str!("flaws.js")).await;
        serde_json::from_value(found).expect("a list")
    }

    /// The whole page as PNG, in the folder that `DANCU_TEST_SCREENSHOTS` names, else in the
    /// system's temporary one.
    #[allow(clippy::disallowed_methods, reason = "a person who looks at pictures says where they go")]
    pub async fn picture(&self, name: &str) -> PathBuf {
        let folder = std::env::var_os("DANCU_TEST_SCREENSHOTS").map(PathBuf::from);
        let folder = folder.unwrap_or_else(|| std::env::temp_dir().join("dancu-screenshots"));
        std::fs::create_dir_all(&folder).expect("a folder for pictures");
        let session = self.client.session_id().await.expect("a session").expect("a session");
        let answer = reqwest::Client::new()
            .post(format!("{}/session/{session}/goog/cdp/execute", self.driver))
            .json(&json!({ "cmd": "Page.captureScreenshot", "params": { "captureBeyondViewport": true } }))
            .send()
            .await
            .expect("the driver answers");
        let answer: Value = answer.json().await.expect("JSON");
        let png = answer["value"]["data"].as_str().unwrap_or_else(|| panic!("no picture: {answer}"));
        let path = folder.join(format!("{name}.png"));
        std::fs::write(&path, STANDARD.decode(png).expect("base64")).expect("the picture is written");
        path
    }

    pub async fn close(self) {
        self.client.close().await.expect("the browser closes");
    }
}
