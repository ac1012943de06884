//! Which language a request is answered in: what its URL says, else what was chosen before, else
//! what the browser likes, else Vietnamese.

use actix_web::dev::RequestHead;
use actix_web::http::header;

use crate::kernel::Language;

/// The cookie that remembers a choice. It says `vi` or `en` and nothing of who chose.
pub(super) const COOKIE: &str = "dancu_lang";
/// The query parameter that makes a choice.
pub(super) const PARAMETER: &str = "lang";

pub(super) const fn tag(language: Language) -> &'static str {
    match language {
        Language::Vi => "vi",
        Language::En => "en",
    }
}

fn of_tag(tag: &str) -> Option<Language> {
    match tag {
        "vi" => Some(Language::Vi),
        "en" => Some(Language::En),
        _ => None,
    }
}

/// The language of a request.
pub(super) fn language_of(head: &RequestHead) -> Language {
    let field = |name| head.headers().get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    chosen(head.uri.query())
        .or_else(|| field(header::COOKIE).and_then(remembered))
        .unwrap_or_else(|| best_liked(field(header::ACCEPT_LANGUAGE)))
}

/// What `?lang=` says; the last one counts.
pub(super) fn chosen(query: Option<&str>) -> Option<Language> {
    let mut pairs = query?.rsplit('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == PARAMETER).and_then(|(_, value)| of_tag(value))
}

fn remembered(cookies: &str) -> Option<Language> {
    let mut pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).and_then(|(_, value)| of_tag(value))
}

/// The better liked of the two languages in an `Accept-Language` field (RFC 9110 section 12.5.4).
fn best_liked(accept_language: Option<&str>) -> Language {
    let mut best = (Language::Vi, 0);
    for range in accept_language.unwrap_or_default().split(',') {
        let mut parts = range.split(';');
        let tag = parts.next().unwrap_or_default().trim();
        let primary = tag.split('-').next().unwrap_or_default();
        let language = if primary.eq_ignore_ascii_case("en") {
            Language::En
        } else if primary.eq_ignore_ascii_case("vi") || primary == "*" {
            Language::Vi
        } else {
            continue;
        };
        let quality = parts.find_map(|p| p.trim().strip_prefix("q=")).map_or(1000, thousandths);
        if quality > best.1 {
            best = (language, quality);
        }
    }
    best.0
}

fn thousandths(quality: &str) -> u32 {
    quality.trim().parse::<f32>().map_or(0, |q| (q.clamp(0.0, 1.0) * 1000.0) as u32)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn vietnamese_unless_english_is_liked_better() {
        for (field, language) in [
            (None, Language::Vi),
            (Some(""), Language::Vi),
            (Some("en"), Language::En),
            (Some("en-GB,en;q=0.9,vi;q=0.8"), Language::En),
            (Some("fr, vi;q=0.5, en;q=0.7"), Language::En),
            (Some("vi-VN, en"), Language::Vi),
            (Some("en;q=0"), Language::Vi),
            (Some("*"), Language::Vi),
            (Some("en;q=x"), Language::Vi),
        ] {
            assert_eq!(best_liked(field), language, "{field:?}");
        }
    }

    #[test]
    fn the_url_goes_before_the_cookie_before_the_browser() {
        let of = |uri: &str, cookie: &str, accepted: &str| {
            let request = TestRequest::get()
                .uri(uri)
                .insert_header((header::COOKIE, cookie))
                .insert_header((header::ACCEPT_LANGUAGE, accepted))
                .to_http_request();
            language_of(request.head())
        };
        for (uri, cookie, accepted, language) in [
            ("/", "", "", Language::Vi),
            ("/", "", "en", Language::En),
            ("/", "a=b; dancu_lang=vi", "en", Language::Vi),
            ("/", "dancu_lang=en", "", Language::En),
            ("/", "dancu_lang=xx", "en", Language::En),
            ("/?lang=vi", "dancu_lang=en", "en", Language::Vi),
            ("/?lang=vi&x=1&lang=en", "", "", Language::En),
            ("/?slang=en", "", "", Language::Vi),
            ("/?lang=%65n", "", "", Language::Vi),
        ] {
            assert_eq!(of(uri, cookie, accepted), language, "{uri} {cookie} {accepted}");
        }
    }
}
