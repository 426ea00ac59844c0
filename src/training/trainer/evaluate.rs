//! A trainer and its evaluation of networks.

use std::fmt;
use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Tensor;

use super::optimizer::CustomOptimizer;
use super::progress::{Progress, TrainingWatcher, tell};
use crate::network::ImageShape;
use crate::training::{Task, TrainingConfig, TrainingError};

/// Trains and evaluates networks with one configuration, for any [`Task`].
#[derive(Clone)]
pub struct Trainer {
    config: TrainingConfig,
    optimizer: Option<Arc<CustomOptimizer>>,
    records_steps: bool,
}

impl fmt::Debug for Trainer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trainer")
            .field("config", &self.config)
            .field("optimizer", &self.optimizer)
            .field("records_steps", &self.records_steps)
            .finish()
    }
}

impl Trainer {
    /// A trainer with this configuration.
    ///
    /// # Errors
    /// [`TrainingError::InvalidSetting`] with the first setting that is out of range.
    pub fn new(config: TrainingConfig) -> Result<Self, TrainingError> {
        config.validate()?;
        Ok(Self {
            config,
            optimizer: None,
            records_steps: false,
        })
    }

    /// Trains with another optimizer, Burn's or your own, instead of the configuration's. Schedule, clipping and
    /// averaged weights stay, and checkpoints hold its state.
    #[must_use]
    pub fn with_optimizer(mut self, optimizer: CustomOptimizer) -> Self {
        self.optimizer = Some(Arc::new(optimizer));
        self
    }

    /// Lets a device record a training step and repeat it, where it can: on CUDA and WGSL, for
    /// [tasks](Task::recorded_batch) and networks that allow it, with an optimizer that updates all parameters at once (SGD,
    /// RMSProp). A step then costs the host the time of a few launches instead of hundreds. The weights are the same: bit for
    /// bit on WGSL, where it is tested. Off by default; on the CPU it changes nothing.
    ///
    /// While a step is being recorded, a few times in a training at most, no other thread of the process may use the device: it
    /// would be refused memory, or what it reads. So it is for processes that train one network at a time on a device. The
    /// memory of a recorded step stays reserved until the training ends; an epoch whose batches have two sizes has two. Where
    /// that is too much, don't record.
    #[must_use]
    pub const fn record_steps(mut self, record: bool) -> Self {
        self.records_steps = record;
        self
    }

    /// Whether steps are recorded.
    pub(super) const fn records_steps(&self) -> bool {
        self.records_steps
    }

    /// The same trainer with another configuration.
    ///
    /// # Errors
    /// [`TrainingError::InvalidSetting`] with the first setting that is out of range.
    pub(in crate::training) fn with_config(
        &self,
        config: TrainingConfig,
    ) -> Result<Self, TrainingError> {
        let optimizer = self.optimizer.clone();
        Ok(Self {
            optimizer,
            records_steps: self.records_steps,
            ..Self::new(config)?
        })
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &TrainingConfig {
        &self.config
    }

    /// The optimizer that replaces the configuration's, if there is one.
    pub(in crate::training) fn optimizer(&self) -> Option<&CustomOptimizer> {
        self.optimizer.as_deref()
    }

    /// Checks whether `images` images of this shape can be trained on.
    ///
    /// # Errors
    /// [`TrainingError`] if they are fewer than a batch, or if crop padding or cutout could remove
    /// an entire image.
    pub fn check(&self, shape: ImageShape, images: usize) -> Result<(), TrainingError> {
        self.check_count(images)?;
        self.config.augmentation.check(shape)
    }

    /// Checks whether so many of a task's examples can be trained on.
    pub(in crate::training) fn check_task<M: Module, T: Task<M>>(
        &self,
        task: &T,
        examples: usize,
    ) -> Result<(), TrainingError> {
        self.check_count(examples)?;
        task.check(&self.config)
    }

    const fn check_count(&self, examples: usize) -> Result<(), TrainingError> {
        if examples < 2 {
            return Err(TrainingError::TooFewExamples { examples });
        }
        let batch_size = self.config.batch_size;
        if batch_size > examples {
            return Err(TrainingError::BatchTooLarge {
                batch_size,
                examples,
            });
        }
        Ok(())
    }

    /// The first metric of a network over a task's examples of these numbers: for images, the share that it classifies
    /// correctly, from 0 to 1. Without examples, it is 0. Batch norm uses its running statistics.
    ///
    /// # Errors
    /// [`TrainingError::OutputNotFinite`] if the network's outputs are not finite.
    pub fn evaluate<M: Module, T: Task<M>>(
        &self,
        network: &M,
        task: &T,
        examples: &[usize],
    ) -> Result<f64, TrainingError> {
        self.evaluate_watched(network, task, examples, &mut Progress::ignore)
    }

    /// Like [`Trainer::evaluate`]; `watch` is called for every batch.
    ///
    /// # Errors
    /// [`TrainingError::OutputNotFinite`] if the network's outputs are not finite, and
    /// [`TrainingError::Stopped`] if `watch` breaks.
    pub fn evaluate_watched<M: Module, T: Task<M>>(
        &self,
        network: &M,
        task: &T,
        examples: &[usize],
        watch: &mut TrainingWatcher<'_>,
    ) -> Result<f64, TrainingError> {
        let values = self.metrics_watched(network, task, examples, watch)?;
        Ok(values.first().copied().unwrap_or(0.0))
    }

    /// All metrics of a network over a task's examples of these numbers, in the order of [`Task::metrics`]; empty
    /// without examples. `watch` is called for every batch.
    ///
    /// # Errors
    /// [`TrainingError::OutputNotFinite`] if a metric is not finite, and [`TrainingError::Stopped`] if `watch` breaks.
    pub fn metrics_watched<M: Module, T: Task<M>>(
        &self,
        network: &M,
        task: &T,
        examples: &[usize],
        watch: &mut TrainingWatcher<'_>,
    ) -> Result<Vec<f64>, TrainingError> {
        let network = network.valid();
        let mut totals: Option<Tensor<1>> = None;
        let mut done = 0;
        for batch in examples.chunks(self.config.batch_size) {
            let found = task.totals(&network, task.batch(batch));
            totals = Some(match totals {
                Some(sum) => sum + found,
                None => found,
            });
            done += batch.len();
            let progress = Progress::Evaluation {
                examples: done,
                of: examples.len(),
            };
            tell(watch, progress)?;
        }
        let Some(totals) = totals else {
            return Ok(Vec::new());
        };
        let totals: Vec<f64> = totals.into_data().iter().collect();
        let values = task.values(&totals, examples.len());
        match values.iter().all(|value| value.is_finite()) {
            true => Ok(values),
            false => Err(TrainingError::OutputNotFinite),
        }
    }
}
