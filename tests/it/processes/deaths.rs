//! Evaluations that end their process, in every way there is.

use std::collections::BTreeSet;
use std::time::Duration;

use evonas::prelude::*;
use serde_json::json;

use super::workers::{Fate, fate};
use super::{FOLDER, builder, lives, random, started};

const TRIALS: u64 = 300;

/// Whether a trial ended as its fate says.
fn fits(fate: Fate, outcome: &Outcome) -> bool {
    let reason = |part: &str| match outcome {
        Outcome::Failed { reason } | Outcome::Lost { reason } => reason.contains(part),
        _ => false,
    };
    let lost = matches!(outcome, Outcome::Lost { .. });
    match fate {
        Fate::Returns => matches!(outcome, Outcome::Completed(_)),
        Fate::Fails => !lost && reason("no luck"),
        Fate::Panics => !lost && reason("panic: bad luck ("),
        // Rust aborts when it gets no memory.
        Fate::Aborts | Fate::Allocates => {
            lost && reason("its process was ended by signal 6 (SIGABRT")
        }
        Fate::Segfaults => lost && reason("its process was ended by signal 11 (SIGSEGV"),
        Fate::Hangs => matches!(outcome, Outcome::TimedOut),
        Fate::Exits => lost && reason("its process exited with code 0, without an outcome"),
    }
}

#[test]
fn whatever_an_evaluation_does_the_search_goes_on_and_each_trial_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let journal = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let executor = builder("at_random")
        .describe_evaluator(json!({"epochs": 3}))
        .environment(FOLDER, move |_| path.clone())
        .workers(4)
        .grace(Duration::from_millis(200))
        .build()
        .unwrap();
    let result = Search::new(random(), executor, Budget::trials(TRIALS))
        .journal(Journal::create(journal.path()).unwrap())
        .timeout(Duration::from_secs(3))
        .retry(Retry::none().lost(1))
        .run()
        .unwrap();

    let records = result.history.records();
    let told: BTreeSet<u64> = records.iter().map(|record| record.id.0).collect();
    assert_eq!(records.len() as u64, TRIALS);
    assert_eq!(told, (0..TRIALS).collect());
    for record in records {
        let fate = fate(record.seed);
        assert!(fits(fate, &record.outcome), "{fate:?}: {}", record.outcome);
        let lost = matches!(record.outcome, Outcome::Lost { .. });
        assert_eq!(record.attempts, if lost { 2 } else { 1 });
    }
    for wanted in [Fate::Segfaults, Fate::Hangs, Fate::Allocates, Fate::Exits] {
        assert!(records.iter().any(|record| fate(record.seed) == wanted));
    }
    // All workers worked to the end, and no process is left, not even as a zombie.
    assert!(result.warnings.is_empty(), "{:?}", result.warnings);
    let late: BTreeSet<usize> = records[250..].iter().map(|record| record.worker).collect();
    assert_eq!(late, BTreeSet::from([0, 1, 2, 3]));
    let processes = started(folder.path());
    assert!(processes.len() > 50, "{} processes", processes.len());
    let left: Vec<_> = processes
        .into_iter()
        .filter(|&process| lives(process))
        .collect();
    assert!(left.is_empty(), "{left:?}");

    let recorded = evonas::search::journal::read::<Vec<bool>>(journal.path()).unwrap();
    assert_eq!(recorded.history.records(), records);
}
