//! Neighboring pixels taken as one.

use crate::cpu::vector::LANES;

/// How many neighboring pixels to treat as one with that many times the channels, so that the channels fill
/// whole lanes: a power of two; 1 if they do already or the number of pixels isn't a multiple.
pub(super) fn pixels_together(channels: usize, pixels: usize) -> usize {
    let together = LANES >> channels.trailing_zeros().min(LANES.trailing_zeros());
    match pixels.is_multiple_of(together) {
        true => together,
        false => 1,
    }
}
