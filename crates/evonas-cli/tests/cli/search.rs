//! `evonas search`: what it prints, records, refuses and hands on.

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use crate::harness::{Dir, json_lines, last_json};

/// The command line of a search of seconds, with more options.
pub(crate) fn tiny(more: &str) -> String {
    format!(
        "search --population 3 --sample 2 --epochs 1 --final-epochs 2 --limit 200 --filters 4 {more}"
    )
}

pub(crate) fn tells(dir: &Dir, journal: &str) -> Vec<u64> {
    let lines = json_lines(&dir.read(journal));
    lines
        .iter()
        .filter_map(|line| line["tell"].as_u64())
        .collect()
}

/// The journal in a search's folder but for the times, which follow the checksum of a line.
#[cfg(unix)]
pub(crate) fn timeless(dir: &Dir, out: &str) -> Vec<String> {
    let journal = dir.read(&format!("{out}/journal.jsonl"));
    let timeless = |line: &str| line.split(",\"check\":").next().unwrap().to_owned();
    journal.lines().map(timeless).collect()
}

#[test]
fn a_search_prints_its_result_as_json_and_records_every_trial() {
    let dir = Dir::new();
    let mut search = dir.line(&tiny("--trials 6 --out run --quiet --json"));
    let result = last_json(&search.assert().success().get_output().stdout);

    let keys = "best_fitness test_accuracy trials failed seconds parameters genotype";
    for key in keys.split(' ') {
        assert!(!result[key].is_null(), "{key} is missing in {result}");
    }
    assert_eq!(
        (&result["trials"], &result["failed"]),
        (&6.into(), &0.into())
    );
    let accuracy = result["test_accuracy"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&accuracy), "{accuracy}");
    assert!(result["parameters"].as_u64().unwrap() > 0);

    let journal = json_lines(&dir.read("run/journal.jsonl"));
    assert_eq!(
        (&journal[0]["journal"], &journal[0]["seed"]),
        (&"evonas".into(), &0.into())
    );
    let asks: Vec<u64> = journal
        .iter()
        .filter_map(|line| line["ask"].as_u64())
        .collect();
    assert_eq!(asks, [0, 1, 2, 3, 4, 5]);
    let mut told = tells(&dir, "run/journal.jsonl");
    told.sort_unstable();
    assert_eq!(told, [0, 1, 2, 3, 4, 5]);

    let trials = json_lines(&dir.read("run/trials.jsonl"));
    let mut ids: Vec<u64> = trials
        .iter()
        .map(|trial| trial["id"].as_u64().unwrap())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, [0, 1, 2, 3, 4, 5]);
    for key in [
        "parent",
        "genotype",
        "seed",
        "fitness",
        "seconds",
        "parameters",
    ] {
        assert!(
            trials[0].get(key).is_some(),
            "{key} is missing in {}",
            trials[0]
        );
    }

    let best: Value = serde_json::from_str(&dir.read("run/best.json")).unwrap();
    let fitness = |trial: &Value| trial["fitness"].as_f64().unwrap();
    let highest = trials.iter().map(fitness).fold(f64::MIN, f64::max);
    assert_eq!(best["fitness"], result["best_fitness"]);
    assert_eq!(fitness(&best), highest);
}

#[test]
fn the_network_of_the_final_training_scores_what_the_search_printed() {
    let dir = Dir::new();
    let mut search = dir.line(&tiny("--trials 3 --out run --quiet --json"));
    let found = last_json(&search.assert().success().get_output().stdout);
    let mut evaluate = dir.line("evaluate --weights run/best.safetensors --json");
    let evaluated = last_json(&evaluate.assert().success().get_output().stdout);
    assert_eq!(found["test_accuracy"], evaluated["test_accuracy"]);
    assert_eq!(evaluated["images"], 359);
}

#[test]
fn a_folder_that_holds_a_search_is_refused() {
    let dir = Dir::new();
    dir.line(&tiny("--trials 3 --out run --quiet"))
        .assert()
        .success();
    let again = dir.line("search --out run").assert().code(1);
    again.stderr(contains(
        "run holds a search already; add --resume to continue it",
    ));
}

#[test]
fn a_folder_that_can_not_be_created_has_nothing_that_is_safe() {
    let dir = Dir::new();
    dir.write("file", "");
    let refused = dir
        .line(&tiny("--trials 3 --out file/run"))
        .assert()
        .code(1);
    refused.stderr(contains("can't write").and(contains("safe").not()));
}

/// Images of one pixel, for which no network can be built.
fn write_pixels(dir: &Dir) {
    for image in 0..20 {
        for class in ["black", "white"] {
            for split in ["train", "test"] {
                let name = format!("pixels/{split}/{class}/{image}.png");
                dir.write(&name, crate::png::gray_png(1, &[image]));
            }
        }
    }
}

#[test]
fn a_search_without_a_score_fails_with_its_reasons_and_keeps_everything() {
    let dir = Dir::new();
    write_pixels(&dir);
    let line = "search --dataset folder --data pixels --population 3 --sample 2 --trials 7 --batch 8 \
                --out run --json";
    let failed = dir.line(line).assert().code(1);
    let failed = failed
        .stderr(
            contains("none of 7 trials has a score")
                .and(contains("\n  7 infeasible: images of 1x1")),
        )
        .stdout(contains("7 trials, 0 failed, 7 infeasible"));
    let result = last_json(&failed.get_output().stdout);
    assert_eq!(
        (&result["trials"], &result["infeasible"]),
        (&7.into(), &7.into())
    );
    assert!(result["best_fitness"].is_null(), "{result}");
    assert_eq!(json_lines(&dir.read("run/trials.jsonl")).len(), 7);
}

#[test]
fn a_quiet_search_reports_its_baseline_only_in_the_json_object() {
    let dir = Dir::new();
    let quiet = dir.line(&tiny("--trials 3 --quiet --baseline")).assert();
    quiet.success().stdout("").stderr("");
    let mut search = dir.line(&tiny("--trials 3 --quiet --baseline --json"));
    let printed = search.assert().success().get_output().stdout.clone();
    let printed = String::from_utf8(printed).unwrap();
    let [result] = &json_lines(&printed)[..] else {
        panic!("{printed}")
    };
    for found in [result, &result["baseline"]] {
        assert!(found["test_accuracy"].is_number(), "{result}");
    }
}

#[test]
fn the_printed_command_works_for_a_folder_that_begins_with_a_dash() {
    let dir = Dir::new();
    let mut search = dir.line(&tiny("--trials 3 --out=-run"));
    let searched = search.assert().success().get_output().stdout.clone();
    let command = train_command(&String::from_utf8(searched).unwrap());
    assert_eq!(command[..3], ["train", "--from", "./-run"]);
    dir.run(&command).assert().success();
    assert!(dir.exists("-run/trained/weights.safetensors"));
}

#[test]
fn a_warm_start_from_a_folder_without_a_search_says_what_is_missing() {
    let dir = Dir::new();
    dir.write("empty/note.txt", "");
    let refused = dir
        .line(&tiny("--trials 3 --warm-start empty"))
        .assert()
        .code(1);
    refused.stderr(contains("nothing is recorded there").and(contains("resume").not()));
}

#[test]
fn a_larger_budget_extends_a_search() {
    let dir = Dir::new();
    dir.line(&tiny("--trials 8 --out extended --quiet"))
        .assert()
        .success();
    dir.line(&tiny("--trials 9 --out extended --resume --quiet"))
        .assert()
        .success();
    assert_eq!(tells(&dir, "extended/journal.jsonl").len(), 9);
}

#[test]
fn a_search_refused_for_its_settings_leaves_the_recipe_alone() {
    let dir = Dir::new();
    dir.line(&tiny("--trials 3 --out run --quiet"))
        .assert()
        .success();
    let recipe = dir.read("run/recipe.json");
    let other = "--trials 4 --out run --resume --quiet --learning-rate 0.5";
    dir.line(&tiny(other))
        .assert()
        .code(1)
        .stderr(contains("learning_rate"));
    assert_eq!(dir.read("run/recipe.json"), recipe);
}

#[test]
fn a_search_warm_started_from_a_growing_search_keeps_its_own_beginning() {
    let dir = Dir::new();
    let source = |trials| tiny(&format!("--trials {trials} --out source --resume --quiet"));
    let warm = |trials| {
        let begin = "--out warm --warm-start source --resume --quiet";
        tiny(&format!("--trials {trials} {begin}"))
    };
    for line in [source(6), warm(4), source(8), warm(5)] {
        dir.line(&line).assert().success();
    }
    assert_eq!(tells(&dir, "warm/journal.jsonl").len(), 5);
}

#[test]
fn random_search_refuses_a_warm_start() {
    let dir = Dir::new();
    let refused = dir
        .line("search --algorithm random --warm-start amoebanet-a")
        .assert()
        .code(1);
    refused.stderr(contains("random search has no population"));
}

#[test]
fn an_unknown_data_set_is_refused_with_those_there_are() {
    let dir = Dir::new();
    let refused = dir.line("search --dataset CIFAR").assert().code(2);
    refused.stderr(contains("digits, idx, cifar10, cifar100, folder"));
}

#[test]
fn the_final_training_is_repeated_from_the_folder_to_the_last_bit() {
    let dir = Dir::new();
    let mut search = dir.line(&tiny("--trials 6 --out found --seed 3 --json"));
    let searched = search.assert().success().stderr(contains("epoch 2/2"));
    let found = last_json(&searched.get_output().stdout);
    let text = String::from_utf8(searched.get_output().stdout.clone()).unwrap();
    for file in [
        "journal.jsonl",
        "trials.jsonl",
        "best.json",
        "recipe.json",
        "report.html",
        "best.safetensors",
    ] {
        assert!(text.contains(&format!("\n  {file}")), "{text}");
    }

    let command = train_command(&text);
    assert_eq!(
        command,
        ["train", "--from", "found", "--out", "found/trained"]
    );
    let mut train = dir.run(&command);
    let trained = last_json(&train.arg("--json").assert().success().get_output().stdout);
    for key in ["test_accuracy", "genotype", "parameters"] {
        assert_eq!(trained[key], found[key]);
    }
    assert_eq!(trained["epochs"], 2);

    // The file of the best trial stands for its folder; options override what it says.
    let mut train = dir.line("train --from found/best.json --epochs 1 --json");
    let trained = last_json(&train.assert().success().get_output().stdout);
    assert_eq!(trained["epochs"], 1);
    assert_eq!(trained["genotype"], found["genotype"]);
}

#[test]
fn the_final_training_is_repeated_without_a_folder_too() {
    let dir = Dir::new();
    let mut search = dir.line(&tiny("--trials 4 --seed 5 --json"));
    let searched = search.assert().success().get_output().stdout.clone();
    let found = last_json(&searched);
    let command = train_command(&String::from_utf8(searched).unwrap());
    let mut train = dir.run(&command);
    let trained = last_json(&train.arg("--json").assert().success().get_output().stdout);
    assert_eq!(trained["test_accuracy"], found["test_accuracy"]);
    assert_eq!(trained["genotype"], found["genotype"]);
}

/// The arguments of the command that a search printed.
fn train_command(printed: &str) -> Vec<String> {
    let command = printed
        .lines()
        .find_map(|line| line.trim().strip_prefix("evonas "));
    let words = command
        .unwrap_or_else(|| panic!("no command: {printed}"))
        .split(' ');
    words.map(str::to_owned).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn progress_that_can_not_be_written_never_ends_a_search() {
    let dir = Dir::new();
    let full = std::fs::File::options().write(true).open("/dev/full");
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_evonas"))
        .current_dir(dir.path(""))
        .args(tiny("--trials 4 --out run").split_whitespace())
        .stdout(std::process::Stdio::null())
        .stderr(full.unwrap())
        .status();
    assert!(status.unwrap().success());
    assert!(dir.exists("run/best.safetensors"));
}
