//! Training image classifiers: the evaluator of a network search, and full training.
//!
//! [`TrainingEvaluator`] decodes a genotype to a network, trains it on the training images and
//! returns its accuracy on validation images that are held out of them. The test images are not
//! part of it: they are for [`Trainer::evaluate`] once the search is over.
//!
//! Both take one [`Trainer`], for any [`ImageClassifier`]. [`Training`] is a training between two
//! epochs, to be saved and gone on with.

mod checkpoint;
mod classifier;
mod config;
mod device_images;
mod draw_weights;
mod evaluator;
mod full;
pub mod images;
mod step_times;
mod trained;
mod trainer;

pub use checkpoint::CheckpointError;
pub use classifier::{CellDecoder, Decoder, ImageClassifier};
pub use config::{
    Augmentation, InvalidTrainingConfig, OptimizerSettings, Preset, Schedule, TrainingConfig,
    UnknownPreset,
};
pub use device_images::DeviceImages;
pub use draw_weights::draw_weights;
pub use evaluator::{EvaluatorError, TrainingEvaluator};
pub use evonas_kernels::{DeviceError, DeviceName, Devices};
pub use full::{FullTraining, train_fully};
pub use step_times::StepTimes;
pub use trained::{ClassifierError, Prediction, TrainedClassifier};
pub use trainer::{
    Epoch, MovingAverage, Progress, RmsProp, RmsPropState, Trainer, Training, TrainingError,
};
