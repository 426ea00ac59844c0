//! Where results are written.

use super::vector::{Vectors, lanes, lanes_mut};

/// The memory of pixels whose channels fill whole lanes.
pub(super) struct Target<'a> {
    pub(super) values: &'a mut [f32],
    /// The distance between two pixels.
    pub(super) stride: usize,
    /// Applies the gradient of a ReLU: results are 0 where these values, in the order of the results,
    /// are not above 0.
    pub(super) mask: Option<&'a [f32]>,
}

/// Writes a vector to a position; `MASKED` says whether there is a mask.
#[inline(always)]
pub(super) fn put<S: Vectors, const MASKED: bool>(
    simd: S,
    values: &mut [f32],
    mask: &[f32],
    place: usize,
    mut result: S::V,
) {
    if MASKED {
        let mask = simd.load(lanes(mask, place));
        result = simd.where_greater(mask, simd.zero(), result, simd.zero());
    }
    *lanes_mut(values, place) = simd.store(result);
}

/// The gradient by a value from the gradient by its ReLU.
#[inline(always)]
pub(super) fn masked(gradient: f32, value: f32) -> f32 {
    if value > 0.0 { gradient } else { 0.0 }
}
