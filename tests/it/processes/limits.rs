//! Evaluations that don't end by themselves.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use evonas::prelude::*;
use serde_json::json;

use super::{FOLDER, builder, lives, random, started};

#[test]
fn a_hanging_evaluation_ends_with_its_process_after_its_time_limit() {
    let executor = builder("hanging")
        .describe_evaluator(json!({"epochs": 3}))
        .workers(2)
        .grace(Duration::from_millis(100))
        .build()
        .unwrap();
    let start = Instant::now();
    let result = Search::new(random(), executor, Budget::trials(4))
        .timeout(Duration::from_millis(100))
        .run()
        .unwrap();
    let records = result.history.records();
    let timed_out = |record: &evonas::search::TrialRecord<_>| {
        record.outcome == Outcome::TimedOut && (0.2..10.0).contains(&record.seconds)
    };
    assert!(records.iter().all(timed_out), "{records:?}");
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn an_evaluation_that_checks_learns_of_its_time_limit_and_keeps_its_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let executor = builder("patient")
        .describe_evaluator(json!({"epochs": 3}))
        .environment(FOLDER, move |_| path.clone())
        .build()
        .unwrap();
    let result = Search::new(random(), executor, Budget::trials(3))
        .timeout(Duration::from_millis(50))
        .run()
        .unwrap();
    let records = result.history.records();
    assert!(
        records
            .iter()
            .all(|record| record.outcome == Outcome::TimedOut)
    );
    assert_eq!(started(folder.path()).len(), 1);
}

#[test]
fn a_trial_whose_worker_was_asked_to_end_is_interrupted_if_the_search_is_stopped_too() {
    let end = |stops: bool| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let stop = StopSignal::new();
        let executor = builder("patient")
            .describe_evaluator(json!({"epochs": 3}))
            .environment(FOLDER, move |_| path.clone())
            .stop_signal(&stop)
            .build()
            .unwrap();
        let process = started(folder.path())[0].to_string();
        let asked = move |event: &Event<'_, Vec<bool>>| {
            if matches!(event, Event::Started { .. }) {
                let sent = Command::new("kill").args(["-TERM", &process]).status();
                assert!(sent.unwrap().success());
                if stops {
                    // Too late for the evaluation to notice.
                    thread::sleep(Duration::from_millis(100));
                    stop.stop();
                }
            }
        };
        let search = Search::new(random(), executor, Budget::trials(1)).observe(asked);
        search.run().unwrap()
    };
    assert_eq!(end(true).history.len(), 0);
    let lost = end(false);
    let outcome = &lost.history.records()[0].outcome;
    let reason = "its process was ended by signal 15 (SIGTERM, a request to end)";
    assert_eq!(*outcome, Outcome::lost(reason));
}

#[test]
fn a_stopped_search_interrupts_its_evaluations_and_ends_those_that_hang() {
    for (evaluator, grace) in [("patient", 60), ("hanging", 0)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let stop = StopSignal::new();
        let executor = builder(evaluator)
            .describe_evaluator(json!({"epochs": 3}))
            .environment(FOLDER, move |_| path.clone())
            .workers(2)
            .grace(Duration::from_secs(grace))
            .stop_signal(&stop)
            .build()
            .unwrap();
        let start = Instant::now();
        let stopping = thread::spawn(move || {
            thread::sleep(Duration::from_millis(200));
            stop.stop();
        });
        let result = Search::new(random(), executor, Budget::trials(10))
            .run()
            .unwrap();
        stopping.join().unwrap();
        assert_eq!(
            (result.history.len(), result.termination),
            (0, Termination::Stopped)
        );
        assert!(start.elapsed() < Duration::from_secs(20), "{evaluator}");
        let processes = started(folder.path());
        assert_eq!(processes.len(), 2);
        assert!(!processes.into_iter().any(lives));
    }
}
