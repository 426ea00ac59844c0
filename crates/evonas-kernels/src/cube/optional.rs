//! Values in vectors of neighboring channels, and tensors that a kernel may have: it is compiled for those that it
//! gets.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::contiguous;

/// The values of a tensor, or nothing.
pub(super) type Optional<F, N> = ComptimeOption<Box<[Vector<F, N>]>>;

/// A factor for each image, or nothing.
pub(super) type Factors = ComptimeOption<Box<[f32]>>;

/// A tensor, if there is one, as a kernel's argument.
pub(super) fn optional<C: CubePrimitive>(
    tensor: Option<CubeTensor>,
) -> ComptimeOptionArgs<Box<[C]>> {
    tensor
        .map(|tensor| contiguous(tensor).into_buffer_arg())
        .into()
}

/// Which of a kernel's optional tensors it gets, as bits. Every kernel with some is compiled for this number: compiled kernels
/// are kept on disk by a hash of their arguments, and CubeCL's is the same whichever of two tensors is missing.
pub(super) fn given<const N: usize>(tensors: [&Option<CubeTensor>; N]) -> u32 {
    let bits = tensors.iter().enumerate();
    bits.map(|(place, tensor)| u32::from(tensor.is_some()) << place)
        .sum()
}

/// A value times the factor of an image, if there are factors.
#[cube]
pub(super) fn multiplied<N: Size>(
    value: Vector<f32, N>,
    factors: &Factors,
    image: usize,
) -> Vector<f32, N> {
    #[comptime]
    match factors {
        ComptimeOption::Some(factors) => value * Vector::new(factors[image]),
        ComptimeOption::None => value,
    }
}

/// As [`multiplied`], by the factors of one of several inputs. Either all of them have some, or none.
#[cube]
pub(super) fn multiplied_by<N: Size>(
    value: Vector<f32, N>,
    factors: &Sequence<Box<[f32]>>,
    #[comptime] input: usize,
    image: usize,
    #[comptime] has_factors: bool,
) -> Vector<f32, N> {
    if comptime!(has_factors) {
        value * Vector::new(factors.index(input)[image])
    } else {
        value
    }
}

/// A value plus the one at a place, if there are any to add.
#[cube]
pub(super) fn added<F: Float, N: Size>(
    value: Vector<f32, N>,
    plus: &Optional<F, N>,
    place: usize,
) -> Vector<f32, N> {
    #[comptime]
    match plus {
        ComptimeOption::Some(plus) => value + Vector::cast_from(plus[place]),
        ComptimeOption::None => value,
    }
}

/// A value, or 0 where the mask isn't positive, if there is one.
#[cube]
pub(super) fn masked<F: Float, N: Size>(
    value: Vector<f32, N>,
    mask: &Optional<F, N>,
    place: usize,
) -> Vector<f32, N> {
    #[comptime]
    match mask {
        ComptimeOption::Some(mask) => {
            let is_positive = mask[place].greater_than(&Vector::zeroed());
            select_many(is_positive, value, Vector::zeroed())
        }
        ComptimeOption::None => value,
    }
}

/// A value, or its ReLU if `relu`. NaN stays NaN.
#[cube]
pub(super) fn rectified<N: Size>(value: Vector<f32, N>, #[comptime] relu: bool) -> Vector<f32, N> {
    if comptime!(relu) {
        select_many(value.less_than(&Vector::zeroed()), Vector::zeroed(), value)
    } else {
        value
    }
}
