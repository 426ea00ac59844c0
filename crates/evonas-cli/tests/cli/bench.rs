//! `evonas bench`: the figures of a step, of the engine and of a device.

use predicates::str::contains;
use serde_json::Value;

use crate::harness::{Dir, json_lines, last_json};

fn figures(line: &str) -> Value {
    last_json(&Dir::new().line(line).assert().success().get_output().stdout)
}

const STEP: &str = "bench step --cells 1 --filters 4 --size 8 --batch 4 --steps 2 --warmup 1";

#[test]
fn a_step_has_the_figures_that_pytorch_s_bench_prints() {
    let step = figures(&format!("{STEP} --pipeline --json"));
    assert_eq!(step["genotype"], "amoebanet-a");
    assert_eq!(step["precision"], "f32");
    for (key, value) in [
        ("cells", 1),
        ("filters", 4),
        ("size", 8),
        ("batch", 4),
        ("threads", 2),
    ] {
        assert_eq!(step[key], value, "{step}");
    }
    let keys = "params first_step_ms median_step_ms min_step_ms images_per_second batch_ms";
    for key in keys.split(' ') {
        assert!(step[key].as_f64() > Some(0.0), "{key} in {step}");
    }
}

#[test]
fn a_step_is_timed_for_people_too() {
    let timed = Dir::new().line(STEP).assert().success();
    timed
        .stdout(contains("images a second"))
        .stderr(contains("running 3 steps on cpu"));
}

#[test]
fn no_steps_are_refused() {
    let refused = Dir::new().line("bench step --steps 0").assert().code(2);
    refused.stderr(contains("it must be a whole number from 1 to 1000000"));
}

#[test]
fn the_engine_has_a_figure_for_each_of_its_costs() {
    let engine = figures("bench engine --trials 20000 --json");
    assert_eq!(engine["trials"], 20_000);
    for key in [
        "cycle_ns",
        "journal_cycle_ns",
        "replay_per_s",
        "simulated_s",
    ] {
        assert!(engine[key].as_f64() > Some(0.0), "{key} in {engine}");
    }
    let bytes = &engine["bytes_per_trial"];
    assert!(
        bytes.as_f64() > Some(0.0) || !cfg!(target_os = "linux"),
        "{engine}"
    );
}

#[test]
fn a_check_of_the_cpu_agrees_with_itself_and_is_recorded() {
    let dir = Dir::new();
    let line = "bench gpu --device cpu --quick --steps 1 --json --record figures.jsonl \
                --sections parity,steps,search,training,memory";
    let checked = dir.line(line).assert().success();
    let printed = String::from_utf8(checked.get_output().stdout.clone()).unwrap();
    assert_eq!(printed, dir.read("figures.jsonl"));
    let lines = json_lines(&printed);
    let of = |check: &str| {
        lines
            .iter()
            .filter(|line| line["check"] == check)
            .collect::<Vec<_>>()
    };
    // 19 operations, two published networks and a random one.
    assert_eq!(of("parity").len(), 22, "{printed}");
    assert!(
        of("parity")
            .iter()
            .all(|line| line["ok"] == true && line["logits"] == 0.0),
        "{printed}"
    );
    // The CPU doesn't record steps.
    let steps = of("steps");
    assert_eq!(steps.len(), 2, "{printed}");
    for step in steps {
        assert!(
            step["median_step_ms"].as_f64() >= step["host_ms"].as_f64()
                && step["host_ms"].as_f64() > Some(0.0)
                && step["stem"] == "cifar"
                && step["recorded"] == false,
            "{step}"
        );
    }
    let [search] = of("search")[..] else {
        panic!("{printed}")
    };
    assert!(
        search["trials"].as_u64() > Some(0) && search["failed"] == 0,
        "{search}"
    );
    assert_eq!(of("memory")[0]["left_out"], true);
    // Without a folder of images.
    assert_eq!(of("training")[0]["left_out"], true);
}

#[test]
fn a_check_ends_when_its_time_is_over_and_says_what_is_left() {
    let dir = Dir::new();
    let line = "bench gpu --device cpu --quick --minutes 0.000000001 --json";
    let checked = dir.line(line).assert().success();
    let lines = json_lines(&String::from_utf8_lossy(&checked.get_output().stdout));
    assert!(lines.iter().all(|line| line["left_out"] == true));
    for check in ["parity", "steps", "workers", "memory", "training", "search"] {
        assert!(lines.iter().any(|line| line["check"] == check), "{check}");
    }
}

#[test]
fn steps_stand_beside_those_of_pytorch() {
    let dir = Dir::new();
    let line = "bench gpu --device cpu --quick --steps 2 --json --sections steps --python";
    // A program that is no Python is no failure of the device.
    let checked = dir.line(&format!("{line} no-such-program")).assert();
    let checked = checked.success();
    let lines = json_lines(&String::from_utf8_lossy(&checked.get_output().stdout));
    assert!(lines.iter().any(|line| {
        line["why"]
            .as_str()
            .is_some_and(|why| why.contains("no-such-program"))
    }));

    let python = std::env::var("EVONAS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let imports = ["-c", "import torch"];
    let has_torch = std::process::Command::new(&python)
        .args(imports)
        .output()
        .is_ok_and(|output| output.status.success());
    if !has_torch {
        let required = std::env::var_os("EVONAS_REQUIRE_PARITY").is_some();
        assert!(!required, "{python} doesn't have torch");
        eprintln!("skipped: {python} doesn't have torch");
        return;
    }
    let checked = dir.line(&format!("{line} {python}")).assert().success();
    let lines = json_lines(&String::from_utf8_lossy(&checked.get_output().stdout));
    let eager = lines.iter().find(|line| line["mode"] == "eager").unwrap();
    assert_eq!(eager["params"], lines[0]["params"]);
    assert!(eager["median_step_ms"].as_f64() > Some(0.0), "{eager}");
}

#[test]
fn a_device_that_is_not_there_is_an_error() {
    let refused = Dir::new()
        .line("bench gpu --device cuda:99 --sections steps")
        .assert()
        .code(1);
    refused.stderr(contains("error: "));
}
