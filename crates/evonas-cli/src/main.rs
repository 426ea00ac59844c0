//! The program `evonas`; all of it is in this package's library.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    evonas_cli::run(std::env::args_os())
}
