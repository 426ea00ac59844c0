//! `evonas search`: several objectives, trainings that pause, and inherited weights.

use predicates::prelude::*;
use predicates::str::contains;

use crate::harness::{Dir, json_lines};
use crate::search::{timeless, tiny};

#[test]
fn latency_is_an_objective_whose_front_is_printed_recorded_and_drawn() {
    let dir = Dir::new();
    let options = "--trials 5 --workers 1 --objectives accuracy,latency,multiply-adds";
    let mut search = dir.line(&tiny(&format!("{options} --out run")));
    let printed = search.assert().success().get_output().stdout.clone();
    let printed = String::from_utf8(printed).unwrap();
    assert!(printed.contains("Pareto front, "), "{printed}");
    assert!(printed.contains(" ms, multiply-adds "), "{printed}");
    for trial in json_lines(&dir.read("run/trials.jsonl")) {
        assert!(trial["latency"].as_f64().unwrap() > 0.0, "{trial}");
        assert!(trial["multiply_adds"].as_f64().unwrap() > 1e3, "{trial}");
    }
    let page = dir.read("run/report.html");
    assert!(page.contains("Pareto front of fitness and latency"));
}

#[test]
fn a_latency_table_is_measured_once_and_the_same_in_the_next_search() {
    let dir = Dir::new();
    let search = |out: &str| {
        let options = format!(
            "--trials 4 --workers 1 --objectives accuracy,latency --latency-table parts.json --quiet --out {out}"
        );
        dir.line(&tiny(&options)).assert().success();
        let trials = json_lines(&dir.read(&format!("{out}/trials.jsonl")));
        let latencies = trials.iter().map(|trial| trial["latency"].as_f64());
        latencies.collect::<Option<Vec<f64>>>().unwrap()
    };
    let first = search("one");
    let table = dir.read("parts.json");
    assert!(
        table.contains("1x8x8") && table.contains("\"batch\": 1"),
        "{table}"
    );
    assert_eq!(search("two"), first);
    assert_eq!(dir.read("parts.json"), table);
    dir.write("parts.json", "{}");
    let options = "--trials 4 --objectives accuracy,latency --latency-table parts.json";
    dir.line(&tiny(options))
        .assert()
        .failure()
        .stderr(contains("parts.json isn't a latency table"));
}

#[test]
fn objectives_that_make_no_sense_are_refused() {
    let dir = Dir::new();
    for (options, said) in [
        ("--objectives latency", "needs accuracy"),
        (
            "--objectives accuracy,latency,latency",
            "names latency twice",
        ),
        ("--latency-table parts.json", "--latency-table"),
        (
            "--objectives accuracy,parameters --algorithm random",
            "needs evolution",
        ),
        ("--promote-from 1", "leaves nothing to promote to"),
        ("--paused folder", "--paused"),
        (
            "--epochs 3 --promote-from 1 --inherit folder",
            "can't be combined",
        ),
        (
            "--epochs 3 --promote-from 1 --stopper halving",
            "choose one",
        ),
    ] {
        let mut command = dir.line(&format!("search --trials 4 {options}"));
        command.assert().code(1).stderr(contains(said));
    }
}

/// The trials of a record, in the order of their numbers.
fn trials(dir: &Dir, out: &str) -> Vec<serde_json::Value> {
    let mut trials = json_lines(&dir.read(&format!("{out}/trials.jsonl")));
    trials.sort_by_key(|trial| trial["id"].as_u64());
    trials
}

#[test]
fn promoted_trials_continue_earlier_ones_and_the_best_was_trained_in_full() {
    let dir = Dir::new();
    let line = "search --population 4 --sample 2 --limit 150 --filters 4 --epochs 3 --promote-from 1 \
                --final-epochs 1 --workers 1 --quiet";
    dir.line(&format!("{line} --trials 16 --out run"))
        .assert()
        .success();
    let found = trials(&dir, "run");
    let promoted: Vec<_> = found
        .iter()
        .filter(|trial| !trial["continues"].is_null())
        .collect();
    assert!((2..=6).contains(&promoted.len()), "{found:?}");
    for trial in &promoted {
        let earlier = &found[trial["continues"].as_u64().unwrap() as usize];
        assert_eq!(earlier["fidelity"]["pause_after"], 1.0);
        assert_eq!(earlier["seed"], trial["seed"]);
        assert_eq!(earlier["genotype"], trial["genotype"]);
    }
    let best: serde_json::Value = serde_json::from_str(&dir.read("run/best.json")).unwrap();
    assert!(best["fidelity"].is_null(), "{best}");
    // Killed in between, and without the checkpoints of what has paused: the same scores.
    dir.line(&format!("{line} --trials 9 --out parts"))
        .assert()
        .success();
    std::fs::remove_dir_all(dir.path("parts/paused")).unwrap();
    dir.line(&format!("{line} --trials 16 --out parts --resume"))
        .assert()
        .success();
    assert_eq!(timeless(&dir, "parts"), timeless(&dir, "run"));
}

#[test]
fn children_inherit_their_parents_weights_and_train_for_fewer_epochs() {
    let dir = Dir::new();
    let line = "--trials 10 --inherit weights --inherit-epochs 1 --ordered --quiet --out run";
    dir.line(&tiny(line)).assert().success();
    let found = trials(&dir, "run");
    let share = |trial: &serde_json::Value| trial["inherited"].as_f64().unwrap();
    for trial in &found {
        assert_eq!(trial["parent"].is_null(), share(trial) == 0.0, "{trial}");
    }
    assert!(found[4..].iter().any(|trial| share(trial) > 0.5));
    let journal = dir.read("run/journal.jsonl");
    let header = journal.lines().next().unwrap();
    let recorded = contains("\"inherited_weights\":{\"epochs\":1,\"trials\":200}");
    assert!(recorded.eval(header), "{header}");
    // Without inheriting, it would be another search.
    dir.line(&tiny("--trials 12 --ordered --out run --resume"))
        .assert()
        .code(1)
        .stderr(contains("inherited_weights"));
}

#[test]
fn a_proxy_chooses_the_first_population_and_the_children_before_any_is_trained() {
    let dir = Dir::new();
    let search = |out: &str, options: &str| {
        let line = format!("--trials 6 --workers 1 --quiet --out {out} {options}");
        dir.line(&tiny(&line)).assert().success();
        let sizes: Vec<f64> = trials(&dir, out)
            .iter()
            .map(|trial| trial["parameters"].as_f64().unwrap())
            .collect();
        sizes
    };
    let mean = |sizes: &[f64]| sizes.iter().sum::<f64>() / sizes.len() as f64;
    let plain = search("plain", "");
    let large = search("large", "--proxy parameters --warm-up 60 --best-of 20");
    assert!(mean(&large) > 1.2 * mean(&plain), "{large:?} {plain:?}");
    // What isn't allowed isn't preferred.
    let most = large[0] - 1.0;
    let options = format!("--proxy parameters --warm-up 60 --best-of 20 --max-parameters {most}");
    let allowed = search("allowed", &options);
    assert!(allowed.iter().all(|&size| size <= most), "{allowed:?}");
    assert!(mean(&allowed) > 1.2 * mean(&plain), "{allowed:?}");
    let line = "search --algorithm random --proxy multiply-adds --best-of 20 --trials 6 --workers 1 --epochs 1 \
                --final-epochs 2 --limit 200 --filters 4 --quiet --out random";
    dir.line(line).assert().success();
    let random: Vec<f64> = trials(&dir, "random")
        .iter()
        .map(|trial| trial["parameters"].as_f64().unwrap())
        .collect();
    assert!(mean(&random) > 1.2 * mean(&plain), "{random:?}");
    for proxy in [
        "synflow",
        "gradient-norm",
        "low-gradient-norm",
        "jacobian-covariance",
    ] {
        search(proxy, &format!("--proxy {proxy} --warm-up 6 --best-of 2"));
    }

    // The second chooses among the best by the first.
    let two = "--proxy parameters,low-gradient-norm --warm-up 6 --best-of 20";
    let both = search("both", two);
    assert!(mean(&both) > 1.2 * mean(&plain), "{both:?} {plain:?}");
    let journal = dir.read("both/journal.jsonl");
    let header = journal.lines().next().unwrap();
    let parts = [
        "\"space\":{\"candidates\":20",
        "ParameterCount",
        "\"Lowest\"",
    ];
    for part in parts {
        assert!(header.contains(part), "{part}: {header}");
    }

    let other =
        "--trials 7 --workers 1 --out large --resume --proxy synflow --warm-up 60 --best-of 20";
    let refused = dir.line(&tiny(other)).assert().failure();
    refused.stderr(contains("algorithm.mutation.proxy"));
    let same =
        "--trials 7 --workers 1 --out large --resume --proxy parameters --warm-up 60 --best-of 20";
    dir.line(&tiny(same)).assert().success();
    assert_eq!(trials(&dir, "large").len(), 7);
    // What can't be told from the record isn't offered.
    let resuming = "--resume --trials";
    assert!(dir.read("plain/report.html").contains(resuming));
    assert!(!dir.read("large/report.html").contains(resuming));
    for run in ["large", "random"] {
        let whatif = dir.line(&format!("whatif {run}")).assert().failure();
        whatif.stderr(contains("preferred genotypes by a proxy"));
    }
}

#[test]
fn options_of_a_proxy_need_one_and_an_algorithm_that_uses_them() {
    let dir = Dir::new();
    for (options, code, said) in [
        ("--best-of 5", 2, "--proxy"),
        ("--warm-up 50", 2, "--proxy"),
        (
            "--proxy synflow --warm-up 50 --algorithm random",
            1,
            "--warm-up has no effect",
        ),
        ("--proxy synflow --population 20 --warm-up 10", 1, "warm-up"),
    ] {
        let mut command = dir.line(&format!("search --trials 4 {options}"));
        command.assert().code(code).stderr(contains(said));
    }
}
