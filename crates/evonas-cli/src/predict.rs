//! `evonas predict`: classifies images with trained weights.

use std::path::PathBuf;

use clap::Args;
use evonas::report::{note, printable_line};
use evonas::training::images::{ImageFolder, ImageLimits, ImageSize};
use evonas::training::{DeviceName, TrainedClassifier};
use serde_json::json;

use crate::Failure;
use crate::naming::{DatasetName, RaisedLimit};
use crate::output::print_line;

/// Classify the images in a folder with trained weights
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  evonas predict --weights trained/weights.safetensors --images photos
  evonas predict --weights found/best.safetensors --images photos --json")]
pub(crate) struct PredictOptions {
    /// A folder of PNG and JPEG files; they are resized to the size that the network takes
    #[arg(long, value_name = "DIR")]
    images: PathBuf,
    /// The weights, a .safetensors or .bpk file of evonas train or evonas search
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,
    /// Raise a limit of what the images may have: split_bytes (of the pixels of all of them), image_bytes (of a file, and
    /// of its pixels before it is resized) or image_side (its rows and columns); may be given several times [default:
    /// split_bytes=17179869184, image_bytes=268435456, image_side=32768]
    #[arg(long = "data-limit", value_name = "NAME=N", value_parser = RaisedLimit::<ImageLimits>::parse)]
    limits: Vec<RaisedLimit<ImageLimits>>,
    /// The device to compute on: auto, cpu, cuda, cuda:N or wgpu
    #[arg(long, default_value = "auto")]
    device: DeviceName,
    /// Print one JSON object for each image [default: off]
    #[arg(long)]
    json: bool,
}

impl PredictOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        DatasetName::Folder.check_limits(&self.limits)?;
        let devices = self.device.open_all()?.only_first();
        let classifier = TrainedClassifier::load(&self.weights, &devices.first())?;
        let wanted = classifier.network.config().image;
        let images = ImageFolder::new(&self.images)
            .limits(RaisedLimit::applied(&self.limits, ImageLimits::default()))
            .resize(ImageSize {
                height: wanted.height,
                width: wanted.width,
            })
            .gray(wanted.channels == 1)
            .read_unlabeled()?;
        note(format_args!(
            "classifying {} images on {devices}",
            images.files().len()
        ));
        let predictions = classifier.predict(&images)?;
        for (name, prediction) in images.files().iter().zip(predictions) {
            let class = classifier.class_name(prediction.class);
            let probability = prediction.probability;
            if self.json {
                let name = name.display().to_string();
                print_line(json!({"image": name, "class": class, "probability": probability}))?;
            } else {
                let percent = 100.0 * probability;
                let (name, class) = (printable_line(name.display()), printable_line(class));
                print_line(format!("{name}: {class} ({percent:.1} %)"))?;
            }
        }
        Ok(())
    }
}
