//! Searches whose workers find them at a NATS server. `EVONAS_NATS_SERVERS` names the servers' programs, separated by
//! colons; each test runs with every one of them. The test binary runs itself as worker and as coordinator: see
//! [`processes`].

mod campaign;
mod deaths;
mod endings;
mod journals;
mod namespaces;
mod notices;
mod processes;
mod refusals;
mod security;
mod server;
mod speed;
mod strangers;

use std::thread;
use std::time::{Duration, Instant};

use evonas::nats::NatsWorker;
use evonas::prelude::*;
use evonas::worker::WorkerSetup;
use serde_json::json;

use processes::ones;
use server::TestServer;

type Bits = Vec<bool>;

fn space() -> BitsSpace {
    BitsSpace { length: 8 }
}

fn evolution() -> Evolution<Bits> {
    let evolution = Evolution::builder(space(), FlipOneBit);
    evolution.population(10).sample(3).seed(7).build().unwrap()
}

fn description() -> serde_json::Value {
    json!({"epochs": 3})
}

/// An evaluation that takes no time.
fn count_ones(bits: &Bits, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    Ok(Evaluation::new(ones(bits)))
}

fn all_have_scores(result: &SearchResult<Bits>) -> bool {
    let records = result.history.records();
    records.iter().all(|record| record.fitness().is_some())
}

/// Serves an evaluator in threads of this process while something else is done.
fn with_workers<T>(
    server: &TestServer,
    run: &str,
    workers: usize,
    evaluator: impl Evaluator<Bits> + Clone + Send + Sync,
    work: impl FnOnce() -> T,
) -> T {
    thread::scope(|scope| {
        let stop = StopSignal::new();
        for number in 0..workers {
            let evaluator = evaluator.clone();
            let worker = NatsWorker::new(server.at(), run)
                .number(number)
                .grace(Duration::from_secs(1))
                .stop_signal(&stop);
            scope.spawn(move || {
                let setup = WorkerSetup::new(space(), evaluator).describe_evaluator(description());
                worker.serve(&setup).unwrap();
            });
        }
        let done = work();
        stop.stop();
        done
    })
}

/// Waits until something holds, for a minute at most.
fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "never: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
