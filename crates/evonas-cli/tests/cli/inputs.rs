//! Files that aren't what an option takes: devices, pipes, and more bytes than it could need.

use std::process::Command;
use std::time::Duration;

use predicates::str::contains;

use crate::harness::Dir;

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
