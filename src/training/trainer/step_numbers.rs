//! The numbers of a step that differ from step to step.

use burn::tensor::{Device, Tensor, TensorData};
use evonas_kernels::PART_ALIGNMENT;

/// The learning rate of a step, and the share of averages that it keeps.
///
/// Where all parameters are updated at once, both are a tensor: a step that was recorded reads them again.
#[derive(Clone, Debug)]
pub(super) struct StepNumbers {
    rate: f64,
    kept: f64,
    on_device: Option<Tensor<1>>,
}

/// Where the second number is, in values.
const SECOND: usize = PART_ALIGNMENT;

impl StepNumbers {
    pub(super) const fn new(rate: f64, kept: f64) -> Self {
        Self {
            rate,
            kept,
            on_device: None,
        }
    }

    /// The same numbers, copied to a device now.
    pub(super) fn on(self, device: &Device) -> Self {
        let mut values = vec![0.0; SECOND + 1];
        values[0] = self.rate as f32;
        values[SECOND] = self.kept as f32;
        let data = TensorData::new(values, [SECOND + 1]);
        Self {
            on_device: Some(Tensor::from_data(data, device)),
            ..self
        }
    }

    pub(super) const fn rate(&self) -> f64 {
        self.rate
    }

    pub(super) const fn kept(&self) -> f64 {
        self.kept
    }

    /// Both numbers on the device, if they were copied there.
    pub(super) const fn on_device(&self) -> Option<&Tensor<1>> {
        self.on_device.as_ref()
    }

    /// The rate, `[1]`.
    pub(super) fn rate_on(&self, device: &Device) -> Tensor<1> {
        self.number_on(0, self.rate, device)
    }

    /// The share that is kept, `[1]`.
    pub(super) fn kept_on(&self, device: &Device) -> Tensor<1> {
        self.number_on(SECOND, self.kept, device)
    }

    fn number_on(&self, place: usize, number: f64, device: &Device) -> Tensor<1> {
        match &self.on_device {
            Some(numbers) => numbers.clone().narrow(0, place, 1),
            None => Tensor::from_data([number as f32], device),
        }
    }
}
