//! The kernels as the primitives of Burn's CubeCL backend.

use burn::backend::{
    BackendTensor, DispatchAutodiffContext, DispatchDevice, DispatchTensor, DispatchTensorKind,
    TensorMetadata as _,
};
use burn::tensor::{Device, Tensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::launch::{contiguous, rows_of, single};
use super::{concatenate, norm, pool, unit};
use crate::operations::{
    CellPrimitives, Epilogue, Running, UnitGradients, UnitNorm, UnitWeights, Wanted,
};
use crate::pooling::Pooling;
use crate::unit_shape::UnitShape;
use crate::window::Window;

/// Whether the kernels run on this device.
pub(crate) fn run_on(device: &Device) -> bool {
    matches!(
        device.clone().inner().as_dispatch(),
        DispatchDevice::Cube(_)
    )
}

/// The values of a tensor without autodiff.
///
/// # Panics
/// If the tensor is on another device, or has autodiff.
pub(crate) fn values_of<const D: usize>(tensor: Tensor<D>) -> CubeTensor {
    match tensor.into_dispatch().kind {
        DispatchTensorKind::Cube(BackendTensor::Float(values)) => values,
        other => panic!(
            "a tensor on {:?} is not for CubeCL's kernels",
            other.device()
        ),
    }
}

pub(crate) fn tensor_of<const D: usize>(values: CubeTensor) -> Tensor<D> {
    Tensor::from_dispatch(DispatchTensor {
        kind: DispatchTensorKind::Cube(BackendTensor::Float(values)),
        autodiff: DispatchAutodiffContext::Disabled,
    })
}

/// A unit followed by batch norm.
#[derive(Clone, Debug)]
pub(crate) struct Normalized {
    unit: unit::Saved,
    norm: norm::Saved,
}

fn tensors_of(norm: UnitNorm<CubeBackend>) -> [CubeTensor; 4] {
    [
        norm.gamma,
        norm.beta,
        norm.running.mean,
        norm.running.variance,
    ]
    .map(single)
}

impl CellPrimitives for CubeBackend {
    type Convolved = unit::Saved;
    type Normalized = Normalized;
    type Pooled = pool::Saved;

    fn convolved(
        image: CubeTensor,
        weights: UnitWeights<Self>,
        shape: UnitShape,
    ) -> (CubeTensor, unit::Saved) {
        let mut saved = unit::Saved::new(image, weights, shape);
        let output = saved.forward();
        (unit::images_of(output, saved.out_size()), saved)
    }

    fn convolved_gradients(
        saved: unit::Saved,
        gradient: CubeTensor,
        image: Option<Wanted<Self>>,
    ) -> UnitGradients<Self> {
        saved.backward(rows_of(contiguous(gradient)), image)
    }

    fn normalized(
        image: CubeTensor,
        weights: UnitWeights<Self>,
        norm: UnitNorm<Self>,
        epilogue: Epilogue<Self>,
        shape: UnitShape,
    ) -> (CubeTensor, Running<Self>, Normalized) {
        let mut saved = unit::Saved::new(image, weights, shape);
        let numbers = norm.numbers;
        let [height, width] = saved.out_size();
        let (output, [mean, variance], of_norm) = norm::forward(
            saved.forward(),
            tensors_of(norm),
            numbers,
            epilogue,
            height * width,
        );
        let output = unit::images_of(output, saved.out_size());
        let saved = Normalized {
            unit: saved,
            norm: of_norm,
        };
        (output, Running { mean, variance }, saved)
    }

    fn normalized_gradients(
        saved: Normalized,
        gradient: CubeTensor,
        image: Option<Wanted<Self>>,
    ) -> (UnitGradients<Self>, [CubeTensor; 2]) {
        let [by_rows, gamma, beta] = norm::backward(saved.norm, rows_of(contiguous(gradient)));
        let by = saved.unit.backward(by_rows, image);
        (by, [gamma, beta])
    }

    fn evaluated(
        image: CubeTensor,
        weights: UnitWeights<Self>,
        norm: UnitNorm<Self>,
        epilogue: Epilogue<Self>,
        shape: UnitShape,
    ) -> CubeTensor {
        let mut saved = unit::Saved::new(image, weights, shape);
        let epsilon = norm.numbers.epsilon;
        let [height, width] = saved.out_size();
        let output = norm::evaluate(
            saved.forward(),
            tensors_of(norm),
            epsilon,
            epilogue,
            height * width,
        );
        unit::images_of(output, saved.out_size())
    }

    fn pooled(
        image: CubeTensor,
        window: &Window,
        take: Pooling,
        epilogue: Epilogue<Self>,
    ) -> (CubeTensor, pool::Saved) {
        pool::forward(contiguous(image), window, take, epilogue)
    }

    fn pooled_gradient(
        saved: pool::Saved,
        gradient: CubeTensor,
        image: Wanted<Self>,
    ) -> CubeTensor {
        pool::backward(saved, contiguous(gradient), image.onto)
    }

    fn concatenated(parts: Vec<CubeTensor>) -> CubeTensor {
        concatenate::join(parts.into_iter().map(contiguous).collect(), false)
    }

    fn separated(joined: CubeTensor, channels: &[usize]) -> Vec<CubeTensor> {
        concatenate::separate(contiguous(joined), None, channels)
    }

    fn rectified(parts: Vec<CubeTensor>) -> CubeTensor {
        concatenate::join(parts.into_iter().map(contiguous).collect(), true)
    }

    fn rectified_gradient(
        output: CubeTensor,
        gradient: CubeTensor,
        channels: &[usize],
    ) -> Vec<CubeTensor> {
        concatenate::separate(contiguous(gradient), Some(output), channels)
    }

    fn channels(image: &CubeTensor) -> usize {
        let [_, _, _, channels] = image.shape().dims();
        channels
    }
}
