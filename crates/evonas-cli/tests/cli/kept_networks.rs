//! The networks in a search's folder, and the trial that each is of: none is lost, whatever ends a final training.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr};
use std::thread;
use std::time::Duration;

use evonas::spaces::nasnet::NasnetGenotype;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use crate::harness::{Dir, json_lines, last_json, signal};
use crate::search::tiny;

/// Waits until the program says this on standard error; returns what it says from then on.
fn wait_for(child: &mut Child, text: &str) -> BufReader<ChildStderr> {
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let (mut line, mut heard) = (String::new(), String::new());
    while !line.contains(text) {
        line.clear();
        assert!(
            lines.read_line(&mut line).unwrap() > 0,
            "it has ended: {heard}"
        );
        heard += &line;
    }
    lines
}

#[test]
fn a_network_stays_if_a_later_run_is_stopped_and_the_best_is_unchanged() {
    let dir = Dir::new();
    dir.line(&tiny("--trials 4 --out run --quiet"))
        .assert()
        .success();
    let network = dir.bytes("run/best.safetensors");
    let again =
        tiny("--trials 4 --out run --resume").replace("--final-epochs 2", "--final-epochs 100000");
    let mut child = dir.start(again.split_whitespace());
    let _said = wait_for(&mut child, "training this genotype");

    // Meanwhile, no other process may do anything in the folder.
    let second = dir
        .line(&tiny("--trials 9 --out run --resume --quiet"))
        .assert();
    second.code(1).stderr(contains("in use by another process"));

    signal(&child, "-TERM");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("test accuracy: not measured"), "{printed}");
    assert!(dir.bytes("run/best.safetensors") == network);
    assert!(!dir.exists("run/earlier.safetensors"));
}

#[test]
fn a_network_of_an_earlier_best_genotype_is_set_aside() {
    let dir = Dir::new();
    dir.line(&tiny("--trials 3 --out run --quiet"))
        .assert()
        .success();
    let network = dir.bytes("run/best.safetensors");
    let best = dir.read("run/best.json");
    let line = tiny("--trials 1000000 --workers 2 --out run --resume --quiet");
    let child = dir.start(line.split_whitespace());
    while dir.read("run/best.json") == best {
        thread::sleep(Duration::from_millis(5));
    }
    signal(&child, "-TERM");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(143));
    assert!(dir.bytes("run/earlier.safetensors") == network);
    assert!(!dir.exists("run/best.safetensors"));

    // Another one, which doesn't replace the first.
    dir.write("run/best.safetensors", "another");
    let line = tiny("--trials 1000000 --workers 2 --out run --resume --quiet");
    let mut child = dir.start(line.split_whitespace());
    thread::sleep(Duration::from_secs(2));
    assert!(child.try_wait().unwrap().is_none());
    signal(&child, "-TERM");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(143));
    assert!(dir.bytes("run/earlier.safetensors") == network);
    assert_eq!(dir.bytes("run/earlier-2.safetensors"), b"another");
}

/// Whether a file's network is of this genotype, which its header has as JSON in a string.
fn is_of(dir: &Dir, network: &str, genotype: &Value) -> bool {
    let bytes = dir.bytes(network);
    let text = genotype.to_string().replace('"', "\\\"");
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

fn best(dir: &Dir) -> Value {
    serde_json::from_str(&dir.read("run/best.json")).unwrap()
}

#[test]
fn the_network_of_a_new_best_genotype_does_not_replace_the_earlier_one() {
    let dir = Dir::new();
    let search = |trials: u32| {
        let line = tiny("--workers 1 --out run --resume --quiet");
        dir.line(&format!("{line} --trials {trials}"))
            .assert()
            .success();
        best(&dir)["genotype"].clone()
    };
    let earlier = search(3);
    let network = dir.bytes("run/best.safetensors");
    let mut trials = [10, 30, 100].into_iter();
    let later = loop {
        let genotype = search(trials.next().expect("a hundred trials find a better one"));
        if genotype != earlier {
            break genotype;
        }
        assert!(!dir.exists("run/earlier.safetensors"));
    };
    assert!(is_of(&dir, "run/best.safetensors", &later));
    assert!(is_of(&dir, "run/earlier.safetensors", &earlier));
    assert!(dir.bytes("run/earlier.safetensors") == network);
}

/// A search whose trials, of one step each, end before their learning rate shows.
fn diverging(more: &str) -> String {
    format!(
        "search --population 3 --sample 2 --epochs 1 --limit 40 --batch 30 --filters 4 --workers 1 --trials 12 {more}"
    )
}

#[test]
fn a_search_whose_final_trainings_all_diverge_prints_and_keeps_what_it_found() {
    let dir = Dir::new();
    let line = diverging("--final-epochs 400 --learning-rate 25 --out run --json");
    let failed = dir.line(&line).assert().code(1);
    let output = failed
        .stdout(
            contains("\nbest genotype: ")
                .and(contains("its final training diverged: "))
                .and(contains("\nnext best genotype: "))
                .and(contains("not measured, since the final training failed")),
        )
        .stderr(contains(
            "error: the final training of the 5 best genotypes diverged",
        ))
        .get_output()
        .clone();
    let result = last_json(&output.stdout);
    assert!(result["best_fitness"].is_number(), "{result}");
    assert_eq!(result["diverged"].as_array().unwrap().len(), 5);
    assert_eq!(result["diverged"][0], result["genotype"]);
    let best = json_lines(&dir.read("run/trials.jsonl"));
    let fitness = |trial: &Value| trial["fitness"].as_f64();
    let highest = best.iter().filter_map(fitness).fold(f64::MIN, f64::max);
    assert_eq!(result["best_fitness"], highest);
}

/// The genotypes in the file of those that diverged, as texts.
fn diverged(dir: &Dir) -> Value {
    let genotypes: Vec<NasnetGenotype> =
        serde_json::from_str(&dir.read("run/diverged.json")).unwrap();
    genotypes.iter().map(ToString::to_string).collect()
}

#[test]
fn a_final_training_that_diverges_is_followed_by_that_of_the_next_best_genotype() {
    // About every second of these searches has a best genotype that diverges and a next best that doesn't.
    let fallen_back = (0..12).find_map(|seed| {
        let dir = Dir::new();
        let line = diverging("--final-epochs 100 --learning-rate 15 --out run --json");
        let searched = dir.line(&format!("{line} --seed {seed}")).output().unwrap();
        let result = last_json(&searched.stdout);
        let diverged = result["diverged"].as_array().unwrap().len();
        (diverged > 0 && searched.status.success()).then_some((seed, dir, result))
    });
    let (seed, dir, result) = fallen_back.expect("one in twelve searches falls back");
    assert!(result["test_accuracy"].is_number(), "{result}");
    assert_ne!(result["genotype"], result["diverged"][0]);
    assert_eq!(best(&dir)["fitness"], result["best_fitness"]);
    let evaluated = dir
        .line("evaluate --weights run/best.safetensors --json")
        .assert();
    let evaluated = last_json(&evaluated.success().get_output().stdout);
    assert_eq!(evaluated["test_accuracy"], result["test_accuracy"]);

    // Another run, stopped in its final training, changes nothing: there is no better trial.
    let (kept, network) = (dir.read("run/best.json"), dir.bytes("run/best.safetensors"));
    assert_eq!(diverged(&dir), result["diverged"]);
    let line = diverging("--final-epochs 100000 --learning-rate 15 --out run --resume");
    let mut child = dir.start(format!("{line} --seed {seed}").split_whitespace());
    let mut said = wait_for(&mut child, "training this genotype");
    assert_eq!(dir.read("run/best.json"), kept);
    signal(&child, "-TERM");
    // If all of them diverge before that, it fails.
    std::io::copy(&mut said, &mut std::io::sink()).unwrap();
    let code = child.wait_with_output().unwrap().status.code();
    assert!([Some(143), Some(1)].contains(&code), "{code:?}");
    assert_eq!(dir.read("run/best.json"), kept);
    assert!(dir.bytes("run/best.safetensors") == network);
    assert!(!dir.exists("run/earlier.safetensors"));
    assert_eq!(diverged(&dir), result["diverged"]);
}
