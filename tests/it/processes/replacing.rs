//! Processes that are replaced, and workers that are retired.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use evonas::executor::{ExecutorEvent, Limits};
use evonas::prelude::*;
use evonas::search::{TrialRecord, Warning};
use serde_json::json;

use super::{Bits, builder, lives, random, wait_until};
use evonas::evaluator::TrialEnd;
use evonas::executor::ProcessesBuilder;

fn described(evaluator: &'static str) -> ProcessesBuilder<Bits> {
    builder(evaluator).describe_evaluator(json!({"epochs": 3}))
}

/// How many trials each process evaluated.
fn by_process(builder: ProcessesBuilder<Bits>) -> BTreeMap<u64, usize> {
    let executor = builder.build().unwrap();
    let result = Search::new(random(), executor, Budget::trials(12))
        .run()
        .unwrap();
    let mut trials = BTreeMap::new();
    for record in result.history.records() {
        let evaluation = record.outcome.evaluation().unwrap();
        let process = evaluation.metrics.get("process").unwrap() as u64;
        *trials.entry(process).or_default() += 1;
    }
    trials
}

#[test]
fn a_process_is_renewed_after_its_trials_or_above_its_memory_and_never_by_default() {
    let counts = |builder| by_process(builder).into_values().collect::<Vec<usize>>();
    assert_eq!(counts(described("process")), [12]);
    assert_eq!(counts(described("process").renew_after(5)).len(), 3);
    if cfg!(target_os = "linux") {
        assert_eq!(counts(described("process").renew_above(1)).len(), 12);
        assert_eq!(counts(described("process").renew_above(1 << 40)), [12]);
    }
}

#[test]
fn each_worker_has_its_number_and_its_own_environment() {
    let executor = described("number")
        .workers(3)
        .environment("CUDA_VISIBLE_DEVICES", |worker| (worker + 4).to_string())
        .build()
        .unwrap();
    let result = Search::new(random(), executor, Budget::trials(30))
        .run()
        .unwrap();
    let seen: Vec<_> = result
        .history
        .records()
        .iter()
        .map(|record| {
            let evaluation = record.outcome.evaluation().unwrap();
            (
                record.worker as f64,
                evaluation.metrics.get("number").unwrap(),
                evaluation.fitness,
            )
        })
        .collect();
    assert_eq!(seen.len(), 30);
    assert!(
        seen.iter()
            .all(|&(worker, number, gpu)| worker == number && gpu == number + 4.0)
    );
}

#[test]
fn a_process_that_is_killed_between_two_trials_costs_no_attempt() {
    let mut executor = described("process").build().unwrap();
    let mut evaluate = |id| -> u32 {
        let trial = Trial::new(TrialId(id), 1, vec![true; 8]);
        executor.submit(trial, Limits::default());
        let end = loop {
            match executor.next().unwrap() {
                ExecutorEvent::Finished { end, .. } => break end,
                event => assert_eq!(
                    event,
                    ExecutorEvent::Started {
                        trial: TrialId(id),
                        worker: 0
                    }
                ),
            }
        };
        match end {
            TrialEnd::Outcome(Outcome::Completed(evaluation)) => {
                evaluation.metrics.get("process").unwrap() as u32
            }
            end => panic!("{end:?}"),
        }
    };
    let first = evaluate(0);
    let killed = Command::new("kill")
        .args(["-9", &first.to_string()])
        .status();
    assert!(killed.unwrap().success());
    let second = evaluate(1);
    assert_ne!(first, second);
    assert!(!lives(first) && lives(second));
    drop(executor);
    wait_until("the worker ends", || !lives(second));
}

#[test]
fn a_worker_whose_device_stays_broken_is_retired_and_the_others_go_on() {
    let executor = described("broken_device").workers(2).build().unwrap();
    let result = Search::new(random(), executor, Budget::trials(200))
        .retry(Retry::none().lost(3))
        .run()
        .unwrap();
    assert_eq!((result.history.len(), result.history.failed()), (200, 0));
    let retried = |record: &&TrialRecord<Bits>| record.attempts > 1;
    let attempts: u32 = result
        .history
        .records()
        .iter()
        .filter(retried)
        .map(|record| record.attempts - 1)
        .sum();
    assert_eq!(attempts, 3, "three attempts are lost");
    let retired = Warning::WorkerRetired {
        worker: 1,
        reason: "GPU 1 fell off the bus".to_owned(),
    };
    assert_eq!(result.warnings, [retired]);
}

#[test]
fn a_search_whose_last_worker_can_t_be_started_again_ends_with_an_error_that_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken");
    let path = broken.clone();
    let guard = "test ! -e \"$BROKEN\" || { echo > \"$BROKEN.seen\"; exit 7; }; exec \"$0\" \"$@\" > /dev/null";
    let this = std::env::current_exe().unwrap();
    let executor = described("process")
        .arguments([
            "-c",
            guard,
            this.to_str().unwrap(),
            "--ignored",
            "--exact",
            "processes::the_worker",
            "--nocapture",
        ])
        .environment("BROKEN", move |_| path.clone())
        .renew_after(5)
        .build()
        .unwrap();
    std::fs::write(&broken, "").unwrap();
    let error = Search::new(random(), executor, Budget::trials(100))
        .max_consecutive_failures(4)
        .timeout(Duration::from_secs(20))
        .run()
        .unwrap_err()
        .to_string();
    assert!(error.contains("its process exited with code 7"), "{error}");
}
