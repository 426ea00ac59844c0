//! `evonas bench gpu`: checks a GPU, and measures it. Whether it computes what the CPU does, how long steps
//! take, how much memory they need, what a search reaches in a given time, how many trials run side by side,
//! and whether a search survives a full device.

mod caught;
mod memory;
mod options;
mod parity;
mod report;
mod search;
mod steps;
mod workers;

pub(super) use self::options::GpuOptions;

use std::fs::File;

use burn::tensor::Device;

use self::caught::caught;
use self::options::Section;
use self::report::Report;
use crate::Failure;
use crate::output::print_line;

impl GpuOptions {
    /// Runs every section, also after one that failed or panicked.
    pub(in crate::bench) fn run(&self) -> Result<(), Failure> {
        self.check()?;
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
