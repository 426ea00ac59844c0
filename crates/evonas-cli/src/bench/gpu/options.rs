//! The options of `evonas bench gpu`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use evonas::training::DeviceName;

use crate::ranges::{positive, steps};

/// Check that a GPU computes what the CPU does, and measure it
///
/// The exit code is 0 if every check holds.
#[derive(Args)]
#[command(after_help = "\
Examples:
  evonas bench gpu --device cuda --record figures.jsonl
  evonas bench gpu --device cuda --sections search --cifar cifar10 --minutes 15")]
pub(in crate::bench) struct GpuOptions {
    /// The device: cuda, cuda:N, wgpu or cpu
    #[arg(long, default_value = "cuda")]
    pub(super) device: DeviceName,
    /// What to do, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Section::ALL)]
    pub(super) sections: Vec<Section>,
    /// Use small networks and few steps: for a first look, or a device in software [default: off]
    #[arg(long)]
    pub(super) quick: bool,
    /// Steps to time, at most 1000000
    #[arg(long, value_parser = steps, default_value_t = 20)]
    pub(super) steps: usize,
    /// A folder of CIFAR-10 images (train/CLASS/*.jpg) to search on as well [default: search on the digits only]
    #[arg(long, value_name = "DIR")]
    pub(super) cifar: Option<PathBuf>,
    /// The time for each search, in minutes
    #[arg(long, value_parser = positive, default_value_t = 5.0)]
    pub(super) minutes: f64,
    /// Print JSON lines instead of tables [default: off]
    #[arg(long)]
    pub(super) json: bool,
    /// Write the JSON lines to this file as well [default: to none]
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(super) enum Section {
    /// Compare every operation and whole networks with the CPU
    Parity,
    /// Time steps in both precisions, and say what memory they take
    Steps,
    /// Search for a given time
    Search,
    /// Run 1 to 8 trials at the same time
    Workers,
    /// Fill the device's memory
    Memory,
}

impl Section {
    pub(super) const ALL: [Self; 5] = [
        Self::Parity,
        Self::Steps,
        Self::Search,
        Self::Workers,
        Self::Memory,
    ];
}
