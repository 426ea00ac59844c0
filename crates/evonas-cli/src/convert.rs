//! `evonas convert`: the official NATS-Bench archive as the CSV table that `compare` and `aging-study` read.

use std::path::PathBuf;

use clap::Args;
use evonas::tabular::nats_bench::convert_to_file;

use crate::Failure;
use crate::output::print_line;

/// Turn the NATS-Bench archive into the CSV table of nasbench201
#[derive(Args)]
#[command(after_help = "\
Examples:
  evonas convert --archive NATS-tss-v1_0-3ffb9-simple --out nasbench201.csv
  evonas compare --table nasbench201.csv --dataset cifar100")]
pub(crate) struct ConvertOptions {
    /// The folder NATS-tss-v1_0-3ffb9-simple, as its archive unpacks
    #[arg(long, value_name = "DIR")]
    archive: PathBuf,
    /// The CSV file to write; an existing one is replaced once all architectures are converted
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl ConvertOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let rows = convert_to_file(&self.archive, &self.out)?;
        print_line(format_args!("{rows} architectures"))
    }
}
