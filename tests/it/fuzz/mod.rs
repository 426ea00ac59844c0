//! Every reader takes whatever bytes it is given: mutations of sound files, and files made to do harm.
//!
//! `cargo test` runs a few hundred mutations of each; `EVONAS_FUZZ_CASES` sets another number, and `fuzz/` runs the
//! same functions in a fuzzer.

pub(crate) mod bodies;
mod mutations;
mod seeds;

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use self::mutations::{Damage, mutate};

/// How many mutations of a reader's files are read.
fn cases() -> u32 {
    let cases = std::env::var("EVONAS_FUZZ_CASES").ok();
    cases.map_or(256, |cases| cases.parse().unwrap())
}

/// Reads every seed and mutations of them.
fn fuzz(body: fn(&[u8]), seeds: &[Vec<u8>]) {
    let read = |bytes: &[u8]| {
        let begin = Instant::now();
        body(bytes);
        let took = begin.elapsed();
        assert!(took < Duration::from_secs(20), "it took {took:?}");
    };
    for seed in seeds {
        read(seed);
    }
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases())
    };
    let mutations = prop::collection::vec(any::<Damage>(), 1..6);
    let seed = any::<prop::sample::Index>;
    TestRunner::new(config)
        .run(&(seed(), seed(), mutations), |(seed, other, mutations)| {
            let (seed, other) = (
                &seeds[seed.index(seeds.len())],
                &seeds[other.index(seeds.len())],
            );
            read(&mutate(seed, other, &mutations));
            Ok(())
        })
        .unwrap();
}

macro_rules! readers {
    ($($(#[$attribute:meta])* $test:ident: $body:ident of $seeds:ident;)*) => {$(
        $(#[$attribute])*
        #[test]
        fn $test() {
            fuzz(bodies::$body, &seeds::$seeds());
        }
    )*};
}

readers! {
    genotypes_are_read_or_refused: genotype of genotypes;
    journals_are_read_or_refused: journal of journals;
    what_journals_say_is_read_or_refused: sealed_journal of journal_contents;
    records_of_comparisons_are_read_or_refused: comparison_record of comparison_records;
    #[cfg(feature = "tabular")]
    tables_are_read_or_refused: table of tables;
    #[cfg(feature = "tabular")]
    tables_of_nasbench201_are_read_or_refused: nasbench201_table of nasbench201_tables;
    #[cfg(feature = "tabular")]
    files_of_the_archive_are_read_or_refused: archive of archives;
    #[cfg(feature = "tabular")]
    pickles_are_read_or_refused: pickle of pickles;
    #[cfg(feature = "burn")]
    images_are_read_or_refused: image of images;
    #[cfg(feature = "burn")]
    idx_files_are_read_or_refused: idx of idx_files;
    #[cfg(feature = "burn")]
    cifar_files_are_read_or_refused: cifar of cifar_files;
    #[cfg(feature = "burn")]
    settings_are_read_or_refused: settings of settings;
    #[cfg(feature = "burn")]
    weights_are_read_or_refused: weights of weights;
    #[cfg(feature = "burn")]
    checkpoints_are_read_or_refused: checkpoint of checkpoints;
}

const FUZZ: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz");

/// The names of the fuzzer's targets, in order.
fn targets() -> Vec<String> {
    let files = std::fs::read_dir(format!("{FUZZ}/fuzz_targets")).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let mut names: Vec<String> = paths
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// With the functions being part of this binary, nothing that the fuzzer builds of a target is left to be checked.
#[test]
fn every_target_runs_the_function_of_its_name_and_is_built() {
    let manifest = std::fs::read_to_string(format!("{FUZZ}/Cargo.toml")).unwrap();
    for name in targets() {
        let text = std::fs::read_to_string(format!("{FUZZ}/fuzz_targets/{name}.rs")).unwrap();
        let expected = format!(
            "#![no_main]\n\n#[path = \"../../tests/it/fuzz/bodies/mod.rs\"]\nmod bodies;\n\n\
             libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bodies::{name}(bytes));\n"
        );
        assert_eq!(text, expected, "{name}");
        let built = format!("[[bin]]\nname = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"\n");
        assert_eq!(manifest.matches(&built).count(), 1, "{name}");
    }
    assert_eq!(manifest.matches("[[bin]]").count(), targets().len());
}

/// Writes the seeds where cargo-fuzz looks for them, if `EVONAS_FUZZ_CORPUS` names that folder.
#[test]
fn the_seeds_of_each_target_begin_its_corpus() {
    let targets = targets();
    let all = seeds::by_target();
    for (target, seeds) in &all {
        assert!(!seeds.is_empty(), "{target}");
        assert!(
            targets.iter().any(|name| name == target),
            "no target is called {target}"
        );
        let Some(corpus) = std::env::var_os("EVONAS_FUZZ_CORPUS") else {
            continue;
        };
        let folder = std::path::Path::new(&corpus).join(target);
        std::fs::create_dir_all(&folder).unwrap();
        for (index, seed) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{index}")), seed).unwrap();
        }
    }
    if cfg!(all(feature = "burn", feature = "tabular")) {
        assert_eq!(all.len(), targets.len(), "{targets:?}");
    }
}
