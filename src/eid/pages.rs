//! `GET /wallet`: the e-ID app in a browser, for trials. The page holds every word; its script makes
//! the key, signs and speaks to `/v1/eid/…` as any app does.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use askama::Template;

use super::Eid;
use crate::clients::labels;
use crate::http::Problem;
use crate::http::page::{Asset, Page};
use crate::kernel::{Attribute, Text};

mod sign_in;
mod words;

pub use sign_in::sign_in_routes;

static SCRIPT: Asset = Asset::script("wallet.js", include_bytes!("pages/wallet.js"));
static DEVICE: Asset = Asset::script("device.js", include_bytes!("pages/device.js"));

/// Serves the app.
pub fn wallet_routes(config: &mut ServiceConfig) {
    SCRIPT.route(config);
    DEVICE.route(config);
    config.service(web::resource("/wallet").get(wallet));
}

#[derive(Template)]
#[template(path = "eid/pages/wallet.html")]
struct Wallet {
    page: Page,
    issuer: String,
    script: &'static Asset,
    device_script: &'static Asset,
    /// Kind, code, words.
    labels: Vec<(&'static str, &'static str, &'static str)>,
}

impl Wallet {
    /// Name, tone, title and words of each way a request ends.
    fn outcomes(&self) -> impl Iterator<Item = (&'static str, &'static str, &'static str, &'static str)> {
        let page = &self.page;
        words::OUTCOMES.iter().map(|(name, tone, title, words)| (*name, *tone, page.tell(title), page.tell(words)))
    }

    /// Name and words of what the citizen's own QR can say, and whether it is chosen at first.
    fn shown_by_qr(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        use Attribute::{DateOfBirth, FullName, IdNumber, Nationality, PermanentResidence, Photo, Sex};
        let language = self.page.language();
        [FullName, IdNumber, DateOfBirth, Sex, Nationality, PermanentResidence, Photo].into_iter().map(
            move |attribute| {
                let chosen = matches!(attribute, FullName | IdNumber | DateOfBirth);
                (attribute.name(), labels::attribute_label(attribute).in_language(language), chosen)
            },
        )
    }

    /// What the script may have to say.
    fn sentences(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        words::SENTENCES.iter().map(|(name, text)| (*name, self.page.tell(text)))
    }
}

async fn wallet(page: Page, eid: Data<Eid>) -> Result<HttpResponse, Problem> {
    let language = page.language();
    let in_words = |text: Text| text.in_language(language);
    let attributes = Attribute::ALL.iter().map(|a| ("attribute", a.name(), in_words(labels::attribute_label(*a))));
    let procedures = labels::PROCEDURES.iter().map(|(code, text)| ("procedure", *code, in_words(*text)));
    let bases = labels::LEGAL_BASES.iter().map(|(code, text)| ("legal-basis", *code, in_words(*text)));
    let view = Wallet {
        issuer: eid.issuer().to_owned(),
        script: &SCRIPT,
        device_script: &DEVICE,
        labels: attributes.chain(procedures).chain(bases).collect(),
        page,
    };
    view.page.show(&view)
}
