//! What a trial costs beside its evaluation.

use std::fs;
use std::time::{Duration, Instant};

use evonas::executor::Nats;
use evonas::prelude::*;

use super::processes::{TestProcess, start_worker};
use super::server::{TestServer, each_server};
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

/// `docs/distributed.md` has the figures of an idle machine.
#[test]
fn eight_workers_end_1_500_trials_a_second_for_200_microseconds_of_the_coordinator_each() {
    const TRIALS: u64 = 5_000;
    each_server(|server| {
        // The fastest of several runs, since other processes of the machine only ever add to the time.
        let (mut rate, mut microseconds) = (0.0_f64, f64::INFINITY);
        let start = Instant::now();
        let mut run = 0;
        while rate < 1_500.0 || microseconds > 200.0 {
            assert!(
                start.elapsed() < Duration::from_secs(90),
                "{rate:.0} trials a second, {microseconds:.0} µs of the coordinator a trial"
            );
            run += 1;
            let (seconds, processor) = search(server, &format!("speed-{run}"), TRIALS);
            rate = rate.max(TRIALS as f64 / seconds);
            microseconds = microseconds.min(1e6 * processor / TRIALS as f64);
        }
        println!("{rate:.0} trials a second, {microseconds:.0} µs of the coordinator a trial");
    });
}

/// The seconds that a search takes, and those of this process's processor.
fn search(server: &TestServer, run: &str, trials: u64) -> (f64, f64) {
    let folder = tempfile::tempdir().unwrap();
    let start = || start_worker(&server.address(), run, folder.path(), "trivial");
    let _workers: Vec<TestProcess> = (0..8).map(|_| start()).collect();
    let executor: Nats<Bits> = Nats::builder(&space(), server.at(), run)
        .describe_evaluator(description())
        .in_flight(64)
        .build()
        .unwrap();
    let search = Search::new(evolution(), executor, Budget::trials(trials))
        .journal(Journal::create(folder.path()).unwrap());
    let (begin, before) = (Instant::now(), processor_seconds());
    search.run().unwrap();
    (begin.elapsed().as_secs_f64(), processor_seconds() - before)
}
