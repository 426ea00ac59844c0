//! The options of `evonas bench gpu`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use evonas::training::DeviceName;

use super::plan::Section;
use crate::Failure;
use crate::ignored::refuse_ignored;
use crate::ranges::{minutes, steps};

/// Check that a GPU computes what the CPU does, and measure it
///
/// The most important comes first. What there is no time for is left out, and said. The exit code is 0 if every check holds.
#[derive(Args)]
#[command(after_help = "\
Examples:
  evonas bench gpu --device cuda --python python3 --cifar cifar10 --record figures.jsonl
  evonas bench gpu --device cuda --sections search --minutes 15")]
pub(in crate::bench) struct GpuOptions {
    /// The device: cuda, cuda:N, wgpu or cpu
    #[arg(long, default_value = "cuda")]
    pub(super) device: DeviceName,
    /// What to do, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Section::ALL)]
    pub(super) sections: Vec<Section>,
    /// The time for everything, in minutes: a check that has begun is finished
    #[arg(long, value_parser = minutes, default_value = "12")]
    pub(super) minutes: Duration,
    /// Use small networks and few steps: for a first look, or a device in software [default: off]
    #[arg(long)]
    pub(super) quick: bool,
    /// Steps to time, at most 1000000 [default: 20]
    #[arg(long, value_parser = steps)]
    pub(super) steps: Option<usize>,
    /// A Python that has PyTorch, to time its steps beside ours: eager, compiled, and on CUDA captured as a graph
    /// [default: without PyTorch]
    #[arg(long, value_name = "PROGRAM")]
    pub(super) python: Option<PathBuf>,
    /// A folder of CIFAR-10 images (train/CLASS/*.jpg) to train and search on [default: search on the digits only]
    #[arg(long, value_name = "DIR")]
    pub(super) cifar: Option<PathBuf>,
    /// Print JSON lines instead of tables [default: off]
    #[arg(long)]
    pub(super) json: bool,
    /// Write the JSON lines to this file as well, as they come [default: to none]
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
}

impl GpuOptions {
    /// Steps to time.
    pub(super) fn steps(&self) -> usize {
        self.steps.unwrap_or(20)
    }

    /// Refuses options of sections that aren't done.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let options_of_sections: [(&[Section], _, _); 3] = [
            (&[Section::Steps], "--steps", self.steps.is_some()),
            (&[Section::Steps], "--python", self.python.is_some()),
            (
                &[Section::Training, Section::Search],
                "--cifar",
                self.cifar.is_some(),
            ),
        ];
        for (sections, option, given) in options_of_sections {
            if !sections
                .iter()
                .any(|section| self.sections.contains(section))
            {
                let names: Vec<String> = sections.iter().map(|section| section.name()).collect();
                let when = format!("without {} in --sections", names.join(" or "));
                refuse_ignored(&when, &[(option, given)])?;
            }
        }
        Ok(())
    }
}
