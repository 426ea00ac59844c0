//! `evonas compare` and `evonas aging-study`: results, records and refusals.

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use crate::harness::{Dir, json_lines};

/// The JSON lines that a command prints.
fn printed(dir: &Dir, line: &str) -> Vec<Value> {
    let output = dir
        .line(line)
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    json_lines(std::str::from_utf8(&output).unwrap())
}

fn algorithms(lines: &[Value]) -> Vec<&str> {
    lines
        .iter()
        .filter_map(|line| line["algorithm"].as_str())
        .collect()
}

const BITS: &str = "compare --benchmark bits --algorithms aging,random --out comparison";

#[test]
fn a_comparison_prints_a_json_line_per_algorithm() {
    let dir = Dir::new();
    let lines = printed(&dir, &format!("{BITS} --runs 4 --json"));
    assert_eq!(algorithms(&lines), ["aging", "random"]);
    let keys = "algorithm dataset runs test_mean test_std valid_mean evaluations_mean";
    for line in &lines {
        for key in keys.split(' ') {
            assert!(!line[key].is_null(), "{key} is missing in {line}");
        }
        assert_eq!(line["runs"], 4);
    }
}

#[test]
fn a_comparison_is_refused_in_a_folder_that_holds_one_and_resumed_with_more_runs() {
    let dir = Dir::new();
    dir.line(&format!("{BITS} --runs 4 --quiet"))
        .assert()
        .success();
    let refused = dir.line(&format!("{BITS} --runs 4")).assert().code(1);
    refused.stderr(contains(
        "holds a comparison already; add --resume to continue it",
    ));
    let resumed = dir
        .line(&format!("{BITS} --runs 6 --resume"))
        .assert()
        .success();
    let resumed = resumed.stderr(contains("8 of 12 runs are taken from the record"));
    resumed.stdout(contains("6 runs of each algorithm").and(contains("Mann-Whitney U")));
    // The settings, each algorithm's own, and the runs.
    let record = json_lines(&dir.read("comparison/runs.jsonl"));
    assert_eq!(record.len(), 1 + 2 + 12);
}

#[test]
fn an_algorithm_with_other_sizes_than_the_recorded_ones_is_refused() {
    let dir = Dir::new();
    dir.line(&format!("{BITS} --runs 1 --quiet"))
        .assert()
        .success();
    let line = format!("{BITS} --runs 1 --population 50 --resume");
    let refused = dir.line(&line).assert().code(1);
    refused.stderr(contains(
        "algorithms.aging.population: 100 recorded, 50 now",
    ));
}

#[test]
fn an_algorithm_that_is_named_twice_is_refused() {
    let refused = Dir::new()
        .line("compare --benchmark bits --algorithms aging,aging")
        .assert()
        .code(1);
    refused.stderr(contains(
        "two algorithms have the name aging; each needs its own",
    ));
}

#[test]
fn a_reader_that_closes_the_pipe_of_a_comparison_is_no_error() {
    let line = format!("{BITS} --runs 2");
    let dir = Dir::new();
    let mut child = dir.start(line.split_whitespace());
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn algorithms_are_compared_by_real_training_on_the_digits() {
    let dir = Dir::new();
    let line = "compare --benchmark digits --algorithms aging,ppo --images 100 --runs 1 --budget 3 \
                --population 2 --sample 2 --json --out digits";
    let lines = printed(&dir, line);
    assert_eq!(algorithms(&lines), ["aging", "ppo"]);
    for line in &lines {
        assert_eq!(line["dataset"], "digits");
        assert_eq!(line["evaluations_mean"].as_f64(), Some(3.0));
        let accuracy = line["test_mean"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&accuracy), "{line}");
    }
    for file in [
        "runs.csv",
        "curves.csv",
        "best-by-trials.svg",
        "found-by-multiply-adds.svg",
    ] {
        assert!(!dir.bytes(&format!("digits/{file}")).is_empty(), "{file}");
    }
}

#[test]
fn a_benchmark_that_needs_a_table_and_one_that_does_not_exist_are_refused() {
    let dir = Dir::new();
    let refused = dir.line("compare").assert().code(1);
    refused.stderr(contains("nasbench201 needs its table: --table FILE"));
    let refused = dir.line("compare --benchmark mnist").assert().code(2);
    refused.stderr(
        contains("bits")
            .and(contains("nasbench201"))
            .and(contains("digits")),
    );
}

#[test]
fn the_columns_of_a_wrong_table_are_cut_and_escaped() {
    let dir = Dir::new();
    let column = |number| format!("column {number} \u{1b}[31m");
    let header: Vec<String> = (0..100_000).map(column).collect();
    dir.write("wide.csv", header.join(","));
    let refused = dir.line("compare --table wide.csv").assert().code(1);
    let message = String::from_utf8(refused.get_output().stderr.clone()).unwrap();
    assert!(message.contains("the table has no column"), "{message}");
    assert!(message.contains("column 1 ") && message.len() < 1_000);
    assert!(!message.contains('\u{1b}'), "{message:?}");
}

#[test]
fn a_resumed_comparison_needs_its_folder() {
    let refused = Dir::new()
        .line("compare --benchmark bits --resume")
        .assert()
        .code(2);
    refused.stderr(contains("--out"));
}

#[test]
fn an_aging_study_prints_its_points_and_draws_them() {
    let dir = Dir::new();
    let line = "aging-study --populations 5,10 --samples 2,10 --runs 3 --budget 30 --out study.svg";
    let study = dir.line(line).assert().success();
    let printed = String::from_utf8(study.get_output().stdout.clone()).unwrap();
    let lines: Vec<&str> = printed.lines().collect();
    // A sample of 10 doesn't fit a population of 5.
    assert_eq!(lines.len(), 1 + 3 + 1, "{printed}");
    assert!(lines[0].contains("non-aging"), "{printed}");
    assert!(
        lines[4].starts_with("aging is ahead at ") && lines[4].ends_with(" of 3 points"),
        "{printed}"
    );
    assert!(dir.read("study.svg").contains("P = 10"));
}

#[test]
fn an_aging_study_of_the_digits_is_refused() {
    let refused = Dir::new()
        .line("aging-study --benchmark digits")
        .assert()
        .code(1);
    refused.stderr(contains("would train for days"));
}

#[test]
fn other_searchers_are_compared_on_bits() {
    let dir = Dir::new();
    let line = "compare --benchmark bits --algorithms local-search,annealing,crossover,surrogate \
                --runs 2 --budget 60 --json";
    let lines = printed(&dir, line);
    let names = ["local-search", "annealing", "crossover", "surrogate"];
    assert_eq!(algorithms(&lines), names);
}

#[test]
fn sizes_are_refused_where_genotypes_are_not_networks() {
    let dir = Dir::new();
    let line = "compare --benchmark bits --max-multiply-adds 1000";
    let refused = dir.line(line).assert().code(1);
    refused.stderr(contains("--max-multiply-adds").and(contains("with --benchmark bits")));
    let line = "compare --benchmark bits --algorithms evolution-by-parameters";
    let refused = dir.line(line).assert().code(1);
    refused.stderr(contains(
        "can't set up evolution-by-parameters: the genotypes of the benchmark aren't networks",
    ));
}

#[test]
fn a_limit_of_multiply_adds_that_no_network_keeps_is_an_error() {
    let line = "compare --benchmark digits --algorithms aging --images 100 --runs 1 --budget 2 \
                --population 2 --sample 2 --max-multiply-adds 1";
    let refused = Dir::new().line(line).assert().code(1);
    refused.stderr(
        contains("refused 1000 of 1000 genotypes")
            .and(contains("multiply-adds; at most 1 are allowed")),
    );
}
