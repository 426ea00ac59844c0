//! The options of `evonas train`.

use std::path::PathBuf;

use clap::Args;
use evonas::training::DeviceName;

use super::network_options::NetworkOptions;
use super::training_options::TrainingOptions;
use crate::naming::{DatasetOptions, LockOption, PresetName, RecordOption};
use crate::ranges::{count, seed, share};

/// Train a cell network in full
///
/// With --from, the genotype, data set, network and training settings are those of a search's final training;
/// with the same seed, so is the result. Every other option replaces one of them.
#[derive(Args, Debug)]
#[command(after_help = "\
Files in the folder of --out:
  checkpoint.bpk        the training after its last epoch; --resume continues from it
  epochs.csv            loss, accuracies and learning rate of every epoch
  curves.svg            the same as a drawing
  weights.bpk           the trained network in Burn's format, for evonas evaluate and evonas predict
  weights.safetensors   the trained network in the safetensors format, for these and other programs
  result.json           the result, as --json prints it
  training.lock         locked while a process trains here

Examples:
  evonas train --from found --out trained
  evonas train --genotype amoebanet-a --dataset cifar10 --data cifar-10-batches-bin --preset cifar --out trained")]
pub(crate) struct TrainOptions {
    #[command(flatten)]
    pub(super) data: DatasetOptions,
    /// Take genotype, data set, settings and seed from a search: the folder of its --out, or the best.json
    /// there [default: none]
    #[arg(long, value_name = "FOUND")]
    pub(super) from: Option<PathBuf>,
    /// A published genotype, a genotype's text, or a file that holds one (a search's best.json)
    /// [default: that of --from, or amoebanet-a]
    #[arg(long)]
    pub(super) genotype: Option<String>,
    /// Use this many training images, the same share of each class [default: that of --from, or all]
    #[arg(long, value_name = "IMAGES", value_parser = count)]
    pub(super) limit: Option<usize>,
    /// The seed that chooses the images of --limit [default: that of --from, or --seed]
    #[arg(long, value_name = "SEED", value_parser = seed)]
    pub(super) limit_seed: Option<u64>,
    /// Hold out this share of the training images, from 0 to 1, and measure the accuracy on them after every
    /// epoch [default: none]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(super) validation: Option<f64>,
    /// Start from these settings, fitted to the size of the images [default: those of --from, or search]
    #[arg(long, value_enum)]
    pub(super) preset: Option<PresetName>,
    /// The seed of the validation images, weights, order, augmentation and drop path [default: that of --from,
    /// or 0]
    #[arg(long, value_parser = seed)]
    pub(super) seed: Option<u64>,
    /// The device to train on: auto, cpu, cuda, cuda:N or wgpu
    #[arg(long, default_value = "auto")]
    pub(super) device: DeviceName,
    #[command(flatten)]
    pub(super) record: RecordOption,
    /// Keep checkpoint, weights and learning curves in this folder; the files are listed below [default:
    /// nothing is kept]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) lock: LockOption,
    /// Resume the training in --out, or begin one [default: off; a folder that holds a training is refused]
    #[arg(long, requires = "out")]
    pub(super) resume: bool,
    /// Show no progress and print no report [default: off]
    #[arg(long)]
    pub(super) quiet: bool,
    /// Print the result as one JSON object on the last line [default: off]
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) network: NetworkOptions,
    #[command(flatten)]
    pub(super) training: TrainingOptions,
}
