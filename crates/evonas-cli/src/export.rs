//! `evonas export` and `evonas import`: trained networks for other programs, and back.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use evonas::export::onnx::OnnxExport;
use evonas::export::pytorch;
use evonas::training::{DeviceName, TrainedClassifier};

use crate::Failure;
use crate::output::print_line;

/// Write a trained network for other programs, which don't need evonas
///
/// For PyTorch, DIR has a program that needs torch alone (model.py), the weights, the configuration and a model card, as
/// on the Hugging Face Hub: python DIR/model.py image.png classifies, and model.load() gives an nn.Module. For ONNX, it has
/// the network with its weights (model.onnx) and the configuration.
#[derive(Args)]
#[command(after_help = "\
Examples:
  evonas export --format pytorch --weights found/best.safetensors --out amoebanet
  evonas export --format onnx --normalize --fold-batch-norm --weights found/best.safetensors --out amoebanet")]
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
    /// For ONNX: take pixels from 0 to 255, and normalize them in the graph [default: off]
    #[arg(long)]
    normalize: bool,
    /// For ONNX: make batch norm a part of the convolutions [default: off]
    #[arg(long)]
    fold_batch_norm: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ExportFormat {
    /// PyTorch code and safetensors
    Pytorch,
    /// An ONNX file
    Onnx,
}

impl ExportOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let classifier = TrainedClassifier::load(&self.weights, &DeviceName::Cpu.open()?)?;
        match self.format {
            ExportFormat::Pytorch if self.normalize || self.fold_batch_norm => {
                return Err("--normalize and --fold-batch-norm have no effect with --format pytorch: leave them out".into());
            }
            ExportFormat::Pytorch => pytorch::write(&classifier, &self.out)?,
            ExportFormat::Onnx => OnnxExport::new(&classifier)
                .normalize(self.normalize)
                .fold_batch_norm(self.fold_batch_norm)
                .write(&self.out)?,
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
