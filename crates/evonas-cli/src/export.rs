//! `evonas export` and `evonas import`: trained networks for other programs, and back.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use evonas::export::pytorch;
use evonas::training::{DeviceName, TrainedClassifier};

use crate::Failure;
use crate::output::print_line;

/// Write a trained network for other programs, which don't need evonas
///
/// For PyTorch, DIR has a program that needs torch alone (model.py), the weights, the configuration and a model card, as
/// on the Hugging Face Hub: python DIR/model.py image.png classifies, and model.load() gives an nn.Module.
#[derive(Args)]
#[command(after_help = "\
Examples:
  evonas export --format pytorch --weights found/best.safetensors --out amoebanet
  evonas export --format pytorch --weights trained/weights.safetensors --out model && python model/model.py cat.png")]
pub(crate) struct ExportOptions {
    /// For which program
    #[arg(long, value_enum)]
    format: ExportFormat,
    /// The weights, a .safetensors or .bpk file of evonas train or evonas search
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,
    /// The folder to write to; files of the same names are replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ExportFormat {
    /// PyTorch code and safetensors
    Pytorch,
}

impl ExportOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let classifier = TrainedClassifier::load(&self.weights, &DeviceName::Cpu.open()?)?;
        match self.format {
            ExportFormat::Pytorch => pytorch::write(&classifier, &self.out)?,
        }
        Ok(())
    }
}

/// Take a network back that evonas export wrote and PyTorch trained
///
/// DIR has the config.json that was exported, and as model.safetensors the state dict of the network, in any precision.
#[derive(Args)]
#[command(after_help = "\
Examples:
  evonas import --from amoebanet --out amoebanet.safetensors
  evonas import --from model --out back.bpk && evonas predict --weights back.bpk --images photos")]
pub(crate) struct ImportOptions {
    /// The folder of evonas export --format pytorch
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The file of weights to write, .safetensors or .bpk; an existing one is replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl ImportOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let classifier = pytorch::read(&self.from, &DeviceName::Cpu.open()?)?;
        classifier.save(&self.out)?;
        print_line(format_args!("{}", classifier.network.genotype()))
    }
}
