//! A search that is killed at any moment loses nothing. The test binary runs itself as the process that is
//! killed: [`the_search_that_is_killed`] searches if the environment names a folder.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::search::journal::read;
use evonas::spaces::choices::{Choices, Decisions};
use serde_json::json;

use crate::timeless::timeless_in;

const TRIALS: u64 = 150;

/// The variables by which a test tells its child process what to do.
const FOLDER: &str = "EVONAS_KILL_FOLDER";
const WORKERS: &str = "EVONAS_KILL_WORKERS";
const MILLISECONDS: &str = "EVONAS_KILL_MILLISECONDS";
const ORDERED: &str = "EVONAS_KILL_ORDERED";
const LIMIT: &str = "EVONAS_KILL_LIMIT";

/// Files that a child process writes next to its journal: one before it opens the journal, one with what it
/// found.
const STARTED: &str = "started";
const RESULT: &str = "result.json";

fn space() -> Choices {
    let numbers = |count: u32| (0..count).map(|number| number.to_string());
    Choices::builder()
        .decision("compression", ["none", "gzip", "zstd"])
        .decision("level", numbers(5))
        .only_if("compression", ["gzip", "zstd"])
        .decision("megabytes", numbers(10))
        .decision("shards", numbers(6))
        .decision("threads", numbers(8))
        .decision("window", numbers(7))
        .build()
        .unwrap()
}

/// Not a test: the process that the tests run and kill. Without a folder it has nothing to do.
#[test]
#[ignore = "the tests of this module run it as a process of its own"]
fn the_search_that_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let number = |name| std::env::var(name).unwrap().parse::<u64>().unwrap();
    let folder = Path::new(&folder);
    fs::write(folder.join(STARTED), "").unwrap();
    let journal = Journal::open_or_create(folder).unwrap_or_else(|error| panic!("{error}"));
    let sleep = Duration::from_millis(number(MILLISECONDS));
    let evaluator = move |decisions: &Decisions, context: &Context<'_>| {
        std::thread::sleep(sleep);
        let places = decisions
            .places()
            .unwrap_or_default()
            .iter()
            .copied()
            .map(f64::from);
        let noise: f64 = context.rng(0).random();
        Ok(Evaluation::new(places.sum::<f64>() + noise))
    };
    let evolution = Evolution::builder(space(), space())
        .population(10)
        .sample(3)
        .seed(7)
        .build()
        .unwrap();
    let threads = Threads::new(evaluator, number(WORKERS) as usize).unwrap();
    let executor: Box<dyn Executor<Decisions>> = match std::env::var_os(ORDERED) {
        Some(_) => Box::new(Ordered::new(threads)),
        None => Box::new(threads),
    };
    let mut search = Search::new(evolution, executor, Budget::trials(TRIALS)).journal(journal);
    if std::env::var_os(LIMIT).is_some() {
        search = search.timeout(Duration::from_millis(number(LIMIT)));
    }
    let result = search.run().unwrap();
    let best = result.best().unwrap();
    let found = json!({
        "best_fitness": best.fitness(),
        "trials": result.history.len(),
        "genotype": space().to_json(&best.genotype),
    });
    fs::write(folder.join(RESULT), found.to_string()).unwrap();
}

fn command(folder: &Path, workers: usize, milliseconds: u64) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--ignored",
            "--exact",
            "kill::the_search_that_is_killed",
            "--nocapture",
        ])
        .env(FOLDER, folder)
        .env(WORKERS, workers.to_string())
        .env(MILLISECONDS, milliseconds.to_string());
    command
}

fn finish(folder: &Path, workers: usize) -> serde_json::Value {
    let Output { status, stderr, .. } = command(folder, workers, 1).output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    serde_json::from_slice(&fs::read(folder.join(RESULT)).unwrap()).unwrap()
}

fn spawn(command: &mut Command) -> Child {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Starts the search, kills it that long after it has begun to open its journal, and looks at what it left.
fn kill_after(command: &mut Command, folder: &Path, moment: Duration) {
    let started = folder.join(STARTED);
    let _ = fs::remove_file(&started);
    let mut child = spawn(command);
    while !started.exists() {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before it began"
        );
        std::thread::sleep(Duration::from_micros(100));
    }
    std::thread::sleep(moment);
    // SIGKILL on Unix.
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_serial_search_that_is_killed_30_times_ends_with_the_journal_of_an_uninterrupted_one() {
    let whole = tempfile::tempdir().unwrap();
    let expected = finish(whole.path(), 1);
    let mut rng = stream(1, 0);
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..10 {
            kill_after(
                &mut command(folder.path(), 1, 1),
                folder.path(),
                Duration::from_micros(rng.random_range(0..35_000)),
            );
        }
        let result = finish(folder.path(), 1);
        assert!(timeless_in(folder.path()) == timeless_in(whole.path()));
        for key in ["best_fitness", "trials", "genotype"] {
            assert_eq!(result[key], expected[key]);
        }
    }
}

#[test]
fn a_search_on_threads_that_is_killed_20_times_loses_doubles_and_changes_no_trial() {
    let mut rng = stream(2, 0);
    for _ in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        let mut in_flight = Vec::new();
        for _ in 0..10 {
            kill_after(
                &mut command(folder.path(), 3, 1),
                folder.path(),
                Duration::from_micros(rng.random_range(0..25_000)),
            );
            // There is no journal yet if the first kill came very early.
            if let Ok(recorded) = read::<Decisions>(folder.path()) {
                in_flight.extend(recorded.in_flight);
            }
        }
        finish(folder.path(), 3);
        let recorded = read::<Decisions>(folder.path()).unwrap();
        assert!(recorded.in_flight.is_empty() && recorded.warnings.is_empty());
        let records = recorded.history.records();
        let mut ids: Vec<u64> = records.iter().map(|record| record.id.0).collect();
        ids.sort_unstable();
        assert_eq!(ids, (0..TRIALS).collect::<Vec<_>>());
        assert!(
            !in_flight.is_empty(),
            "no kill came between an ask and its tell"
        );
        for trial in in_flight {
            let record = records.iter().find(|record| record.id == trial.id).unwrap();
            assert_eq!(
                (record.parent, record.seed, &record.genotype),
                (trial.parent, trial.seed, &trial.genotype)
            );
        }
    }
}

#[test]
fn an_ordered_search_on_threads_that_is_killed_ends_with_the_journal_of_an_uninterrupted_one() {
    let run = |folder: &Path| {
        let mut child = command(folder, 3, 1).env(ORDERED, "1").spawn().unwrap();
        assert!(child.wait().unwrap().success());
    };
    let whole = tempfile::tempdir().unwrap();
    run(whole.path());
    let mut rng = stream(3, 0);
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..5 {
            let moment = Duration::from_micros(rng.random_range(0..25_000));
            kill_after(
                command(folder.path(), 3, 1).env(ORDERED, "1"),
                folder.path(),
                moment,
            );
        }
        run(folder.path());
        assert!(timeless_in(folder.path()) == timeless_in(whole.path()));
    }
}

#[test]
fn a_killed_search_releases_its_folder_and_a_live_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = spawn(&mut command(folder.path(), 1, 200));
    let journal = folder.path().join("journal.jsonl");
    while fs::read(&journal).map_or(true, |content| content.is_empty()) {
        std::thread::sleep(Duration::from_millis(1));
    }
    let second = command(folder.path(), 1, 1).output().unwrap();
    assert!(!second.status.success());
    let message = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(message.contains("in use by another process"), "{message}");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(Journal::open(folder.path()).unwrap().is_resumed());
}

#[test]
fn the_time_in_which_a_process_is_stopped_is_not_that_of_its_trials() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = spawn(command(folder.path(), 2, 500).env(LIMIT, "1500"));
    let told = || read::<Decisions>(folder.path()).map_or(0, |recorded| recorded.history.len());
    let wait_for = |trials| {
        while told() < trials {
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    let signal = |name: &str| {
        let sent = Command::new("kill")
            .args([name, &child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    };
    wait_for(1);
    // In the middle of the next two trials.
    std::thread::sleep(Duration::from_millis(250));
    signal("-STOP");
    std::thread::sleep(Duration::from_secs(3));
    signal("-CONT");
    wait_for(6);
    child.kill().unwrap();
    child.wait().unwrap();
    for record in read::<Decisions>(folder.path()).unwrap().history.records() {
        assert!(
            record.fitness().is_some(),
            "{}: {}",
            record.id,
            record.outcome
        );
    }
}
