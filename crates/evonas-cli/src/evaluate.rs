//! `evonas evaluate`: the accuracy of trained weights.

use std::path::PathBuf;

use clap::Args;
use evonas::report::note;
use evonas::training::images::LabeledImages;
use evonas::training::{DeviceName, TrainedClassifier};
use serde_json::json;

use crate::Failure;
use crate::naming::DatasetOptions;
use crate::output::print_line;
use crate::progress_lines::ProgressLines;

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
        let dataset = self.data.location().read()?;
        let test = dataset.test;
        classifier
            .check_images(&test)
            .map_err(|error| match self.data.is_given() {
                true => Failure::from(error),
                false => format!(
                    "{error}; these are the digits, since no --dataset and --data were given"
                )
                .into(),
            })?;
        classifier.check_classes(dataset.class_names.as_deref())?;
        let images = test.len();
        note(format_args!("evaluating {images} images on {devices}"));
        let accuracy = accuracy(&classifier, &test)?;
        if self.json {
            print_line(json!({"test_accuracy": accuracy, "images": images}))
        } else {
            let percent = 100.0 * accuracy;
            print_line(format!("test accuracy: {percent:.2} % of {images} images"))
        }
    }
}

/// Images between two progress updates.
const PART: usize = 512;

/// The share of the images that the network classifies correctly, from 0 to 1.
fn accuracy(classifier: &TrainedClassifier, images: &LabeledImages) -> Result<f64, Failure> {
    let mut progress = ProgressLines::new();
    let indices: Vec<usize> = (0..images.len()).collect();
    let (mut correct, mut done) = (0.0, 0);
    for part in indices.chunks(PART) {
        let share = classifier.accuracy(&images.subset(part)?)?;
        correct += (share * part.len() as f64).round();
        done += part.len();
        progress.show(|| format!("evaluated {done} of {} images", images.len()));
    }
    Ok(correct / images.len().max(1) as f64)
}
