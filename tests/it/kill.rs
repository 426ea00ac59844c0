//! A search that is killed at any moment loses nothing. Spawns `examples/custom_space.rs`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::search::journal::read;
use evonas::spaces::choices::Decisions;

const TRIALS: u64 = 150;

/// The example's program, which `cargo test` builds beside the tests; built here if only this test
/// was asked for.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let profile = test.parent().and_then(Path::parent).unwrap();
        let program = profile.join("examples/custom_space");
        if !program.exists() {
            let mut build = Command::new(env!("CARGO"));
            build.args(["build", "--quiet", "--no-default-features"]);
            build.args(["--example", "custom_space"]);
            if profile.ends_with("release") {
                build.arg("--release");
            }
            assert!(build.status().unwrap().success());
        }
        program
    })
}

fn command(folder: &Path, workers: usize) -> Command {
    let mut command = Command::new(program());
    command
        .args([
            "--trials",
            &TRIALS.to_string(),
            "--seed",
            "7",
            "--sleep-ms",
            "1",
        ])
        .args([
            "--workers",
            &workers.to_string(),
            "--resume",
            "--json",
            "--out",
        ])
        .arg(folder);
    command
}

fn finish(folder: &Path, workers: usize) -> serde_json::Value {
    let Output {
        status,
        stdout,
        stderr,
    } = command(folder, workers).output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    serde_json::from_slice(stdout.trim_ascii_end()).unwrap()
}

/// Starts the search, kills it after a while, and looks at what it left.
fn kill_after(folder: &Path, workers: usize, moment: Duration) {
    let mut child = command(folder, workers)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(moment);
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
    let expected = finish(whole.path(), 1);
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
        let result = finish(folder.path(), 1);
        assert!(timeless(folder.path()) == timeless(whole.path()));
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
    let mut child = Command::new(program())
        .args(["--sleep-ms", "200", "--out"])
        .arg(folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let journal = folder.path().join("journal.jsonl");
    while fs::read(&journal).map_or(true, |content| content.is_empty()) {
        std::thread::sleep(Duration::from_millis(1));
    }
    let second = command(folder.path(), 1).output().unwrap();
    assert!(!second.status.success());
    let message = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(message.contains("in use by another process"), "{message}");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(Journal::open(folder.path()).unwrap().is_resumed());
}
