//! The journal of a search on processes.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use evonas::prelude::*;
use serde_json::json;

use crate::timeless::timeless_in;

use super::workers::{judged, trivial};
use super::{Bits, FOLDER, builder, lives, random, space, started, wait_until};

#[test]
fn one_seed_gives_one_journal_in_this_thread_on_a_thread_and_in_a_process() {
    let journal = |executor: Box<dyn Executor<Bits>>| {
        let folder = tempfile::tempdir().unwrap();
        let evolution = Evolution::builder(space(), FlipOneBit)
            .population(20)
            .sample(5)
            .seed(3)
            .build()
            .unwrap();
        let result = Search::new(evolution, executor, Budget::trials(300))
            .journal(Journal::create(folder.path()).unwrap())
            .stopper(MedianRule::new())
            .retry(Retry::none().failed(1))
            .run()
            .unwrap();
        let stopped = |outcome: &Outcome| matches!(outcome, Outcome::Stopped { .. });
        let records = result.history.records();
        assert!(records.iter().any(|record| stopped(&record.outcome)));
        timeless_in(folder.path())
    };
    let processes = builder("judged")
        .describe_evaluator(json!({"epochs": 3}))
        .build();
    let serial = journal(Box::new(Serial::new(judged)));
    assert!(serial == journal(Box::new(Threads::new(judged, 1).unwrap())));
    assert!(serial == journal(Box::new(processes.unwrap())));
}

/// So many that a test which is kept from the processor for a while still kills the search ten times before its end.
const TRIALS: u64 = 20_000;

/// The variables by which a test tells its child process what to do.
const JOURNAL: &str = "EVONAS_TEST_JOURNAL";
const SEARCH: &str = "EVONAS_TEST_SEARCH";

/// Not a test: the search that the tests run and kill. Without a folder it has nothing to do.
#[test]
#[ignore = "the tests of this module run it as a process of its own"]
fn the_search() {
    let (Some(folder), Ok(evaluator)) = (std::env::var_os(JOURNAL), std::env::var(SEARCH)) else {
        return;
    };
    let folder = Path::new(&folder);
    let processes = folder.join("processes");
    let evaluator = match evaluator.as_str() {
        "hanging" => "hanging",
        _ => "trivial",
    };
    let executor = builder(evaluator)
        .describe_evaluator(json!({"epochs": 3}))
        .environment(FOLDER, move |_| processes.clone())
        .workers(2)
        .build()
        .unwrap();
    let journal = Journal::open_or_create(folder).unwrap();
    Search::new(random(), Ordered::new(executor), Budget::trials(TRIALS))
        .journal(journal)
        .run()
        .unwrap();
}

fn spawn(folder: &Path, evaluator: &str) -> Child {
    fs::create_dir_all(folder.join("processes")).unwrap();
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "processes::journals::the_search",
            "--nocapture",
        ])
        .env(JOURNAL, folder)
        .env(SEARCH, evaluator)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn lines(folder: &Path) -> usize {
    fs::read(folder.join("journal.jsonl")).map_or(0, |bytes| {
        bytes.iter().filter(|&&byte| byte == b'\n').count()
    })
}

#[test]
fn a_search_that_is_killed_ten_times_ends_with_the_journal_of_an_uninterrupted_one() {
    let whole = tempfile::tempdir().unwrap();
    let executor = Ordered::new(Threads::new(trivial, 2).unwrap());
    Search::new(random(), executor, Budget::trials(TRIALS))
        .journal(Journal::create(whole.path()).unwrap())
        .run()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut rng = stream(5, 0);
    for _ in 0..10 {
        let before = lines(folder.path());
        let mut child = spawn(folder.path(), "trivial");
        wait_until("the search is at work", || {
            lines(folder.path()) > before + 20
        });
        thread::sleep(Duration::from_micros(rng.random_range(0..3_000)));
        // SIGKILL: nothing can be cleaned up.
        child.kill().unwrap();
        child.wait().unwrap();
        let processes = started(&folder.path().join("processes"));
        wait_until("the workers end by themselves", || {
            !processes.iter().any(|&process| lives(process))
        });
    }
    assert!(
        lines(folder.path()) < lines(whole.path()),
        "it was never killed before its end"
    );
    assert!(spawn(folder.path(), "trivial").wait().unwrap().success());
    assert!(timeless_in(folder.path()) == timeless_in(whole.path()));
}

#[test]
fn workers_whose_evaluation_hangs_end_when_the_search_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = spawn(folder.path(), "hanging");
    // A header and two trials that were asked for.
    wait_until("both workers have a trial", || lines(folder.path()) == 3);
    thread::sleep(Duration::from_millis(50));
    let processes = started(&folder.path().join("processes"));
    assert_eq!(processes.len(), 2);
    assert!(processes.iter().all(|&process| lives(process)));
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until("the workers end by themselves", || {
        !processes.iter().any(|&process| lives(process))
    });
}

#[test]
fn a_process_costs_at_most_100_microseconds_a_trial_more_than_a_thread() {
    const TRIALS: u64 = 500;
    let microseconds = |executor: Box<dyn Executor<Bits>>| {
        let search = Search::new(random(), executor, Budget::trials(TRIALS));
        let start = Instant::now();
        search.run().unwrap();
        start.elapsed().as_secs_f64() * 1e6 / TRIALS as f64
    };
    // The fastest of several runs, since other processes of the machine only ever add to the time.
    let (mut thread, mut process) = (f64::INFINITY, f64::INFINITY);
    let start = Instant::now();
    while process - thread >= 100.0 || thread.is_infinite() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{thread} µs on a thread, {process} µs in a process"
        );
        thread = thread.min(microseconds(Box::new(Threads::new(trivial, 1).unwrap())));
        let processes = builder("trivial").describe_evaluator(json!({"epochs": 3}));
        process = process.min(microseconds(Box::new(processes.build().unwrap())));
    }
    println!("a trial: {thread:.1} µs on a thread, {process:.1} µs in a process");
}
