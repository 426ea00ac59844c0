//! `evonas completions`, and what all subcommands share: help, exit codes, pipes, colors.

use predicates::prelude::*;

use crate::harness::Dir;

#[test]
fn completions_know_the_subcommands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let dir = Dir::new();
        let printed = dir.run(["completions", shell]).assert().success();
        let knows = |name| predicate::str::contains(name);
        printed.stdout(
            knows("search")
                .and(knows("aging-study"))
                .and(knows("completions")),
        );
    }
}

#[test]
fn help_is_printed_without_an_error() {
    let dir = Dir::new();
    let printed = dir.line("--help").assert().success();
    printed.stdout(predicate::str::contains("completions"));
}

#[test]
fn a_command_line_that_makes_no_sense_exits_with_2() {
    let dir = Dir::new();
    let printed = dir.line("dance").assert().code(2);
    printed.stderr(predicate::str::contains("unrecognized subcommand 'dance'"));
}

#[test]
fn a_reader_that_closes_the_pipe_is_no_error() {
    let dir = Dir::new();
    let mut child = dir.start(["completions", "bash"]);
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(output.stderr.is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_can_not_be_written_is_a_failure() {
    for argument in ["--version", "--help", "help"] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_evonas"))
            .arg(argument)
            .stdout(full.unwrap())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{argument}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("can't write to standard output"), "{said}");
    }
}

#[test]
fn a_reader_that_closes_the_pipe_of_a_help_is_no_error() {
    let dir = Dir::new();
    let mut child = dir.start(["search", "--help"]);
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
}

#[test]
fn every_help_is_free_of_colors_where_they_are_not_wanted() {
    let dir = Dir::new();
    for command in [
        "search", "train", "evaluate", "predict", "describe", "compare", "bench",
    ] {
        let mut help = dir.run([command, "--help"]);
        let printed = help.env("NO_COLOR", "1").assert().success();
        printed.stdout(predicate::str::contains("\u{1b}").not());
    }
}
