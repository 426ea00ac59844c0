//! The program `evonas`: it evolves image classifiers, trains, evaluates and uses them, and compares search
//! algorithms, from the command line.
//!
//! Each subcommand is one module: a `clap` structure of its options, whose documentation is its help, and a
//! method `run` that does the work. [`run`] is the whole program; `src/main.rs` only calls it.
//!
//! Conventions of all subcommands:
//!
//! - Results go to standard output, progress and warnings to standard error. A reader that closes the pipe is
//!   not an error.
//! - The exit code is 0 for success, 1 for a failure, 2 for an invalid command line, and 130 if Ctrl-C ended the
//!   program at once.
//! - A Ctrl-C or SIGTERM lets long work keep what it has done, and a further one ends the program at once. In a
//!   search, the first Ctrl-C lets the running trials end and the second interrupts them.
//! - `NO_COLOR` turns colors off.

#![forbid(unsafe_code)]

mod aging_study;
pub mod bench;
mod commands;
mod compare;
mod completions;
mod convert;
mod describe;
mod evaluate;
mod failure;
mod naming;
mod output;
mod predict;
mod progress_lines;
mod recipe;
mod search;
mod stop;
mod train;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use crate::commands::Cli;
pub(crate) use crate::failure::Failure;
use crate::failure::with_causes;
use evonas::report::note;

/// Runs the program on its arguments, the program's own name first.
pub fn run<I, A>(arguments: I) -> ExitCode
where
    I: IntoIterator<Item = A>,
    A: Into<OsString> + Clone,
{
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help is not an error; a reader that closed the pipe isn't one either.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(1));
        }
    };
    match cli.command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(format_args!("error: {}", with_causes(&*error)));
            ExitCode::FAILURE
        }
    }
}
