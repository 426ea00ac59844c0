//! `evonas whatif`: a recorded search replayed through another configuration.

use predicates::str::contains;

use crate::harness::{Dir, last_json};

#[test]
fn a_recorded_search_replays_through_its_own_and_through_another_configuration() {
    let dir = Dir::new();
    let search = "search --population 4 --sample 2 --epochs 2 --final-epochs 1 --limit 200 --filters 4 \
                  --trials 12 --workers 1 --quiet --out run";
    dir.line(search).assert().success();
    let ask = |line: &str| last_json(&dir.line(line).assert().success().get_output().stdout);

    let same = ask("whatif run --json");
    assert_eq!(
        (&same["replayed_trials"], &same["recorded_trials"]),
        (&12.into(), &12.into())
    );
    assert!(same["divergence"].is_null(), "{same}");
    assert_eq!(same["best_fitness"], same["recorded_best_fitness"]);

    let other = ask("whatif run --population 2 --sample 1 --json");
    assert!(other["replayed_trials"].as_u64().unwrap() < 12, "{other}");
    let reason = other["divergence"]["reason"].as_str().unwrap();
    assert!(reason.contains("did not evaluate"), "{reason}");

    // The search had no stopper, so its trials reported nothing that a stopper could judge.
    dir.line("whatif run --stopper median")
        .assert()
        .code(1)
        .stderr(contains("reported nothing that a stopper could judge"));
    dir.line("whatif run --algorithm random")
        .assert()
        .success()
        .stdout(contains("ends at trial 4"));
    dir.line("whatif run --algorithm random --sample 2")
        .assert()
        .code(1)
        .stderr(contains("--sample"));
}

#[test]
fn a_search_with_a_stopper_replays_with_it_and_as_recorded() {
    let dir = Dir::new();
    let search = "search --population 4 --sample 2 --epochs 3 --final-epochs 1 --limit 200 --filters 4 \
                  --trials 10 --workers 1 --stopper halving --quiet --out run";
    dir.line(search).assert().success();
    assert!(
        dir.read("run/journal.jsonl")
            .contains("\"status\":\"stopped\"")
    );
    for line in ["whatif run --json", "whatif run --stopper halving --json"] {
        let replayed = last_json(&dir.line(line).assert().success().get_output().stdout);
        assert_eq!(replayed["replayed_trials"], 10, "{replayed}");
        assert!(replayed["divergence"].is_null(), "{replayed}");
    }
    let none = dir.line("whatif run --stopper none").assert().success();
    none.stdout(contains("stopped it at step"));
}

#[test]
fn a_folder_without_a_search_is_refused() {
    let dir = Dir::new();
    dir.line("whatif nothing")
        .assert()
        .code(1)
        .stderr(contains("nothing is recorded there"));
}
