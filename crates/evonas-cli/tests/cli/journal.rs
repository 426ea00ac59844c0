//! `evonas journal`, and file systems without locks.

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use crate::harness::{Dir, last_json};

const COMPARE: &str =
    "compare --benchmark bits --algorithms random --runs 4 --budget 30 --quiet --out compared";

/// Changes a digit of a line, from 1, of a file.
fn damage(dir: &Dir, name: &str, line: usize) {
    let text = dir.read(name);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let changed = lines[line - 1].replacen(':', ":1", 1);
    lines[line - 1] = changed;
    dir.write(name, lines.join("\n") + "\n");
}

#[test]
fn a_damaged_search_is_checked_repaired_and_resumed() {
    let dir = Dir::new();
    let search = "search --population 3 --sample 2 --final-epochs 1 --limit 100 --trials 4 --workers 1 --quiet \
                  --json --out run";
    let result = |line: &str| last_json(&dir.line(line).assert().success().get_output().stdout);
    let whole = result(search);
    let checked = result("journal check run --json");
    assert_eq!(
        (&checked["finished"], &checked["unfinished"]),
        (&4.into(), &0.into())
    );
    assert!(checked["damage"].is_null(), "{checked}");
    dir.line("journal repair run")
        .assert()
        .success()
        .stdout(contains("nothing to repair"));

    // The header, then an ask and a tell for each trial.
    damage(&dir, "run/journal.jsonl", 6);
    let damaged = dir.read("run/journal.jsonl");
    let resume = format!("{search} --resume");
    let refused = dir.line(&resume).assert().code(1);
    refused.stderr(contains("line 6 of").and(contains("evonas journal repair")));
    let check = dir.line("journal check run").assert().code(1);
    check
        .stdout(
            contains("sound: 5 lines")
                .and(contains("2 finished trials, 0 unfinished"))
                .and(contains("damaged: from line 6 on")),
        )
        .stderr(contains("line 6 of"));
    let check = dir
        .line("journal check run/journal.jsonl --json")
        .assert()
        .code(1);
    let checked = last_json(&check.get_output().stdout);
    assert_eq!(checked["damage"]["line"], 6, "{checked}");
    assert_eq!(
        dir.read("run/journal.jsonl"),
        damaged,
        "checking changes nothing"
    );

    let repaired = dir.line("journal repair run").assert().success();
    repaired.stdout(contains("cut off: 4 lines").and(contains("journal.jsonl.cut")));
    let parts = dir.read("run/journal.jsonl") + &dir.read("run/journal.jsonl.cut");
    assert_eq!(parts, damaged);
    dir.line("journal check run").assert().success();
    let again = result(&resume);
    assert_eq!(again["genotype"], whole["genotype"]);
    assert_eq!(again["best_fitness"], whole["best_fitness"]);
}

#[test]
fn a_damaged_comparison_is_repaired_too() {
    let dir = Dir::new();
    dir.line(COMPARE).assert().success();
    let results = dir.read("compared/runs.csv");
    damage(&dir, "compared/runs.jsonl", 4);
    let resume = format!("{COMPARE} --resume");
    dir.line(&resume).assert().code(1);
    let repaired = dir
        .line("journal repair compared --json")
        .assert()
        .success();
    let repaired = last_json(&repaired.get_output().stdout);
    assert_eq!(repaired["records"], "comparison", "{repaired}");
    assert_eq!(
        (&repaired["finished"], &repaired["cut"]["lines"]),
        (&1.into(), &3.into())
    );
    dir.line(&resume).assert().success();
    assert_eq!(dir.read("compared/runs.csv"), results);
}

#[test]
fn what_is_no_record_is_neither_checked_nor_repaired() {
    let dir = Dir::new();
    dir.write("other/journal.jsonl", "hello\n");
    for action in ["check", "repair"] {
        for (path, reason) in [
            ("other", "is not an evonas journal"),
            ("nothing", "does not exist"),
        ] {
            let refused = dir
                .line(&format!("journal {action} {path}"))
                .assert()
                .code(1);
            refused.stderr(contains(reason));
        }
    }
    assert_eq!(dir.read("other/journal.jsonl"), "hello\n");
    assert!(!dir.exists("nothing"));
}

/// Runs the program as on a file system without locks.
#[cfg(target_os = "linux")]
mod without_locks {
    use std::path::PathBuf;
    use std::process::Command;

    use super::*;

    /// A library that refuses every lock as a network file system does whose server has none.
    fn refusing_library(dir: &Dir) -> PathBuf {
        dir.write(
            "locks.rs",
            "unsafe extern \"C\" { fn __errno_location() -> *mut i32; }\n\
             #[unsafe(no_mangle)]\n\
             pub extern \"C\" fn flock(_: i32, _: i32) -> i32 {\n\
                 unsafe { *__errno_location() = 37 };\n\
                 -1\n\
             }\n",
        );
        let library = dir.path("liblocks.so");
        let built = Command::new("rustc")
            .args(["--edition", "2024", "--crate-type", "cdylib", "-o"])
            .arg(&library)
            .arg(dir.path("locks.rs"))
            .status();
        assert!(built.unwrap().success());
        library
    }

    #[test]
    fn a_file_system_without_locks_is_refused_until_the_lock_is_optional() {
        let dir = Dir::new();
        let library = refusing_library(&dir);
        let line = |line: &str| {
            let mut command = dir.line(line);
            command.env("LD_PRELOAD", &library);
            command.assert()
        };
        let train =
            "train --limit 50 --batch 25 --epochs 1 --cells 1 --filters 2 --quiet --out trained";
        let search = "search --population 3 --sample 2 --final-epochs 1 --limit 100 --trials 3 --quiet --out run";
        for command in [COMPARE, train, search] {
            line(command)
                .code(1)
                .stderr(contains("can't be locked").and(contains("--lock optional")));
            line(&format!("{command} --lock optional")).success();
        }
        damage(&dir, "compared/runs.jsonl", 4);
        line("journal check compared").code(1);
        line("journal repair compared")
            .code(1)
            .stderr(contains("--lock optional"));
        line("journal repair compared --lock optional").success();
    }
}
