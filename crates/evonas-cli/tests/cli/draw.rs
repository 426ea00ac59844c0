//! `evonas draw`: cells as SVG and DOT, on standard output and in files.

use predicates::prelude::*;
use predicates::str::{contains, starts_with};

use crate::harness::Dir;

#[test]
fn a_published_genotype_is_drawn_on_standard_output() {
    let dir = Dir::new();
    let drawn = dir.line("draw amoebanet-a").assert().success();
    drawn.stdout(
        starts_with("<svg ")
            .and(contains("Reduction cell"))
            .and(contains("sep 3x3")),
    );
    let drawn = dir.line("draw amoebanet-a --format dot").assert().success();
    drawn.stdout(starts_with("digraph ").and(contains("reduction_output")));
}

#[test]
fn the_name_of_the_file_decides_the_format() {
    let dir = Dir::new();
    for (file, start) in [
        ("cells.svg", "<svg "),
        ("cells.dot", "digraph "),
        ("cells.GV", "digraph "),
    ] {
        let drawn = dir
            .run(["draw", "nasnet-a", "--out", file])
            .assert()
            .success();
        drawn.stdout("");
        let text = dir.read(file);
        assert!(text.starts_with(start), "{file}: {text}");
    }
    let refused = dir.line("draw nasnet-a --out cells.png").assert().code(1);
    refused.stderr(contains("--format svg or --format dot"));
    assert!(!dir.exists("cells.png"));
    dir.line("draw nasnet-a --out cells.png --format svg")
        .assert()
        .success();
}

#[test]
fn a_genotype_of_a_file_or_a_text_is_drawn_too() {
    let dir = Dir::new();
    let genotype = "sep3@0+max3@1/avg3@0+identity@1";
    dir.write("found.txt", genotype);
    let of_text = dir.run(["draw", genotype]).assert().success();
    let of_file = dir.line("draw found.txt").assert().success();
    assert_eq!(of_text.get_output().stdout, of_file.get_output().stdout);
    let refused = dir.line("draw amoebanet-z").assert().code(1);
    refused.stderr(contains("amoebanet-a, amoebanet-b"));
}
