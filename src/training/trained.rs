//! A trained network with everything needed to use it.

use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};
use serde::{Deserialize, Serialize};

use super::ImageClassifier;
use super::device_images::{DevicePixels, Integers};
use super::images::{ChannelStatistics, LabeledImages, Pixels, UnlabeledImages};
use crate::excerpt::{excerpt, passage, shown};
use crate::network::{CellNetwork, ImageShape, WeightsError};

/// The metadata entry with the [`ClassifierNote`].
const NOTE: &str = "evonas.classifier";

/// Images in a batch of predictions.
const BATCH: usize = 64;

/// A trained network together with the normalization of its images and the names of its classes. One
/// file of weights holds all of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TrainedClassifier {
    /// The network.
    pub network: CellNetwork,
    /// The means and standard deviations of its training images, which normalize its inputs. A byte is an input from 0 to
    /// 1 before that, and a float itself.
    pub statistics: ChannelStatistics,
    /// The name of each class, if known.
    pub class_names: Option<Vec<String>>,
}

/// A network's prediction for an image.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Prediction {
    /// The most likely class.
    pub class: usize,
    /// The probability that the network gives it, from 0 to 1.
    pub probability: f64,
}

/// Why a trained classifier can't be saved, loaded or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClassifierError {
    /// The file of weights can't be written or read.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The file holds weights, but no valid normalization of images.
    #[error(
        "{} doesn't say how to normalize its network's images: {}",
        shown(path),
        passage(reason)
    )]
    NoStatistics {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The images have another shape than the network was built for.
    #[error(
        "the images are {}x{}x{} (channels x height x width), but the network takes {}x{}x{}",
        found.channels, found.height, found.width, wanted.channels, wanted.height, wanted.width
    )]
    OtherImages {
        /// The images' shape.
        found: ImageShape,
        /// The shape that the network was built for.
        wanted: ImageShape,
    },
    /// The images have another number of classes than the network.
    #[error("the images have {found} classes, but the network has {wanted}")]
    OtherClasses {
        /// The images' classes.
        found: usize,
        /// The network's classes.
        wanted: usize,
    },
    /// The network's outputs are NaN or infinite.
    #[error("the network's outputs are not finite: its training diverged")]
    NotFinite,
    /// A class has another name than in training.
    #[error(
        "class {class} of the images is {}, but the network was trained on {}",
        quoted(found.as_deref()), quoted(wanted.as_deref())
    )]
    OtherClassNames {
        /// The first class that differs.
        class: usize,
        /// Its name in the images' data set, if it has such a class.
        found: Option<String>,
        /// Its name in training, if there was such a class.
        wanted: Option<String>,
    },
}

fn quoted(name: Option<&str>) -> String {
    name.map_or_else(
        || "missing".to_owned(),
        |name| format!("\"{}\"", excerpt(name)),
    )
}

#[derive(Serialize, Deserialize)]
struct ClassifierNote {
    /// Mean and standard deviation of each channel, for bytes as numbers from 0 to 1.
    channels: Vec<(f32, f32)>,
    class_names: Option<Vec<String>>,
}

impl TrainedClassifier {
    /// A classifier without class names.
    #[must_use]
    pub const fn new(network: CellNetwork, statistics: ChannelStatistics) -> Self {
        Self {
            network,
            statistics,
            class_names: None,
        }
    }

    /// Sets the names of the classes, if known.
    #[must_use]
    pub fn class_names(mut self, names: impl Into<Option<Vec<String>>>) -> Self {
        self.class_names = names.into();
        self
    }

    /// Writes the classifier to a file of weights, as [`CellNetwork::save`] does.
    /// [`CellNetwork::load`] reads the network from it too.
    ///
    /// # Errors
    /// [`ClassifierError::Weights`] if the extension is unknown or the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), ClassifierError> {
        let note = ClassifierNote {
            channels: self.statistics.channels().to_vec(),
            class_names: self.class_names.clone(),
        };
        let note = serde_json::to_string(&note).expect("numbers and texts have a JSON form");
        self.network
            .save_noted(path.as_ref(), &[(NOTE, note)])
            .map_err(ClassifierError::from)
    }

    /// Reads a classifier that [`TrainedClassifier::save`] wrote.
    ///
    /// # Errors
    /// [`ClassifierError`] if the file can't be read, its weights don't fit the network that it
    /// describes, or it has no statistics of images.
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, ClassifierError> {
        let path = path.as_ref();
        let (network, metadata) = CellNetwork::load_noted(path, device)?;
        let failed = |reason: String| ClassifierError::NoStatistics {
            path: path.to_owned(),
            reason,
        };
        let note = metadata
            .get(NOTE)
            .ok_or_else(|| failed(format!("it has no metadata entry {NOTE}")))?;
        let note: ClassifierNote =
            serde_json::from_str(note).map_err(|error| failed(error.to_string()))?;
        let channels = network.config().image.channels;
        if note.channels.len() != channels {
            let found = note.channels.len();
            return Err(failed(format!(
                "it has the statistics of {found} channels, but the network takes {channels}"
            )));
        }
        let statistics = ChannelStatistics::from_channels(note.channels)
            .ok_or_else(|| failed("the mean or deviation of a channel is invalid".to_owned()))?;
        Ok(Self {
            network,
            statistics,
            class_names: note.class_names,
        })
    }

    /// The network's prediction for each image.
    ///
    /// # Errors
    /// [`ClassifierError::OtherImages`] if the images have another shape than the network was built
    /// for, and [`ClassifierError::NotFinite`] if its outputs are not finite.
    pub fn predict(&self, images: &UnlabeledImages) -> Result<Vec<Prediction>, ClassifierError> {
        self.predict_pixels(images.shape(), Pixels::Bytes(images.pixels()))
    }

    /// The share of the images that the network classifies correctly, from 0 to 1; 0 if there are
    /// none. Class names are not compared: see [`TrainedClassifier::check_classes`].
    ///
    /// # Errors
    /// [`ClassifierError::OtherImages`] or [`ClassifierError::OtherClasses`] if the images have
    /// another shape or number of classes than the network was built for, and
    /// [`ClassifierError::NotFinite`] if its outputs are not finite.
    pub fn accuracy(&self, images: &LabeledImages) -> Result<f64, ClassifierError> {
        self.check_images(images)?;
        let predictions = self.predict_pixels(images.shape(), images.pixels())?;
        let hits = predictions
            .iter()
            .zip(images.labels())
            .filter(|(prediction, label)| prediction.class == usize::from(**label));
        Ok(hits.count() as f64 / images.len().max(1) as f64)
    }

    /// Checks that the network takes images of this shape and number of classes.
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

    /// Checks that a data set has the classes of this classifier in the same order. Passes if either
    /// has no names.
    ///
    /// # Errors
    /// [`ClassifierError::OtherClassNames`] with the first class that differs.
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
        pixels: Pixels<'_>,
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
            let (integers, places) = Integers::of_images(batch);
            let places = integers.on(&images.device()).take(places);
            predictions.extend(read(&network, images.batch(places)));
        }
        if predictions.iter().any(|one| !one.probability.is_finite()) {
            return Err(ClassifierError::NotFinite);
        }
        Ok(predictions)
    }

    /// The name of a class, or its number if it has no name.
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
