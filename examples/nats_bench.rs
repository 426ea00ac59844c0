//! Turns the official NATS-Bench archive into the CSV table that `compare` reads. Try `--help`.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use evonas::tabular::nats_bench::convert;

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
    match run(&Options::parse()) {
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

fn run(options: &Options) -> Result<usize, Box<dyn std::error::Error>> {
    let file = File::create(&options.out)
        .map_err(|error| format!("can't write {}: {error}", options.out.display()))?;
    Ok(convert(&options.archive, BufWriter::new(file))?)
}
