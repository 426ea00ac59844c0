//! Files that aren't what an option takes: devices, pipes, and more bytes than it could need.

use std::process::Command;
use std::time::Duration;

use predicates::prelude::*;
use predicates::str::contains;

use crate::harness::Dir;
use crate::png::gray_png;

/// As long as a refusal may take. Without it, a test of a pipe would wait forever.
const SOON: Duration = Duration::from_secs(60);

fn make_pipe(dir: &Dir, name: &str) {
    let made = Command::new("mkfifo").arg(dir.path(name)).status();
    assert!(made.unwrap().success());
}

#[test]
fn a_device_is_no_genotype() {
    let dir = Dir::new();
    let search = "search --trials 1 --quiet --warm-start /dev/zero";
    let refused = dir.line(search).timeout(SOON).assert().code(1);
    refused.stderr(contains(
        "/dev/zero can't be read: it is a device, not a file",
    ));
}

#[test]
fn a_file_of_more_than_a_genotype_is_refused() {
    let dir = Dir::new();
    dir.write("genotype.txt", "sep3@0+".repeat(200_000));
    let refused = dir
        .line("describe --genotype genotype.txt")
        .timeout(SOON)
        .assert()
        .code(1);
    refused.stderr(contains(
        "genotype.txt can't be read: it has more than 1048576 bytes",
    ));
}

#[test]
fn a_genotype_may_come_through_a_pipe() {
    let dir = Dir::new();
    make_pipe(&dir, "pipe");
    let pipe = dir.path("pipe");
    let writer = std::thread::spawn(move || std::fs::write(pipe, "amoebanet").unwrap());
    // What isn't a genotype is refused after it was read.
    let refused = dir
        .line("describe --genotype pipe")
        .timeout(SOON)
        .assert()
        .code(1);
    refused.stderr(contains("pipe holds no genotype"));
    writer.join().unwrap();
}

#[test]
fn a_pipe_is_neither_a_search_nor_weights() {
    let dir = Dir::new();
    for name in [
        "found/best.json",
        "network.safetensors",
        "network.bpk",
        "image.png",
    ] {
        dir.write(name, "");
        std::fs::remove_file(dir.path(name)).unwrap();
        make_pipe(&dir, name);
    }
    for line in [
        "train --from found",
        "evaluate --weights network.safetensors",
        "evaluate --weights network.bpk",
    ] {
        let refused = dir.line(line).timeout(SOON).assert().code(1);
        refused.stderr(contains("it is a pipe, not a file"));
    }
}

#[test]
fn the_limits_of_images_are_raised_by_an_option_and_kept_in_the_recipe() {
    let dir = Dir::new();
    for split in ["train", "test"] {
        for (class, level) in [("dark", 0), ("light", 255)] {
            for image in 0..20 {
                let path = format!("images/{split}/{class}/{image}.png");
                dir.write(&path, gray_png(9, &[level; 81]));
            }
        }
    }
    let search = "search --population 2 --sample 1 --trials 2 --epochs 1 --final-epochs 1 --filters 4 --batch 8 \
                  --quiet --dataset folder --data images --out found";
    let limited = |more: &str| dir.line(&format!("{search} {more}")).assert();
    limited("--data-limit image_side=8")
        .code(1)
        .stderr(contains(
            "or raise the limits 'image_bytes' and 'image_side'",
        ));
    limited("--data-limit ratio=8").code(1).stderr(contains(
        "the limit 'ratio' has no effect on the format folder",
    ));
    limited("--data-limit split_bytes=1000")
        .code(1)
        .stderr(contains("raise the limit 'split_bytes'"));
    limited("--data-limit image_side=9 --data-limit split_bytes=20000").success();
    assert!(dir.read("found/recipe.json").contains("\"image_side=9\""));
    // The recipe's limits are those of a later training, which may raise others.
    let train = "train --from found --epochs 1 --quiet";
    dir.line(train).assert().success();
    dir.line(&format!("{train} --data-limit image_side=8"))
        .assert()
        .code(1);
}

#[test]
fn the_limits_of_a_table_are_raised_by_an_option() {
    let dir = Dir::new();
    dir.write("table.csv", "architecture\n".repeat(100));
    let compare = |more: &str| {
        let line = format!("compare --table table.csv {more}");
        dir.line(&line).assert().code(1)
    };
    compare("--table-limit bytes=100").stderr(contains("raise the limit 'bytes'"));
    compare("--table-limit bytes=1300").stderr(contains("raise the limit").not());
    let bits = "compare --benchmark bits --table-limit bytes=9";
    dir.line(bits).assert().code(1).stderr(contains(
        "--table-limit has no effect with --benchmark bits",
    ));
}
