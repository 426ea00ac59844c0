//! How searches and workers end, and what stays at the server.

use std::fs;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use evonas::executor::Nats;
use evonas::nats::{NatsRun, NatsWorker, RunStatus};
use evonas::prelude::*;
use evonas::worker::WorkerSetup;

use super::processes::{LEASE, LET_GO, marks, ones, start_worker};
use super::server::{TestServer, each_server};
use super::{Bits, count_ones, description, evolution, space, wait_until, with_workers};

fn executor(server: &TestServer, run: &str, stop: &StopSignal) -> Nats<Bits> {
    Nats::builder(&space(), server.at(), run)
        .describe_evaluator(description())
        .in_flight(2)
        .lease(LEASE)
        .stop_signal(stop)
        .build()
        .unwrap()
}

fn status(server: &TestServer, run: &str) -> RunStatus {
    NatsRun::new(server.at(), run).unwrap().status().unwrap()
}

#[test]
fn a_search_that_fails_before_its_first_trial_leaves_the_run_as_it_was() {
    each_server(|server| {
        let folder = tempfile::tempdir().unwrap();
        let stop = StopSignal::new();
        thread::scope(|scope| {
            let first = executor(server, "kept", &stop);
            let search = scope.spawn(|| {
                let journal = Journal::create(folder.path()).unwrap();
                let search = Search::new(evolution(), first, Budget::trials(20)).journal(journal);
                search.run().unwrap()
            });
            wait_until("two tasks wait", || {
                let status = NatsRun::new(server.at(), "kept").unwrap().status();
                status.is_ok_and(|status| status.queued == 2)
            });
            stop.stop();
            assert_eq!(search.join().unwrap().history.len(), 0);
        });
        // Fewer trials than the population has.
        let again = executor(server, "kept", &StopSignal::new());
        let journal = Journal::open(folder.path()).unwrap();
        let search = Search::new(evolution(), again, Budget::trials(5)).journal(journal);
        search.run().unwrap_err();
        let left = status(server, "kept");
        assert!(!left.ended && left.queued == 2, "{left:?}");

        // A new run that never began is nobody's: its worker waits, and another search may have its name.
        drop(executor(server, "vacant", &StopSignal::new()));
        with_workers(server, "vacant", 1, count_ones, || {
            thread::sleep(Duration::from_millis(700));
            let executor = Nats::builder(&space(), server.at(), "vacant")
                .describe_evaluator(description())
                .build()
                .unwrap();
            let search = Search::new(evolution(), executor, Budget::trials(12));
            assert_eq!(search.run().unwrap().history.len(), 12);
        });
        assert!(status(server, "vacant").ended);
    });
}

#[test]
fn a_search_that_is_stopped_while_its_server_is_away_ends() {
    each_server(|server| {
        let stop = StopSignal::new();
        let executor = executor(server, "away", &stop);
        server.kill();
        thread::scope(|scope| {
            let search = scope.spawn(|| {
                let search = Search::new(evolution(), executor, Budget::trials(20));
                search.run().unwrap()
            });
            thread::sleep(Duration::from_secs(1));
            let begin = Instant::now();
            stop.stop();
            assert_eq!(search.join().unwrap().history.len(), 0);
            assert!(begin.elapsed() < Duration::from_secs(5));
        });
    });
}

#[test]
fn a_search_that_ends_while_its_server_is_away_sends_its_workers_home_when_it_is_back() {
    each_server(|server| {
        let worker_stop = StopSignal::new();
        let worker = NatsWorker::new(server.at(), "homeward").stop_signal(&worker_stop);
        let executor = executor(server, "homeward", &StopSignal::new());
        let (ended, end) = channel();
        let (gone, away) = channel();
        thread::scope(|scope| {
            let worker = scope.spawn(move || {
                let setup = WorkerSetup::new(space(), count_ones);
                worker.serve(&setup.describe_evaluator(description()))
            });
            let search = scope.spawn(move || {
                let search = Search::new(evolution(), executor, Budget::trials(12));
                let search = search.observe(move |event: &Event<'_, Bits>| match event {
                    Event::Finished { history } if history.len() == 12 => {
                        ended.send(()).unwrap();
                        away.recv().unwrap();
                    }
                    _ => {}
                });
                search.run().unwrap()
            });
            end.recv().unwrap();
            server.kill();
            gone.send(()).unwrap();
            thread::sleep(Duration::from_secs(1));
            server.start();
            assert_eq!(search.join().unwrap().history.len(), 12);
            let begin = Instant::now();
            while !worker.is_finished() && begin.elapsed() < Duration::from_secs(20) {
                thread::sleep(Duration::from_millis(10));
            }
            let went_home = worker.is_finished();
            // Lets a worker that waits end, and the test with it.
            worker_stop.stop();
            assert!(went_home);
        });
        assert!(status(server, "homeward").ended);
    });
}

#[test]
fn a_search_that_finishes_takes_the_results_of_what_runs() {
    each_server(|server| {
        let stop = StopSignal::new();
        let slow = |bits: &Bits, _: &Context<'_>| {
            thread::sleep(Duration::from_millis(300));
            Ok(Evaluation::new(ones(bits)))
        };
        with_workers(server, "finishing", 2, slow, || {
            let executor = executor(server, "finishing", &stop);
            let asked = stop.clone();
            let search = Search::new(evolution(), executor, Budget::trials(50));
            let search = search.observe(move |event: &Event<'_, Bits>| {
                if let Event::Started { .. } = event {
                    asked.finish();
                }
            });
            let result = search.run().unwrap();
            assert_eq!(result.history.len(), 2);
            assert!(!status(server, "finishing").ended);
        });
    });
}

#[test]
fn a_worker_that_is_stopped_may_end_what_it_does() {
    each_server(|server| {
        let stop = StopSignal::new();
        let worker = NatsWorker::new(server.at(), "kept_busy")
            .stop_signal(&stop)
            .finish_when_stopped(true);
        thread::scope(|scope| {
            let asked = stop.clone();
            scope.spawn(move || {
                let setup = WorkerSetup::new(space(), move |bits: &Bits, context: &Context<'_>| {
                    asked.stop();
                    thread::sleep(Duration::from_millis(300));
                    context.check_stop()?;
                    Ok(Evaluation::new(ones(bits)))
                });
                worker
                    .serve(&setup.describe_evaluator(description()))
                    .unwrap();
            });
            let search_stop = StopSignal::new();
            let executor = executor(server, "kept_busy", &search_stop);
            let search = Search::new(evolution(), executor, Budget::trials(50));
            let search = search.observe(move |event: &Event<'_, Bits>| {
                if let Event::Finished { .. } = event {
                    search_stop.stop();
                }
            });
            assert_eq!(search.run().unwrap().history.len(), 1);
        });
    });
}

#[test]
fn a_result_that_waits_for_its_turn_is_not_evaluated_again() {
    each_server(|server| {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let start = || start_worker(&server.address(), "ordered", folder, "held at first");
        let _workers = [start(), start()];
        let search = |stop: &StopSignal| {
            let executor = Ordered::new(executor(server, "ordered", stop));
            let journal = Journal::open_or_create(folder).unwrap();
            let search = Search::new(evolution(), executor, Budget::trials(10));
            search.journal(journal).run().unwrap()
        };
        let stop = StopSignal::new();
        thread::scope(|scope| {
            scope.spawn(|| {
                wait_until("the second trial ends", || marks(folder, "ended-1-") == 1);
                // Results that are recorded are removed from the server every two seconds.
                thread::sleep(Duration::from_secs(5));
                stop.stop();
            });
            assert_eq!(search(&stop).history.len(), 0);
        });
        fs::write(folder.join(LET_GO), "").unwrap();
        assert_eq!(search(&StopSignal::new()).history.len(), 10);
        assert_eq!(marks(folder, "began-1-"), 1);
    });
}
