//! Workers that die, hang, take long or are taken away.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use evonas::executor::Nats;
use evonas::nats::{NatsRun, NatsWorker};
use evonas::prelude::*;
use evonas::stopper::{Stopper, Verdict};
use evonas::worker::WorkerSetup;

use super::processes::{LEASE, SILENCE, TestProcess, marks, start_worker};
use super::server::{TestServer, each_server};
use super::{Bits, all_have_scores, count_ones, description, space, wait_until};

fn executor(server: &TestServer, run: &str, in_flight: usize) -> Nats<Bits> {
    Nats::builder(&space(), server.at(), run)
        .describe_evaluator(description())
        .in_flight(in_flight)
        .silence(SILENCE)
        .lease(LEASE)
        .build()
        .unwrap()
}

/// So many workers with an evaluator of this name, for a run of the same name.
fn workers(server: &TestServer, name: &str, folder: &Path, count: usize) -> Vec<TestProcess> {
    let start = |_| start_worker(&server.address(), name, folder, name);
    (0..count).map(start).collect()
}

/// A search that these workers evaluate for.
fn run(server: &TestServer, name: &str, in_flight: usize, trials: u64) -> SearchResult<Bits> {
    let executor = executor(server, name, in_flight);
    let search = Search::new(random(), executor, Budget::trials(trials));
    search.run().unwrap()
}

fn random() -> RandomSearch<Bits> {
    RandomSearch::new(space(), 1)
}

#[test]
fn a_genotype_that_kills_its_workers_is_lost_after_the_bound() {
    each_server(|server| {
        let folder = tempfile::tempdir().unwrap();
        let _workers = workers(server, "poison", folder.path(), 5);
        let result = run(server, "poison", 4, 12);
        let mut lost = 0;
        for record in result.history.records() {
            if let Outcome::Lost { reason } = &record.outcome {
                assert_eq!(record.id.0, 3);
                assert!(
                    reason.starts_with("3 workers began it and died"),
                    "{reason}"
                );
                lost += 1;
            } else {
                assert!(record.fitness().is_some(), "{record:?}");
            }
        }
        assert_eq!((result.history.len(), lost), (12, 1));
        assert_eq!(marks(folder.path(), "began-3-"), 3);
    });
}

#[test]
fn a_long_evaluation_is_made_once() {
    each_server(|server| {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let _workers = workers(server, "long", folder, 3);
        assert_eq!(run(server, "long", 2, 2).history.len(), 2);
        assert_eq!((marks(folder, "began"), marks(folder, "ended")), (2, 2));
    });
}

#[test]
fn an_evaluation_that_hangs_ends_with_its_worker() {
    each_server(|server| {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let mut worker = start_worker(&server.address(), "hanging", folder, "hanging");
        let search = Search::new(random(), executor(server, "hanging", 1), Budget::trials(1));
        let result = search.timeout(Duration::from_millis(500)).run().unwrap();
        assert_eq!(result.history.records()[0].outcome, Outcome::TimedOut);
        wait_until("the worker ends", || worker.0.try_wait().unwrap().is_some());
        assert_eq!(worker.0.wait().unwrap().code(), Some(1));
        let log = fs::read_to_string(folder.join("log")).unwrap();
        assert!(
            log.contains("error: the evaluation of trial 0 doesn't end"),
            "{log}"
        );
    });
}

#[test]
fn a_worker_that_is_stopped_gives_its_task_back_at_once() {
    each_server(|server| {
        thread::scope(|scope| {
            let stop = StopSignal::new();
            let patient =
                |_: &Bits, context: &Context<'_>| -> Result<Evaluation, EvaluationError> {
                    loop {
                        context.check_stop()?;
                        thread::sleep(Duration::from_millis(1));
                    }
                };
            let worker = NatsWorker::new(server.at(), "returned")
                .name("patient")
                .stop_signal(&stop);
            let first = scope.spawn(move || {
                let setup = WorkerSetup::new(space(), patient);
                worker.serve(&setup.describe_evaluator(description()))
            });
            // A silence so long that only giving back can help.
            let executor = Nats::builder(&space(), server.at(), "returned")
                .describe_evaluator(description())
                .deliveries(1)
                .build()
                .unwrap();
            let search = scope.spawn(move || {
                Search::new(random(), executor, Budget::trials(3))
                    .run()
                    .unwrap()
            });
            let status = || NatsRun::new(server.at(), "returned").unwrap().status();
            wait_until("it begins", || {
                status().is_ok_and(|status| {
                    let running = status.running.first();
                    running.is_some_and(|trial| trial.worker == "patient")
                })
            });
            stop.stop();
            first.join().unwrap().unwrap();
            let second = NatsWorker::new(server.at(), "returned");
            scope.spawn(move || {
                let setup = WorkerSetup::new(space(), count_ones);
                second
                    .serve(&setup.describe_evaluator(description()))
                    .unwrap();
            });
            let result = search.join().unwrap();
            assert!(all_have_scores(&result));
            let status = status().unwrap();
            assert!(status.ended && !status.has_coordinator, "{status:?}");
            assert_eq!((status.done, status.failed, status.lost), (3, 0, 0));
            assert_eq!((status.queued, status.running.len()), (0, 0));
        });
    });
}

#[test]
fn results_of_workers_that_went_on_count_when_the_search_resumes() {
    each_server(|server| {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let _worker = start_worker(&server.address(), "resumed", folder, "long");
        let stop = StopSignal::new();
        let search = |stop: &StopSignal| {
            let executor = Nats::builder(&space(), server.at(), "resumed")
                .describe_evaluator(description())
                .lease(LEASE)
                .stop_signal(stop)
                .build()
                .unwrap();
            let journal = Journal::open_or_create(folder).unwrap();
            let search = Search::new(random(), executor, Budget::trials(1));
            search.journal(journal).run().unwrap()
        };
        thread::scope(|scope| {
            scope.spawn(|| {
                wait_until("it begins", || marks(folder, "began") == 1);
                stop.stop();
            });
            assert_eq!(search(&stop).history.len(), 0);
        });
        wait_until("it ends", || marks(folder, "ended") == 1);
        assert_eq!(search(&StopSignal::new()).history.len(), 1);
        assert_eq!(marks(folder, "began"), 1);
    });
}

#[test]
fn a_worker_whose_device_is_lost_ends_and_another_goes_on() {
    each_server(|server| {
        thread::scope(|scope| {
            let worker = NatsWorker::new(server.at(), "broken");
            let broken = scope.spawn(move || {
                let setup = WorkerSetup::new(space(), |_: &Bits, _: &Context<'_>| {
                    Err(EvaluationError::DeviceLost("the card is gone".to_owned()))
                });
                worker.serve(&setup.describe_evaluator(description()))
            });
            let search = scope.spawn(|| {
                let executor = executor(server, "broken", 1);
                let search = Search::new(random(), executor, Budget::trials(20));
                search.retry(Retry::none().lost(1)).run().unwrap()
            });
            let error = broken.join().unwrap().unwrap_err();
            assert_eq!(
                error.to_string(),
                "this worker ends, since its device is lost: the card is gone"
            );
            let setup = WorkerSetup::new(space(), count_ones);
            let worker = NatsWorker::new(server.at(), "broken");
            worker
                .serve(&setup.describe_evaluator(description()))
                .unwrap();
            let result = search.join().unwrap();
            assert_eq!(result.history.len(), 20);
            assert!(all_have_scores(&result));
            let status = NatsRun::new(server.at(), "broken").unwrap().status();
            let status = status.unwrap();
            assert_eq!((status.done, status.failed, status.lost), (20, 0, 0));
        });
    });
}

/// Keeps what it sees.
#[derive(Clone, Debug, Default)]
struct Witness(Arc<Mutex<Vec<(u64, f64)>>>);

impl Stopper for Witness {
    fn reported(&mut self, _: TrialId, step: u64, value: f64) -> Verdict {
        self.0.lock().unwrap().push((step, value));
        match step {
            2 => Verdict::Stop,
            _ => Verdict::Continue,
        }
    }

    fn ended(&mut self, _: TrialId, _: &Outcome) {}
}

#[test]
fn a_stopper_sees_each_step_once_however_many_workers_come_to_it() {
    each_server(|server| {
        let folder = tempfile::tempdir().unwrap();
        let _workers = workers(server, "judged", folder.path(), 2);
        let witness = Witness::default();
        let search = Search::new(random(), executor(server, "judged", 1), Budget::trials(1));
        let result = search.stopper(witness.clone()).run().unwrap();
        assert_eq!(marks(folder.path(), "began-0-"), 2);
        assert_eq!(*witness.0.lock().unwrap(), [(1, 1.0), (2, 2.0), (3, 3.0)]);
        assert!(result.history.records()[0].fitness().is_some());
    });
}
