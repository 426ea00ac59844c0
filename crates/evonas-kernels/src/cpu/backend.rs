//! The kernels as the primitives of Burn's Flex backend.

use burn::backend::flex::FlexTensor;
use burn::backend::ops::FloatTensorOps as _;
use burn::backend::{DispatchDevice, Flex};
use burn::tensor::{DType, Device, Scalar};

use super::primitives::{self, Inputs, Normalized, Values};
use crate::operations::{CellPrimitives, NormNumbers, Running, UnitGradients, UnitNorm};
use crate::pooling::Pooling;
use crate::unit_shape::UnitShape;
use crate::window::Window;

/// Whether the kernels run on this device.
pub(crate) fn run_on(device: &Device) -> bool {
    matches!(
        device.clone().inner().as_dispatch(),
        DispatchDevice::Flex(_)
    )
}

fn times(values: FlexTensor, factor: f64) -> FlexTensor {
    Flex::float_mul_scalar(values, Scalar::new(factor, &DType::F32))
}

impl CellPrimitives for Flex {
    type Convolved = Inputs;
    type Normalized = Normalized;
    type Pooled = (Values, Window, Pooling);

    fn convolved(
        image: FlexTensor,
        weights: [Option<FlexTensor>; 2],
        unit: UnitShape,
    ) -> (FlexTensor, Inputs) {
        let inputs = Inputs::new(unit, image, weights);
        (inputs.forward(), inputs)
    }

    fn convolved_gradients(
        saved: Inputs,
        gradient: FlexTensor,
        wants_image: bool,
    ) -> UnitGradients<Self> {
        saved.backward(gradient, wants_image)
    }

    fn normalized(
        image: FlexTensor,
        weights: [Option<FlexTensor>; 2],
        norm: UnitNorm<Self>,
        unit: UnitShape,
    ) -> (FlexTensor, Running<Self>, Normalized) {
        let inputs = Inputs::new(unit, image, weights);
        let (saved, made) =
            Normalized::forward(inputs, norm.gamma, norm.beta, norm.numbers.epsilon);
        let NormNumbers {
            momentum,
            correction,
            ..
        } = norm.numbers;
        let update = |running, batch, weight| {
            Self::float_add(times(running, 1.0 - momentum), times(batch, weight))
        };
        let running = Running {
            mean: update(norm.running.mean, made.mean, momentum),
            variance: update(norm.running.variance, made.variance, momentum * correction),
        };
        (made.output, running, saved)
    }

    fn normalized_gradients(
        saved: Normalized,
        gradient: FlexTensor,
        wants_image: bool,
    ) -> (UnitGradients<Self>, [FlexTensor; 2]) {
        saved.backward(gradient, wants_image)
    }

    fn evaluated(
        image: FlexTensor,
        weights: [Option<FlexTensor>; 2],
        norm: UnitNorm<Self>,
        unit: UnitShape,
    ) -> FlexTensor {
        let inputs = Inputs::new(unit, image, weights);
        let epsilon = Scalar::new(norm.numbers.epsilon, &DType::F32);
        let deviation = Self::float_sqrt(Self::float_add_scalar(norm.running.variance, epsilon));
        let scale = Self::float_div(norm.gamma, deviation);
        let shift = Self::float_sub(norm.beta, Self::float_mul(norm.running.mean, scale.clone()));
        primitives::scaled(&inputs, scale, shift)
    }

    fn pooled(image: FlexTensor, window: &Window, take: Pooling) -> (FlexTensor, Self::Pooled) {
        let image = Values::new(image);
        let output = primitives::pool_forward(&image, window, take);
        (output, (image, *window, take))
    }

    fn pooled_gradient((image, window, take): Self::Pooled, gradient: FlexTensor) -> FlexTensor {
        primitives::pool_backward(&image, gradient, &window, take)
    }

    fn concatenated(parts: Vec<FlexTensor>) -> FlexTensor {
        let parts: Vec<Values> = parts.into_iter().map(Values::new).collect();
        primitives::joined(&parts)
    }

    fn separated(joined: FlexTensor, channels: &[usize]) -> Vec<FlexTensor> {
        primitives::separate(joined, channels)
    }

    fn channels(image: &FlexTensor) -> usize {
        image.layout().shape()[3]
    }
}
