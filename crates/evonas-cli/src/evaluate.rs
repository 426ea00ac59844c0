//! `evonas evaluate`: the accuracy of trained weights.

use std::path::PathBuf;

use clap::Args;
use evonas::training::{DeviceName, TrainedClassifier};
use serde_json::json;

use crate::Failure;
use crate::naming::DatasetOptions;
use crate::output::print_line;

/// Measure the accuracy of trained weights on the test images of a data set
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  evonas evaluate --weights trained/weights.safetensors
  evonas evaluate --weights found/best.safetensors --dataset folder --data photos --resize 32x32 --json")]
pub(crate) struct EvaluateOptions {
    #[command(flatten)]
    data: DatasetOptions,
    /// The weights, a .safetensors or .bpk file of evonas train or evonas search
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,
    /// The device to compute on: auto, cpu, cuda, cuda:N or wgpu
    #[arg(long, default_value = "auto")]
    device: DeviceName,
    /// Print the result as one JSON object [default: off]
    #[arg(long)]
    json: bool,
}

impl EvaluateOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let devices = self.device.open_all()?.only_first();
        let classifier = TrainedClassifier::load(&self.weights, &devices.first())?;
        let dataset = self.data.source().read()?;
        let test = dataset.test;
        classifier.check_images(&test)?;
        classifier.check_classes(dataset.class_names.as_deref())?;
        let images = test.len();
        eprintln!("evaluating {images} images on {devices}");
        let accuracy = classifier.accuracy(&test)?;
        if self.json {
            print_line(json!({"test_accuracy": accuracy, "images": images}))
        } else {
            let percent = 100.0 * accuracy;
            print_line(format!("test accuracy: {percent:.2} % of {images} images"))
        }
    }
}
