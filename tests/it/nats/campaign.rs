//! Everything is killed at random moments, and nothing is lost or doubled.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::search::journal::read;

use super::processes::{TestProcess, start_coordinator, start_worker};
use super::server::{TestServer, each_server};
use super::{Bits, evolution};

const TRIALS: u64 = 200;
const WORKERS: usize = 4;

/// How many trials a journal has, as far as it is written.
fn told(folder: &Path) -> u64 {
    let journal = fs::read_to_string(folder.join("journal.jsonl")).unwrap_or_default();
    journal.matches("{\"tell\":").count() as u64
}

#[test]
fn a_run_outlives_its_workers_its_server_and_its_coordinator() {
    each_server(|server| {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let address = server.address();
        let worker = || start_worker(&address, "campaign", folder, "quick");
        let coordinator = || start_coordinator(&address, "campaign", folder, TRIALS);
        let mut workers: Vec<TestProcess> = (0..WORKERS).map(|_| worker()).collect();
        let mut coordinating = coordinator();
        let mut random = stream(1, 0);
        let (mut kills, mut deleted, mut turn) = ([0_u32; 3], false, 0);
        let start = Instant::now();
        loop {
            let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(
                start.elapsed() < Duration::from_secs(240),
                "{}: {}",
                told(folder),
                log()
            );
            if let Some(status) = coordinating.0.try_wait().unwrap() {
                assert!(status.success(), "{status}: {}", log());
                break;
            }
            thread::sleep(Duration::from_millis(random.random_range(20..400)));
            // One that was started while the server was away ends; a batch system starts it again.
            for process in &mut workers {
                if process.0.try_wait().unwrap().is_some() {
                    *process = worker();
                }
            }
            // Enough of them are killed long before the end; the rest shows that the run goes on.
            if told(folder) > TRIALS * 9 / 10 || (deleted && kills.iter().sum::<u32>() > 40) {
                continue;
            }
            let kind = turn % 5;
            turn += 1;
            match kind {
                0 | 2 | 3 => {
                    let index = random.random_range(0..WORKERS);
                    workers[index] = worker();
                    kills[0] += 1;
                }
                1 => {
                    let deletes = !deleted && told(folder) > TRIALS / 3;
                    kill_server(server, deletes);
                    deleted |= deletes;
                    kills[1] += 1;
                }
                _ => {
                    drop(coordinating);
                    coordinating = coordinator();
                    kills[2] += 1;
                }
            }
        }
        eprintln!("killed {kills:?} in {:.1} s", start.elapsed().as_secs_f64());
        assert!(deleted && kills.iter().all(|&kills| kills > 1), "{kills:?}");
        check_journal(folder);
        // The workers hear that there is nothing left to do.
        for worker in &mut workers {
            super::wait_until("a worker ends", || worker.0.try_wait().unwrap().is_some());
        }
    });
}

fn kill_server(server: &mut TestServer, delete: bool) {
    server.kill();
    if delete {
        server.delete_store();
    }
    server.start();
}

/// Every trial is recorded once, and the journal replays.
fn check_journal(folder: &Path) {
    let recorded = read::<Bits>(folder).unwrap();
    let ids: BTreeSet<u64> = recorded
        .history
        .records()
        .iter()
        .map(|record| record.id.0)
        .collect();
    assert_eq!(ids, (0..TRIALS).collect());
    assert_eq!(recorded.history.len() as u64, TRIALS);
    assert!(recorded.in_flight.is_empty());
    for record in recorded.history.records() {
        assert!(record.fitness().is_some(), "{record:?}");
    }
    let never = |_: &Bits, _: &Context<'_>| -> Result<Evaluation, EvaluationError> {
        panic!("everything is recorded")
    };
    let search = Search::new(evolution(), Serial::new(never), Budget::trials(TRIALS));
    let journal = Journal::open(folder).unwrap();
    let result = search.journal(journal).run().unwrap();
    assert_eq!(result.history.records(), recorded.history.records());
}
