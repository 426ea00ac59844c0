//! Results that go to a link, a device or a folder instead of a file.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use crate::harness::Dir;

fn archive() -> String {
    let archive = "../../tests/nats_bench/NATS-tss-v1_0-3ffb9-simple";
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join(archive);
    archive.to_str().unwrap().to_owned()
}

#[test]
fn a_table_goes_through_a_fifo_and_behind_a_link_and_nowhere_else() {
    let dir = Dir::new();
    let archive = archive();
    let convert = |out: &str| dir.run(["convert", "--archive", &archive, "--out", out]);
    convert("table.csv").assert().success();
    let table = dir.read("table.csv");

    let made = std::process::Command::new("mkfifo")
        .arg(dir.path("fifo"))
        .status();
    assert!(made.unwrap().success());
    let fifo = dir.path("fifo");
    let reader = thread::spawn(move || fs::read_to_string(fifo).unwrap());
    convert("fifo").assert().success();
    assert_eq!(reader.join().unwrap(), table);
    assert!(!fs::metadata(dir.path("fifo")).unwrap().is_file());

    dir.write("far/old.csv", "old");
    symlink("far/old.csv", dir.path("link")).unwrap();
    convert("link").assert().success();
    assert_eq!(
        fs::read_link(dir.path("link")).unwrap(),
        Path::new("far/old.csv")
    );
    assert_eq!(dir.read("far/old.csv"), table);

    let _socket = UnixListener::bind(dir.path("socket")).unwrap();
    for (name, reason) in [("far", "it is a folder"), ("socket", "it is a socket")] {
        let refused = convert(name).assert().code(1);
        refused.stderr(contains(reason).and(contains(name)));
    }
    assert!(!dir.exists("far.new") && !dir.exists("socket.new"));
}

#[test]
fn an_aging_study_that_can_t_be_drawn_is_printed() {
    let dir = Dir::new();
    fs::create_dir(dir.path("folder")).unwrap();
    let line = "aging-study --populations 5 --samples 2 --runs 3 --budget 30 --out folder";
    let study = dir.line(line).assert().code(1);
    study
        .stdout(contains("aging is ahead at"))
        .stderr(contains("it is a folder"));
    symlink("drawing.svg", dir.path("link.svg")).unwrap();
    dir.line(&line.replace("folder", "link.svg"))
        .assert()
        .success();
    assert!(
        fs::symlink_metadata(dir.path("link.svg"))
            .unwrap()
            .is_symlink()
    );
    assert!(dir.read("drawing.svg").ends_with("</svg>\n"));
}

#[test]
fn a_search_and_a_comparison_keep_the_links_in_their_folders() {
    let dir = Dir::new();
    let runs = [
        (
            "run",
            "search --population 3 --sample 2 --final-epochs 1 --limit 100 --trials 3 --workers 1 --quiet",
            &[
                "journal.jsonl",
                "trials.jsonl",
                "best.json",
                "recipe.json",
                "report.html",
                "best.safetensors",
            ][..],
        ),
        (
            "compared",
            "compare --benchmark bits --algorithms random --runs 2 --budget 30 --quiet",
            &[
                "runs.jsonl",
                "curves.csv",
                "pairs.csv",
                "best-by-trials.svg",
            ][..],
        ),
    ];
    for (folder, line, names) in runs {
        for name in names {
            // The folder's files are on another disk.
            dir.write(&format!("{folder}/note"), "");
            dir.write("disk/note", "");
            symlink(
                format!("../disk/{name}"),
                dir.path(&format!("{folder}/{name}")),
            )
            .unwrap();
        }
        dir.line(&format!("{line} --out {folder}"))
            .assert()
            .success();
        for name in names {
            let link = dir.path(&format!("{folder}/{name}"));
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "{name}");
            let file = fs::symlink_metadata(dir.path(&format!("disk/{name}"))).unwrap();
            assert!(file.is_file() && file.len() > 0, "{name}");
        }
    }
}
