//! Products of matrices.
//!
//! CUDA takes CubeK's, which are tuned (`tuned.rs`). On other devices those take seconds to compile for every shape;
//! there a tiled kernel of our own serves all shapes.

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::kernel::cast;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{empty, threads};
use crate::convolution::Products;

/// Rows and columns of a tile.
const TILE: u32 = 16;
/// The most cubes in a dimension of a launch, on every device.
const MOST_CUBES: usize = 65_535;
/// Inner values worth a cube, where few tiles would otherwise leave most of a device idle.
const INNER_OF_A_PART: usize = 1 << 10;
/// The most parts of an inner dimension, and tiles that keep a device busy without parts.
const MOST_PARTS: usize = 64;
const MANY_TILES: usize = 256;

/// One thread for each value of the product of a part of the inner dimension: `output` is
/// `[parts, rows, columns]`. The operands may be views with any strides.
#[cube(launch)]
fn product_kernel(
    left: &Tensor<f32>,
    right: &Tensor<f32>,
    output: &mut Tensor<f32>,
    of_each: usize,
    across: usize,
    #[comptime] tile: u32,
) {
    let size = comptime!(tile as usize);
    let rows = left.shape(0);
    let inner = left.shape(1);
    let columns = right.shape(1);
    let x = UNIT_POS_X as usize;
    let y = UNIT_POS_Y as usize;
    let number = CUBE_POS_X as usize + CUBE_POS_Y as usize * CUBE_COUNT_X as usize;
    let part = CUBE_POS_Z as usize;
    let row = number / across * size + y;
    let column = number % across * size + x;
    let end = min((part + 1) * of_each, inner);
    let mut lefts = Shared::<[f32]>::new_slice(comptime!(size * size));
    let mut rights = Shared::<[f32]>::new_slice(comptime!(size * size));
    let mut sum = f32::new(0.0);
    let mut begin = part * of_each;
    while begin < end {
        let mut value = f32::new(0.0);
        if row < rows && begin + x < end {
            value = left[row * left.stride(0) + (begin + x) * left.stride(1)];
        }
        lefts[y * size + x] = value;
        value = f32::new(0.0);
        if begin + y < end && column < columns {
            value = right[(begin + y) * right.stride(0) + column * right.stride(1)];
        }
        rights[y * size + x] = value;
        sync_cube();
        for place in 0..size {
            sum += lefts[y * size + place] * rights[place * size + x];
        }
        sync_cube();
        begin += size;
    }
    if row < rows && column < columns {
        output[(part * rows + row) * columns + column] = sum;
    }
}

/// One thread for each value, which adds up the parts.
#[cube(launch)]
fn add_parts_kernel(parts: &Tensor<f32>, output: &mut Tensor<f32>) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let mut sum = f32::new(0.0);
    for part in 0..parts.shape(0) {
        sum += parts[part * output.len() + ABSOLUTE_POS];
    }
    output[ABSOLUTE_POS] = sum;
}

/// The product of two matrices, `[rows, inner]` and `[inner, columns]`, whose operands may be transposed views.
pub(super) fn product(left: CubeTensor, right: CubeTensor, products: Products) -> CubeTensor {
    #[cfg(feature = "cuda")]
    if matches!(left.device, burn_cubecl::CubeDevice::Cuda(_)) {
        return super::tuned::product(left, right, products);
    }
    let [left, right] = [left, right].map(|matrix| match products {
        Products::BFloat16 => cast(cast(matrix, DType::BF16), DType::F32),
        Products::Single | Products::Tf32 => matrix,
    });
    tiled_product(left, right)
}

fn tiled_product(left: CubeTensor, right: CubeTensor) -> CubeTensor {
    let ([rows, _], [_, columns]) = (left.shape().dims(), right.shape().dims());
    let output = empty(&left, [rows, columns], DType::F32);
    tiled_product_into(left, right, output.clone());
    output
}

/// The product, in memory that the caller has. A long inner dimension is split over many cubes.
pub(super) fn tiled_product_into(left: CubeTensor, right: CubeTensor, output: CubeTensor) {
    let ([rows, inner], [_, columns]) = (left.shape().dims(), right.shape().dims());
    let size = TILE as usize;
    let across = columns.div_ceil(size);
    let tiles = rows.div_ceil(size) * across;
    let parts = match tiles < MANY_TILES {
        true => inner.div_ceil(INNER_OF_A_PART).clamp(1, MOST_PARTS),
        false => 1,
    };
    // Whole tiles, so that no tile reaches into the next part.
    let of_each = inner.div_ceil(parts).next_multiple_of(size);
    let parts = inner.div_ceil(of_each);
    let of_parts = match parts {
        1 => output.clone(),
        _ => empty(&left, [parts, rows, columns], DType::F32),
    };
    let wide = tiles.min(MOST_CUBES);
    let high = tiles.div_ceil(wide);
    let client = left.client.clone();
    product_kernel::launch(
        &client,
        CubeCount::Static(wide as u32, high as u32, parts as u32),
        CubeDim::new_2d(TILE, TILE),
        left.into_tensor_arg(),
        right.into_tensor_arg(),
        of_parts.clone().into_tensor_arg(),
        of_each,
        across,
        TILE,
    );
    if parts > 1 {
        let (count, dim) = threads(&output, rows * columns);
        add_parts_kernel::launch(
            &client,
            count,
            dim,
            of_parts.into_tensor_arg(),
            output.into_tensor_arg(),
        );
    }
}
