//! The program `evonas`: it evolves image classifiers, trains, evaluates and uses them, and compares search
//! algorithms, from the command line.
//!
//! Each subcommand is one module: a `clap` structure of its options, whose documentation is its help, and a
//! method `run` that does the work. [`run`] is the whole program; `src/main.rs` only calls it.
//!
//! Conventions of all subcommands:
//!
//! - Results go to standard output, progress and warnings to standard error. Progress that can't be written is
//!   dropped. A result that can't be printed is a failure, once everything else is done and kept.
//! - The exit code is 0 for success, 1 for a failure and 2 for an invalid command line. Work that was stopped has that
//!   of a program which the signal ended: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP. A reader that closes
//!   standard output (`| head`) is no failure: everything else is done and kept.
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
mod draw;
mod evaluate;
mod export;
mod failure;
mod ignored;
#[cfg(unix)]
mod inherited;
mod journal;
mod naming;
mod output;
mod precision;
mod predict;
mod progress_lines;
mod ranges;
mod recipe;
mod report;
mod search;
mod shell;
#[cfg(all(unix, feature = "nats"))]
mod status;
mod stop;
mod train;
mod whatif;

use std::ffi::OsString;
use std::io::{Write as _, stdout};
use std::process::ExitCode;

use crate::commands::Cli;
pub(crate) use crate::failure::Failure;
use crate::failure::{EarlyEnd, advice, with_causes};
use evonas::report::note;

/// Runs the program on its arguments, the program's own name first.
pub fn run<I, A>(arguments: I) -> ExitCode
where
    I: IntoIterator<Item = A>,
    A: Into<OsString> + Clone,
{
    match Cli::read(arguments) {
        Ok(cli) => cli
            .command
            .run()
            .map_or_else(failed, |()| ExitCode::SUCCESS),
        Err(message) => explained(&message),
    }
}

/// Prints help, the version, or why the command line is invalid. The first two are results like any other.
fn explained(message: &clap::Error) -> ExitCode {
    let printed = message.print().and_then(|()| stdout().flush());
    match output::check(printed) {
        Err(error) if !message.use_stderr() => failed(error),
        _ => ExitCode::from(u8::try_from(message.exit_code()).unwrap_or(1)),
    }
}

fn failed(error: Failure) -> ExitCode {
    if let Some(end) = error.downcast_ref::<EarlyEnd>() {
        if matches!(end, EarlyEnd::Stopped { .. }) {
            note(end);
        }
        return ExitCode::from(end.code());
    }
    note(format_args!(
        "error: {}{}",
        with_causes(&*error),
        advice(&*error)
    ));
    ExitCode::FAILURE
}
