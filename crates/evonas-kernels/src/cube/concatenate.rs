//! Concatenation of channels in one launch, and its gradient in one. Images are
//! `[images, height, width, channels]`.

use burn::backend::TensorMetadata as _;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{element, empty_like, lanes, threads};
use super::optional::{Optional, given, masked, optional, rectified};

/// One thread for each vector of the result.
#[cube(launch)]
fn join_kernel<F: Float, N: Size>(
    parts: &Sequence<Box<[Vector<F, N>]>>,
    widths: &Sequence<usize>,
    joined: &mut Tensor<Vector<F, N>>,
    #[comptime] count: usize,
    #[comptime] relu: bool,
    #[define(F)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= joined.len() {
        terminate!();
    }
    let channels = joined.shape(3) / joined.vector_size();
    let channel = ABSOLUTE_POS % channels;
    let pixel = ABSOLUTE_POS / channels;
    let mut first = 0usize;
    #[unroll]
    for number in 0..count {
        let own = *widths.index(number);
        if channel >= first && channel < first + own {
            let value = parts.index(number)[pixel * own + channel - first];
            joined[ABSOLUTE_POS] =
                Vector::cast_from(rectified::<N>(Vector::cast_from(value), relu));
        }
        first += own;
    }
}

/// One thread for each vector of all parts; 0 where `mask`, if there is one, isn't positive.
#[cube(launch)]
fn separate_kernel<F: Float, N: Size>(
    joined: &Tensor<Vector<F, N>>,
    mask: &Optional<F, N>,
    parts: &mut Sequence<Box<[Vector<F, N>]>>,
    widths: &Sequence<usize>,
    #[comptime] count: usize,
    #[comptime] _given: u32,
    #[define(F)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= joined.len() {
        terminate!();
    }
    let channels = joined.shape(3) / joined.vector_size();
    let channel = ABSOLUTE_POS % channels;
    let pixel = ABSOLUTE_POS / channels;
    let mut first = 0usize;
    #[unroll]
    for number in 0..count {
        let own = *widths.index(number);
        if channel >= first && channel < first + own {
            let value = Vector::cast_from(joined[ABSOLUTE_POS]);
            parts.index_mut(number)[pixel * own + channel - first] =
                Vector::cast_from(masked::<F, N>(value, mask, ABSOLUTE_POS));
        }
        first += own;
    }
}

/// The largest vector that divides all numbers of channels.
fn lanes_of(widths: &[usize]) -> usize {
    widths.iter().map(|&width| lanes(width)).min().unwrap_or(1)
}

/// The parts' channels, or the ReLU of them.
///
/// # Panics
/// If the parts differ in the number or size of their images.
pub(super) fn join(parts: Vec<CubeTensor>, relu: bool) -> CubeTensor {
    let shapes: Vec<[usize; 4]> = parts.iter().map(|part| part.shape().dims()).collect();
    let [images, height, width, _] = shapes[0];
    for shape in &shapes {
        assert_eq!(
            shape[..3],
            [images, height, width],
            "concatenated images have the same number and size"
        );
    }
    let widths: Vec<usize> = shapes.iter().map(|shape| shape[3]).collect();
    let joined = empty_like(&parts[0], [images, height, width, widths.iter().sum()]);
    let lanes = lanes_of(&widths);
    let (count, dim) = threads(&joined, joined.meta.num_elements() / lanes);
    let number = parts.len();
    join_kernel::launch(
        &joined.client,
        count,
        dim,
        lanes,
        parts.into_iter().map(CubeTensor::into_buffer_arg).collect(),
        widths.iter().map(|width| width / lanes).collect(),
        joined.clone().into_tensor_arg(),
        number,
        relu,
        element(&joined),
    );
    joined
}

/// Parts with these numbers of channels; 0 where `mask`, if there is one, isn't positive.
pub(super) fn separate(
    joined: CubeTensor,
    mask: Option<CubeTensor>,
    channels: &[usize],
) -> Vec<CubeTensor> {
    let [images, height, width, _] = joined.shape().dims();
    let parts: Vec<_> = channels
        .iter()
        .map(|&own| empty_like(&joined, [images, height, width, own]))
        .collect();
    let lanes = lanes_of(channels);
    let (count, dim) = threads(&joined, joined.meta.num_elements() / lanes);
    let has = given([&mask]);
    separate_kernel::launch(
        &joined.client.clone(),
        count,
        dim,
        lanes,
        joined.clone().into_tensor_arg(),
        optional(mask),
        parts
            .iter()
            .map(|part| part.clone().into_buffer_arg())
            .collect(),
        channels.iter().map(|own| own / lanes).collect(),
        parts.len(),
        has,
        element(&joined),
    );
    parts
}
