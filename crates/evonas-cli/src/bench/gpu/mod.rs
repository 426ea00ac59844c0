//! `evonas bench gpu`: checks a GPU, and measures it. Whether it computes what the CPU does, how long steps
//! take, how much memory they need, what a search reaches in a given time, how many trials run side by side,
//! and whether a search survives a full device.

mod memory;
mod parity;
mod report;
mod search;
mod steps;
mod workers;

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use burn::tensor::Device;
use clap::{Args, ValueEnum};
use evonas::training::DeviceName;

use self::report::Report;
use crate::Failure;
use crate::output::print_line;

/// Check that a GPU computes what the CPU does, and measure it
///
/// The exit code is 0 if every check holds.
#[derive(Args)]
#[command(after_help = "\
Examples:
  evonas bench gpu --device cuda --record figures.jsonl
  evonas bench gpu --device cuda --sections search --cifar cifar10 --minutes 15")]
pub(super) struct GpuOptions {
    /// The device: cuda, cuda:N, wgpu or cpu
    #[arg(long, default_value = "cuda")]
    device: DeviceName,
    /// What to do, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Section::ALL)]
    sections: Vec<Section>,
    /// Use small networks and few steps: for a first look, or a device in software
    #[arg(long)]
    quick: bool,
    /// Steps to time
    #[arg(long, default_value_t = 20)]
    steps: usize,
    /// A folder of CIFAR-10 images (train/CLASS/*.jpg) to search on as well [default: search on the digits only]
    #[arg(long, value_name = "DIR")]
    cifar: Option<PathBuf>,
    /// The time for each search, in minutes
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// Print JSON lines instead of tables
    #[arg(long)]
    json: bool,
    /// Write the JSON lines to this file as well [default: to none]
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Section {
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
    const ALL: [Self; 5] = [
        Self::Parity,
        Self::Steps,
        Self::Search,
        Self::Workers,
        Self::Memory,
    ];
}

/// Calls `work`. A panic, which is how a device fails, becomes an error.
fn caught<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(message.unwrap_or("it panicked").to_owned().into())
    })
}

impl GpuOptions {
    /// Runs every section, also after one that failed or panicked.
    pub(super) fn run(&self) -> Result<(), Failure> {
        let devices = self.device.open_all()?;
        let device: Device = devices.first();
        let record = self.record.as_ref().map(File::create).transpose()?;
        let report = Report {
            json: self.json,
            record,
            device: devices
                .to_string()
                .split([' ', ','])
                .next()
                .unwrap_or_default()
                .to_owned(),
            is_cpu: devices.is_cpu(),
        };
        if !self.json {
            print_line(format_args!("on {devices}"))?;
        }
        let mut all_hold = true;
        for section in Section::ALL {
            if !self.sections.contains(&section) {
                continue;
            }
            let outcome = caught(|| match section {
                Section::Parity => parity::check(self, &device, &report),
                Section::Steps => steps::measure(self, &device, &report),
                Section::Search => search::measure(self, &device, &report),
                Section::Workers => workers::measure(self, &device, &report),
                Section::Memory => memory::check(self, &device, &report),
            });
            match outcome {
                Ok(holds) => all_hold &= holds,
                Err(error) => {
                    let section = format!("{section:?}").to_lowercase();
                    report.failure(&section, &section, &error.to_string())?;
                    all_hold = false;
                }
            }
        }
        match all_hold {
            true => Ok(()),
            false => Err("not every check holds".into()),
        }
    }
}
