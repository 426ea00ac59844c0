//! The settings by name.

use super::{Augmentation, OptimizerSettings, Schedule, TrainingConfig};

impl TrainingConfig {
    /// Sets the number of passes over the training images.
    #[must_use]
    pub const fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// Sets the number of images per step.
    #[must_use]
    pub const fn batch_size(mut self, images: usize) -> Self {
        self.batch_size = images;
        self
    }

    /// Sets the learning rate at the start of the schedule.
    #[must_use]
    pub const fn learning_rate(mut self, rate: f64) -> Self {
        self.learning_rate = rate;
        self
    }

    /// Sets how the learning rate falls.
    #[must_use]
    pub const fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Sets the epochs, possibly a fraction of one, over which the learning rate rises linearly to
    /// its starting value.
    #[must_use]
    pub const fn warm_up_epochs(mut self, epochs: f64) -> Self {
        self.warm_up_epochs = epochs;
        self
    }

    /// Sets the least share of the starting rate during a warm-up that begins at 0; `None` begins with the first step.
    #[must_use]
    pub fn warm_up_floor(mut self, share: impl Into<Option<f64>>) -> Self {
        self.warm_up_floor = share.into();
        self
    }

    /// Sets the optimizer.
    #[must_use]
    pub const fn optimizer(mut self, optimizer: OptimizerSettings) -> Self {
        self.optimizer = optimizer;
        self
    }

    /// Sets the L2 weight decay.
    #[must_use]
    pub const fn weight_decay(mut self, decay: f64) -> Self {
        self.weight_decay = decay;
        self
    }

    /// Sets whether batch norm's parameters and biases decay too.
    #[must_use]
    pub const fn decay_all(mut self, decay_all: bool) -> Self {
        self.decay_all = decay_all;
        self
    }

    /// Sets the largest L2 norm of the whole gradient; `None` turns clipping off.
    #[must_use]
    pub fn gradient_clipping(mut self, norm: impl Into<Option<f64>>) -> Self {
        self.gradient_clipping = norm.into();
        self
    }

    /// Sets whether weight decay is part of the gradient that is clipped.
    #[must_use]
    pub const fn clip_weight_decay(mut self, clip: bool) -> Self {
        self.clip_weight_decay = clip;
        self
    }

    /// Sets the share of each label that is spread evenly over all classes.
    #[must_use]
    pub const fn label_smoothing(mut self, share: f64) -> Self {
        self.label_smoothing = share;
        self
    }

    /// Sets the decay of the moving average of the weights; `None` turns the average off.
    #[must_use]
    pub fn moving_average(mut self, decay: impl Into<Option<f64>>) -> Self {
        self.moving_average = decay.into();
        self
    }

    /// Sets the random changes to the training images.
    #[must_use]
    pub const fn augmentation(mut self, augmentation: Augmentation) -> Self {
        self.augmentation = augmentation;
        self
    }
}
