//! `evonas report`: the page of one or several searches.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;

use crate::harness::{Dir, last_json};

/// A small search in a folder of its own.
fn search(dir: &Dir, folder: &str, more: &str) {
    let line = format!(
        "search --population 4 --sample 2 --limit 200 --filters 4 --final-epochs 1 --workers 1 --quiet --out {folder} \
         {more}"
    );
    dir.line(&line).assert().success();
}

#[test]
fn a_search_ends_with_a_page_and_its_commands_work() {
    let dir = Dir::new();
    search(&dir, "mine", "--trials 8");
    search(
        &dir,
        "run",
        "--trials 8 --seed 3 --space sp2 --learning-rate 0.05",
    );
    let page = dir.read("run/report.html");
    for part in [
        "<title>run - evonas</title>",
        "8 trials",
        "Normal cell",
        "evonas train --from run --out run/trained",
        "evonas export --format onnx --weights run/best.safetensors --out onnx",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // The page's own command resumes the search.
    let begin = page.find("evonas search --out run --resume").unwrap();
    let command = &page[begin..begin + page[begin..].find('<').unwrap()];
    let command = command.replace("--trials 100", "--trials 10");
    let line = format!("{} --json", command.strip_prefix("evonas ").unwrap());
    let resumed = dir.line(&line).assert().success();
    assert_eq!(last_json(&resumed.get_output().stdout)["trials"], 10);
    assert!(dir.read("run/report.html").contains("10 trials"));

    // From outside, the same run and several together; nothing but the file is written.
    let before = fs::read_dir(dir.path("run")).unwrap().count();
    let printed = dir.line("report run").assert().success();
    printed.stdout(contains("report.html"));
    assert!(dir.read("report.html").contains("10 trials"));
    dir.run(["report", "run", "mine", "--out", "both.html"])
        .assert()
        .success();
    let both = dir.read("both.html");
    assert!(both.contains("2 runs in 2 groups") && both.contains("mine"));
    assert_eq!(fs::read_dir(dir.path("run")).unwrap().count(), before);
}

#[test]
fn a_copied_folder_is_shown_without_what_it_lacks_and_a_damaged_one_up_to_the_damage() {
    let dir = Dir::new();
    search(&dir, "run", "--trials 6");
    let journal = dir.read("run/journal.jsonl");
    dir.write("copy/journal.jsonl", &journal);
    dir.line("report copy --out copy.html").assert().success();
    let page = dir.read("copy.html");
    assert!(page.contains("6 trials") && !page.contains("evonas train"));
    assert_eq!(fs::read_dir(dir.path("copy")).unwrap().count(), 1);

    let lines: Vec<&str> = journal.lines().collect();
    let damaged = journal.replace(lines[8], &lines[8].replace("\"status\"", "\"statue\""));
    assert_ne!(damaged, journal);
    dir.write("damaged/journal.jsonl", damaged);
    dir.line("report damaged --out damaged.html")
        .assert()
        .success();
    let page = dir.read("damaged.html");
    assert!(
        page.contains("line 9 of damaged/journal.jsonl"),
        "the damage is told"
    );
}

#[test]
fn folders_without_a_search_are_refused_and_names_stay_text() {
    let dir = Dir::new();
    fs::create_dir(dir.path("empty")).unwrap();
    for folder in ["empty", "missing"] {
        dir.run(["report", folder])
            .assert()
            .code(1)
            .stderr(contains("nothing is recorded there"));
    }
    assert!(!dir.exists("report.html"));
    dir.write("begun/journal.jsonl", "");
    dir.line("report begun")
        .assert()
        .code(1)
        .stderr(contains("contains no search yet"));
    dir.line("report").assert().code(2);
    dir.line("report empty --every 3").assert().code(2);

    search(&dir, "run", "--trials 4");
    let evil = "<script>alert(1)<|script>'\"&";
    dir.write(
        &format!("{evil}/journal.jsonl"),
        dir.read("run/journal.jsonl"),
    );
    dir.run(["report", evil, "--out", "evil.html"])
        .assert()
        .success();
    let page = dir.read("evil.html");
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.contains("&lt;script&gt;alert(1)"));
    dir.run(["report", "run", "--out", "empty"])
        .assert()
        .code(1)
        .stderr(contains("can't write empty"));
}

/// The page is written again while the search goes on.
#[cfg(unix)]
#[test]
fn a_watched_search_has_a_new_page_whenever_something_was_recorded() {
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    let dir = Dir::new();
    search(&dir, "run", "--trials 6");
    let whole = dir.read("run/journal.jsonl");
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    dir.write("live/journal.jsonl", lines[..7].concat());
    let mut watching = dir.start(["report", "live", "--watch", "--every", "0.2"]);
    let shows = |text: &str| {
        let begin = Instant::now();
        while !(dir.exists("report.html") && dir.read("report.html").contains(text)) {
            assert!(begin.elapsed() < Duration::from_secs(20), "{text}");
            sleep(Duration::from_millis(50));
        }
    };
    shows("http-equiv=\"refresh\"");
    assert!(dir.read("report.html").contains("<dd>3 trials</dd>"));
    dir.write("live/journal.jsonl", &whole);
    shows("<dd>6 trials</dd>");
    crate::harness::signal(&watching, "-INT");
    let ended = watching.wait().unwrap();
    assert_eq!(ended.code(), Some(130));
    assert!(!dir.read("report.html").contains("http-equiv=\"refresh\""));
}

#[test]
fn a_page_that_cannot_be_written_is_no_failure_of_the_search() {
    let dir = Dir::new();
    fs::create_dir_all(dir.path("run/report.html")).unwrap();
    let line = "search --population 2 --sample 1 --limit 200 --filters 4 --final-epochs 1 --workers 1 --trials 2 \
                --quiet --out run";
    let ended = dir.line(line).assert().success();
    ended.stderr(contains("there is no report").and(contains("report.html")));
    assert!(dir.exists("run/best.safetensors"));
}
