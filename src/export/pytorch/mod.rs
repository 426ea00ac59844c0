//! A network as a folder for PyTorch, laid out as on the Hugging Face Hub.
//!
//! | file | what it has |
//! |---|---|
//! | `model.py` | the network, its cells as classes; it needs PyTorch alone, and classifies images when it is run |
//! | `model.safetensors` | the weights and running statistics, in single precision |
//! | `config.json` | the shape and normalization of images, the names of the classes, and the genotype |
//! | `README.md` | the model card |
//!
//! `python model.py image.png` prints the class of an image; in a program, `model.load()` gives the network, an
//! `nn.Module`. It also trains: drop path follows `network.set_progress`, and with an auxiliary head the output in
//! training is a pair. Two things differ there: PyTorch's running variance is that of a sample (divided by `n - 1`), and
//! convolutions are in the precision of PyTorch's tensors, also of a network that computes in bfloat16 here.
//!
//! [`read`] takes the folder back, with weights that were trained there in the meantime (`torch.save` isn't read; save with
//! `save_file` of `model.py` or of the package safetensors).
//!
//! ```no_run
//! use burn::tensor::Device;
//! use evonas::export::pytorch;
//! use evonas::training::TrainedClassifier;
//!
//! let classifier = TrainedClassifier::load("found/best.safetensors", &Device::flex())?;
//! pytorch::write(&classifier, "amoebanet")?;
//! let back = pytorch::read("amoebanet", &Device::flex())?;
//! # drop(back);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod card;
mod operations;
mod source;

use std::fs;
use std::path::Path;

use burn::tensor::Device;

use super::config::{Config, DescribedClassifier};
use super::error::ExportError;
use crate::network::{CellNetwork, NetworkPlan};
use crate::replace_file;
use crate::training::TrainedClassifier;

/// The file with the weights.
const WEIGHTS: &str = "model.safetensors";

/// The file that describes the network.
const CONFIG: &str = "config.json";

/// Writes a classifier to a folder, which is made if it isn't there. Existing files of these names are replaced.
///
/// # Errors
/// [`ExportError`] if a file can't be written.
pub fn write(classifier: &TrainedClassifier, folder: impl AsRef<Path>) -> Result<(), ExportError> {
    let folder = folder.as_ref();
    let network = &classifier.network;
    let plan = NetworkPlan::new(network.genotype(), network.config())?;
    let texts = [
        ("model.py", source::source(&plan, network.genotype())),
        (CONFIG, Config::of(classifier).to_text()),
        ("README.md", card::card(classifier, &plan)),
    ];
    fs::create_dir_all(folder).map_err(ExportError::write(folder))?;
    for (name, text) in texts {
        let path = folder.join(name);
        replace_file::write(&path, text).map_err(ExportError::write(&path))?;
    }
    // Last, so that a folder with weights is whole.
    network.save_for_pytorch(&folder.join(WEIGHTS))?;
    Ok(())
}

/// Reads a folder that [`write`](fn@write) wrote, with the weights that it has now.
///
/// # Errors
/// [`ExportError`] if a file can't be read, `config.json` wasn't written by this crate, or the weights don't fit the
/// network that it describes: the first parameter that differs is named.
pub fn read(folder: impl AsRef<Path>, device: &Device) -> Result<TrainedClassifier, ExportError> {
    let folder = folder.as_ref();
    let config = DescribedClassifier::read(&folder.join(CONFIG))?;
    let weights = folder.join(WEIGHTS);
    let settings = config.network(device);
    let network = CellNetwork::load_from_pytorch(config.genotype(), &settings, &weights, device)?;
    Ok(config.classifier(network))
}
