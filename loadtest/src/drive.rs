//! The run: workers on connections, fed by the throttle.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use async_channel::Receiver;
use tokio::task::LocalSet;

use crate::Error;
use crate::arguments::Arguments;
use crate::connection::Connection;
use crate::demo::Demo;
use crate::pace::{self, Due};
use crate::report::{Report, Tally};
use crate::scenario::Scenario;
use crate::server_cpu;

/// How long stragglers may take after the last request was due.
const GRACE: Duration = Duration::from_secs(30);

pub async fn drive(arguments: &Arguments) -> Result<Report, Error> {
    let demo = Demo::read(&arguments.demo)?;
    let run = Rc::new(Run {
        scenario: Scenario::prepare(arguments, &demo).await?,
        tally: RefCell::new(Tally::default()),
        measure_from: Instant::now() + arguments.warm_up,
    });

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
    let cpu =
        local.run_until(watch_cpu(demo.private_authority()?.to_owned(), run.measure_from, arguments.duration)).await?;
    if tokio::time::timeout(GRACE, local).await.is_err() {
        return Err(Error::new("requests are still unanswered 30 s after the last was due"));
    }
    let tally = run.tally.take();
    Ok(Report::new(arguments, &tally, cpu, run.scenario.units()))
}

struct Run {
    scenario: Scenario,
    tally: RefCell<Tally>,
    measure_from: Instant,
}

async fn work(run: Rc<Run>, mut connection: Connection, due: Receiver<Due>) {
    while let Ok(Due { number, at }) = due.recv().await {
        let before = connection.sent;
        let outcome = run.scenario.perform(&mut connection, number).await;
        if at >= run.measure_from {
            run.tally.borrow_mut().note(at.elapsed(), connection.sent - before, outcome);
        }
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
