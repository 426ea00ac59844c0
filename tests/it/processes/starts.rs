//! Workers that can't be started, or don't belong to the search.

use std::env;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use evonas::executor::{ExecutorError, ProcessesBuilder};
use evonas::prelude::*;
use evonas::worker;
use serde_json::json;

use super::{Bits, EVALUATOR, builder, random, space};

fn error(builder: ProcessesBuilder<Bits>) -> (ExecutorError, String) {
    let error = builder.build().unwrap_err();
    let text = error.to_string();
    (error, text)
}

#[test]
fn a_worker_of_another_search_is_refused_and_the_first_difference_named() {
    let (error, text) = error(builder("trivial").describe_evaluator(json!({"epochs": 5})));
    assert!(
        matches!(error, ExecutorError::OtherWorker { worker: 0, .. }),
        "{error:?}"
    );
    assert_eq!(
        text,
        "worker 0 belongs to another search: evaluator.epochs: 5 in the search, 3 in the worker"
    );
}

#[test]
fn an_evaluator_that_can_t_be_made_is_an_error_that_names_its_worker() {
    let (error, text) = error(builder("failing_start").workers(3));
    assert!(
        matches!(error, ExecutorError::NoEvaluator { worker: 0, .. }),
        "{error:?}"
    );
    assert_eq!(text, "worker 0 can't make its evaluator: GPU 0 is busy");
}

#[test]
fn a_program_that_doesn_t_become_a_worker_is_an_error_that_says_what_it_did() {
    let (_, text) = error(builder("without_main"));
    assert!(text.contains("its process exited with code 0"), "{text}");
    assert!(
        text.contains("before it called evonas::worker::main"),
        "{text}"
    );
    let nowhere = Processes::builder(&space()).program("/nowhere/evonas");
    let (_, text) = error(nowhere);
    assert!(
        text.starts_with("the process of worker 0 can't be started: "),
        "{text}"
    );
    let start = Instant::now();
    let slow = Processes::builder(&space())
        .program("sleep")
        .arguments(["1000"]);
    let (_, text) = error(slow.start_timeout(Duration::from_millis(200)));
    assert_eq!(
        text,
        "worker 0 isn't ready: it needs longer than 0.2 s to start"
    );
    assert!(start.elapsed() < Duration::from_secs(20));
    let (_, text) = error(builder("garbage"));
    assert!(
        text.starts_with("worker 0 isn't ready: it can't be understood: "),
        "{text}"
    );
    let (error, _) = error(builder("trivial").workers(0));
    assert!(matches!(error, ExecutorError::NoWorkers));
}

#[test]
fn a_worker_that_makes_its_evaluator_ends_when_the_search_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    let mut worker = Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "processes::the_worker"])
        .env(EVALUATOR, "hanging_start")
        .env(worker::SOCKET, &socket)
        .env(worker::NUMBER, "0")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (search, _) = listener.accept().unwrap();
    thread::sleep(Duration::from_millis(100));
    assert_eq!(worker.try_wait().unwrap(), None);
    drop(search);
    let gone = Instant::now();
    let ended = loop {
        match worker.try_wait().unwrap() {
            None if gone.elapsed() < Duration::from_secs(20) => {
                thread::sleep(Duration::from_millis(5));
            }
            ended => break ended,
        }
    };
    let _ = worker.kill();
    worker.wait().unwrap();
    assert_eq!(ended.and_then(|status| status.code()), Some(0));
}

#[test]
fn a_worker_starts_no_workers() {
    let (_, text) = error(builder("nested"));
    assert!(
        text.contains("this process is a worker itself (EVONAS_WORKER_SOCKET is set)"),
        "{text}"
    );
}

#[test]
fn a_worker_that_lies_loses_its_trial_and_its_process() {
    for (evaluator, reason) in [
        (
            "other_trial",
            "its process sent what it shouldn't have: it is about another trial",
        ),
        (
            "uncalled_for",
            "its process sent what it shouldn't have: it has no outcome, but nobody stopped it",
        ),
    ] {
        let executor = builder(evaluator)
            .describe_evaluator(json!({"epochs": 3}))
            .build()
            .unwrap();
        let result = Search::new(random(), executor, Budget::trials(1))
            .run()
            .unwrap();
        let outcome = &result.history.records()[0].outcome;
        assert!(
            matches!(outcome, Outcome::Lost { reason: text } if text.starts_with(reason)),
            "{outcome}"
        );
    }
}
