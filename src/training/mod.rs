//! Training networks, as the evaluator of a search or in full.
//!
//! [`TrainingEvaluator`] decodes a genotype to a network, trains it on training images and returns
//! its accuracy on held-out validation images. It doesn't see the test images, which are for
//! [`Trainer::evaluate`] once the search is over.
//!
//! [`train_fully`] trains a network that was found. [`Training`] does it one epoch at a time, and
//! can be saved and resumed. All of them take a [`Trainer`] with a [`TrainingConfig`], and train any
//! [`ImageClassifier`].
//!
//! What a network learns is a [`Task`]: classifying images is one, and your own may be any other.

mod checkpoint;
mod classification;
mod classifier;
mod config;
mod device_images;
mod draw_weights;
mod error;
mod evaluator;
mod full;
pub mod images;
mod inherited_weights;
mod latency;
mod multi_label;
mod proxies;
#[cfg(feature = "train")]
mod supervised;
mod task;
mod trained;
mod trainer;
mod trial_files;

pub use checkpoint::CheckpointError;
pub use classifier::{CellDecoder, Decoder, ImageClassifier};
pub use config::{Augmentation, LargePadding, OptimizerSettings, Preset, Schedule, TrainingConfig};
pub use device_images::DeviceImages;
pub use draw_weights::draw_weights;
pub use error::TrainingError;
pub use evaluator::{
    ImagesToEvaluate, PreparedNetwork, TasksToEvaluate, TrainingEvaluator,
    TrainingEvaluatorBuilder, TrainingHook,
};
pub use evonas_kernels::{DeviceError, DeviceName, Devices, StepTensor};
pub use full::{FullTraining, train_fully};
pub use inherited_weights::InheritedWeights;
pub use latency::Latency;
pub use multi_label::MultiLabelTask;
pub use proxies::{GradientNorm, JacobianCovariance, MiniBatch, Synflow};
#[cfg(feature = "train")]
pub use supervised::{ImageBatch, ImageLoader};
pub use task::{RecordedBatch, StepLoss, Task};
pub use trained::{ClassifierError, Prediction, TrainedClassifier};
pub use trainer::{
    CustomOptimizer, Epoch, Learner, MovingAverage, Progress, RmsProp, RmsPropState, Sgd, SgdState,
    StepResult, Trainer, Training, TrainingWatcher,
};
