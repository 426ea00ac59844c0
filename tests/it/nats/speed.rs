//! What a trial costs beside its evaluation.

use std::fs;
use std::time::Instant;

use evonas::executor::Nats;
use evonas::prelude::*;

use super::processes::{TestProcess, start_worker};
use super::server::each_server;
use super::{Bits, description, evolution, space};

/// The processor time of this thread's process so far, in seconds.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks = |index: usize| fields[index].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}

/// Run alone, with `--ignored`: other tests take the processors. `docs/distributed.md` has the figures.
#[test]
#[ignore = "a measurement"]
fn trials_a_second_with_eight_workers() {
    const TRIALS: u64 = 10_000;
    each_server(|server| {
        let folder = tempfile::tempdir().unwrap();
        let start = || start_worker(&server.address(), "speed", folder.path(), "trivial");
        let _workers: Vec<TestProcess> = (0..8).map(|_| start()).collect();
        let executor: Nats<Bits> = Nats::builder(&space(), server.at(), "speed")
            .describe_evaluator(description())
            .in_flight(64)
            .build()
            .unwrap();
        let search = Search::new(evolution(), executor, Budget::trials(TRIALS))
            .journal(Journal::create(folder.path()).unwrap());
        let (begin, before) = (Instant::now(), processor_seconds());
        search.run().unwrap();
        let (seconds, processor) = (begin.elapsed().as_secs_f64(), processor_seconds() - before);
        println!(
            "{:.0} trials a second, {:.0} µs of processor time of the coordinator a trial",
            TRIALS as f64 / seconds,
            1e6 * processor / TRIALS as f64
        );
    });
}
