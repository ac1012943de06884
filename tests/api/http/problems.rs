//! Every error is a problem, in the caller's language, whoever raised it.

use dancu::http::ProblemKind;

use super::harness::{CANARY, JSON, eventually, get, post, start};

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_type_in_the_language_asked_for() {
    let bench = start();
    for kind in ProblemKind::ALL {
        let path = format!("/problem/{}", kind.slug());
        let vietnamese = get(bench.address, &path, "");
        assert_eq!(vietnamese.problem(), kind.slug());
        assert_eq!(vietnamese.status, kind.status().as_u16());
        assert_eq!(vietnamese.json()["title"], kind.title().vi);
        assert_eq!(vietnamese.header("content-language"), Some("vi"));
        let english = get(bench.address, &path, "Accept-Language: en-GB, vi;q=0.5\r\n");
        assert_eq!(english.json()["title"], kind.title().en);
        assert_eq!(english.header("content-language"), Some("en"));
        let patient = matches!(kind.status().as_u16(), 429 | 503);
        assert_eq!(english.header("retry-after").is_some(), patient, "{}", kind.slug());
        assert_eq!(
            english.header("www-authenticate").is_some(),
            [401].contains(&english.status) || *kind == ProblemKind::InsufficientScope
        );
    }
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_errors_of_actix_are_problems_too() {
    let bench = start();
    assert_eq!(get(bench.address, "/nowhere", "").problem(), "not-found");
    let wrong_method = get(bench.address, "/person", "");
    assert_eq!(wrong_method.problem(), "method-not-allowed");
    assert_eq!(wrong_method.header("allow"), Some("POST"));
    for answer in [
        get(bench.address, &format!("/query?number={CANARY}"), ""),
        get(bench.address, &format!("/slow/{CANARY}{CANARY}"), ""),
        get(bench.address, "/teapot", ""),
        post(bench.address, "/actix-json", JSON, format!("{{\"number\": \"{CANARY}\"}}").as_bytes()),
    ] {
        assert!((400..500).contains(&answer.status), "{answer:?}");
        assert!(["invalid-request", "not-found"].contains(&answer.problem().as_str()));
        assert!(!answer.body.contains(CANARY), "{answer:?}");
    }
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_service_tell_the_request_id_only() {
    let bench = start();
    for path in ["/broken", "/panic"] {
        let answer = get(bench.address, path, "Request-Id: my-own-id-17\r\n");
        assert_eq!((answer.status, answer.problem().as_str()), (500, "internal"), "{path}");
        assert_eq!(answer.header("request-id"), Some("my-own-id-17"));
        assert_eq!(answer.json().as_object().unwrap().len(), 4);
    }
    assert_eq!(get(bench.address, "/things/1", "").status, 200);
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn oauth_errors_stay_as_their_rfc_has_them() {
    let bench = start();
    let answer = post(bench.address, "/oauth", "", b"");
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json(), serde_json::json!({"error": "invalid_client", "error_description": "unknown key"}));
    assert_eq!(answer.header("www-authenticate"), Some("Basic"));
    assert!(answer.header("request-id").is_some());
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn request_ids_are_taken_if_they_are_harmless() {
    let bench = start();
    let id = |fields: &str| get(bench.address, "/things/1", fields).header("request-id").unwrap().to_owned();
    assert_eq!(id("Request-Id: abcdefgh-1\r\n"), "abcdefgh-1");
    for bad in ["Request-Id: short\r\n", "Request-Id: a-097099123456\r\n", "Request-Id: has_underscore\r\n", ""] {
        let given = id(bad);
        assert!(given.len() == 24 && given.bytes().all(|c| c.is_ascii_lowercase()), "{given}");
        assert_ne!(given, id(bad));
    }
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_own_endpoints() {
    let bench = start();
    let live = get(bench.address, "/health/live", "");
    assert_eq!((live.status, live.body.as_str()), (200, "live"));
    eventually("ready", || get(bench.address, "/health/ready", "").status == 200);
    let ready = get(bench.address, "/health/ready", "");
    assert_eq!((ready.body.as_str(), ready.header("content-type")), ("ready", Some("text/plain; charset=utf-8")));
    let details = get(bench.private, "/health", "");
    assert_eq!(details.json(), serde_json::json!({"status": "ready", "probes": {"keys": "ok"}}));
    assert_eq!(get(bench.address, "/metrics", "").problem(), "not-found");
    assert_eq!(get(bench.address, "/health", "").problem(), "not-found");
    assert_eq!(get(bench.private, "/things/1", "").status, 404);
    let description = get(bench.address, "/openapi.json", "");
    assert_eq!(description.json()["openapi"], "3.1.0");
    assert_eq!(description.header("cache-control"), Some("public, max-age=300"));
    get(bench.address, "/things/17", "");
    get(bench.address, "/nowhere", "");
    let metrics = get(bench.private, "/metrics", "").body;
    for line in [
        "dancu_http_requests_total{route=\"/things/{thing}\",status=\"200\"} 1",
        "dancu_http_request_duration_seconds_count{route=\"unmatched\",status_class=\"4xx\"} 3",
        "dancu_http_problems_total{problem=\"not-found\"} 3",
        "dancu_http_requests_in_flight 0",
        "dancu_http_requests_shed_total 0",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    bench.server.stop().await.unwrap();
}

/// Whoever asks with a browser reads a page; everybody else gets the same details as ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_gets_a_page() {
    const BROWSER: &str = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
    let bench = start();
    for (path, status, words) in [
        ("/nowhere", 404, "Không có tài nguyên này"),
        ("/problem/rate-limited", 429, "Quá nhiều yêu cầu"),
        ("/broken", 500, "Lỗi nội bộ"),
        ("/query?number=x", 400, "Yêu cầu không hợp lệ"),
    ] {
        let page = get(bench.address, path, BROWSER);
        assert_eq!((page.status, page.header("content-type")), (status, Some("text/html; charset=utf-8")), "{page:?}");
        assert!(page.body.contains(words) && page.body.contains(page.header("request-id").unwrap()), "{page:?}");
        assert!(page.header("content-security-policy").is_some());
        assert_eq!(page.header("retry-after").is_some(), status == 429);
    }
    let english = get(bench.address, "/nowhere?lang=en", BROWSER);
    assert!(english.body.contains("There is no such resource"), "{english:?}");
    let kept = get(bench.address, "/nowhere", &format!("{BROWSER}Cookie: dancu_lang=en\r\n"));
    assert!(kept.body.contains("There is no such resource"), "{kept:?}");
    assert_eq!(get(bench.address, "/nowhere", "Accept: */*\r\n").problem(), "not-found");
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn assets_are_kept_for_good() {
    let bench = start();
    let page = get(bench.address, "/nowhere", "Accept: text/html\r\n").body;
    let urls: Vec<_> = page.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assert!(urls.len() >= 2, "{page}");
    for url in urls {
        let asset = get(bench.address, url, "");
        assert_eq!(asset.status, 200, "{url}");
        assert_eq!(asset.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(asset.header("x-content-type-options"), Some("nosniff"));
    }
    bench.server.stop().await.unwrap();
}
