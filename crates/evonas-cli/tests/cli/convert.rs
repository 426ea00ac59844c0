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
