//! Trains a cell network in full, as the paper does with the cells that a search has found, and uses
//! what was trained. Try `--help`, `evaluate --help` and `predict --help`.
//!
//!     cargo run --release --example train -- --genotype amoebanet-a --dataset idx --data DIR \
//!         --cells 1 --filters 8 --epochs 20 --batch 64 --out trained
//!     cargo run --release --example train -- evaluate --dataset idx --data DIR \
//!         --weights trained/weights.safetensors

mod curves;
#[path = "../shared/data.rs"]
mod data;
mod folder;
mod options;
mod run;
#[path = "../shared/say.rs"]
mod say;
mod settings;
#[path = "../shared/stop.rs"]
mod stop;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser as _;
use evonas::network::trainable_parameters;
use evonas::training::TrainedClassifier;
use evonas::training::images::{ImageFolder, ImageSize};
use serde_json::json;

use crate::options::{Command, CommandLine, EvaluateOptions, PredictOptions, TrainOptions};
use crate::run::Run;
use crate::say::say;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let line = CommandLine::parse();
    let result = match &line.command {
        None => train(&line.train),
        Some(Command::Evaluate(options)) => evaluate(options),
        Some(Command::Predict(options)) => predict(options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn train(options: &TrainOptions) -> Result<(), Failure> {
    let devices = options.device.open_all()?.only_first();
    let (run, network) = Run::new(options, &devices)?;
    if !options.quiet {
        if options.out.is_none() {
            eprintln!("nothing of this training is kept: there is no --out");
        }
        eprintln!(
            "{} parameters, on {devices}",
            trainable_parameters(&network)
        );
    }
    let stop = stop::on_request()?;
    let training = run.begin(network)?;
    let Some(training) = run.train(training, &stop)? else {
        return Err(match options.out {
            Some(_) => "stopped; --resume goes on behind the last whole epoch".into(),
            None => "stopped".into(),
        });
    };
    let classifier = run.classifier(&training);
    // Before the network is measured, whatever comes of that; a full disk costs no result either.
    let kept = run.keep_weights(&training, &classifier);
    let result = run.measure(&training, &classifier)?;
    if !options.quiet {
        let accuracy = result["test_accuracy"].as_f64().unwrap_or(f64::NAN);
        say(format!("test accuracy: {:.2} %", 100.0 * accuracy))?;
    }
    if options.json {
        say(&result)?;
    }
    kept?;
    run.keep_result(&result)
}

fn evaluate(options: &EvaluateOptions) -> Result<(), Failure> {
    let devices = options.device.open_all()?.only_first();
    eprintln!("on {devices}");
    let device = devices.first();
    let classifier = TrainedClassifier::load(&options.weights, &device)?;
    let dataset = options.data.read()?;
    let test = dataset.test;
    classifier.check_images(&test)?;
    classifier.check_classes(dataset.class_names.as_deref())?;
    let accuracy = classifier.accuracy(&test)?;
    if options.json {
        say(json!({"test_accuracy": accuracy, "images": test.len()}))?;
    } else {
        let (percent, images) = (100.0 * accuracy, test.len());
        say(format!("test accuracy: {percent:.2} % of {images} images"))?;
    }
    Ok(())
}

fn predict(options: &PredictOptions) -> Result<(), Failure> {
    let devices = options.device.open_all()?.only_first();
    eprintln!("on {devices}");
    let device = devices.first();
    let classifier = TrainedClassifier::load(&options.weights, &device)?;
    let wanted = classifier.network.config().image;
    let images = ImageFolder::new(&options.images)
        .resize(ImageSize {
            height: wanted.height,
            width: wanted.width,
        })
        .gray(wanted.channels == 1)
        .read_unlabeled()?;
    let predictions = classifier.predict(&images)?;
    for (name, prediction) in images.files().iter().zip(predictions) {
        let class = classifier.class_name(prediction.class);
        let probability = prediction.probability;
        if options.json {
            let name = name.display().to_string();
            say(json!({"image": name, "class": class, "probability": probability}))?;
        } else {
            let percent = 100.0 * probability;
            say(format!("{}: {class} ({percent:.1} %)", name.display()))?;
        }
    }
    Ok(())
}
