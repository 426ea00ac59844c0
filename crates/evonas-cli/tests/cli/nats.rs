//! `evonas search --nats`, `worker` and `status`. `EVONAS_NATS_SERVERS` names the servers' programs, as for the
//! library's tests.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use predicates::prelude::*;
use predicates::str::contains;

use crate::harness::{Dir, last_json, signal};

/// A server that is killed when it is dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(program: &Path, folder: &Dir) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let configuration = format!(
            "listen: \"127.0.0.1:{port}\"\nauthorization {{ token: \"hunter2\" }}\njetstream {{ store_dir: \"{}\" }}\n",
            folder.path("store").display()
        );
        let path = folder.path("nats.conf");
        fs::write(&path, configuration).unwrap();
        let child = Command::new(program)
            .arg("-c")
            .arg(path)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begin.elapsed() < Duration::from_secs(30));
            thread::sleep(Duration::from_millis(20));
        }
        let address = format!("nats://127.0.0.1:{port}");
        Self { child, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first of the servers. Without one, the test is skipped, which it says even if its output is captured.
fn server_program() -> Option<PathBuf> {
    let programs = env::var_os("EVONAS_NATS_SERVERS").unwrap_or_default();
    let program = env::split_paths(&programs).find(|path| !path.as_os_str().is_empty());
    if program.is_none() {
        let reason = "EVONAS_NATS_SERVERS names no nats-server";
        assert!(env::var_os("EVONAS_REQUIRE_NATS").is_none(), "{reason}");
        let _ = writeln!(io::stderr(), "skipped: {reason}");
    }
    program
}

#[test]
fn a_worker_that_is_asked_to_end_gives_its_trial_to_another() {
    let Some(program) = server_program() else {
        return;
    };
    let dir = Dir::new();
    let server = Server::start(&program, &dir);
    dir.write("token", "hunter2");
    let run = format!(
        "--nats {} --run asked --nats-token-file token",
        server.address
    );
    // Trials of some seconds.
    let evaluation = "--epochs 40 --batch 8";
    let start = |line: String| dir.start(line.split_whitespace());
    let search = start(format!(
        "search {run} {evaluation} --trials 2 --population 2 --sample 1 --workers 1 --final-epochs 1 --quiet --json"
    ));
    let first = start(format!("worker {run} {evaluation}"));
    let begin = Instant::now();
    let running = || {
        let status = dir.line(&format!("status {run} --json")).output().unwrap();
        status.status.success() && last_json(&status.stdout)["with_workers"] == 1
    };
    while !running() {
        assert!(begin.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(200));
    }
    signal(&first, "-TERM");
    let first = first.wait_with_output().unwrap();
    assert_eq!(first.status.code(), Some(143), "{first:?}");
    let said = String::from_utf8_lossy(&first.stderr).into_owned();
    assert!(said.contains("takes trials of run asked"), "{said}");
    assert!(said.contains("stopped; the search goes on"), "{said}");
    signal(&search, "-TERM");
    let search = search.wait_with_output().unwrap();
    assert_eq!(search.status.code(), Some(143), "{search:?}");
    // The task waits for a worker of a search that resumes.
    let status = dir.line(&format!("status {run} --json")).output().unwrap();
    let status = last_json(&status.stdout);
    assert_eq!(
        (&status["queued"], &status["ended"]),
        (&1.into(), &false.into())
    );
    drop(server);
}

#[test]
fn a_search_with_workers_elsewhere_shows_its_status_and_its_secrets_nowhere() {
    let Some(program) = server_program() else {
        return;
    };
    let dir = Dir::new();
    let server = Server::start(&program, &dir);
    dir.write("token", "hunter2");
    let run = format!(
        "--nats {} --run digits --nats-token-file token",
        server.address
    );
    let evaluation = "--limit 40 --batch 8";
    let start = |line: String| dir.start(line.split_whitespace());
    let worker = || start(format!("worker {run} {evaluation}"));
    let workers = [worker(), worker()];
    let found = dir
        .line(&format!(
            "search {run} {evaluation} --trials 6 --population 3 --sample 2 --workers 2 --final-epochs 1 --out found \
             --json --quiet"
        ))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&found.stderr).into_owned();
    assert!(found.status.success(), "{errors}");
    assert_eq!(last_json(&found.stdout)["trials"], 6);
    for worker in workers {
        let ended = worker.wait_with_output().unwrap();
        assert!(ended.status.success(), "{ended:?}");
    }
    let status = dir.line(&format!("status {run} --json")).output().unwrap();
    let status = last_json(&status.stdout);
    assert_eq!(
        (&status["done"], &status["ended"]),
        (&6.into(), &true.into())
    );
    let journal = dir.read("found/journal.jsonl");
    assert!(!journal.contains("hunter2") && !errors.contains("hunter2"));

    dir.line(&format!("status {run} --delete"))
        .assert()
        .success();
    dir.line(&format!("status {run}"))
        .assert()
        .code(1)
        .stderr(contains("there is no run digits on the server"));
    dir.line(&format!("status --nats {} --run digits", server.address))
        .env("EVONAS_NATS_TOKEN", "wrong")
        .assert()
        .code(1)
        .stderr(contains("it refuses these credentials").and(contains("wrong").not()));
    drop(server);
}

#[test]
fn what_a_coordinator_does_not_do_is_refused() {
    let dir = Dir::new();
    let nats = "--nats nats://127.0.0.1:9 --run digits";
    for (line, reason) in [
        (format!("search {nats} --baseline"), "leave it out"),
        (
            format!("search {nats} --isolate"),
            "--isolate has no effect with --nats",
        ),
        (
            "search --nats nats://ada:hunter2@127.0.0.1:9 --run digits --limit 40".to_owned(),
            "every user of this machine can read a command line",
        ),
        ("search --nats nats://127.0.0.1:9".to_owned(), "--run"),
        ("search --nats-token-file x".to_owned(), "--nats"),
        (
            format!("search {nats} --limit 40"),
            "nats://127.0.0.1:9 can't be used",
        ),
        (
            "status --nats nats://127.0.0.1:9 --run a.b".to_owned(),
            "is no name of a run",
        ),
    ] {
        dir.line(&line).assert().failure().stderr(contains(reason));
    }
}
