//! The examples, run as a newcomer runs them. `cargo test` builds them beside the tests. If only this module is run,
//! those that are missing or older than their sources are built here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let program = profile.join("examples").join(name);
    if !is_up_to_date(&program) {
        let profile = match profile.file_name().and_then(|name| name.to_str()).unwrap() {
            "debug" => "dev",
            name => name,
        };
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "evonas"]);
        build.args(["--profile", profile, "--example", name]);
        if !cfg!(feature = "burn") {
            build.arg("--no-default-features");
        }
        assert!(build.status().unwrap().success());
    }
    program
}

/// Whether a program exists and is at least as new as all of its sources, which Cargo lists beside it in a rule of a
/// makefile: `program: source source …`.
fn is_up_to_date(program: &Path) -> bool {
    let modified = |path: &Path| -> Option<SystemTime> { fs::metadata(path).ok()?.modified().ok() };
    let is_newest = || -> Option<bool> {
        let built = modified(program)?;
        let rule = fs::read_to_string(program.with_extension("d")).ok()?;
        let (_, sources) = rule.lines().next()?.split_once(": ")?;
        // A space within a name is escaped.
        let sources = sources.replace("\\ ", "\0");
        let mut sources = sources
            .split_whitespace()
            .map(|source| source.replace('\0', " "));
        Some(sources.all(|source| modified(Path::new(&source)).is_some_and(|time| time <= built)))
    };
    is_newest().unwrap_or(false)
}

#[test]
fn a_program_older_than_one_of_its_sources_is_out_of_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let write = |name: &str, content: &str, seconds: u64| {
        fs::write(path(name), content).unwrap();
        let file = fs::File::options().write(true).open(path(name)).unwrap();
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        file.set_modified(time).unwrap();
    };
    let program = path("program");
    assert!(!is_up_to_date(&program));
    let source = |name: &str| path(name).display().to_string().replace(' ', "\\ ");
    let rule = format!(
        "{}: {} {}\n",
        program.display(),
        source("a.rs"),
        source("b c.rs")
    );
    write("program.d", &rule, 1);
    write("program", "", 5);
    write("a.rs", "", 3);
    assert!(!is_up_to_date(&program), "a source is gone");
    write("b c.rs", "", 4);
    assert!(is_up_to_date(&program));
    write("a.rs", "", 6);
    assert!(!is_up_to_date(&program));
}

/// What an example prints.
fn printed(name: &str, arguments: &[&str]) -> String {
    let output = Command::new(program(name))
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn published_prints_sizes_to_the_digit() {
    let printed = printed("published", &[]);
    for size in ["86718797", "23133663507", "88753150", "23783414658"] {
        assert!(printed.contains(size), "{printed}");
    }
}

#[test]
fn custom_space_finds_a_shorter_tour_than_chance() {
    let printed = printed("custom_space", &[]);
    let length = |line: usize| -> f64 {
        let (_, rest) = printed
            .lines()
            .nth(line)
            .unwrap()
            .split_once("length ")
            .unwrap();
        let end = rest.find(|c: char| c != '.' && !c.is_ascii_digit());
        rest[..end.unwrap_or(rest.len())].parse().unwrap()
    };
    assert!(length(1) < 0.6 * length(0), "{printed}");
}

#[test]
fn custom_algorithm_compares_two_algorithms() {
    let printed = printed("custom_algorithm", &[]);
    let names: Vec<&str> = printed
        .lines()
        .filter_map(|line| Some(line.split_once(": ")?.0))
        .collect();
    assert_eq!(names, ["local search", "aging evolution"]);
}

#[test]
fn custom_comparison_tells_three_algorithms_apart() {
    let printed = printed("custom_comparison", &[]);
    for part in [
        "local search",
        "aging",
        "random",
        "local search - aging",
        "aging - random",
    ] {
        assert!(printed.contains(part), "{printed}");
    }
}

#[test]
fn resume_extends_a_search_that_it_finds_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let first = printed("resume", &[folder, "25"]);
    assert!(
        !first.contains("resuming") && first.contains("25 trials, recorded in"),
        "{first}"
    );
    let second = printed("resume", &[folder, "40"]);
    assert!(second.contains("resuming: 25 trials are done"), "{second}");
    assert!(second.contains("40 trials, recorded in"), "{second}");
}

/// Nobody can see what they print, but that is no reason to panic, nor to end a search.
#[cfg(target_os = "linux")]
#[test]
fn examples_whose_output_can_not_be_written_fail_without_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    for (name, arguments) in [
        ("resume", &[path, "25"][..]),
        ("custom_space", &[]),
        ("custom_algorithm", &[]),
        ("published", &[]),
        ("processes", &[]),
    ] {
        let full = || fs::File::options().write(true).open("/dev/full").unwrap();
        let run = |stderr: std::process::Stdio| {
            let mut command = Command::new(program(name));
            let command = command.args(arguments).stdout(full()).stderr(stderr);
            command.spawn().unwrap().wait_with_output().unwrap()
        };
        let output = run(std::process::Stdio::piped());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains("StorageFull"), "{name}: {said}");
        assert_eq!(run(full().into()).status.code(), Some(1), "{name}");
    }
    let recorded = fs::read_to_string(folder.path().join("journal.jsonl")).unwrap();
    assert_eq!(recorded.matches("{\"tell\":").count(), 25);
}

#[cfg(unix)]
#[test]
fn processes_survives_crashes_and_hangs() {
    let printed = printed("processes", &[]);
    let first = printed.lines().next().unwrap();
    let counts: Vec<u64> = first
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    assert_eq!(counts[0], 150, "{printed}");
    assert!(counts[1] > 0 && counts[2] > 0, "{printed}");
    assert!(
        printed.lines().nth(1).unwrap().starts_with("best: "),
        "{printed}"
    );
}

#[cfg(all(feature = "burn", feature = "report"))]
#[test]
fn custom_network_finds_a_network_and_tests_it() {
    let printed = printed("custom_network", &["10"]);
    assert!(
        printed.contains("test accuracy after 10 epochs"),
        "{printed}"
    );
}

/// The number after a word of what a program printed.
#[cfg(all(feature = "burn", feature = "report"))]
fn number_after(printed: &str, words: &str) -> f64 {
    let (_, rest) = printed.split_once(words).unwrap();
    let end = rest.find(|c: char| c != '.' && !c.is_ascii_digit());
    rest[..end.unwrap_or(rest.len())].parse().unwrap()
}

#[cfg(all(feature = "burn", feature = "report"))]
#[test]
fn regression_explains_most_of_the_variance() {
    let printed = printed("regression", &["10"]);
    assert!(
        number_after(&printed, "explained variance: ") > 75.0,
        "{printed}"
    );
}

#[cfg(all(feature = "burn", feature = "report"))]
#[test]
fn segmentation_finds_disks_among_bars() {
    let printed = printed("segmentation", &["8"]);
    assert!(
        number_after(&printed, "intersection over union: ") > 40.0,
        "{printed}"
    );
}

#[cfg(feature = "train")]
#[test]
fn burn_learner_trains_a_cell_network() {
    let folder = tempfile::tempdir().unwrap();
    let printed = printed("burn_learner", &["2", folder.path().to_str().unwrap()]);
    assert!(
        number_after(&printed, "test accuracy after 2 epochs: ") > 80.0,
        "{printed}"
    );
}

#[cfg(all(feature = "burn", feature = "report"))]
#[test]
fn search_prints_the_best_cell_and_its_test_accuracy() {
    let printed = printed("search", &["25"]);
    for part in [
        "best of 25 trials: ",
        "normal cell",
        "reduction cell",
        "test accuracy after 12 epochs",
    ] {
        assert!(printed.contains(part), "{printed}");
    }
}
