//! What a command has found survives whatever happens to it: nobody who reads, no space, a signal at the wrong moment.

use std::fs::File;
use std::io::Read as _;
use std::process::{Command, Output, Stdio};

use predicates::str::contains;

use crate::harness::{Dir, last_json, program, signal};
use crate::search::tiny;
use crate::search_stops::endless;

/// The program with its standard output going there.
fn into(dir: &Dir, line: &str, stdout: impl Into<Stdio>) -> Output {
    Command::new(program())
        .current_dir(dir.path(""))
        .args(line.split_whitespace())
        .stdout(stdout)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A pipe that nobody reads.
fn closed_pipe() -> Stdio {
    let mut reader = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    let pipe = reader.stdin.take().unwrap();
    reader.wait().unwrap();
    pipe.into()
}

#[cfg(target_os = "linux")]
fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_can_not_be_printed_fails_after_everything_is_kept() {
    let dir = Dir::new();
    let searched = into(&dir, &tiny("--trials 3 --out run --json"), full());
    assert_eq!(searched.status.code(), Some(1), "{}", said(&searched));
    let line = "error: can't write to standard output: No space left on device";
    assert!(said(&searched).contains(line), "{}", said(&searched));
    assert!(dir.exists("run/best.safetensors"));

    let train = "train --genotype amoebanet-a --cells 1 --filters 4 --epochs 1 --limit 100 --batch 50 --out trained";
    let trained = into(&dir, train, full());
    assert_eq!(trained.status.code(), Some(1), "{}", said(&trained));
    assert!(dir.read("trained/result.json").contains("test_accuracy"));

    let compare =
        "compare --benchmark bits --algorithms random --runs 2 --budget 20 --out compared";
    assert_eq!(into(&dir, compare, full()).status.code(), Some(1));
    assert!(dir.exists("compared/runs.csv"));

    for line in [
        "describe amoebanet-a",
        "evaluate --weights run/best.safetensors",
        "aging-study --populations 5 --samples 2 --runs 2 --budget 20",
        "whatif run",
        "completions bash",
        "bench engine --trials 100",
        "--help",
        "--version",
    ] {
        let output = into(&dir, line, full());
        assert_eq!(output.status.code(), Some(1), "{line}: {}", said(&output));
        assert!(!said(&output).contains("panicked"), "{line}");
    }
}

#[test]
fn a_reader_that_closes_the_pipe_costs_nothing_that_is_kept_and_ends_silently() {
    let dir = Dir::new();
    let searched = into(
        &dir,
        &tiny("--trials 3 --out run --quiet --json"),
        closed_pipe(),
    );
    assert_eq!(searched.status.code(), Some(0));
    assert_eq!(said(&searched), "");
    assert!(dir.exists("run/best.safetensors"));
    for line in ["describe amoebanet-a", "whatif run", "--help"] {
        let output = into(&dir, line, closed_pipe());
        assert_eq!(
            (output.status.code(), said(&output)),
            (Some(0), String::new()),
            "{line}"
        );
    }
}

#[test]
fn progress_that_nobody_reads_ends_no_command() {
    let dir = Dir::new();
    let train =
        "train --genotype amoebanet-a --cells 1 --filters 4 --epochs 2 --limit 100 --batch 50";
    for line in [
        tiny("--trials 3 --json"),
        format!("{train} --json"),
        "compare --benchmark bits --algorithms random --runs 2 --budget 20 --json".to_owned(),
    ] {
        let child = Command::new(program())
            .current_dir(dir.path(""))
            .args(line.split_whitespace())
            .stdout(Stdio::piped())
            .stderr(closed_pipe())
            .spawn();
        let output = child.unwrap().wait_with_output().unwrap();
        assert!(output.status.success(), "{line}: {}", output.status);
        last_json(&output.stdout);
    }
}

#[test]
fn a_drawing_that_can_not_be_written_costs_no_result() {
    let dir = Dir::new();
    let study =
        "aging-study --populations 5 --samples 2 --runs 2 --budget 20 --out missing/study.svg";
    let failed = dir.line(study).assert().code(1);
    failed
        .stdout(contains("aging is ahead at"))
        .stderr(contains("missing/study.svg"));
    let compare =
        "compare --benchmark bits --algorithms random --runs 2 --budget 20 --out compared";
    dir.write("compared/runs.csv.new/a-folder", "");
    dir.write("compared/incumbents.csv/a-folder", "");
    dir.write("compared/by-trials.svg/a-folder", "");
    let compared = dir.line(compare).assert();
    compared.stdout(contains("2 runs of each algorithm"));
}

#[test]
fn a_journal_that_is_removed_ends_the_search_with_an_error_and_its_result() {
    let dir = Dir::new();
    let mut child = endless(&dir, "");
    std::fs::remove_file(dir.path("run/journal.jsonl")).unwrap();
    let mut said = String::new();
    let status = child.wait().unwrap();
    let mut printed = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut printed)
        .unwrap();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(
        said.contains("journal.jsonl was removed or replaced"),
        "{said}"
    );
    assert!(printed.contains("\nbest genotype: "), "{printed}");
    assert!(printed.contains("ended by an error: "), "{printed}");
    assert!(
        printed.contains("not measured, since an error ended the search"),
        "{printed}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn nohup_is_not_defeated() {
    let dir = Dir::new();
    let line = tiny("--trials 1000000 --workers 2 --out run --quiet");
    let child = Command::new("sh")
        .args(["-c", "trap '' HUP; exec \"$0\" \"$@\""])
        .arg(program())
        .args(line.split_whitespace())
        .current_dir(dir.path(""))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let tells = || match dir.exists("run/journal.jsonl") {
        true => dir.read("run/journal.jsonl").matches("{\"tell\":").count(),
        false => 0,
    };
    let wait_for = |count| {
        while tells() < count {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    };
    wait_for(1);
    signal(&child, "-HUP");
    wait_for(tells() + 4);
    signal(&child, "-TERM");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(143));
}

#[test]
fn work_that_keeps_nothing_has_the_exit_code_of_the_signal_too() {
    let dir = Dir::new();
    for (line, name, code) in [
        (
            "compare --benchmark bits --runs 1000000 --budget 100",
            "-INT",
            130,
        ),
        (
            "compare --benchmark bits --runs 1000000 --budget 100",
            "-HUP",
            129,
        ),
        (
            "train --genotype amoebanet-a --epochs 1000000 --quiet --limit 100 --batch 50",
            "-TERM",
            143,
        ),
        ("bench engine --trials 1000000000", "-TERM", 143),
    ] {
        let child = dir.start(line.split_whitespace());
        std::thread::sleep(std::time::Duration::from_millis(1500));
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{line}: {}",
            said(&output)
        );
    }
}
