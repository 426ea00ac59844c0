//! Some channels of every pixel.

use rayon::prelude::*;

use super::channels;
use super::recycled::{self, Memory};

/// Pixels of a task.
const PIXELS: usize = 4096;

/// The first `count` channels of `pixels` pixels that lie `pitch` values apart.
pub(super) fn channels(source: &[f32], pitch: usize, pixels: usize, count: usize) -> Memory {
    let mut target = recycled::values(pixels * count);
    target
        .par_chunks_mut(PIXELS * count)
        .zip(source.par_chunks(PIXELS * pitch))
        .for_each(|(target, source)| channels::first(source, pitch, count, target));
    target
}
