//! `evonas search --isolate`: trials in processes that may die.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use predicates::str::contains;

use crate::harness::{Dir, signal};
use crate::search::{tells, timeless, tiny};

/// The processes that a process has started.
fn children(parent: u32) -> Vec<u32> {
    let is_child = |process: &u32| {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let line = format!("PPid:\t{parent}");
        status.lines().any(|other| other == line)
    };
    let processes = fs::read_dir("/proc").unwrap();
    processes
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
        .filter(is_child)
        .collect()
}

#[test]
fn an_isolated_search_ends_with_the_journal_of_one_on_threads() {
    let dir = Dir::new();
    for (out, isolate) in [("threads", "--isolate=false"), ("processes", "--isolate")] {
        let options = format!("--trials 8 --workers 2 --ordered --seed 4 --out {out} {isolate}");
        let mut search = dir.line(&tiny(&options));
        let noted = search.assert().success();
        // Only the search says what it runs on.
        let noted = String::from_utf8(noted.get_output().stderr.clone()).unwrap();
        assert_eq!(noted.matches("2 workers on").count(), 1, "{noted}");
    }
    assert_eq!(timeless(&dir, "threads"), timeless(&dir, "processes"));
    assert_eq!(
        tells(&dir, "processes/journal.jsonl"),
        (0..8).collect::<Vec<_>>()
    );
}

#[test]
fn an_isolated_search_survives_its_workers_and_leaves_none_behind() {
    let dir = Dir::new();
    let line = tiny("--trials 1000000 --workers 2 --isolate --quiet --out run");
    let child = dir.start(line.split_whitespace());
    let journal = || match dir.exists("run/journal.jsonl") {
        true => dir.read("run/journal.jsonl"),
        false => String::new(),
    };
    let wait_for = |text: &str, count: usize| {
        while journal().matches(text).count() < count {
            assert!(fs::exists(format!("/proc/{}", child.id())).unwrap());
            thread::sleep(Duration::from_millis(5));
        }
    };
    wait_for("{\"tell\":", 1);
    assert_eq!(children(child.id()).len(), 2);
    // A worker that is between two trials loses none when it is killed.
    let mut killed = Vec::new();
    while journal().matches("was ended by signal 9 (SIGKILL").count() < 2 {
        assert!(fs::exists(format!("/proc/{}", child.id())).unwrap());
        for worker in children(child.id()) {
            if !killed.contains(&worker) {
                let kill = Command::new("kill")
                    .args(["-9", &worker.to_string()])
                    .status();
                assert!(kill.is_ok());
                killed.push(worker);
            }
        }
        thread::sleep(Duration::from_millis(50));
    }
    // The trials run again, and the search goes on.
    let told = journal().matches("{\"tell\":").count();
    wait_for("{\"tell\":", told + 4);
    let replaced = children(child.id());
    assert_eq!(replaced.len(), 2);
    assert!(replaced.iter().all(|worker| !killed.contains(worker)));
    signal(&child, "-TERM");
    let output = child.wait_with_output().unwrap();
    let noted = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(143), "{noted}");
    let left = |worker: &u32| {
        let status = fs::read_to_string(format!("/proc/{worker}/status")).unwrap_or_default();
        status.contains("State:") && !status.contains("State:\tZ")
    };
    assert!(!replaced.iter().any(left));
}

#[test]
fn an_isolated_search_that_was_suspended_for_longer_than_its_time_limit_loses_no_trial() {
    let dir = Dir::new();
    let line = tiny("--trials 1000000 --workers 2 --isolate --quiet --timeout 10 --out run");
    let child = dir.start(line.split_whitespace());
    let tells = || match dir.exists("run/journal.jsonl") {
        true => dir.read("run/journal.jsonl").matches("{\"tell\":").count(),
        false => 0,
    };
    let wait_for = |count: usize| {
        while tells() < count {
            assert!(fs::exists(format!("/proc/{}", child.id())).unwrap());
            thread::sleep(Duration::from_millis(5));
        }
    };
    wait_for(1);
    // As Ctrl-Z does to all processes of a shell's job.
    let job: Vec<u32> = children(child.id())
        .into_iter()
        .chain([child.id()])
        .collect();
    let send = |name: &str| {
        let mut kill = Command::new("kill");
        let sent = kill.arg(name).args(job.iter().map(u32::to_string)).status();
        assert!(sent.unwrap().success());
    };
    send("-STOP");
    let told = tells();
    thread::sleep(Duration::from_secs(12));
    send("-CONT");
    wait_for(told + 3);
    send("-TERM");
    let output = child.wait_with_output().unwrap();
    let noted = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(143), "{noted}");
    for ended in crate::harness::json_lines(&dir.read("run/trials.jsonl")) {
        assert_eq!(ended["status"], "completed", "{ended}");
    }
}

#[test]
fn a_search_started_by_a_worker_says_what_its_environment_should_not_have() {
    let dir = Dir::new();
    let mut search = dir.line(&tiny("--trials 4 --isolate"));
    // What a process inherits that a worker starts.
    search.env("EVONAS_WORKER_SOCKET", dir.path("gone"));
    search.env("EVONAS_WORKER_NUMBER", "0");
    let refused = search.assert().code(1);
    refused.stderr(contains("no search listens at EVONAS_WORKER_SOCKET="));
}
