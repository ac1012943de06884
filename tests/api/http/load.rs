//! Under load some are refused early, and whoever watches still sees.

use std::time::{Duration, Instant};

use dancu::http::Limits;

use super::harness::{get, patient, start, start_limited};

#[tokio::test(flavor = "multi_thread")]
async fn requests_beyond_the_bound_are_shed() {
    let bench = start_limited(Limits { in_flight: 2, ..patient() });
    let address = bench.address;
    let slow: Vec<_> = (0..2).map(|_| std::thread::spawn(move || get(address, "/slow/600", ""))).collect();
    while bench.handled.0.load(std::sync::atomic::Ordering::SeqCst) < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let refused = get(address, "/things/1", "");
    assert_eq!((refused.status, refused.problem().as_str()), (503, "overloaded"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(get(address, "/health/live", "").status, 200);
    assert_eq!(get(bench.private, "/metrics", "").status, 200);
    assert!(slow.into_iter().all(|request| request.join().unwrap().status == 200));
    assert_eq!(get(address, "/things/1", "").status, 200);
    assert!(bench.metrics.encode().contains("dancu_http_requests_shed_total 1\n"));
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_does_not_drain_is_shortened() {
    let bench = start_limited(Limits { queue_delay: Duration::from_millis(15), ..Limits::default() });
    let address = bench.address;
    let began = Instant::now();
    let clients: Vec<_> = (0..16)
        .map(|_| {
            std::thread::spawn(move || {
                let mut shed = 0;
                while began.elapsed() < Duration::from_millis(2500) {
                    shed += usize::from(get(address, "/busy/4", "").status == 503);
                }
                shed
            })
        })
        .collect();
    let shed: usize = clients.into_iter().map(|client| client.join().unwrap()).sum();
    assert!(shed > 0, "sixteen clients at 4 ms of work each make a queue of 60 ms");
    let calm = Instant::now();
    let mut last = 503;
    while calm.elapsed() < Duration::from_secs(10) && last != 200 {
        std::thread::sleep(Duration::from_millis(120));
        last = get(address, "/things/1", "").status;
    }
    assert_eq!(last, 200);
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_takes_too_long_is_given_up() {
    let bench = start_limited(Limits { answer_timeout: Duration::from_millis(100), ..patient() });
    let answer = get(bench.address, "/slow/5000", "Accept-Language: en\r\n");
    assert_eq!((answer.status, answer.problem().as_str()), (503, "timeout"));
    assert_eq!(answer.header("content-language"), Some("en"));
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn negative_answers_leave_at_their_time() {
    let bench = start();
    let began = Instant::now();
    assert_eq!(get(bench.address, "/negative", "").body, "no_match");
    assert!(began.elapsed() >= Duration::from_millis(25), "{:?}", began.elapsed());
    bench.server.stop().await.unwrap();
}
