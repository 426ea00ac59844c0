//! `evonas bench gpu`: checks a GPU, and measures it. Whether it computes what the CPU does, how long steps
//! take beside PyTorch's, how much memory they need, how many trials run side by side, whether a search survives a
//! full device, and what a training and a search reach. The most important comes first, until the time is over.

mod caught;
mod clock;
mod memory;
mod options;
mod parity;
mod plan;
mod pytorch;
mod report;
mod search;
mod steps;
mod training;
mod workers;

pub(super) use self::options::GpuOptions;

use std::fs::File;

use burn::tensor::Device;

use self::caught::caught;
use self::clock::Clock;
use self::plan::{PLAN, Part, Section};
use self::report::Report;
use crate::Failure;
use crate::output::print_line;

/// What every check works with.
struct Bench<'a> {
    options: &'a GpuOptions,
    device: Device,
    clock: Clock,
    report: Report,
}

impl GpuOptions {
    /// Runs every section, also after one that failed or panicked, until the time is over.
    pub(in crate::bench) fn run(&self) -> Result<(), Failure> {
        self.check()?;
        let devices = self.device.open_all()?;
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
        let bench = Bench {
            options: self,
            device: devices.first(),
            clock: Clock::of(self.minutes),
            report,
        };
        let mut all_hold = true;
        for (section, part) in PLAN {
            if self.sections.contains(&section) {
                all_hold &= bench.section(section, part)?;
            }
        }
        match all_hold {
            true => Ok(()),
            false => Err("not every check holds".into()),
        }
    }
}

impl Bench<'_> {
    /// Whether everything in a section holds. What there is no time for holds.
    fn section(&self, section: Section, part: Part) -> Result<bool, Failure> {
        let name = section.name();
        if self.clock.is_over() {
            self.report.left_out(&name, "no time is left")?;
            return Ok(true);
        }
        let outcome = caught(|| match section {
            Section::Parity => parity::check(self, part),
            Section::Steps => steps::measure(self, part),
            Section::Workers => workers::measure(self),
            Section::Memory => memory::check(self),
            Section::Training => training::measure(self),
            Section::Search => search::measure(self),
        });
        match outcome {
            Ok(holds) => Ok(holds),
            Err(error) => {
                self.report.failure(&name, &name, &error.to_string())?;
                Ok(false)
            }
        }
    }
}
