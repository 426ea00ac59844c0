//! A trained network with what it takes to use it.

use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};
use serde::{Deserialize, Serialize};

use super::ImageClassifier;
use super::device_images::DevicePixels;
use super::images::{ChannelStatistics, LabeledImages, UnlabeledImages};
use crate::network::{CellNetwork, ImageShape, WeightsError};

/// The metadata entry that says how images are normalised and what the classes are called.
const NOTE: &str = "evonas.classifier";

/// Images in a batch of predictions.
const BATCH: usize = 64;

/// A trained network, how the images that it takes are normalised, and the names of its classes: one
/// file of weights rebuilds all of it.
#[derive(Clone, Debug)]
pub struct TrainedClassifier {
    /// The network.
    pub network: CellNetwork,
    /// The means and deviations of its training images.
    pub statistics: ChannelStatistics,
    /// The name of each class, where known.
    pub class_names: Option<Vec<String>>,
}

/// What a network says of an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The likeliest class.
    pub class: usize,
    /// Its probability by the network, from 0 to 1.
    pub probability: f64,
}

/// Why a trained classifier can't be kept, rebuilt or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClassifierError {
    /// The file of weights can't be written or read.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The file holds weights, but doesn't say how images are normalised.
    #[error("{} doesn't say how its network's images are normalised: {reason}", path.display())]
    NoStatistics {
        /// The file.
        path: PathBuf,
        /// What is amiss.
        reason: String,
    },
    /// The images are not what the network takes.
    #[error(
        "the images are {}x{}x{} (channels x height x width), and the network takes {}x{}x{}",
        found.channels, found.height, found.width, wanted.channels, wanted.height, wanted.width
    )]
    OtherImages {
        /// The images' size.
        found: ImageShape,
        /// What the network was built for.
        wanted: ImageShape,
    },
    /// The images are of another number of classes.
    #[error("the images are of {found} classes, and the network tells {wanted} apart")]
    OtherClasses {
        /// The images' classes.
        found: usize,
        /// The network's.
        wanted: usize,
    },
    /// The network's outputs are NaN or infinite.
    #[error("the network's outputs are not finite: its training has diverged")]
    NotFinite,
    /// A class is another one than in the training.
    #[error(
        "class {class} of the images is {}, and the network was trained on {}",
        quoted(found.as_deref()), quoted(wanted.as_deref())
    )]
    OtherClassNames {
        /// The first class that differs.
        class: usize,
        /// Its name among the images, if there is such a class.
        found: Option<String>,
        /// Its name in the training, if there was such a class.
        wanted: Option<String>,
    },
}

fn quoted(name: Option<&str>) -> String {
    name.map_or_else(|| "missing".to_owned(), |name| format!("\"{name}\""))
}

#[derive(Serialize, Deserialize)]
struct Note {
    /// Mean and deviation of each channel, of pixels from 0 to 1.
    channels: Vec<(f32, f32)>,
    class_names: Option<Vec<String>>,
}

impl TrainedClassifier {
    /// Writes it to a file, as [`CellNetwork::save`] does; [`CellNetwork::load`] reads it too.
    ///
    /// # Errors
    /// [`ClassifierError::Weights`] if the extension is unknown or the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), ClassifierError> {
        let note = Note {
            channels: self.statistics.channels().to_vec(),
            class_names: self.class_names.clone(),
        };
        let note = serde_json::to_string(&note).expect("numbers and texts have a JSON form");
        self.network
            .save_noted(path.as_ref(), &[(NOTE, note)])
            .map_err(ClassifierError::from)
    }

    /// Rebuilds what [`TrainedClassifier::save`] wrote.
    ///
    /// # Errors
    /// [`ClassifierError`] if the file can't be read, holds another network than it says, or says
    /// nothing of images and classes.
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, ClassifierError> {
        let path = path.as_ref();
        let (network, metadata) = CellNetwork::load_noted(path, device)?;
        let failed = |reason: String| ClassifierError::NoStatistics {
            path: path.to_owned(),
            reason,
        };
        let note = metadata
            .get(NOTE)
            .ok_or_else(|| failed(format!("it has no entry {NOTE}")))?;
        let note: Note = serde_json::from_str(note).map_err(|error| failed(error.to_string()))?;
        let channels = network.config().image.channels;
        if note.channels.len() != channels {
            let found = note.channels.len();
            return Err(failed(format!(
                "it has means of {found} channels, and the network takes {channels}"
            )));
        }
        let statistics = ChannelStatistics::from_channels(note.channels)
            .ok_or_else(|| failed("a mean or deviation of a channel can't be".to_owned()))?;
        Ok(Self {
            network,
            statistics,
            class_names: note.class_names,
        })
    }

    /// What the network says of each image.
    ///
    /// # Errors
    /// [`ClassifierError::OtherImages`] if they have another size than the network was built for, and
    /// [`ClassifierError::NotFinite`] if its outputs are not finite.
    pub fn predict(&self, images: &UnlabeledImages) -> Result<Vec<Prediction>, ClassifierError> {
        self.predict_pixels(images.shape(), images.pixels())
    }

    /// The share of the images that it classifies correctly, from 0 to 1.
    ///
    /// # Errors
    /// [`ClassifierError::OtherImages`] and [`ClassifierError::OtherClasses`] if they have another
    /// size, or are of another number of classes, than the network was built for,
    /// [`ClassifierError::NotFinite`] if its outputs are not finite. What the classes are called is not compared: see [`TrainedClassifier::check_classes`].
    pub fn accuracy(&self, images: &LabeledImages) -> Result<f64, ClassifierError> {
        self.check_images(images)?;
        let predictions = self.predict_pixels(images.shape(), images.pixels())?;
        let hits = predictions
            .iter()
            .zip(images.labels())
            .filter(|(prediction, label)| prediction.class == usize::from(**label));
        Ok(hits.count() as f64 / images.len().max(1) as f64)
    }

    /// Whether the network takes images of this size and number of classes.
    ///
    /// # Errors
    /// [`ClassifierError::OtherImages`] or [`ClassifierError::OtherClasses`].
    pub fn check_images(&self, images: &LabeledImages) -> Result<(), ClassifierError> {
        let config = self.network.config();
        let (found, wanted) = (images.shape(), config.image);
        if found != wanted {
            return Err(ClassifierError::OtherImages { found, wanted });
        }
        let (found, wanted) = (images.classes(), config.classes);
        if found != wanted {
            return Err(ClassifierError::OtherClasses { found, wanted });
        }
        Ok(())
    }

    /// Whether a data set has this classifier's classes in its order, as far as both have names.
    ///
    /// # Errors
    /// [`ClassifierError::OtherClassNames`] with the first that differs.
    pub fn check_classes(&self, names: Option<&[String]>) -> Result<(), ClassifierError> {
        let (Some(own), Some(names)) = (&self.class_names, names) else {
            return Ok(());
        };
        let most = own.len().max(names.len());
        let name = |names: &[String], class| names.get(class).cloned();
        match (0..most).find(|&class| own.get(class) != names.get(class)) {
            None => Ok(()),
            Some(class) => Err(ClassifierError::OtherClassNames {
                class,
                found: name(names, class),
                wanted: name(own, class),
            }),
        }
    }

    /// `pixels`: `[images, channels, height, width]`, flattened.
    fn predict_pixels(
        &self,
        found: ImageShape,
        pixels: &[u8],
    ) -> Result<Vec<Prediction>, ClassifierError> {
        let wanted = self.network.config().image;
        if found != wanted {
            return Err(ClassifierError::OtherImages { found, wanted });
        }
        let network = self.network.valid();
        let device = network.devices().into_iter().next().unwrap_or_default();
        let images = DevicePixels::new(pixels, found, &self.statistics, &device);
        let indices: Vec<usize> = (0..images.len()).collect();
        let mut predictions = Vec::with_capacity(indices.len());
        for batch in indices.chunks(BATCH) {
            predictions.extend(read(&network, images.batch(batch)));
        }
        if predictions.iter().any(|made| !made.probability.is_finite()) {
            return Err(ClassifierError::NotFinite);
        }
        Ok(predictions)
    }

    /// The name of a class; its number if it has none.
    #[must_use]
    pub fn class_name(&self, class: usize) -> String {
        let names = self.class_names.as_ref();
        match names.and_then(|names| names.get(class)) {
            Some(name) => name.clone(),
            None => class.to_string(),
        }
    }
}

fn read<M: ImageClassifier>(network: &M, inputs: Tensor<4>) -> Vec<Prediction> {
    let probabilities = activation::softmax(network.logits(inputs), 1);
    let (highest, classes) = probabilities.max_dim_with_indices(1);
    let highest = highest.into_data();
    let classes = classes.into_data();
    let pairs = classes.iter::<i64>().zip(highest.iter::<f64>());
    pairs
        .map(|(class, probability)| Prediction {
            class: usize::try_from(class).unwrap_or(0),
            probability,
        })
        .collect()
}
