//! The program `evonas`; all of it is in the library beside it.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    evonas_cli::run(std::env::args_os())
}
