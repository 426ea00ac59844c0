//! `evonas completions`, and what all subcommands share.

use predicates::prelude::*;

use crate::harness::Dir;

#[test]
fn completions_know_the_subcommands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let dir = Dir::new();
        let printed = dir.run(["completions", shell]).assert().success();
        printed.stdout(predicate::str::contains("completions"));
    }
}

#[test]
fn help_is_printed_without_an_error() {
    let dir = Dir::new();
    let printed = dir.run(["--help"]).assert().success();
    printed.stdout(predicate::str::contains("completions"));
}

#[test]
fn a_command_line_that_makes_no_sense_exits_with_2() {
    let dir = Dir::new();
    let printed = dir.run(["dance"]).assert().code(2);
    printed.stderr(predicate::str::contains("unrecognized subcommand 'dance'"));
}
