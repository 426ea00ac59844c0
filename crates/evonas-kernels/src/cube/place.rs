//! Where a thread's value lies.

use cubecl::prelude::*;

/// A vector of channels of a pixel.
#[derive(CubeType, Clone, Copy)]
pub(super) struct Place {
    /// The number of the vector among those of the pixel.
    pub(super) channel: usize,
    /// The vectors of a pixel.
    pub(super) channels: usize,
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) image: usize,
}

/// The place of a vector by its number in images of this size, `[images, height, width, channels]`.
#[cube]
pub(super) fn place_of(number: usize, height: usize, width: usize, channels: usize) -> Place {
    let pixel = number / channels;
    let line = pixel / width;
    Place {
        channel: number % channels,
        channels,
        x: pixel % width,
        y: line % height,
        image: line / height,
    }
}
