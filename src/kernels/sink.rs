//! Where results of a pixel go.

use super::vector::{LANES, Lanes, load, store};

/// Takes lanes of channels, pixel by pixel.
pub(super) trait Sink {
    /// Takes the channels from `8 · block` on of a pixel.
    fn put(&mut self, pixel: usize, block: usize, lanes: &Lanes);
}

/// Pixels whose channels lie one behind the other.
pub(super) struct Pixels<'a> {
    pub(super) target: &'a mut [f32],
    pub(super) channels: usize,
}

impl Sink for Pixels<'_> {
    #[inline(always)]
    fn put(&mut self, pixel: usize, block: usize, lanes: &Lanes) {
        let first = block * LANES;
        let count = LANES.min(self.channels - first);
        store(self.target, pixel * self.channels + first, count, lanes);
    }
}

/// Pixels of a gradient, 0 where the image's ReLU is 0.
pub(super) struct Masked<'a> {
    pub(super) pixels: Pixels<'a>,
    pub(super) image: &'a [f32],
}

impl Sink for Masked<'_> {
    #[inline(always)]
    fn put(&mut self, pixel: usize, block: usize, lanes: &Lanes) {
        let Pixels { channels, .. } = self.pixels;
        let first = block * LANES;
        let count = LANES.min(channels - first);
        let image = load(self.image, pixel * channels + first, count);
        let mut masked = *lanes;
        for i in 0..LANES {
            masked[i] = if image[i] > 0.0 { masked[i] } else { 0.0 };
        }
        self.pixels.put(pixel, block, &masked);
    }
}
