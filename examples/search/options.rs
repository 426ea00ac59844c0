//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use evonas::search::Duplicates;
use evonas::search::journal::SyncPolicy;
use evonas::training::DeviceName;

use crate::data::DataOptions;

#[derive(Parser)]
#[command(about = "Evolve an image classifier by regularized evolution", version)]
pub struct Options {
    #[command(flatten)]
    pub data: DataOptions,
    /// Use only so many training images (as many of each class as its share)
    #[arg(long)]
    pub limit: Option<usize>,
    /// The search space: SP-I has eight operations, SP-II nineteen, SP-III twice as many pairs as well
    #[arg(long, value_enum, default_value = "sp1")]
    pub space: Space,
    /// Population size P
    #[arg(long, default_value_t = 25)]
    pub population: usize,
    /// Sample size S of a tournament
    #[arg(long, default_value_t = 8)]
    pub sample: usize,
    /// Trials in all, the initial population included
    #[arg(long, default_value_t = 100)]
    pub trials: u64,
    /// Trials at the same time; on the CPU the number of cores if not given
    #[arg(long, conflicts_with = "workers_per_device")]
    pub workers: Option<usize>,
    /// Trials at the same time on each device; on GPUs 1 if neither is given
    #[arg(long)]
    pub workers_per_device: Option<usize>,
    /// The root seed
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Normal cells per stack N
    #[arg(long, default_value_t = 1)]
    pub cells: usize,
    /// Filters F of the first stack
    #[arg(long, default_value_t = 4)]
    pub filters: usize,
    /// Epochs of a trial
    #[arg(long, default_value_t = 1)]
    pub epochs: usize,
    /// Epochs of the final training; twelve times those of a trial if not given
    #[arg(long)]
    pub final_epochs: Option<usize>,
    /// Images in a step
    #[arg(long, default_value_t = 32)]
    pub batch: usize,
    /// Learning rate that the cosine schedule starts with
    #[arg(long, default_value_t = 0.1)]
    pub learning_rate: f64,
    /// auto, cpu, cuda (all CUDA devices), cuda:N or wgpu
    #[arg(long, default_value = "auto")]
    pub device: DeviceName,
    /// The search algorithm
    #[arg(long, value_enum, default_value = "aging")]
    pub algorithm: AlgorithmName,
    /// Also report the best of as many random genotypes
    #[arg(long)]
    pub baseline: bool,
    /// Record the search in this folder, and keep the network of the final training there
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on with the search in --out, up to --trials, or begin one
    #[arg(long, requires = "out")]
    pub resume: bool,
    /// When the journal is forced to the disk: never, always, or every N lines
    #[arg(long, value_name = "never|always|N", default_value = "never")]
    pub sync: SyncPolicy,
    /// Seconds that a trial may take
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// So many failed trials in a row end the search
    #[arg(long, default_value_t = 50)]
    pub max_failures: u64,
    /// What happens to a genotype that comes up again; equal up to the order of its parts
    #[arg(
        long,
        value_name = "allow|reuse|average|redraw:N",
        default_value = "allow"
    )]
    pub duplicates: Duplicates,
    /// Refuse genotypes whose networks have more parameters
    #[arg(long)]
    pub max_parameters: Option<u64>,
    /// End the search when a trial has this validation accuracy, from 0 to 1
    #[arg(long)]
    pub target: Option<f64>,
    /// End unpromising trials early, by the losses of their epochs
    #[arg(long, value_enum, default_value = "none")]
    pub stopper: StopperName,
    /// Begin with these genotypes: a published name, a text, a file, or the folder of another search,
    /// whose fittest are taken. A resumed search has those that it began with, whatever is given
    #[arg(long, value_name = "GENOTYPE|DIR")]
    pub warm_start: Vec<String>,
    /// No progress, no report
    #[arg(long)]
    pub quiet: bool,
    /// Print the result as one JSON object on the last line
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Space {
    Sp1,
    Sp2,
    Sp3,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum AlgorithmName {
    Aging,
    NonAging,
    Random,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum StopperName {
    None,
    Median,
    Halving,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|error| format!("{error}"))?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
