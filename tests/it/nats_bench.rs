//! Official NATS-Bench files, as written by `tests/nats_bench/make.py` with the public package.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use evonas::spaces::nasbench201::NasBench201Cell;
use evonas::tabular::nats_bench::{NatsBenchError, convert, convert_to_file};
use evonas::tabular::{NasBench201Table, TableErrorKind, TableLimits, TabularColumns};
use serde_json::Value;
use serde_pickle::{HashableValue, Value as Python};

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/nats_bench")
}

fn converted() -> String {
    let mut table = Vec::new();
    let rows = convert(fixtures().join("NATS-tss-v1_0-3ffb9-simple"), &mut table).unwrap();
    assert_eq!(rows, 3, "meta.pickle.pbz2 is not an architecture");
    String::from_utf8(table).unwrap()
}

#[test]
fn every_number_is_what_the_official_package_returns() {
    let expected = std::fs::read_to_string(fixtures().join("expected.json")).unwrap();
    let expected: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_str(&expected).unwrap();
    let table = converted();
    let mut compared = 0;
    for answers in expected.values() {
        let cell: NasBench201Cell = answers["arch"].as_str().unwrap().parse().unwrap();
        for (name, value) in answers {
            let Some(value) = value.as_f64().filter(|_| name != "seconds") else {
                continue;
            };
            let evaluator = TabularColumns::new()
                .genotype("arch")
                .fitness(name)
                .read_from(table.as_bytes(), str::parse::<NasBench201Cell>)
                .unwrap();
            let found = evaluator.get(&cell).unwrap().fitness;
            assert!((found - value).abs() < 1e-9, "{name}: {found}, not {value}");
            compared += 1;
        }
        // The cost of an evaluation by the formula for CIFAR-10.
        let evaluator = TabularColumns::new()
            .genotype("arch")
            .fitness("c10valid_train_s_per_epoch")
            .metric("eval_us_per_image")
            .metric("val200_seeds")
            .metric("c100_val200_std")
            .read_from(table.as_bytes(), str::parse::<NasBench201Cell>)
            .unwrap();
        let times = evaluator.get(&cell).unwrap();
        let seconds =
            12.0 * times.fitness + 25_000.0 * times.metrics.get("eval_us_per_image").unwrap() / 1e6;
        assert!((seconds - answers["seconds"].as_f64().unwrap()).abs() < 1e-6);
        assert_eq!(times.metrics.get("val200_seeds").unwrap(), 2.0);
        assert!((times.metrics.get("c100_val200_std").unwrap() - 0.25).abs() < 1e-9);
    }
    assert_eq!(compared, 3 * 19);
}

#[test]
fn part_of_the_archive_does_not_make_a_whole_table() {
    let error = NasBench201Table::read_from(converted().as_bytes()).unwrap_err();
    assert!(
        matches!(
            error.kind(),
            TableErrorKind::MissingArchitectures {
                missing: 15_622,
                ..
            }
        ),
        "{error}"
    );
}

fn error_of(files: &[(&str, &[u8])]) -> NatsBenchError {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    convert(folder.path(), Vec::new()).unwrap_err()
}

#[test]
fn missing_and_broken_files_are_refused() {
    assert!(matches!(error_of(&[]), NatsBenchError::NoFiles(_)));
    assert!(matches!(
        convert("no such folder", Vec::new()),
        Err(NatsBenchError::Read { .. })
    ));
    let error = error_of(&[("000000.pickle.pbz2", b"no bzip2")]);
    assert!(matches!(error, NatsBenchError::Read { .. }), "{error}");
    let error = error_of(&[("000000.pickle.pbz2", NO_PICKLE)]);
    assert!(matches!(error, NatsBenchError::Pickle { .. }), "{error}");
}

#[test]
fn a_pickle_of_something_else_says_what_is_missing() {
    let error = error_of(&[("000007.pickle.pbz2", EMPTY_DICTIONARY)]);
    let message = error.to_string();
    assert!(
        message.ends_with("000007.pickle.pbz2: 12/arch_str: expected a string, found nothing"),
        "{message}"
    );
}

fn dict<const N: usize>(items: [(&str, Python); N]) -> Python {
    let key = |key: &str| HashableValue::String(key.to_owned());
    Python::Dict(items.map(|(name, value)| (key(name), value)).into())
}

fn times(seconds: &[f64]) -> Python {
    Python::List(seconds.iter().map(|&time| Python::F64(time)).collect())
}

/// A folder with the file of one architecture, which has these epoch times.
fn archive(train_times: &[f64], evaluation_time: f64) -> tempfile::TempDir {
    let schedule = |epochs: u32| {
        let results = || {
            let sets = ["x-valid", "x-test", "ori-test"];
            let on_sets = |value: f64| {
                let names = (0..epochs).flat_map(|epoch| sets.map(|set| format!("{set}@{epoch}")));
                let items = names.map(|name| (HashableValue::String(name), Python::F64(value)));
                Python::Dict(items.collect())
            };
            dict([
                ("eval_acc1es", on_sets(50.0)),
                ("eval_times", on_sets(evaluation_time)),
                ("train_times", times(train_times)),
                ("params", Python::F64(1.0)),
                ("flop", Python::F64(1.0)),
                ("latency", times(&[])),
            ])
        };
        let datasets = ["cifar10-valid", "cifar10", "cifar100", "ImageNet16-120"];
        let trial = |dataset: &str| {
            let dataset = HashableValue::String(dataset.to_owned());
            (
                HashableValue::Tuple(vec![dataset, HashableValue::I64(777)]),
                results(),
            )
        };
        dict([
            ("arch_index", Python::I64(7)),
            (
                "arch_str",
                Python::String(NasBench201Cell::from_code(7).unwrap().to_string()),
            ),
            (
                "dataset_seed",
                dict(datasets.map(|dataset| (dataset, Python::List(vec![Python::I64(777)])))),
            ),
            ("all_results", Python::Dict(datasets.map(trial).into())),
        ])
    };
    let state = dict([("12", schedule(12)), ("200", schedule(200))]);
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(folder.path().join("000007.pickle.pbz2")).unwrap();
    let mut packed = bzip2::write::BzEncoder::new(file, bzip2::Compression::fast());
    serde_pickle::value_to_writer(&mut packed, &state, serde_pickle::SerOptions::new()).unwrap();
    packed.finish().unwrap();
    folder
}

#[test]
fn an_architecture_without_times_is_refused_with_its_file() {
    let sound = archive(&[7.5, 8.5], 2.0);
    let mut table = Vec::new();
    assert_eq!(convert(sound.path(), &mut table).unwrap(), 1);
    assert!(!String::from_utf8(table).unwrap().contains("NaN"));
    for (folder, place, words) in [
        (
            archive(&[], 2.0),
            "train_times",
            "times with a mean above 0, found a list",
        ),
        (
            archive(&[0.0], 2.0),
            "train_times",
            "times with a mean above 0, found a list",
        ),
        (
            archive(&[7.5], 0.0),
            "eval_times/x-valid@0",
            "a time above 0, found a number",
        ),
    ] {
        let message = convert(folder.path(), Vec::new()).unwrap_err().to_string();
        let expected = format!(
            "000007.pickle.pbz2: 12/all_results/(cifar10-valid, 777)/{place}: expected {words}"
        );
        assert!(message.contains(&expected), "{message}");
    }
}

fn to_file(archive: &Path, table: &Path) -> Result<usize, NatsBenchError> {
    convert_to_file(archive, table, TableLimits::ARCHIVE)
}

#[test]
fn a_table_is_replaced_only_when_the_conversion_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    let only_the_table = || {
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(files.len(), 1, "{files:?}");
        std::fs::read_to_string(&path).unwrap()
    };
    std::fs::write(&path, "an earlier table").unwrap();
    let nowhere = to_file(&folder.path().join("nowhere"), &path).unwrap_err();
    assert!(matches!(nowhere, NatsBenchError::Read { .. }), "{nowhere}");
    assert_eq!(only_the_table(), "an earlier table");
    let broken = archive(&[], 2.0);
    to_file(broken.path(), &path).unwrap_err();
    assert_eq!(only_the_table(), "an earlier table");
    let sound = archive(&[7.5], 2.0);
    assert_eq!(to_file(sound.path(), &path).unwrap(), 1);
    assert_eq!(only_the_table().lines().count(), 2);
    let error = to_file(sound.path(), &folder.path().join("no/table.csv")).unwrap_err();
    assert!(matches!(error, NatsBenchError::File { .. }), "{error}");
    assert!(error.to_string().contains("no/table.csv: "), "{error}");
}

/// bzip2 of `hello`, and of the pickle of `{}`.
const NO_PICKLE: &[u8] = &[
    66, 90, 104, 57, 49, 65, 89, 38, 83, 89, 25, 49, 101, 61, 0, 0, 0, 129, 0, 2, 68, 160, 0, 33,
    154, 104, 51, 77, 7, 51, 139, 185, 34, 156, 40, 72, 12, 152, 178, 158, 128,
];
const EMPTY_DICTIONARY: &[u8] = &[
    66, 90, 104, 57, 49, 65, 89, 38, 83, 89, 226, 17, 121, 225, 0, 0, 1, 208, 224, 4, 0, 0, 1, 0,
    2, 64, 0, 4, 0, 32, 0, 33, 134, 129, 154, 3, 83, 113, 119, 36, 83, 133, 9, 14, 33, 23, 158, 16,
];
