//! A search that is killed at any moment loses nothing. The searches run in processes of their own: this test
//! binary, started again with [`the_search`] as its only test.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::search::History;
use evonas::search::journal::read;
use evonas::spaces::choices::{Choices, Decisions};

const TRIALS: u64 = 150;

/// Tells a process to search: the folder of its journal, its workers, and the milliseconds of a trial.
const SEARCH: [&str; 3] = [
    "EVONAS_KILL_FOLDER",
    "EVONAS_KILL_WORKERS",
    "EVONAS_KILL_MILLISECONDS",
];

/// The search of the processes that are killed. Does nothing in an ordinary run of the tests.
#[test]
fn the_search() {
    let [Ok(folder), Ok(workers), Ok(milliseconds)] = SEARCH.map(std::env::var) else {
        return;
    };
    let mut builder = Choices::builder();
    for name in ["first", "second", "third", "fourth"] {
        builder = builder.decision(name, (0..8).map(|alternative| alternative.to_string()));
    }
    let builder = builder.decision("last", ["0", "1"]);
    let space = builder.only_if("first", ["1", "2"]).build().unwrap();
    let duration = Duration::from_millis(milliseconds.parse().unwrap());
    let evaluator = move |decisions: &Decisions, context: &Context<'_>| {
        sleep(duration);
        let sum: u16 = decisions.places().iter().sum();
        Ok(Evaluation::new(
            f64::from(sum) + context.rng(0).random::<f64>(),
        ))
    };
    let evolution = Evolution::builder(space.clone(), space)
        .population(10)
        .sample(3)
        .seed(7)
        .build()
        .unwrap();
    let executor = Threads::new(evaluator, workers.parse().unwrap()).unwrap();
    let search = Search::new(evolution, executor, Budget::trials(TRIALS));
    let journal = match Journal::open_or_create(folder) {
        Ok(journal) => journal,
        Err(error) => panic!("{error}"),
    };
    search.journal(journal).run().unwrap();
}

fn command(folder: &Path, workers: usize, milliseconds: u64) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "kill::the_search", "--nocapture"]);
    command.env(SEARCH[0], folder);
    command.env(SEARCH[1], workers.to_string());
    command.env(SEARCH[2], milliseconds.to_string());
    command
}

fn finish(folder: &Path, workers: usize) {
    let Output { status, stderr, .. } = command(folder, workers, 1).output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
}

/// Starts the search, and kills it after a while.
fn kill_after(folder: &Path, workers: usize, moment: Duration) {
    let mut child = command(folder, workers, 1)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    sleep(moment);
    // SIGKILL on Unix.
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The journal without what depends on time: all that follows the checksum of a line.
fn timeless(folder: &Path) -> Vec<String> {
    let end = |line: &str| line.rfind(",\"check\":\"").unwrap() + ",\"check\":\"01234567\"".len();
    fs::read_to_string(folder.join("journal.jsonl"))
        .unwrap()
        .lines()
        .map(|line| line[..end(line)].to_owned())
        .collect()
}

#[test]
fn a_serial_search_that_is_killed_30_times_ends_with_the_journal_of_an_uninterrupted_one() {
    let whole = tempfile::tempdir().unwrap();
    finish(whole.path(), 1);
    let expected = read::<Decisions>(whole.path()).unwrap().history;
    assert_eq!(expected.len() as u64, TRIALS);
    let mut rng = stream(1, 0);
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..10 {
            kill_after(
                folder.path(),
                1,
                Duration::from_micros(rng.random_range(0..35_000)),
            );
        }
        finish(folder.path(), 1);
        assert!(timeless(folder.path()) == timeless(whole.path()));
        let history = read::<Decisions>(folder.path()).unwrap().history;
        let best = |history: &History<Decisions>| {
            let best = history.best().unwrap();
            (best.id, best.fitness(), best.genotype.clone())
        };
        assert_eq!(history.len(), expected.len());
        assert_eq!(best(&history), best(&expected));
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
                folder.path(),
                3,
                Duration::from_micros(rng.random_range(0..25_000)),
            );
            // There is none yet if the first kill came very early.
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
fn a_killed_search_lets_go_of_its_folder_and_a_live_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(folder.path(), 1, 200)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let journal = folder.path().join("journal.jsonl");
    while fs::read(&journal).map_or(true, |content| content.is_empty()) {
        sleep(Duration::from_millis(1));
    }
    let second = command(folder.path(), 1, 1).output().unwrap();
    assert!(!second.status.success());
    let message = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(message.contains("in use by another process"), "{message}");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(Journal::open(folder.path()).unwrap().is_resumed());
}
