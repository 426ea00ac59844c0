//! Some channels of every pixel.

use rayon::prelude::*;

use super::recycled;
use super::vector::{ByLanes, LANES, blocks_of, load, run, store};

/// Copies the first channels of every pixel.
struct Copy<'a> {
    source: &'a [f32],
    /// The distance of the source's pixels.
    pitch: usize,
    target: &'a mut [f32],
    channels: usize,
}

impl ByLanes for Copy<'_> {
    fn is_whole(&self) -> bool {
        self.channels.is_multiple_of(LANES)
    }

    #[inline(always)]
    fn work<const FUSED: bool, const WHOLE: bool>(self) {
        let channels = self.channels;
        for pixel in 0..self.target.len() / channels {
            for block in 0..blocks_of(channels) {
                let first = block * LANES;
                let count = LANES.min(channels - first);
                let values = load::<WHOLE>(self.source, pixel * self.pitch + first, count);
                store::<WHOLE>(self.target, pixel * channels + first, count, &values);
            }
        }
    }
}

/// Pixels of a task.
const PIXELS: usize = 4096;

/// The first `channels` channels of `pixels` pixels that lie `pitch` values apart.
pub(super) fn channels(source: &[f32], pitch: usize, pixels: usize, channels: usize) -> Vec<f32> {
    let mut target = recycled::values(pixels * channels);
    target
        .par_chunks_mut(PIXELS * channels)
        .zip(source.par_chunks(PIXELS * pitch))
        .for_each(|(target, source)| {
            run(Copy {
                source,
                pitch,
                target,
                channels,
            });
        });
    target
}
