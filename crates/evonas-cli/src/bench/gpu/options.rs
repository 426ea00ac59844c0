//! The options of `evonas bench gpu`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use evonas::training::DeviceName;

use crate::Failure;
use crate::ignored::refuse_ignored;
use crate::ranges::{minutes, steps};

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
    /// Steps to time, at most 1000000 [default: 20]
    #[arg(long, value_parser = steps)]
    pub(super) steps: Option<usize>,
    /// A folder of CIFAR-10 images (train/CLASS/*.jpg) to search on as well [default: search on the digits only]
    #[arg(long, value_name = "DIR")]
    pub(super) cifar: Option<PathBuf>,
    /// The time for each search, in minutes [default: 5]
    #[arg(long, value_parser = minutes)]
    pub(super) minutes: Option<Duration>,
    /// Print JSON lines instead of tables [default: off]
    #[arg(long)]
    pub(super) json: bool,
    /// Write the JSON lines to this file as well [default: to none]
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
}

impl GpuOptions {
    /// Steps to time.
    pub(super) fn steps(&self) -> usize {
        self.steps.unwrap_or(20)
    }

    /// The time for each search.
    pub(super) fn time_for_a_search(&self) -> Duration {
        self.minutes.unwrap_or(Duration::from_secs(5 * 60))
    }

    /// Refuses options of sections that aren't done.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let options_of_sections = [
            (Section::Steps, "--steps", self.steps.is_some()),
            (Section::Search, "--cifar", self.cifar.is_some()),
            (Section::Search, "--minutes", self.minutes.is_some()),
        ];
        for (section, option, given) in options_of_sections {
            if !self.sections.contains(&section) {
                let name = format!("{section:?}").to_lowercase();
                let when = format!("without {name} in --sections");
                refuse_ignored(&when, &[(option, given)])?;
            }
        }
        match self.sections.as_slice() {
            [Section::Search] => {
                refuse_ignored("with --sections search", &[("--quick", self.quick)])
            }
            _ => Ok(()),
        }
    }
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
