//! Options out of their ranges, and options that would have no effect: refused, whatever the command.

use predicates::prelude::*;
use predicates::str::contains;

use crate::harness::{Dir, last_json};

/// Every command line is invalid, and the message says what is allowed.
fn refused(lines: &[(&str, &str)]) {
    let dir = Dir::new();
    for (line, allowed) in lines {
        let refused = dir.line(line).assert().code(2);
        refused.stderr(contains(*allowed).and(contains("unexpected argument").not()));
    }
}

#[test]
fn numbers_out_of_range_are_refused_with_the_range() {
    refused(&[
        ("search --target nan", "from 0 to 1"),
        ("search --target 2", "from 0 to 1"),
        ("search --target -0.5", "from 0 to 1"),
        ("search --timeout 0", "above 0"),
        ("search --timeout nan", "above 0"),
        ("search --timeout -1", "above 0"),
        ("search --learning-rate -1", "above 0"),
        ("search --trials -5", "from 1 to"),
        ("search --seed -1", "from 0 to 18446744073709551615"),
        ("search --epochs 18446744073709551615", "from 1 to"),
        ("aging-study --noise nan", "at least 0"),
        ("aging-study --noise -1", "at least 0"),
        ("aging-study --noise inf", "at least 0"),
        ("aging-study --runs -2", "from 1 to"),
        ("compare --budget -1", "above 0"),
        ("train --limit -1", "from 1 to"),
        ("train --validation 1.5", "from 0 to 1"),
        ("describe amoebanet-a --cells -1", "from 1 to"),
        ("bench gpu --minutes nan", "above 0"),
        ("bench gpu --minutes 1e300", "from 1e-10 to 3e17 minutes"),
        ("search --target -inf", "from 0 to 1"),
        ("search --timeout -inf", "above 0"),
        ("search --learning-rate -nan", "above 0"),
        ("compare --budget -inf", "above 0"),
        ("aging-study --noise -inf", "at least 0"),
        ("aging-study --populations -1,5", "from 1 to"),
        ("aging-study --samples -1,5", "from 1 to"),
        ("train --cutout -inf", "from 0 to 65536"),
        ("search --validate-every -1", "from 1 to"),
        ("search --trials --json", "from 1 to"),
    ]);
}

#[test]
fn sizes_that_no_memory_holds_are_refused_with_the_limit() {
    refused(&[
        ("search --workers 100000000", "from 1 to 4096"),
        ("search --workers-per-device 100000000", "from 1 to 4096"),
        ("compare --workers 100000000", "from 1 to 4096"),
        ("search --batch 18446744073709551615", "from 2 to 65536"),
        ("train --batch 18446744073709551615", "from 2 to 65536"),
        ("bench step --batch 18446744073709551615", "from 2 to 65536"),
        (
            "bench step --steps 18446744073709551615",
            "from 1 to 1000000",
        ),
        (
            "bench step --warmup 18446744073709551615",
            "from 0 to 1000000",
        ),
        (
            "bench step --threads 18446744073709551615",
            "from 1 to 4096",
        ),
        (
            "bench gpu --steps 18446744073709551615",
            "from 1 to 1000000",
        ),
    ]);
}

#[test]
fn sizes_that_fit_an_option_but_no_memory_are_refused() {
    let dir = Dir::new();
    let huge = "amoebanet-a --cells 1024 --filters 65536";
    for (line, reason) in [
        (
            "bench step --filters 65536 --cells 1024",
            "parameters; at most 1073741824 can be built",
        ),
        (
            "bench step --filters 1000000000",
            "the number of filters is 1000000000; at most 65536",
        ),
        (
            "bench step --cells 1000000000",
            "the number of cells per stack is 1000000000; at most 1024",
        ),
        (
            "bench step --size 65536 --batch 65536",
            "at most 16 GiB are supported",
        ),
        (
            "bench step --size 1000000000 --channels 1000000000 --batch 65536",
            "at most 16 GiB are supported",
        ),
        (
            "bench step --size 2000 --batch 2 --pipeline",
            "at most 16 GiB are supported",
        ),
        (
            "train --limit 100 --batch 50 --filters 65536",
            "parameters; at most 1073741824 can be built",
        ),
        (
            "train --limit 100 --batch 65536",
            "the batch size is 65536, but there are only 100 training examples",
        ),
        (
            "train --limit 100 --learning-rate -1e300",
            "the learning rate is -1e300; it must be above 0 and finite",
        ),
    ] {
        let refused = dir.line(line).assert().code(1);
        refused.stderr(contains(reason).and(contains("panicked").not()));
    }
    let described = dir
        .line(&format!("describe {huge} --json"))
        .assert()
        .success();
    let described = last_json(&described.get_output().stdout);
    assert!(
        described["parameters"].as_u64().unwrap() > 1 << 30,
        "{}",
        described["parameters"]
    );
}

#[test]
fn a_genotype_of_more_operations_than_a_network_can_have_is_refused() {
    let dir = Dir::new();
    let cell = vec!["max3@0+max3@1"; 30_000].join(",");
    dir.write("huge.txt", format!("{cell}/{cell}"));
    let refused = dir.line("describe --genotype huge.txt").assert().code(1);
    refused.stderr(contains(
        "the number of operations in all cells is 1200000; at most 1048576",
    ));
}

#[test]
fn a_negative_number_that_the_library_refuses_is_refused_with_its_range() {
    let dir = Dir::new();
    let refused = dir.line("train --limit 100 --momentum -1").assert().code(1);
    refused.stderr(contains("momentum is -1; it must be from 0 to below 1"));
    let line = "train --limit 100 --learning-rate inf";
    let refused = dir.line(line).assert().code(1);
    refused.stderr(contains("it must be above 0 and finite"));
}

#[test]
fn options_that_would_have_no_effect_are_refused() {
    let dir = Dir::new();
    dir.write("table.csv", "");
    for (line, option) in [
        ("train --limit-seed 3", "--limit-seed"),
        ("compare --benchmark bits --images 5", "--images"),
        ("compare --benchmark bits --table table.csv", "--table"),
        ("compare --benchmark bits --dataset cifar100", "--dataset"),
        (
            "compare --benchmark digits --protocol nats-bench",
            "--protocol",
        ),
        ("compare --table table.csv --images 5", "--images"),
        (
            "compare --benchmark bits --algorithms random --population 5",
            "--population",
        ),
        ("aging-study --table table.csv", "--table"),
        ("aging-study --dataset cifar10", "--dataset"),
        (
            "aging-study --benchmark nasbench201 --table table.csv --noise 0.1",
            "--noise",
        ),
        ("search --algorithm random --population 5", "--population"),
        ("search --algorithm random --sample 5", "--sample"),
        (
            "search --stopper none --validate-every 2",
            "--validate-every",
        ),
    ] {
        let refused = dir.line(line).assert().code(1);
        refused.stderr(contains(format!("error: {option} has no effect with")));
    }
    for (sections, option) in [
        ("parity", "--steps 3"),
        ("parity", "--python python3"),
        ("steps", "--cifar images"),
        ("workers,memory", "--steps 3"),
    ] {
        let line = format!("bench gpu --device cpu --sections {sections} {option}");
        let refused = dir.line(&line).assert().code(1);
        let name = option.split(' ').next().unwrap();
        refused.stderr(contains(format!("error: {name} has no effect with")));
    }
    let repeated = dir.line("search --algorithm random --baseline").assert();
    repeated.code(1).stderr(contains("--baseline would repeat"));
    let refused = dir.line("search --sync always").assert().code(2);
    refused.stderr(contains("--out"));
}
