//! `evonas convert`: the official NATS-Bench archive as the CSV table that `compare` and `aging-study` read.

use std::path::PathBuf;

use clap::Args;
use evonas::tabular::TableLimits;
use evonas::tabular::nats_bench::convert_to_file;

use crate::Failure;
use crate::naming::RaisedLimit;
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
    /// Raise a limit of what each file may have: bytes (once decompressed), ratio (of decompressed to compressed
    /// size) or values; may be given several times [default: bytes=67108864, ratio=200, values=1000000]
    #[arg(long = "limit", value_name = "NAME=N", value_parser = RaisedLimit::<TableLimits>::parse)]
    limits: Vec<RaisedLimit<TableLimits>>,
}

impl ConvertOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let limits = RaisedLimit::applied(&self.limits, TableLimits::ARCHIVE);
        let rows = convert_to_file(&self.archive, &self.out, limits)?;
        print_line(format_args!("{rows} architectures"))
    }
}
