//! `evonas bench`: what a training step, the engine and a GPU cost, and whether devices agree.

mod agreement;
mod engine;
mod gpu;
mod random_batch;
mod step;
mod step_times;

pub use self::agreement::Agreement;

use clap::{Args, Subcommand};

use self::engine::EngineOptions;
use self::gpu::GpuOptions;
use self::step::StepOptions;
use crate::Failure;

/// Measure training steps, the search engine, or a GPU
#[derive(Args)]
#[command(after_help = "\
Examples:
  evonas bench step --cells 3 --filters 24 --batch 128
  evonas bench gpu --device cuda --record figures.jsonl")]
pub(crate) struct BenchOptions {
    #[command(subcommand)]
    what: Measurement,
}

// The documentation of each variant's options is its help.
#[derive(Subcommand)]
enum Measurement {
    Step(StepOptions),
    Engine(EngineOptions),
    Gpu(GpuOptions),
}

impl BenchOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        match &self.what {
            Measurement::Step(options) => options.run(),
            Measurement::Engine(options) => options.run(),
            Measurement::Gpu(options) => options.run(),
        }
    }
}
