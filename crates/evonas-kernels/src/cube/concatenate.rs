//! Concatenation of channels in one launch, and its gradient in one. Images are
//! `[images, height, width, channels]`.

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{empty, threads};
use super::optional::{Optional, masked, optional};

/// One thread for each value of the result.
#[cube(launch)]
fn join_kernel(
    parts: &Sequence<Box<[f32]>>,
    widths: &Sequence<usize>,
    joined: &mut Tensor<f32>,
    #[comptime] count: usize,
    #[comptime] relu: bool,
) {
    if ABSOLUTE_POS >= joined.len() {
        terminate!();
    }
    let channels = joined.shape(3);
    let channel = ABSOLUTE_POS % channels;
    let pixel = ABSOLUTE_POS / channels;
    let mut first = 0usize;
    #[unroll]
    for number in 0..count {
        let own = *widths.index(number);
        if channel >= first && channel < first + own {
            let mut value = parts.index(number)[pixel * own + channel - first];
            if comptime!(relu) {
                // NaN stays NaN.
                value = select(value < f32::new(0.0), f32::new(0.0), value);
            }
            joined[ABSOLUTE_POS] = value;
        }
        first += own;
    }
}

/// One thread for each value of all parts; 0 where `mask`, if there is one, isn't positive.
#[cube(launch)]
fn separate_kernel(
    joined: &Tensor<f32>,
    mask: &Optional,
    parts: &mut Sequence<Box<[f32]>>,
    widths: &Sequence<usize>,
    #[comptime] count: usize,
) {
    if ABSOLUTE_POS >= joined.len() {
        terminate!();
    }
    let channels = joined.shape(3);
    let channel = ABSOLUTE_POS % channels;
    let pixel = ABSOLUTE_POS / channels;
    let mut first = 0usize;
    #[unroll]
    for number in 0..count {
        let own = *widths.index(number);
        if channel >= first && channel < first + own {
            parts.index_mut(number)[pixel * own + channel - first] =
                masked(joined[ABSOLUTE_POS], mask, ABSOLUTE_POS);
        }
        first += own;
    }
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
    let channels = shapes.iter().map(|shape| shape[3]).sum();
    let joined = empty(&parts[0], [images, height, width, channels], DType::F32);
    let (count, dim) = threads(&joined, joined.meta.num_elements());
    let number = parts.len();
    join_kernel::launch(
        &joined.client,
        count,
        dim,
        parts.into_iter().map(CubeTensor::into_buffer_arg).collect(),
        shapes.iter().map(|shape| shape[3]).collect(),
        joined.clone().into_tensor_arg(),
        number,
        relu,
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
        .map(|&own| empty(&joined, [images, height, width, own], DType::F32))
        .collect();
    let (count, dim) = threads(&joined, joined.meta.num_elements());
    separate_kernel::launch(
        &joined.client.clone(),
        count,
        dim,
        joined.into_tensor_arg(),
        optional(mask),
        parts
            .iter()
            .map(|part| part.clone().into_buffer_arg())
            .collect(),
        channels.iter().copied().collect(),
        parts.len(),
    );
    parts
}
