//! The kernels as the primitives of Burn's Flex backend.

use burn::backend::flex::FlexTensor;
use burn::backend::ops::FloatTensorOps as _;
use burn::backend::{DispatchDevice, Flex};
use burn::tensor::{DType, Device, Scalar};

use super::primitives::{self, Inputs, Normalized, Values};
use crate::operations::{
    CellPrimitives, Epilogue, NormNumbers, Running, UnitGradients, UnitNorm, UnitWeights, Wanted,
    scaled,
};
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

/// What the gradient of a pooling needs.
#[derive(Clone, Debug)]
pub(crate) struct Pooled {
    image: Values,
    window: Window,
    take: Pooling,
    factors: Option<FlexTensor>,
}

impl CellPrimitives for Flex {
    type Convolved = Inputs;
    type Normalized = (Normalized, Option<FlexTensor>);
    type Pooled = Pooled;

    fn convolved(
        image: FlexTensor,
        weights: UnitWeights<Self>,
        unit: UnitShape,
    ) -> (FlexTensor, Inputs) {
        let inputs = Inputs::new(unit, image, [weights.depthwise, weights.dense]);
        (inputs.forward(), inputs)
    }

    fn convolved_gradients(
        saved: Inputs,
        gradient: FlexTensor,
        image: Option<Wanted<Self>>,
    ) -> UnitGradients<Self> {
        let by = saved.backward(gradient, image.is_some());
        by.with(image)
    }

    fn normalized(
        image: FlexTensor,
        weights: UnitWeights<Self>,
        norm: UnitNorm<Self>,
        epilogue: Epilogue<Self>,
        unit: UnitShape,
    ) -> (FlexTensor, Running<Self>, Self::Normalized) {
        let inputs = Inputs::new(unit, image, [weights.depthwise, weights.dense]);
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
        let factors = epilogue.factors.clone();
        (epilogue.of(made.output), running, (saved, factors))
    }

    fn normalized_gradients(
        (saved, factors): Self::Normalized,
        gradient: FlexTensor,
        image: Option<Wanted<Self>>,
    ) -> (UnitGradients<Self>, [FlexTensor; 2]) {
        let gradient = scaled::<Self>(gradient, factors);
        let (by, by_norm) = saved.backward(gradient, image.is_some());
        (by.with(image), by_norm)
    }

    fn evaluated(
        image: FlexTensor,
        weights: UnitWeights<Self>,
        norm: UnitNorm<Self>,
        epilogue: Epilogue<Self>,
        unit: UnitShape,
    ) -> FlexTensor {
        let inputs = Inputs::new(unit, image, [weights.depthwise, weights.dense]);
        let epsilon = Scalar::new(norm.numbers.epsilon, &DType::F32);
        let deviation = Self::float_sqrt(Self::float_add_scalar(norm.running.variance, epsilon));
        let scale = Self::float_div(norm.gamma, deviation);
        let shift = Self::float_sub(norm.beta, Self::float_mul(norm.running.mean, scale.clone()));
        epilogue.of(primitives::affine_of(&inputs, scale, shift))
    }

    fn pooled(
        image: FlexTensor,
        window: &Window,
        take: Pooling,
        epilogue: Epilogue<Self>,
    ) -> (FlexTensor, Pooled) {
        let image = Values::new(image);
        let output = primitives::pool_forward(&image, window, take);
        let saved = Pooled {
            image,
            window: *window,
            take,
            factors: epilogue.factors.clone(),
        };
        (epilogue.of(output), saved)
    }

    fn pooled_gradient(saved: Pooled, gradient: FlexTensor, image: Wanted<Self>) -> FlexTensor {
        let gradient = scaled::<Self>(gradient, saved.factors);
        let by = primitives::pool_backward(&saved.image, gradient, &saved.window, saved.take);
        image.add(by)
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
