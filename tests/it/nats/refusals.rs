//! What is refused, and what is said of it.

use std::fs;
use std::time::{Duration, Instant};

use evonas::executor::Nats;
use evonas::nats::{NatsError, NatsRun, NatsServer, NatsWorker};
use evonas::prelude::*;
use evonas::worker::WorkerSetup;
use serde_json::json;

use super::processes::LEASE;
use super::server::{TestServer, each_server, programs};
use super::{Bits, count_ones, description, space, with_workers};

#[test]
fn a_second_coordinator_is_refused() {
    each_server(|server| {
        let builder = || {
            Nats::<Bits>::builder(&space(), server.at(), "one")
                .describe_evaluator(description())
                .lease(LEASE)
        };
        let first = builder().build().unwrap();
        let error = builder().build().unwrap_err();
        assert!(
            matches!(error, NatsError::SecondCoordinator { .. }),
            "{error}"
        );
        assert!(
            error.to_string().starts_with("run one has a coordinator: "),
            "{error}"
        );
        // When the first one is gone, there is no wait.
        drop(first);
        let begin = Instant::now();
        builder().lease(Duration::from_secs(60)).build().unwrap();
        assert!(begin.elapsed() < Duration::from_secs(10));
    });
}

#[test]
fn a_worker_or_a_search_that_differs_is_told_what_differs() {
    each_server(|server| {
        let builder = |epochs: u32| {
            Nats::<Bits>::builder(&space(), server.at(), "other")
                .describe_evaluator(json!({"epochs": epochs}))
                .lease(LEASE)
        };
        let first = builder(5).build().unwrap();
        let setup = WorkerSetup::new(space(), count_ones);
        let setup = setup.describe_evaluator(json!({"epochs": 3}));
        let error = NatsWorker::new(server.at(), "other")
            .serve(&setup)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "this worker doesn't belong to run other: evaluator.epochs: 5 in the search, 3 in the worker"
        );
        // A run that was left in the middle belongs to its search; one that ended, or never began, is free.
        let stop = first.stop_signal();
        let search = Search::new(RandomSearch::new(space(), 1), first, Budget::trials(1));
        let search = search.observe(move |event: &Event<'_, Bits>| {
            if let Event::Asked { .. } = event {
                stop.stop();
            }
        });
        search.run().unwrap();
        let error = builder(3).build().unwrap_err().to_string();
        assert!(
            error.contains("evaluator.epochs: 5 there, 3 here"),
            "{error}"
        );
        NatsRun::new(server.at(), "other")
            .unwrap()
            .delete()
            .unwrap();
        drop(builder(3).build().unwrap());
        builder(4).build().unwrap();
    });
}

#[test]
fn a_trial_too_large_for_the_server_fails_with_the_limit() {
    let large = BitsSpace { length: 400_000 };
    each_server(|server| {
        let executor = Nats::builder(&large, server.at(), "large").build().unwrap();
        let search = Search::new(RandomSearch::new(large, 1), executor, Budget::trials(1));
        let result = search.run().unwrap();
        let Outcome::Failed { reason } = &result.history.records()[0].outcome else {
            panic!("{result:?}");
        };
        assert!(reason.contains("max_payload"), "{reason}");
    });
}

#[test]
fn a_result_too_large_for_the_server_fails_with_the_limit() {
    each_server(|server| {
        let wordy = |bits: &Bits, _: &Context<'_>| match bits[0] {
            true => Err(EvaluationError::failed("no ".repeat(1 << 20))),
            false => Ok(Evaluation::new(1.0)),
        };
        with_workers(server, "wordy", 2, wordy, || {
            let executor = Nats::builder(&space(), server.at(), "wordy")
                .describe_evaluator(description())
                .in_flight(2)
                .build()
                .unwrap();
            let search = Search::new(RandomSearch::new(space(), 1), executor, Budget::trials(8));
            let result = search.run().unwrap();
            assert_eq!(result.history.len(), 8);
            assert!(result.history.failed() > 0 && result.best().is_some());
        });
    });
}

#[test]
fn a_server_that_can_t_be_used_is_a_clear_sentence_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "hunter2\n").unwrap();
    for program in programs() {
        let extra = "authorization { token: \"hunter2\" }";
        let mut server = TestServer::new(&program, "127.0.0.1", extra);
        server.start();
        let begin = Instant::now();
        let status = |at: NatsServer| NatsRun::new(at, "none").unwrap().status().unwrap_err();
        let wrong = status(server.at().token("hunter3")).to_string();
        assert!(wrong.contains("it refuses these credentials"), "{wrong}");
        assert!(!wrong.contains("hunter"), "{wrong}");
        let none = status(server.at()).to_string();
        assert!(none.contains("it refuses these credentials"), "{none}");
        for right in [server.at().token("hunter2"), server.at().token_file(&token)] {
            let error = status(right).to_string();
            assert_eq!(error, "there is no run none on the server");
        }
        let missing = status(server.at().token_file(folder.path().join("gone")));
        assert!(
            missing.to_string().contains("gone: can't be read"),
            "{missing}"
        );
        server.kill();
        let gone = status(server.at()).to_string();
        assert!(
            gone.contains(&format!("{} can't be used", server.address())),
            "{gone}"
        );
        assert!(begin.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn numbers_and_names_are_checked_before_the_server() {
    let server = || NatsServer::new("nats://127.0.0.1:9");
    let build = |run: &str, in_flight| {
        let builder = Nats::<Bits>::builder(&space(), server(), run).in_flight(in_flight);
        builder.build().unwrap_err()
    };
    assert!(matches!(build("a.b", 1), NatsError::RunName { .. }));
    assert!(matches!(build("a", 0), NatsError::Zero { .. }));
}
