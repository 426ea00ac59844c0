//! The program `evonas`: it evolves image classifiers, trains, evaluates and uses them, and compares search
//! algorithms, from the command line.
//!
//! Each subcommand is one module: a `clap` structure of its options, whose documentation is its help, and a
//! method `run` that does the work. [`run`] is the whole program; `src/main.rs` only calls it.
//!
//! What every subcommand keeps to:
//!
//! - Results go to standard output, progress and warnings to standard error. A reader that closes the pipe is
//!   no error.
//! - The exit code is 0 for success, 1 for a failure, 2 for a command line that makes no sense, and 130 if
//!   Ctrl-C was pressed twice. A single Ctrl-C or SIGTERM lets long work keep what it has done.
//! - `NO_COLOR` turns colors off.

mod commands;
mod completions;
mod evaluate;
mod naming;
mod output;
mod predict;
mod progress_lines;
mod recipe;
mod search;
mod stop;
mod train;

use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use crate::commands::Cli;

/// Why a subcommand failed, in a sentence for whoever typed it.
type Failure = Box<dyn Error + Send + Sync>;

/// Runs the program on its arguments, the program's own name first.
pub fn run<I, A>(arguments: I) -> ExitCode
where
    I: IntoIterator<Item = A>,
    A: Into<OsString> + Clone,
{
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help is no error; a reader that closed the pipe isn't one either.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(1));
        }
    };
    match cli.command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

/// An error's message and those of its causes, each unless the message before has it already.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{message}")]
    struct CausedError {
        message: &'static str,
        source: Option<Box<CausedError>>,
    }

    #[test]
    fn an_error_is_told_with_its_causes_each_once() {
        let layer = |message, source| CausedError { message, source };
        let disk = layer("the disk is full", None);
        let file = layer(
            "can't write best.json: the disk is full",
            Some(Box::new(disk)),
        );
        let search = layer("the search ended early", Some(Box::new(file)));
        assert_eq!(
            with_causes(&search),
            "the search ended early: can't write best.json: the disk is full"
        );
    }
}
