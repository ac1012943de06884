//! The main job beside the bare framework, in one run: server processor time a request, and requests
//! a second on one worker, for hello-JSON on bare actix, a look-up from the cache without an audit
//! entry (by a handler of this bench: the service has none that goes without), the look-up as it is
//! served, its entry durable before the answer, and one that misses the cache.
//!
//! `cargo bench --bench service`; with `DANCU_TEST_POSTGRES_URL` (an empty database) PostgreSQL too.
//! Ratios of one run can be compared, those of two runs hardly.

mod rig;

use std::net::{SocketAddr, TcpListener};

use actix_web::{App as Actix, HttpResponse, HttpServer, web};
use dancu::access::Caller;
use dancu::citizens::matching::{Anchor, AnchorNumber};
use dancu::citizens::seed::Population;
use dancu::citizens::{Anchoring, Citizens, Disclosure, Question, warnings_of};
use dancu::clients::Operation;
use dancu::http::{Input, Json, Problem};
use dancu::kernel::{AttributeSet, Faults, IdNumber, PartialDate, PersonName, Purpose};
use rig::{CITIZENS, Served, measure};
use serde::Deserialize;
use serde_json::json;

const HELLO: &str = r#"{"message":"Xin chao. This body is as long as a short answer about a person would be, so that writing it costs the same: two hundred bytes or so, which is what others have measured with as well, too."}"#;

fn bare() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let hello = || async { HttpResponse::Ok().content_type("application/json").body(HELLO) };
    let server = HttpServer::new(move || Actix::new().route("/hello", web::get().to(hello)));
    tokio::spawn(server.workers(1).disable_signals().listen(listener).expect("a listener").run());
    address
}

#[derive(Deserialize)]
struct Ask {
    id_number: Input<IdNumber>,
    full_name: Input<PersonName>,
    date_of_birth: Input<PartialDate>,
    purpose: Input<Purpose>,
    attributes: Input<AttributeSet>,
}

impl Ask {
    fn read(self, faults: &mut Faults) -> Option<(Anchor, Purpose, AttributeSet)> {
        let anchor = Anchor {
            number: AnchorNumber::Personal(self.id_number.required("/id_number", faults)?),
            full_name: self.full_name.required("/full_name", faults)?,
            date_of_birth: self.date_of_birth.required("/date_of_birth", faults)?,
        };
        Some((anchor, self.purpose.required("/purpose", faults)?, self.attributes.required("/attributes", faults)?))
    }
}

/// All of a look-up but its entry.
async fn unrecorded(caller: Caller, citizens: web::Data<Citizens>, body: Json<Ask>) -> Result<HttpResponse, Problem> {
    let (anchor, purpose, attributes) = body.read(Ask::read)?;
    let question = Question { operation: Operation::CitizensLookup, name: "bench", purpose, attributes };
    let (anchoring, draft) = citizens.anchor(&caller, question, &anchor).await?;
    let Anchoring { person, .. } = anchoring?;
    let person = person.expect("everybody asked about is there");
    let allowance = draft.allowance(&caller.client.agreement, person.record.citizen.citizen_id);
    let warnings = warnings_of(&person.record.citizen, person.anchored.number, allowance);
    let disclosure = Disclosure::choose(person.record, attributes, allowance);
    let mut out = Vec::with_capacity(4096);
    disclosure.write(&mut out);
    serde_json::to_writer(&mut out, &(draft.transaction(), disclosure.withheld(), warnings)).expect("JSON");
    Ok(HttpResponse::Ok().content_type("application/json").body(out))
}

fn bench_routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/bench/lookup").route(web::post().to(unrecorded)));
}

fn look_ups(served: &Served, path: &str) -> Vec<Vec<u8>> {
    let attributes = [
        "full_name",
        "other_name",
        "date_of_birth",
        "sex",
        "place_of_birth",
        "place_of_origin",
        "ethnicity",
        "nationality",
        "marital_status",
        "permanent_residence",
        "temporary_residence",
        "current_residence",
        "card",
        "phone",
        "status",
    ];
    let people = Population::new(1, CITIZENS).flatten();
    let look_up = people.map(|citizen| {
        let body = json!({
            "id_number": citizen.id_number, "full_name": citizen.full_name, "date_of_birth": citizen.date_of_birth,
            "attributes": attributes, "purpose": served.purpose,
        });
        served.post(path, &body)
    });
    look_up.collect()
}

#[tokio::main]
async fn main() {
    // `cargo test --all-targets` runs benches too, without this word.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let hello = b"GET /hello HTTP/1.1\r\nHost: bench\r\n\r\n".to_vec();
    let base = measure(bare(), vec![hello]).await;
    println!("hello-JSON on bare actix          {:6.1} µs  {:7.0}/s   × 1", base.0, base.1);
    let mut backends = vec![("SQLite", None)];
    #[allow(clippy::disallowed_methods, reason = "a bench is told its database by the environment")]
    if let Ok(url) = std::env::var("DANCU_TEST_POSTGRES_URL") {
        backends.push(("PostgreSQL", Some(url)));
    }
    for (name, url) in backends {
        let folder = tempfile::tempdir().expect("a folder");
        for (case, bytes) in [("cached", 256 << 20), ("a miss", 0)] {
            let url = url.clone().unwrap_or_else(|| format!("sqlite:{}", folder.path().join("bench.db").display()));
            let served = rig::serve(folder.path(), url, bytes, bench_routes).await;
            let [audited, unaudited] = ["/v1/citizens/lookup", "/bench/lookup"].map(|path| look_ups(&served, path));
            let address = served.address();
            if case == "cached" {
                let (cpu, rate) = measure(address, unaudited).await;
                println!("look-up, cached, not audited        {cpu:5.1} µs  {rate:7.0}/s   × {:.2}", cpu / base.0);
            }
            let before = served.app.store.writer_stats();
            let (cpu, rate) = measure(address, audited).await;
            let after = served.app.store.writer_stats();
            let group = (after.jobs - before.jobs) as f64 / (after.commits - before.commits).max(1) as f64;
            println!(
                "look-up, {case:6}, audited, {name:10} {cpu:5.1} µs  {rate:7.0}/s   × {:.2}   {group:.0} a commit",
                cpu / base.0
            );
            served.stop().await;
        }
    }
}
