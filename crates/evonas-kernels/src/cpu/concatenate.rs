//! Concatenates the channels of images, and separates them again.

use rayon::prelude::*;

use super::channels;
use super::recycled::{self, Memory};

/// Pixels per task.
const PIXELS: usize = 4096;

/// Pixels per block: all parts of a block are copied before the next block.
const IN_CACHE: usize = 128;

/// Concatenates the channels of parts, each of which comes with its number of channels.
pub(super) fn join(parts: &[(&[f32], usize)], pixels: usize) -> Memory {
    let width = parts.iter().map(|(_, count)| count).sum();
    let mut joined = recycled::values(pixels * width);
    let task = |(number, target): (usize, &mut [f32])| {
        for (block, target) in target.chunks_mut(IN_CACHE * width).enumerate() {
            let pixel = number * PIXELS + block * IN_CACHE;
            let mut first = 0;
            for &(values, count) in parts {
                let source = &values[pixel * count..];
                channels::copy(count, (source, count), (&mut target[first..], width));
                first += count;
            }
        }
    };
    joined
        .par_chunks_mut(PIXELS * width)
        .enumerate()
        .for_each(task);
    joined
}

/// Extracts `count` channels, starting with `first`, from pixels of `width` channels.
pub(super) fn part(joined: &[f32], width: usize, first: usize, count: usize) -> Memory {
    let mut part = recycled::values(joined.len() / width * count);
    part.par_chunks_mut(PIXELS * count)
        .zip(joined.par_chunks(PIXELS * width))
        .for_each(|(target, source)| {
            channels::copy(count, (&source[first..], width), (target, count));
        });
    part
}
