//! `evonas train`: whole, killed, stopped, resumed and refused.

use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use predicates::prelude::*;
use predicates::str::contains;

use crate::harness::{Dir, last_json};

const GENOTYPE: &str = "sep3@0+max3@1,identity@0+avg3@2/max3@0+sep3@1,avg3@1+identity@2";

/// The command line of a training of seconds that uses all that a checkpoint must keep, with more options.
fn small(more: &str) -> String {
    format!(
        "train --genotype {GENOTYPE} --cells 1 --filters 4 --preset search --epochs 24 --batch 32 \
         --limit 400 --crop-padding 1 --flip false --average 0.9 --validation 0.2 --keep-path 0.8 \
         --quiet --json {more}"
    )
}

/// The command line of a training of one short epoch, with more options.
fn brief(more: &str) -> String {
    let size = "--cells 1 --filters 4 --epochs 1 --batch 32 --limit 200";
    format!("train --genotype {GENOTYPE} {size} {more}")
}

fn whole(dir: &Dir) -> Vec<u8> {
    let trained = dir.line(&small("--out whole")).assert().success();
    trained.get_output().stdout.clone()
}

/// Starts a training in a folder, and returns while it trains, an epoch or more after its beginning.
fn started(dir: &Dir, folder: &str) -> Child {
    let mut child = dir.start(small(&format!("--out {folder} --resume")).split_whitespace());
    let table = format!("{folder}/epochs.csv");
    let begun = Instant::now();
    while !dir.exists(&table) || dir.read(&table).lines().count() < 2 {
        let ended = child.try_wait().unwrap();
        assert_eq!(ended, None, "the training was over too soon");
        assert!(begun.elapsed() < Duration::from_secs(60), "no epoch ends");
        sleep(Duration::from_millis(5));
    }
    child
}

#[test]
fn a_killed_training_resumes_to_the_same_weights_bit_for_bit() {
    let dir = Dir::new();
    let printed = whole(&dir);
    assert!(!dir.bytes("whole/curves.svg").is_empty());

    let mut killed = started(&dir, "killed");
    let second = dir.line(&small("--out killed --resume")).assert().code(1);
    second.stderr(contains("another process is training"));
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(
        !dir.exists("killed/weights.bpk"),
        "it was over before it was killed"
    );

    let resumed = dir.line(&small("--out killed --resume")).assert().success();
    for file in ["weights.safetensors", "weights.bpk", "epochs.csv"] {
        let [whole, killed] = ["whole", "killed"].map(|dir| format!("{dir}/{file}"));
        assert!(dir.bytes(&whole) == dir.bytes(&killed), "{file} differs");
    }
    assert_eq!(last_json(&printed), last_json(&resumed.get_output().stdout));
}

#[cfg(unix)]
#[test]
fn a_stopped_training_says_so_and_resumes_to_the_same_weights() {
    let dir = Dir::new();
    whole(&dir);
    let stopped = started(&dir, "stopped");
    crate::harness::signal(&stopped, "-TERM");
    let output = stopped.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("stopped; --resume continues"), "{said}");

    dir.line(&small("--out stopped --resume"))
        .assert()
        .success();
    assert!(dir.bytes("whole/weights.bpk") == dir.bytes("stopped/weights.bpk"));
}

#[cfg(unix)]
#[test]
fn a_second_interrupt_ends_the_program_at_once() {
    use std::io::{BufRead as _, BufReader};

    let dir = Dir::new();
    // Its only step takes far longer than the test.
    let mut child = dir.start("train --cells 3 --filters 36 --batch 1400 --epochs 1".split(' '));
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let begun = lines.any(|line| line.unwrap().contains("parameters, on"));
    assert!(begun, "it never began");
    crate::harness::signal(&child, "-INT");
    sleep(Duration::from_millis(200));
    assert_eq!(
        child.try_wait().unwrap(),
        None,
        "the first interrupt ended it"
    );
    crate::harness::signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_folder_that_holds_a_training_is_refused_unless_it_is_the_same_one() {
    let dir = Dir::new();
    dir.line(&brief("--out run")).assert().success();
    let again = dir.line(&brief("--out run")).assert().code(1);
    again.stderr(contains("holds a training already"));
    let other = brief("--out run --resume --learning-rate 0.5");
    let other = dir.line(&other).assert().code(1);
    other.stderr(contains("training.learning_rate"));
}

#[test]
fn tf32_is_a_setting_of_its_own_that_rounds_nothing_on_the_cpu() {
    let dir = Dir::new();
    let both = dir.line(&brief("--tf32 --bf16 --out both")).assert();
    both.code(2)
        .stderr(contains("--bf16").and(contains("--tf32")));
    dir.line(&brief("--out exact")).assert().success();
    dir.line(&brief("--tf32 --out rounded")).assert().success();
    assert_eq!(dir.read("exact/epochs.csv"), dir.read("rounded/epochs.csv"));
    let other = dir.line(&brief("--out rounded --resume")).assert().code(1);
    other.stderr(contains("precision"));
}

#[test]
fn an_option_without_effect_is_refused() {
    let dir = Dir::new();
    let refused = dir.line("train --decay-epochs 3").assert().code(1);
    refused.stderr(contains("--schedule exponential"));
}

#[test]
fn evaluate_measures_what_the_training_measured_on_both_files_of_weights() {
    let dir = Dir::new();
    let mut train = dir.line(&brief("--out run --json"));
    let trained = last_json(&train.assert().success().get_output().stdout);
    for weights in ["run/weights.bpk", "run/weights.safetensors"] {
        let mut evaluate = dir.line(&format!("evaluate --weights {weights} --json"));
        let evaluated = last_json(&evaluate.assert().success().get_output().stdout);
        assert_eq!(trained["test_accuracy"], evaluated["test_accuracy"]);
    }
    let result: serde_json::Value = serde_json::from_str(&dir.read("run/result.json")).unwrap();
    assert_eq!(result, trained);
}

#[test]
fn predict_names_a_class_and_its_probability_for_every_image() {
    let dir = Dir::new();
    dir.line(&brief("--out run")).assert().success();
    let row: Vec<u8> = (0..16).map(|column| 16 * column).collect();
    dir.write("images/gray.png", crate::png::gray_png(16, &row.repeat(16)));
    let weights = ["--weights", "run/weights.safetensors", "--images", "images"];
    let mut predict = dir.line("predict --json");
    let said = last_json(&predict.args(weights).assert().success().get_output().stdout);
    let probability = said["probability"].as_f64().unwrap();
    assert!((0.1..=1.0).contains(&probability), "{said}");
    let class: u8 = said["class"].as_str().unwrap().parse().unwrap();
    assert!(class < 10);
    let mut predict = dir.line("predict");
    predict
        .args(weights)
        .assert()
        .success()
        .stdout(contains("gray.png: ").and(contains(" %)")));
}

#[test]
fn progress_is_shown_without_a_terminal_and_the_files_are_named() {
    let dir = Dir::new();
    let trained = dir.line(&brief("--out run")).assert().success();
    trained
        .stderr(contains("parameters, on").and(contains("epoch 1/1: loss")))
        .stdout(contains("test accuracy: ").and(contains("weights.safetensors")));
}

#[test]
fn crop_padding_that_is_large_for_the_images_is_a_warning() {
    let dir = Dir::new();
    let warned = dir.line(&brief("--crop-padding 4")).assert().success();
    warned.stderr(contains("warning: a crop padding of 4 pixels"));
    let fitted = dir.line(&brief("--preset cifar")).assert().success();
    fitted.stderr(contains("warning").not());
}

#[test]
fn a_refused_training_has_no_warnings() {
    let dir = Dir::new();
    let line = brief("--out run --crop-padding 4");
    dir.line(&line).assert().success();
    let refused = dir.line(&line).assert().code(1);
    refused.stderr(contains("holds a training already").and(contains("warning").not()));
}

#[test]
fn a_truncated_checkpoint_is_named_and_called_damaged() {
    let dir = Dir::new();
    dir.line(&brief("--out run")).assert().success();
    let checkpoint = dir.bytes("run/checkpoint.bpk");
    for length in [5, checkpoint.len() / 2, checkpoint.len() - 1] {
        dir.write("run/checkpoint.bpk", &checkpoint[..length]);
        let refused = dir.line(&brief("--out run --resume")).assert().code(1);
        refused.stderr(
            contains("run/checkpoint.bpk: it is cut short or damaged")
                .and(contains("buffer").not()),
        );
    }
}

#[test]
fn an_unknown_preset_is_refused_with_the_known_ones() {
    let refused = Dir::new().line("train --preset X").assert().code(2);
    refused.stderr(contains("invalid value 'X'").and(contains("short, search, cifar, imagenet")));
}

#[test]
fn a_folder_that_holds_no_search_is_no_place_to_train_from() {
    let dir = Dir::new();
    let refused = dir.line("train --from nowhere").assert().code(1);
    refused.stderr(contains("can't read nowhere").and(contains("evonas search --out")));
}
