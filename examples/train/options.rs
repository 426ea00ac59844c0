//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use evonas::training::images::{DatasetName, ImageSize};
use evonas::training::{DeviceName, Preset};

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
    /// The accuracy of trained weights on the test images
    Evaluate(EvaluateOptions),
    /// What trained weights say of the images in a folder
    Predict(PredictOptions),
}

/// Where images come from.
#[derive(Args)]
pub struct DataOptions {
    /// The images: digits (embedded), idx, cifar10, cifar100, or folder (split/class/*.png or *.jpg)
    #[arg(long, default_value = "digits")]
    pub dataset: DatasetName,
    /// The folder of the data set
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Resize the images of a folder to this height and width
    #[arg(long, value_name = "HxW")]
    pub resize: Option<ImageSize>,
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
    /// Normal cells per stack N
    #[arg(long, default_value_t = 6)]
    pub cells: usize,
    /// Filters F of the first stack
    #[arg(long, default_value_t = 36)]
    pub filters: usize,
    /// The stem's convolution has so many filters, stride 2, and two reduction cells behind it (the
    /// ImageNet stem); the CIFAR stem if not given
    #[arg(long, value_name = "FILTERS")]
    pub imagenet_stem: Option<usize>,
    /// The paper's settings: search, cifar or imagenet; what is given beside it takes its place
    #[arg(long, default_value = "search")]
    pub preset: Preset,
    /// Passes over the training images
    #[arg(long)]
    pub epochs: Option<usize>,
    /// Images in a step
    #[arg(long)]
    pub batch: Option<usize>,
    /// The learning rate that the schedule starts with
    #[arg(long)]
    pub learning_rate: Option<f64>,
    /// Epochs in which the learning rate rises to its start
    #[arg(long)]
    pub warm_up: Option<f64>,
    /// L2 weight decay
    #[arg(long)]
    pub weight_decay: Option<f64>,
    /// Drop path's lowest keep probability; 1 turns it off
    #[arg(long)]
    pub keep_path: Option<f64>,
    /// The weight of the auxiliary head's loss; 0 leaves the head out
    #[arg(long)]
    pub auxiliary: Option<f64>,
    /// Pixels by which training images are moved at random
    #[arg(long, value_name = "PIXELS")]
    pub crop_padding: Option<usize>,
    /// Mirror half of the training images
    #[arg(long, value_name = "true|false")]
    pub flip: Option<bool>,
    /// The side of a square that is cut out of each training image
    #[arg(long, value_name = "PIXELS")]
    pub cutout: Option<usize>,
    /// The decay of the weights' moving average, which is evaluated in their place; 0 for none
    #[arg(long, value_name = "DECAY")]
    pub average: Option<f64>,
    /// Compute convolutions in bfloat16
    #[arg(long)]
    pub bf16: bool,
    /// The seed of weights, order, augmentation and drop path
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
