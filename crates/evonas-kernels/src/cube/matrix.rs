//! Products of matrices.
//!
//! CUDA takes CubeK's, which are tuned (`tuned.rs`). On other devices those take seconds to compile for every shape; there a
//! tiled kernel of our own serves all shapes. It splits long inner dimensions, for which CUDA takes it too.

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{element, empty, threads};
use crate::convolution::Products;

/// Rows and columns of a cube's threads.
const SIDE: usize = 16;
/// The most rows, and columns, of the product that a thread computes.
const MOST_OF_A_THREAD: usize = 4;
/// The most cubes in a dimension of a launch, on every device.
const MOST_CUBES: usize = 65_535;
/// Inner values worth a cube, where few tiles would otherwise leave most of a device idle.
const INNER_OF_A_PART: usize = 1 << 10;
/// The most parts of an inner dimension, and tiles that keep a device busy without parts.
const MOST_PARTS: usize = 128;
const MANY_TILES: usize = 256;

/// What a thread computes, and how it reads: what the kernel is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Tiling {
    /// Rows of a thread, [`SIDE`] apart.
    rows: u32,
    /// Columns of a thread, [`SIDE`] apart.
    columns: u32,
    /// Whether the rows of the left operand are next to each other in memory, rather than the values of a row.
    left_is_turned: bool,
    /// Whether the columns of the right operand are next to each other in memory, rather than the values of a column.
    right_is_straight: bool,
}

impl Tiling {
    fn of(left: &CubeTensor, right: &CubeTensor) -> Self {
        let ([rows, _], [_, columns]) = (left.shape().dims(), right.shape().dims());
        let of_a_thread = |values: usize| {
            let worthwhile = values.div_ceil(SIDE).next_power_of_two();
            worthwhile.min(MOST_OF_A_THREAD) as u32
        };
        Self {
            rows: of_a_thread(rows),
            columns: of_a_thread(columns),
            left_is_turned: left.meta.strides()[0] == 1,
            right_is_straight: right.meta.strides()[1] == 1,
        }
    }

    const fn height(self) -> usize {
        self.rows as usize * SIDE
    }

    const fn width(self) -> usize {
        self.columns as usize * SIDE
    }
}

/// One cube for each tile of the product of a part of the inner dimension: `output` is `[parts, rows, columns]`. The
/// operands may be views with any strides.
#[cube(launch)]
fn product_kernel<F: Float, O: Float>(
    left: &Tensor<F>,
    right: &Tensor<F>,
    output: &mut Tensor<O>,
    of_each: usize,
    across: usize,
    #[comptime] tiling: Tiling,
    #[define(F, O)] _dtypes: [ElemType; 2],
) {
    let side = comptime!(SIDE);
    let height = comptime!(tiling.height());
    let width = comptime!(tiling.width());
    let high = comptime!(tiling.rows as usize);
    let wide = comptime!(tiling.columns as usize);
    let rows = left.shape(0);
    let inner = left.shape(1);
    let columns = right.shape(1);
    let thread = UNIT_POS as usize;
    let x = UNIT_POS_X as usize;
    let y = UNIT_POS_Y as usize;
    let number = CUBE_POS_X as usize + CUBE_POS_Y as usize * CUBE_COUNT_X as usize;
    let part = CUBE_POS_Z as usize;
    let first_row = number / across * height;
    let first_column = number % across * width;
    let end = min((part + 1) * of_each, inner);
    // `[inner, rows]` and `[inner, columns]`
    let mut lefts = Shared::<[f32]>::new_slice(comptime!(side * height));
    let mut rights = Shared::<[f32]>::new_slice(comptime!(side * width));
    let mut sums = Array::<f32>::new(comptime!(high * wide));
    #[unroll]
    for own in 0..comptime!(high * wide) {
        sums[own] = f32::new(0.0);
    }
    let mut begin = part * of_each;
    while begin < end {
        // Neighboring threads read neighboring values.
        #[unroll]
        for own in 0..high {
            let place = thread + comptime!(own * side * side);
            let mut row = place / side;
            let mut depth = place % side;
            if comptime!(tiling.left_is_turned) {
                row = place % height;
                depth = place / height;
            }
            let mut value = f32::new(0.0);
            if first_row + row < rows && begin + depth < end {
                let of_row = (first_row + row) * left.stride(0);
                value = f32::cast_from(left[of_row + (begin + depth) * left.stride(1)]);
            }
            lefts[depth * height + row] = value;
        }
        #[unroll]
        for own in 0..wide {
            let place = thread + comptime!(own * side * side);
            let mut column = place / side;
            let mut depth = place % side;
            if comptime!(tiling.right_is_straight) {
                column = place % width;
                depth = place / width;
            }
            let mut value = f32::new(0.0);
            if first_column + column < columns && begin + depth < end {
                let of_column = (first_column + column) * right.stride(1);
                value = f32::cast_from(right[(begin + depth) * right.stride(0) + of_column]);
            }
            rights[depth * width + column] = value;
        }
        sync_cube();
        for depth in 0..side {
            let mut of_right = Array::<f32>::new(wide);
            #[unroll]
            for column in 0..wide {
                of_right[column] = rights[depth * width + x + comptime!(column * side)];
            }
            #[unroll]
            for row in 0..high {
                let of_left = lefts[depth * height + y + comptime!(row * side)];
                #[unroll]
                for column in 0..wide {
                    sums[comptime!(row * wide + column)] += of_left * of_right[column];
                }
            }
        }
        sync_cube();
        begin += side;
    }
    #[unroll]
    for own_row in 0..high {
        #[unroll]
        for own_column in 0..wide {
            let row = first_row + y + comptime!(own_row * side);
            let column = first_column + x + comptime!(own_column * side);
            if row < rows && column < columns {
                let sum = sums[comptime!(own_row * wide + own_column)];
                output[(part * rows + row) * columns + column] = O::cast_from(sum);
            }
        }
    }
}

/// One thread for each value, which adds up the parts.
#[cube(launch)]
fn add_parts_kernel<O: Float>(
    parts: &Tensor<f32>,
    output: &mut Tensor<O>,
    #[define(O)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let mut sum = f32::new(0.0);
    for part in 0..parts.shape(0) {
        sum += parts[part * output.len() + ABSOLUTE_POS];
    }
    output[ABSOLUTE_POS] = O::cast_from(sum);
}

/// The product of two matrices of one type, `[rows, inner]` and `[inner, columns]`, rounded to a type. The operands may be
/// transposed views.
pub(super) fn product(
    left: CubeTensor,
    right: CubeTensor,
    products: Products,
    dtype: DType,
) -> CubeTensor {
    let ([rows, _], [_, columns]) = (left.shape().dims(), right.shape().dims());
    let output = empty(&left, [rows, columns], dtype);
    #[cfg(feature = "cuda")]
    if matches!(left.device, burn_cubecl::CubeDevice::Cuda(_)) {
        super::tuned::product(left, right, output.clone(), products);
        return output;
    }
    let _ = products;
    tiled_product(left, right, output.clone());
    output
}

/// The product, in memory that the caller has. A long inner dimension is split over many cubes.
pub(super) fn tiled_product(left: CubeTensor, right: CubeTensor, output: CubeTensor) {
    let ([rows, inner], [_, columns]) = (left.shape().dims(), right.shape().dims());
    let tiling = Tiling::of(&left, &right);
    let across = columns.div_ceil(tiling.width());
    let tiles = rows.div_ceil(tiling.height()) * across;
    let parts = match tiles < MANY_TILES {
        true => inner.div_ceil(INNER_OF_A_PART).clamp(1, MOST_PARTS),
        false => 1,
    };
    // Whole tiles, so that no tile reaches into the next part.
    let of_each = inner.div_ceil(parts).next_multiple_of(SIDE);
    let parts = inner.div_ceil(of_each);
    let of_parts = match parts {
        1 => output.clone(),
        _ => empty(&left, [parts, rows, columns], DType::F32),
    };
    let wide = tiles.min(MOST_CUBES);
    let high = tiles.div_ceil(wide);
    let client = left.client.clone();
    let dtypes = [element(&left), element(&of_parts)];
    product_kernel::launch(
        &client,
        CubeCount::Static(wide as u32, high as u32, parts as u32),
        CubeDim::new_2d(SIDE as u32, SIDE as u32),
        left.into_tensor_arg(),
        right.into_tensor_arg(),
        of_parts.clone().into_tensor_arg(),
        of_each,
        across,
        tiling,
        dtypes,
    );
    if parts > 1 {
        let (count, dim) = threads(&output, rows * columns);
        let dtype = element(&output);
        add_parts_kernel::launch(
            &client,
            count,
            dim,
            of_parts.into_tensor_arg(),
            output.into_tensor_arg(),
            dtype,
        );
    }
}
