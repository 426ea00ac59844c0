//! Gradient descent, for the candidates of a search and for full training alike.

mod clipping;
mod evaluate;
mod learner;
mod moving_average;
mod optimizer;
mod progress;
mod recordings;
mod rms_prop;
mod sgd;
mod step_numbers;
mod together;
mod training;

pub use evaluate::Trainer;
pub use learner::{Learner, StepResult};
pub use moving_average::MovingAverage;
pub use optimizer::CustomOptimizer;
pub use progress::{Epoch, Progress, TrainingWatcher};
pub use rms_prop::{RmsProp, RmsPropState};
pub use sgd::{Sgd, SgdState};
pub use training::Training;
#[cfg(feature = "train")]
pub(super) use training::batch_count;
