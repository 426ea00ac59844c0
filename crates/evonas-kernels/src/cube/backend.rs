//! The kernels as the primitives of Burn's CubeCL backend.

use burn::backend::{
    BackendTensor, DispatchAutodiffContext, DispatchDevice, DispatchTensor, DispatchTensorKind,
    TensorMetadata as _,
};
use burn::tensor::{Device, Tensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::launch::{contiguous, rows_of};
use super::{concatenate, norm, pool, unit};
use crate::operations::{
    Addend, AddendGradients, AfterNorm, CellPrimitives, Epilogue, Running, UnitGradients, UnitNorm,
    UnitWeights, Wanted, after_norm, after_norm_gradients,
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

impl Normalized {
    /// Images that were normalized, without convolutions.
    fn of(norm: norm::Saved, size: [usize; 2]) -> Self {
        let image = unit::images_of(norm.rows.clone(), size);
        Self {
            unit: unit::Saved::new(image, UnitWeights::none(), UnitShape::PIXELS),
            norm,
        }
    }
}

fn running([mean, variance]: [CubeTensor; 2]) -> Running<CubeBackend> {
    Running { mean, variance }
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
        let [height, width] = saved.out_size();
        let input = norm::Input {
            rows: saved.forward(),
            norm: norm.into(),
            factors: epilogue.factors,
        };
        let (output, [statistics], [of_norm]) =
            norm::forward([input], epilogue.plus, height * width, false);
        let output = unit::images_of(output, saved.out_size());
        let saved = Normalized {
            unit: saved,
            norm: of_norm,
        };
        (output, running(statistics), saved)
    }

    fn normalized_gradients(
        saved: Normalized,
        gradient: CubeTensor,
        image: Option<Wanted<Self>>,
    ) -> (UnitGradients<Self>, [CubeTensor; 2]) {
        let [[by_rows, gamma, beta]] = norm::backward([saved.norm], rows_of(contiguous(gradient)));
        let by = saved.unit.backward(by_rows, image);
        (by, [gamma, beta])
    }

    fn convolved_after_norm(
        image: CubeTensor,
        norm: UnitNorm<Self>,
        weights: UnitWeights<Self>,
        shape: UnitShape,
    ) -> (CubeTensor, Running<Self>, AfterNorm<Self>) {
        let mut saved = unit::Saved::new(image.clone(), weights.clone(), shape);
        if !saved.can_include_norm() {
            return after_norm::<Self>(image, norm, weights, shape);
        }
        let (output, statistics, of_norm) = saved.forward_after(norm.into());
        let output = unit::images_of(output, saved.out_size());
        let of_norm = Normalized::of(of_norm, saved.size());
        (output, running(statistics), (of_norm, saved))
    }

    fn convolved_after_norm_gradients(
        saved: AfterNorm<Self>,
        gradient: CubeTensor,
        image: Option<Wanted<Self>>,
    ) -> (UnitGradients<Self>, [CubeTensor; 2]) {
        if !saved.1.included_norm() {
            return after_norm_gradients::<Self>(saved, gradient, image);
        }
        let (of_norm, convolved) = saved;
        let gradient = rows_of(contiguous(gradient));
        let (by, [by_rows, gamma, beta]) = convolved.backward_after(of_norm.norm, gradient);
        let by_image = of_norm.unit.backward(by_rows, image).image;
        let by = UnitGradients {
            image: by_image,
            ..by
        };
        (by, [gamma, beta])
    }

    fn normalized_sum(
        addends: [Addend<Self>; 2],
    ) -> (CubeTensor, [Running<Self>; 2], [Normalized; 2]) {
        let [_, height, width, _] = addends[0].image.shape().dims();
        let inputs = addends.map(|addend| norm::Input {
            rows: rows_of(contiguous(addend.image)),
            norm: addend.norm.into(),
            factors: addend.factors,
        });
        let (sum, statistics, of_norms) = norm::forward(inputs, None, height * width, false);
        let saved = of_norms.map(|of_norm| Normalized::of(of_norm, [height, width]));
        let sum = unit::images_of(sum, [height, width]);
        (sum, statistics.map(running), saved)
    }

    fn normalized_sum_gradients(
        saved: [Normalized; 2],
        gradient: CubeTensor,
        images: [Option<Wanted<Self>>; 2],
    ) -> [AddendGradients<Self>; 2] {
        let norms = saved.each_ref().map(|saved| saved.norm.clone());
        let by = norm::backward(norms, rows_of(contiguous(gradient)));
        let mut images = images.into_iter();
        let mut saved = saved.into_iter();
        by.map(|[by_rows, gamma, beta]| {
            let saved = saved.next().expect("two were saved");
            let image = images.next().flatten();
            (saved.unit.backward(by_rows, image).image, [gamma, beta])
        })
    }

    fn evaluated(
        image: CubeTensor,
        weights: UnitWeights<Self>,
        norm: UnitNorm<Self>,
        epilogue: Epilogue<Self>,
        shape: UnitShape,
    ) -> CubeTensor {
        let mut saved = unit::Saved::new(image, weights, shape);
        let [height, width] = saved.out_size();
        let output = norm::evaluate(saved.forward(), norm.into(), epilogue, height * width);
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
