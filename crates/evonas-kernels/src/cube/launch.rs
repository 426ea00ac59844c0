//! How kernels are launched.

use burn::tensor::{DType, Shape};
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use cubecl::calculate_cube_count_elemwise;
use cubecl::ir::ElemType;
use cubecl::prelude::*;

/// `[images, channels, height, width]` to `[images, height, width, channels]`, and back.
pub(super) const CHANNELS_LAST: [usize; 4] = [0, 2, 3, 1];
pub(super) const CHANNELS_FIRST: [usize; 4] = [0, 3, 1, 2];

/// The number of threads that keep a device busy, and the most over which the sum of a channel is spread.
const MANY_THREADS: usize = 1 << 17;
const MOST_GROUPS: usize = 1 << 11;
/// The number of pixels worth a thread.
const PIXELS_OF_A_GROUP: usize = 32;

/// The number of threads over which to spread each channel's sum over this many pixels.
pub(super) fn groups(pixels: usize, channels: usize) -> usize {
    assert!(pixels > 0 && channels > 0, "a batch has at least one image");
    let most = pixels.div_ceil(PIXELS_OF_A_GROUP).clamp(1, MOST_GROUPS);
    (MANY_THREADS / channels).clamp(1, most)
}

/// An uninitialized contiguous tensor on the device of another. By default CUDA leaves gaps between rows.
pub(super) fn empty(like: &CubeTensor, shape: Shape, dtype: DType) -> CubeTensor {
    empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), shape, dtype)
}

pub(super) fn element(dtype: DType) -> ElemType {
    burn::backend::cubecl::dtype_to_storage_type(dtype)
}

/// How to launch this many threads, which write values of tensors like `on`. Kernels count values in 32 bits.
pub(super) fn threads(on: &CubeTensor, count: usize) -> (CubeCount, CubeDim) {
    let values = on.meta.shape().num_elements();
    assert!(
        count.max(values) <= u32::MAX as usize,
        "a tensor of {values} values is too large: 4,294,967,295 are the most"
    );
    let dim = CubeDim::new(&on.client, count);
    (calculate_cube_count_elemwise(&on.client, count, dim), dim)
}
