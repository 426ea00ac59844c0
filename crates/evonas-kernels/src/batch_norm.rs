//! Batch norm as a module, with running statistics that a kernel can update in place.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::module::{
    Content, DisplaySettings, Flag, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper,
    ModuleVisitor, Param, ParamId,
};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};

/// Batch norm: parameters, running statistics and numbers, with the names of Burn's module.
///
/// Burn's own module averages the running statistics over threads, which takes operations of its own and a new
/// tensor at every step. These are updated where they lie.
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct BatchNorm {
    /// The factor of each channel, `[channels]`.
    pub gamma: Param<Tensor<1>>,
    /// The summand of each channel, `[channels]`.
    pub beta: Param<Tensor<1>>,
    /// The running mean of each channel.
    pub running_mean: RunningStatistic,
    /// The running variance of each channel.
    pub running_var: RunningStatistic,
    /// Whether the module normalizes by the batch's statistics, on a device with autodiff.
    pub training: Param<Flag>,
    /// The weight of a batch's statistics in the running ones.
    pub momentum: f64,
    /// Added to the variance, under the root.
    pub epsilon: f64,
    /// Whether the running variance averages unbiased estimates: the batch's variance times `n / (n - 1)`, for `n`
    /// values of a channel.
    pub unbiased_variance: bool,
}

impl BatchNorm {
    /// A batch norm of this many channels, with an epsilon of 1e-5, a momentum of 0.1 and biased variances. The
    /// factors and running variances are 1, the summands and running means 0.
    ///
    /// # Panics
    /// If there is no channel.
    #[must_use]
    pub fn new(channels: usize, device: &Device) -> Self {
        assert!(channels > 0, "batch norm has at least one channel");
        Self {
            gamma: Initializer::Ones.init([channels], device),
            beta: Initializer::Zeros.init([channels], device),
            running_mean: RunningStatistic::new(Tensor::zeros([channels], device)),
            running_var: RunningStatistic::new(Tensor::ones([channels], device)),
            training: Param::from_bool(true),
            momentum: 0.1,
            epsilon: 1e-5,
            unbiased_variance: false,
        }
    }

    /// Sets what is added to the variance, under the root.
    ///
    /// # Panics
    /// If it isn't finite and positive.
    #[must_use]
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        assert!(
            epsilon.is_finite() && epsilon > 0.0,
            "epsilon is finite and positive"
        );
        self.epsilon = epsilon;
        self
    }

    /// Sets the weight of a batch's statistics in the running ones.
    ///
    /// # Panics
    /// If it isn't in 0 to 1.
    #[must_use]
    pub fn momentum(mut self, momentum: f64) -> Self {
        assert!((0.0..=1.0).contains(&momentum), "momentum is in 0 to 1");
        self.momentum = momentum;
        self
    }

    /// Sets whether the running variance averages unbiased estimates.
    #[must_use]
    pub const fn unbiased_variance(mut self, unbiased: bool) -> Self {
        self.unbiased_variance = unbiased;
        self
    }

    /// The factor by which the running variance differs from the mean of the batches' variances, for batches with
    /// this many values of a channel.
    pub(crate) fn correction(&self, values: usize) -> f64 {
        match self.unbiased_variance && values > 1 {
            true => values as f64 / (values - 1) as f64,
            false => 1.0,
        }
    }
}

impl ModuleDisplay for BatchNorm {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new()
            .with_new_line_after_attribute(false)
            .optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        let [channels] = self.beta.shape().dims();
        content
            .add("num_features", &channels)
            .add("momentum", &self.momentum)
            .add("epsilon", &self.epsilon)
            .optional()
    }
}

/// A statistic that every training step of a module updates, as part of the module's record. It has no gradient.
#[derive(Debug)]
pub struct RunningStatistic {
    id: ParamId,
    /// `None` only while an update runs.
    value: Mutex<Option<Tensor<1>>>,
}

impl RunningStatistic {
    /// A statistic with this value.
    #[must_use]
    pub fn new(value: Tensor<1>) -> Self {
        Self::with_id(ParamId::new(), value)
    }

    const fn with_id(id: ParamId, value: Tensor<1>) -> Self {
        Self {
            id,
            value: Mutex::new(Some(value)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Tensor<1>>> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current value.
    ///
    /// # Panics
    /// If an update has panicked.
    #[must_use]
    pub fn value(&self) -> Tensor<1> {
        let value = self.lock();
        value.clone().expect("no update has panicked")
    }

    /// Gives the value away, to be [set](Self::set) again: with a single owner it can be updated in place.
    pub(crate) fn take(&self) -> Tensor<1> {
        self.lock().take().expect("no update has panicked")
    }

    pub(crate) fn set(&self, value: Tensor<1>) {
        *self.lock() = Some(value);
    }

    fn mapped(self, map: impl FnOnce(Tensor<1>) -> Tensor<1>) -> Self {
        let value = self.take();
        Self::with_id(self.id, map(value))
    }
}

/// A copy that later updates leave alone.
impl Clone for RunningStatistic {
    fn clone(&self) -> Self {
        Self::with_id(self.id, self.value())
    }
}

impl fmt::Display for RunningStatistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunningStatistic(id={})", self.id)
    }
}

impl ModuleDisplayDefault for RunningStatistic {
    fn content(&self, content: Content) -> Option<Content> {
        content
            .add_formatted(&"RunningStatistic".to_owned())
            .optional()
    }
}

impl ModuleDisplay for RunningStatistic {}

impl Module for RunningStatistic {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        visitor.visit_float(&Param::initialized(self.id, self.value()));
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        let id = self.id;
        self.mapped(|value| {
            let (_, value, _) = mapper.map_float(Param::initialized(id, value)).consume();
            // A mapper may change the value, but never gives it a gradient.
            value.set_require_grad(false)
        })
    }

    fn to_device(self, device: &Device) -> Self {
        self.mapped(|value| value.to_device(device))
    }

    fn fork(self, device: &Device) -> Self {
        self.to_device(device)
    }

    fn collect_devices(&self, mut devices: Vec<Device>) -> Vec<Device> {
        let device = self.value().device();
        if !devices.contains(&device) {
            devices.push(device);
        }
        devices
    }

    fn materialize(self) -> Self {
        self
    }

    fn valid(&self) -> Self {
        Self::with_id(self.id, self.value().without_autodiff())
    }

    fn train(self) -> Self {
        self.mapped(Tensor::from_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_left_alone_by_later_updates() {
        let device = Device::flex();
        let statistic = RunningStatistic::new(Tensor::zeros([2], &device));
        let copy = statistic.clone();
        let value = statistic.take();
        statistic.set(value + 1.0);
        let values =
            |of: &RunningStatistic| -> Vec<f32> { of.value().into_data().try_to_vec().unwrap() };
        assert_eq!(values(&copy), [0.0, 0.0]);
        assert_eq!(values(&statistic), [1.0, 1.0]);
    }

    #[test]
    fn the_modes_of_burns_module_are_kept() {
        let device = Device::flex().autodiff();
        let norm = BatchNorm::new(3, &device);
        assert!(norm.running_mean.value().device().is_autodiff());
        let evaluated = norm.valid();
        assert!(!evaluated.running_mean.value().device().is_autodiff());
        let trained = evaluated.train();
        assert!(trained.running_var.value().device().is_autodiff());
        assert!(!trained.running_var.value().is_require_grad());
    }

    #[test]
    #[should_panic(expected = "epsilon is finite and positive")]
    fn an_epsilon_of_0_is_refused() {
        let _ = BatchNorm::new(3, &Device::flex()).epsilon(0.0);
    }
}
