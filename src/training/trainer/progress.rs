//! What a training reports while it runs.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::training::TrainingError;

/// A pass over the training examples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Epoch {
    /// Its number, from 1.
    pub number: usize,
    /// The mean loss of its steps, without the auxiliary head's.
    pub loss: f64,
    /// The task's first metric over its examples, just before the network learned from them: for images, the share of
    /// the augmented images that it classified correctly, from 0 to 1.
    #[serde(alias = "accuracy")]
    pub metric: f64,
    /// The learning rate of its last step.
    pub learning_rate: f64,
    /// The same metric over held-out examples after the epoch, if
    /// [`Training::validate`](super::Training::validate) measured it.
    #[serde(default, alias = "validation_accuracy")]
    pub validation_metric: Option<f64>,
}

/// The progress that a watcher receives.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// A step is done, or under way on the device.
    Step {
        /// Its epoch, from 1.
        epoch: usize,
        /// Its number in the epoch, from 1.
        step: usize,
        /// Steps in an epoch.
        steps: usize,
    },
    /// An epoch is over.
    Epoch(Epoch),
    /// A batch has been evaluated, or is under way on the device.
    Evaluation {
        /// Examples evaluated so far.
        examples: usize,
        /// All examples of the evaluation.
        of: usize,
    },
}

/// Receives the progress of a training or an evaluation, and decides whether it continues.
///
/// A watcher that breaks ends it with [`TrainingError::Stopped`].
pub type TrainingWatcher<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;

impl Progress {
    /// A watcher that ignores all progress and never stops: pass `&mut Progress::ignore`.
    pub const fn ignore(self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Tells a watcher, who may stop the training or the evaluation.
pub(super) fn tell(
    watch: &mut TrainingWatcher<'_>,
    progress: Progress,
) -> Result<(), TrainingError> {
    match watch(progress).is_break() {
        true => Err(TrainingError::Stopped),
        false => Ok(()),
    }
}
