//! Tensors that a kernel may have: it is compiled for those that it gets.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::contiguous;

/// The values of a tensor, or nothing.
pub(super) type Optional = ComptimeOption<Box<[f32]>>;

/// A tensor, if there is one, as a kernel's argument.
pub(super) fn optional(tensor: Option<CubeTensor>) -> ComptimeOptionArgs<Box<[f32]>> {
    tensor
        .map(|tensor| contiguous(tensor).into_buffer_arg())
        .into()
}

/// A value times the factor at a place, if there are factors.
#[cube]
pub(super) fn multiplied(value: f32, factors: &Optional, place: usize) -> f32 {
    #[comptime]
    match factors {
        ComptimeOption::Some(factors) => value * factors[place],
        ComptimeOption::None => value,
    }
}

/// A value plus the one at a place, if there are any to add.
#[cube]
pub(super) fn added(value: f32, plus: &Optional, place: usize) -> f32 {
    #[comptime]
    match plus {
        ComptimeOption::Some(plus) => value + plus[place],
        ComptimeOption::None => value,
    }
}

/// A value, or 0 where the mask isn't positive, if there is one.
#[cube]
pub(super) fn masked(value: f32, mask: &Optional, place: usize) -> f32 {
    #[comptime]
    match mask {
        ComptimeOption::Some(mask) => select(mask[place] > f32::new(0.0), value, f32::new(0.0)),
        ComptimeOption::None => value,
    }
}
