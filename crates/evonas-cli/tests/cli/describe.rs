//! `evonas describe`: published and found networks, as tables and as JSON.

use std::io::{BufRead as _, BufReader};

use predicates::str::contains;
use serde_json::{Value, json};

use crate::harness::{Dir, last_json};

/// AmoebaNet-A (6, 190) for ImageNet.
const AMOEBANET_A: &str =
    "describe amoebanet-a --cells 6 --filters 190 --stem imagenet --size 331 --classes 1000";

fn described(dir: &Dir, line: &str) -> Value {
    last_json(&dir.line(line).assert().success().get_output().stdout)
}

#[test]
fn amoebanet_a_has_its_published_size_to_the_digit_and_its_layers_add_up() {
    let network = described(&Dir::new(), &format!("{AMOEBANET_A} --json"));
    assert_eq!(network["parameters"], 86_718_797_u64);
    assert_eq!(network["multiply_adds"], 23_133_663_507_u64);
    assert_eq!(
        (&network["cells"], &network["filters"]),
        (&json!(6), &json!(190))
    );
    let layers = network["layers"].as_array().unwrap();
    let parameters = layers
        .iter()
        .map(|layer| layer["parameters"].as_u64().unwrap());
    assert_eq!(parameters.sum::<u64>(), 86_718_797);
    let mut keys: Vec<&String> = network.as_object().unwrap().keys().collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "cells",
            "filters",
            "genotype",
            "layers",
            "multiply_adds",
            "parameters"
        ]
    );
}

#[test]
fn nasnet_a_large_has_its_published_size_to_the_digit() {
    let line = "describe nasnet-a --cells 6 --filters 168 --stem imagenet --stem-filters 96 \
                --skip-reduction-input --size 331 --classes 1000 --json";
    let network = described(&Dir::new(), line);
    assert_eq!(network["parameters"], 88_753_150_u64);
    assert_eq!(network["multiply_adds"], 23_783_414_658_u64);
}

#[test]
fn a_genotype_is_described_by_its_text_and_with_derived_concatenation() {
    let dir = Dir::new();
    let declared = described(&dir, &format!("{AMOEBANET_A} --json"));
    let text = declared["genotype"].as_str().unwrap();
    let arguments = [
        "describe",
        text,
        "--concat",
        "derived",
        "--cells",
        "3",
        "--filters",
        "24",
        "--json",
    ];
    let derived = last_json(&dir.run(arguments).assert().success().get_output().stdout);
    assert_eq!(derived["parameters"], 740_938);
    assert_eq!(derived["multiply_adds"], 122_243_904);
    assert_ne!(derived["genotype"], declared["genotype"]);
}

#[test]
fn a_found_network_is_the_one_that_the_search_reports() {
    let dir = Dir::new();
    let search = "search --population 2 --sample 2 --trials 2 --epochs 1 --final-epochs 1 --limit 100 \
                  --filters 4 --out run --quiet --json";
    let searched = described(&dir, search);
    let line =
        "describe --genotype run/best.json --cells 1 --filters 4 --size 8 --channels 1 --json";
    let found = described(&dir, line);
    assert_eq!(found["parameters"], searched["parameters"]);
    assert_eq!(found["genotype"], searched["genotype"]);
}

#[test]
fn the_table_ends_with_the_totals_and_the_auxiliary_head_is_given_apart() {
    let dir = Dir::new();
    let line =
        "describe nasnet-a --cells 6 --filters 448 --stem imagenet --aux 0.4 --concat derived";
    let table = dir.line(line).assert().success();
    let printed = String::from_utf8(table.get_output().stdout.clone()).unwrap();
    let totals: Vec<&str> = printed.lines().rev().take(2).collect();
    assert!(
        totals[1].starts_with("all: ") && totals[1].ends_with(" multiply-adds"),
        "{totals:?}"
    );
    assert!(
        totals[0].contains("auxiliary head, for training only: "),
        "{totals:?}"
    );
    let network = described(&dir, &format!("{line} --json"));
    assert!(network["auxiliary_parameters"].as_u64() > Some(0));
    assert!(network["auxiliary_multiply_adds"].as_u64() > Some(0));
}

#[test]
fn a_network_that_can_not_be_built_is_refused_with_the_smallest_that_can() {
    let refused = Dir::new()
        .line("describe amoebanet-a --filters 1")
        .assert()
        .code(1);
    refused.stderr(contains("smallest F that works is 2"));
}

#[test]
fn the_imagenet_stem_s_filters_need_that_stem() {
    let refused = Dir::new()
        .line("describe amoebanet-a --stem-filters 8")
        .assert()
        .code(1);
    refused.stderr(contains("--stem-filters goes with --stem imagenet"));
}

#[test]
fn a_reader_that_closes_the_pipe_is_no_error() {
    let dir = Dir::new();
    let mut child = dir.start(["describe", "amoebanet-a"]);
    let mut line = String::new();
    let mut printed = BufReader::new(child.stdout.take().unwrap());
    printed.read_line(&mut line).unwrap();
    drop(printed);
    let output = child.wait_with_output().unwrap();
    assert!(line.starts_with("genotype: "), "{line}");
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
}
