//! The command lines in the documentation: all of them are valid, and those that say so run.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::Dir;

/// What marks a block whose command lines run, one after another, in one folder.
const RUN: &str = "<!-- run -->";

/// The Markdown files of the documentation.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = vec![root.join("README.md")];
    for folder in ["docs", "docs/guide"] {
        let entries = fs::read_dir(root.join(folder)).unwrap();
        found.extend(entries.map(|entry| entry.unwrap().path()));
    }
    found.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    found.sort();
    found
}

/// The command lines of the program among these lines, without its name, and without what else the shell does.
fn command_lines<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut joined = String::new();
    let mut found = Vec::new();
    for line in lines {
        joined.push_str(line.trim());
        if let Some(begun) = joined.strip_suffix('\\') {
            joined = begun.to_owned();
            continue;
        }
        let line = std::mem::take(&mut joined);
        let line = line.trim_start_matches("nohup ");
        if let Some(arguments) = line.strip_prefix("evonas ") {
            let end = arguments.find(['|', '&', ';', '#', '>']);
            found.push(
                arguments[..end.unwrap_or(arguments.len())]
                    .trim()
                    .to_owned(),
            );
        }
    }
    found
}

/// The blocks of shell commands of a page, each with whether it is marked to run.
fn shell_blocks(text: &str) -> Vec<(bool, Vec<&str>)> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    let mut previous = "";
    while let Some(line) = lines.next() {
        if line == "```sh" {
            let block = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((previous == RUN, block));
        } else if line.starts_with("    ") {
            blocks.push((false, vec![line]));
            while let Some(more) = lines.next_if(|line| line.starts_with("    ")) {
                blocks.last_mut().unwrap().1.push(more);
            }
        }
        previous = line;
    }
    blocks
}

#[test]
fn every_command_line_of_the_documentation_is_valid() {
    let dir = Dir::new();
    let mut valid = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for line in shell_blocks(&text)
            .into_iter()
            .flat_map(|(_, block)| command_lines(block.into_iter()))
        {
            // Options before `--help` are parsed, and nothing runs.
            let output = dir.line(&line).arg("--help").output().unwrap();
            assert!(
                output.status.success(),
                "{}: evonas {line}\n{}",
                page.display(),
                String::from_utf8_lossy(&output.stderr)
            );
            valid += 1;
        }
    }
    assert!(valid > 50, "{valid} command lines");
}

#[test]
fn the_command_lines_of_the_guide_run() {
    let mut run = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let blocks = shell_blocks(&text).into_iter();
        for (_, block) in blocks.filter(|(marked, _)| *marked) {
            let dir = Dir::new();
            for line in command_lines(block.into_iter()) {
                let output = dir.line(&line).output().unwrap();
                assert!(
                    output.status.success(),
                    "{}: evonas {line}\n{}",
                    page.display(),
                    String::from_utf8_lossy(&output.stderr)
                );
                run += 1;
            }
        }
    }
    assert!(run > 10, "{run} command lines");
}

#[test]
fn lines_that_go_on_are_joined_and_pipes_are_cut() {
    let lines = [
        "evonas train --cells 2 \\",
        "  --filters 8",
        "cargo test",
        "evonas draw x | dot",
    ];
    assert_eq!(
        command_lines(lines.into_iter()),
        ["train --cells 2 --filters 8", "draw x"]
    );
}
