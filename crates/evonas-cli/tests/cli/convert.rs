//! `evonas convert`: the official NATS-Bench files as a table.

use std::path::Path;

use predicates::str::contains;

use crate::harness::Dir;

#[test]
fn the_archive_becomes_a_table_of_its_architectures() {
    let dir = Dir::new();
    let archive = "../../tests/nats_bench/NATS-tss-v1_0-3ffb9-simple";
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join(archive);
    let archive = archive.to_str().unwrap();
    let mut convert = dir.run(["convert", "--archive", archive, "--out", "table.csv"]);
    convert.assert().success().stdout("3 architectures\n");
    assert_eq!(dir.read("table.csv").lines().count(), 1 + 3);
}

#[test]
fn a_folder_without_architectures_is_refused() {
    let dir = Dir::new();
    dir.write("archive/note.txt", "empty");
    let refused = dir
        .line("convert --archive archive --out table.csv")
        .assert()
        .code(1);
    refused.stderr(contains("error: "));
    assert!(!dir.exists("table.csv"));
}

/// A folder with the file of an architecture that is no architecture: bzip2 of 17 MiB of zeros, in 47 bytes.
fn bomb(dir: &Dir) {
    dir.write("archive/000000.pickle.pbz2", BOMB);
}

#[test]
fn a_file_that_would_fill_the_memory_is_refused_unless_the_limit_is_raised() {
    let dir = Dir::new();
    bomb(&dir);
    let convert = |limits: &str| {
        let line = format!("convert --archive archive --out table.csv {limits}");
        dir.line(&line).assert().code(1)
    };
    convert("").stderr(contains(
        "000000.pickle.pbz2: it decompresses to more than 200 times its size",
    ));
    convert("--limit ratio=1000000").stderr(contains("is not a pickle"));
    convert("--limit ratio=1000000 --limit bytes=1000")
        .stderr(contains("it has more than 1000 bytes once decompressed"));
    assert!(!dir.exists("table.csv"));
    for (limit, words) in [
        ("ratio", "'ratio' is not a limit like bytes=100000000"),
        (
            "depth=3",
            "'depth' is not one of the limits bytes, ratio and values",
        ),
        (
            "values=0",
            "the limit 'values' must be a whole number from 1",
        ),
    ] {
        let arguments = [
            "convert",
            "--archive",
            "archive",
            "--out",
            "table.csv",
            "--limit",
            limit,
        ];
        dir.run(arguments).assert().code(2).stderr(contains(words));
    }
}

const BOMB: &[u8] = &[
    66, 90, 104, 57, 49, 65, 89, 38, 83, 89, 208, 144, 238, 241, 0, 136, 136, 192, 0, 192, 2, 0, 8,
    32, 0, 48, 204, 5, 41, 166, 132, 33, 13, 132, 66, 16, 241, 119, 36, 83, 133, 9, 13, 9, 14, 239,
    16,
];
