//! The run: workers on connections, fed by the throttle.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use async_channel::Receiver;
use serde_json::Value;
use tokio::task::LocalSet;

use crate::Error;
use crate::arguments::{Arguments, ScenarioName};
use crate::connection::Connection;
use crate::demo::Demo;
use crate::pace::{self, Due};
use crate::report::{Report, Tally};
use crate::sample;
use crate::scenario::Scenario;
use crate::server_cpu;

/// How long stragglers may take after the last request was due.
const GRACE: Duration = Duration::from_secs(30);

pub async fn drive(arguments: &Arguments) -> Result<Report, Error> {
    let demo = Demo::read(&arguments.demo)?;
    let purpose = demo.client(&arguments.client)?.purpose()?;
    let anchors = sample::anchors(demo.population, arguments.citizens)?;
    let token = authorization(arguments).await?;
    let scenario = match arguments.scenario {
        ScenarioName::Stays | ScenarioName::StaysBatch => {
            let facility = facility(demo.authority()?, &token).await?;
            Scenario::new_stays(arguments, &anchors, &purpose, &facility)
        }
        _ => Scenario::prepare(arguments, &anchors, &purpose),
    };
    let run = Rc::new(Run {
        scenario,
        token: RefCell::new(token),
        tally: RefCell::new(Tally::default()),
        measure_from: Instant::now() + arguments.warm_up,
    });
    drop(anchors);

    let span = arguments.warm_up + arguments.duration;
    let due = if arguments.rate > 0.0 {
        pace::constant_rate(arguments.rate, span)
    } else {
        pace::as_fast_as_possible(arguments.connections, span)
    };
    let local = LocalSet::new();
    for _ in 0..arguments.connections.max(1) {
        local.spawn_local(work(Rc::clone(&run), Connection::new(demo.authority()?), due.clone()));
    }
    let cpu = local.run_until(watch_cpu(demo.authority()?.to_owned(), run.measure_from, arguments.duration)).await?;
    if tokio::time::timeout(GRACE, local).await.is_err() {
        return Err(Error::new("requests are still unanswered 30 s after the last was due"));
    }
    let tally = run.tally.take();
    Ok(Report::new(arguments, &tally, cpu, run.scenario.units))
}

struct Run {
    scenario: Scenario,
    token: RefCell<String>,
    tally: RefCell<Tally>,
    measure_from: Instant,
}

async fn work(run: Rc<Run>, mut connection: Connection, due: Receiver<Due>) {
    while let Ok(Due { number, at }) = due.recv().await {
        let token = run.token.borrow().clone();
        let body = run.scenario.body(number);
        let sent = connection.post(run.scenario.path(), run.scenario.content_type(), &token, body).await;
        if at < run.measure_from {
            continue;
        }
        let outcome = match sent {
            Ok(answer) => run.scenario.check(&answer),
            Err(error) => Err(format!("connection: {error}")),
        };
        run.tally.borrow_mut().note(at.elapsed(), outcome);
    }
}

/// The server's processor seconds over the measured span.
async fn watch_cpu(authority: String, from: Instant, span: Duration) -> Result<f64, Error> {
    let mut connection = Connection::new(&authority);
    tokio::time::sleep_until(from.into()).await;
    let before = server_cpu::seconds(&mut connection).await?;
    tokio::time::sleep_until((from + span).into()).await;
    Ok(server_cpu::seconds(&mut connection).await? - before)
}

/// The facility that the client reports for.
async fn facility(authority: &str, token: &str) -> Result<String, Error> {
    let answer = Connection::new(authority).get_with("/v1/facilities", token).await?;
    let told: Value = serde_json::from_slice(&answer.body)?;
    let first = told["facilities"][0]["facility_id"].as_str();
    first.map(str::to_owned).ok_or_else(|| Error::new(format!("{}: the client has no facility", answer.status)))
}

async fn authorization(arguments: &Arguments) -> Result<String, Error> {
    let folder = arguments.demo.clone();
    let client = arguments.client.clone();
    let token = tokio::task::spawn_blocking(move || sample::access_token(&folder, &client)).await??;
    Ok(format!("Bearer {token}"))
}
