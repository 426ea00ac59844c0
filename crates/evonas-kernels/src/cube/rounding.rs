//! Many weights in another type, in a few launches.

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{element, empty, single};
use super::update::{Tensors, across, arguments, at_once, length};

/// The cubes of a tensor are side by side; each tensor of a launch is a row of them.
#[cube(launch)]
fn round_kernel<O: Float>(
    values: &Sequence<Box<[f32]>>,
    rounded: &mut Sequence<Box<[O]>>,
    #[comptime] count: usize,
    #[define(O)] _dtype: ElemType,
) {
    let stride = (CUBE_COUNT_X * CUBE_DIM_X) as usize;
    #[unroll]
    for number in 0..count {
        if CUBE_POS_Y as usize == number {
            let value = values.index(number);
            let result = rounded.index_mut(number);
            let mut place = ABSOLUTE_POS_X as usize;
            while place < value.len() {
                result[place] = O::cast_from(value[place]);
                place += stride;
            }
        }
    }
}

/// Tensors in single precision, rounded to a type.
pub(crate) fn round(tensors: Vec<CubeTensor>, dtype: DType) -> Vec<CubeTensor> {
    let pairs: Vec<[CubeTensor; 2]> = tensors
        .into_iter()
        .map(|values| {
            let values = single(values);
            let rounded = empty(&values, values.shape(), dtype);
            [values, rounded]
        })
        .collect();
    let Some([first, _]) = pairs.first() else {
        return Vec::new();
    };
    let size = at_once(first, 2);
    // Tensors of one length are next to each other, so that a launch has little to idle on.
    let mut ordered: Vec<&[CubeTensor; 2]> = pairs.iter().collect();
    ordered.sort_by_key(|[values, _]| length(values));
    for group in ordered.chunks(size) {
        let longest = group.iter().map(|[values, _]| length(values)).max();
        let (across, dim) = across(longest.unwrap_or(1));
        let rounded: SequenceArg<_> = group
            .iter()
            .map(|[_, rounded]| rounded.clone().into_buffer_arg())
            .collect();
        let values: Tensors = arguments(group.iter().map(|[values, _]| values));
        round_kernel::launch(
            &group[0][0].client,
            CubeCount::Static(across, group.len() as u32, 1),
            dim,
            values,
            rounded,
            group.len(),
            element(&group[0][1]),
        );
    }
    pairs.into_iter().map(|[_, rounded]| rounded).collect()
}
