//! Checks a GPU, and measures it: whether it computes what the CPU does, how long steps take, how
//! much memory they need, what a search reaches in a given time, how many trials go on side by side,
//! and whether a search outlives a full device. One program, for a machine with a card and nothing
//! else. Prints tables, or one JSON object a line with `--json`; `--record FILE` keeps the objects beside
//! the tables.
//!
//!     gpu_check --device cuda --record figures.jsonl
//!     gpu_check --device cuda --sections search --cifar cifar10 --minutes 15

mod memory;
mod parity;
mod search;
mod steps;
mod workers;

use std::error::Error;
use std::fs::File;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;

use burn::tensor::Device;
use clap::{Parser, ValueEnum};
use evonas::training::DeviceName;
use serde_json::{Value, json};

type Failure = Box<dyn Error + Send + Sync>;

/// Check a GPU, and measure it.
#[derive(Parser)]
pub struct Options {
    /// cuda, cuda:N, wgpu or cpu
    #[arg(long, default_value = "cuda")]
    device: DeviceName,
    /// What to do
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Section::ALL)]
    sections: Vec<Section>,
    /// Small networks and few steps: for a first look, or a software device
    #[arg(long)]
    quick: bool,
    /// Steps that are timed
    #[arg(long, default_value_t = 20)]
    steps: usize,
    /// A folder of CIFAR-10 images (train/CLASS/*.jpg) to search on as well
    #[arg(long, value_name = "DIR")]
    cifar: Option<PathBuf>,
    /// How long each search may take
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// Print JSON lines instead of tables
    #[arg(long)]
    json: bool,
    /// Write the JSON lines to a file as well
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Section {
    /// Every operation and whole networks against the CPU
    Parity,
    /// Step times in both precisions, and the memory that they take
    Steps,
    /// Searches for a given time
    Search,
    /// 1 to 8 trials at the same time
    Workers,
    /// A device that is full
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

/// Where figures go.
pub struct Report {
    json: bool,
    record: Option<File>,
    /// The device that was opened.
    device: String,
    is_cpu: bool,
}

impl Report {
    /// A section begins.
    fn title(&self, title: &str) {
        if !self.json {
            println!("\n## {title}");
        }
    }

    /// A figure: the line for people, and the object for programs.
    fn figure(&self, line: &str, object: &Value) {
        if self.json {
            println!("{object}");
        } else {
            println!("{line}");
        }
        if let Some(mut file) = self.record.as_ref()
            && let Err(error) = writeln!(file, "{object}")
        {
            eprintln!("error: the record can't be written: {error}");
        }
    }

    /// Something didn't work out.
    fn failure(&self, check: &str, what: &str, reason: &str) {
        self.figure(
            &format!("{what}: FAILED: {reason}"),
            &json!({"check": check, "what": what, "error": reason, "ok": false}),
        );
    }
}

/// Calls `work`; a panic, as a device's failure is one, becomes an error.
fn caught<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(message.unwrap_or("it panicked").to_owned().into())
    })
}

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every check holds. A section that fails or panics doesn't keep the others from running.
fn run(options: &Options) -> Result<bool, Failure> {
    let devices = options.device.open_all()?;
    let device: Device = devices.first();
    let record = options.record.as_ref().map(File::create).transpose()?;
    let report = Report {
        json: options.json,
        record,
        device: devices
            .to_string()
            .split([' ', ','])
            .next()
            .unwrap_or_default()
            .to_owned(),
        is_cpu: devices.is_cpu(),
    };
    if !options.json {
        println!("on {devices}");
    }
    let mut all_hold = true;
    for section in Section::ALL {
        if !options.sections.contains(&section) {
            continue;
        }
        let outcome = caught(|| match section {
            Section::Parity => parity::check(options, &device, &report),
            Section::Steps => steps::measure(options, &device, &report),
            Section::Search => search::measure(options, &device, &report),
            Section::Workers => workers::measure(options, &device, &report),
            Section::Memory => memory::check(options, &device, &report),
        });
        match outcome {
            Ok(holds) => all_hold &= holds,
            Err(error) => {
                let section = format!("{section:?}").to_lowercase();
                report.failure(&section, &section, &error.to_string());
                all_hold = false;
            }
        }
    }
    Ok(all_hold)
}
