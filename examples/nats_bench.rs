//! Turns the official NATS-Bench archive into the CSV table that `compare` reads. Try `--help`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use evonas::tabular::nats_bench::convert_to_file;

#[derive(Parser)]
#[command(about = "Turn the NATS-Bench archive into a CSV table", version)]
struct Options {
    /// The folder NATS-tss-v1_0-3ffb9-simple
    #[arg(long, value_name = "DIR")]
    archive: PathBuf,
    /// The CSV file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match convert_to_file(&options.archive, &options.out) {
        Ok(rows) => {
            println!("{rows} architectures");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
