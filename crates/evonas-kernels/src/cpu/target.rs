//! Where lanes of results go.

use super::vector::{Vectors, lanes, lanes_mut};

/// Memory of pixels, whose channels fill whole lanes.
pub(super) struct Target<'a> {
    pub(super) values: &'a mut [f32],
    /// The distance of two pixels.
    pub(super) stride: usize,
    /// The gradient of a ReLU: results are 0 where these values, which lie as the results do, are not
    /// above 0.
    pub(super) mask: Option<&'a [f32]>,
}

/// Writes a vector to a place; `MASKED` says whether there is a mask.
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

/// A gradient behind the ReLU of a value.
#[inline(always)]
pub(super) fn masked(gradient: f32, value: f32) -> f32 {
    if value > 0.0 { gradient } else { 0.0 }
}
