//! `evonas convert`: the official NATS-Bench archive as the CSV table that `compare` and `aging-study` read.

use std::path::PathBuf;

use clap::Args;
use evonas::tabular::TableLimits;
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
    /// Raise a limit of what each file may have: bytes (once decompressed), ratio (of decompressed to compressed
    /// size) or values; may be given several times [default: bytes=67108864, ratio=200, values=1000000]
    #[arg(long = "limit", value_name = "NAME=N", value_parser = limit)]
    limits: Vec<FileLimit>,
}

/// A limit by its name.
#[derive(Clone, Copy, Debug)]
struct FileLimit {
    set: fn(&mut TableLimits, u64),
    most: u64,
}

/// A limit from `bytes=100000000`.
fn limit(text: &str) -> Result<FileLimit, String> {
    let (name, most) = text
        .split_once('=')
        .ok_or_else(|| format!("'{text}' is not a limit like bytes=100000000"))?;
    let set: fn(&mut TableLimits, u64) = match name {
        "bytes" => |limits, most| limits.bytes = most,
        "ratio" => |limits, most| limits.ratio = most,
        "values" => |limits, most| limits.values = most,
        _ => {
            return Err(format!(
                "'{name}' is not one of the limits bytes, ratio and values"
            ));
        }
    };
    let most = most.parse().ok().filter(|&most: &u64| most > 0);
    let most = most.ok_or_else(|| format!("the limit '{name}' must be a whole number from 1"))?;
    Ok(FileLimit { set, most })
}

impl ConvertOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let mut limits = TableLimits::ARCHIVE;
        for &FileLimit { set, most } in &self.limits {
            set(&mut limits, most);
        }
        let rows = convert_to_file(&self.archive, &self.out, limits)?;
        print_line(format_args!("{rows} architectures"))
    }
}
