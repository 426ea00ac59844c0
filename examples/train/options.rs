//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use evonas::training::{DeviceName, Preset};

use crate::data::DataOptions;
use crate::settings::{NetworkSettings, TrainingSettings};

fn preset(name: &str) -> Result<Preset, String> {
    Preset::ALL
        .into_iter()
        .find(|preset| preset.to_string() == name)
        .ok_or_else(|| format!("'{name}' is not a preset; choose search, cifar or imagenet"))
}

#[derive(Parser)]
#[command(
    about = "Train a cell network in full, evaluate it, or predict with it",
    version,
    args_conflicts_with_subcommands = true
)]
pub struct CommandLine {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub train: TrainOptions,
}

#[derive(Subcommand)]
pub enum Command {
    /// The accuracy of trained weights on the test images of a data set
    Evaluate(EvaluateOptions),
    /// What trained weights say of the images in a folder
    Predict(PredictOptions),
}

#[derive(Args)]
pub struct TrainOptions {
    #[command(flatten)]
    pub data: DataOptions,
    /// A published genotype, a genotype's text, or a file that holds one (a search's best.json)
    #[arg(long, default_value = "amoebanet-a")]
    pub genotype: String,
    /// Use only so many training images (of each class its share)
    #[arg(long)]
    pub limit: Option<usize>,
    /// Hold this share of the training images out, and measure the network on them after every epoch
    #[arg(long, value_name = "SHARE")]
    pub validation: Option<f64>,
    /// The paper's settings: search, cifar or imagenet; what is given beside it takes its place
    #[arg(long, default_value = "search", value_parser = preset)]
    pub preset: Preset,
    #[command(flatten)]
    pub network: NetworkSettings,
    #[command(flatten)]
    pub training: TrainingSettings,
    /// The seed of the validation images, weights, order, augmentation and drop path
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// auto, cpu, cuda, cuda:N or wgpu
    #[arg(long, default_value = "auto")]
    pub device: DeviceName,
    /// Keep checkpoint, weights and learning curves in this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on with the training in --out, or begin one
    #[arg(long, requires = "out")]
    pub resume: bool,
    /// No progress, no report
    #[arg(long)]
    pub quiet: bool,
    /// Print the result as one JSON object on the last line
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct EvaluateOptions {
    #[command(flatten)]
    pub data: DataOptions,
    /// The weights, .safetensors or .bpk
    #[arg(long, value_name = "FILE")]
    pub weights: PathBuf,
    /// auto, cpu, cuda, cuda:N or wgpu
    #[arg(long, default_value = "auto")]
    pub device: DeviceName,
    /// Print the result as one JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct PredictOptions {
    /// A folder of images; they are resized to what the network takes
    #[arg(long, value_name = "DIR")]
    pub images: PathBuf,
    /// The weights, .safetensors or .bpk
    #[arg(long, value_name = "FILE")]
    pub weights: PathBuf,
    /// auto, cpu, cuda, cuda:N or wgpu
    #[arg(long, default_value = "auto")]
    pub device: DeviceName,
    /// Print one JSON object for each image
    #[arg(long)]
    pub json: bool,
}
