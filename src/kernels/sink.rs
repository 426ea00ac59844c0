//! Where results of a pixel go.

use super::vector::{LANES, Lanes, load, store};

/// Takes lanes of channels, pixel by pixel.
pub(super) trait Sink {
    /// Takes the channels from `8 · block` on of a pixel.
    fn put(&mut self, pixel: usize, block: usize, lanes: &Lanes);
}

/// Pixels whose channels lie one behind the other; if `WHOLE`, they fill whole lanes.
pub(super) struct Pixels<'a, const WHOLE: bool> {
    pub(super) target: &'a mut [f32],
    pub(super) channels: usize,
}

impl<const WHOLE: bool> Sink for Pixels<'_, WHOLE> {
    #[inline(always)]
    fn put(&mut self, pixel: usize, block: usize, lanes: &Lanes) {
        let first = block * LANES;
        let count = LANES.min(self.channels - first);
        store::<WHOLE>(self.target, pixel * self.channels + first, count, lanes);
    }
}

/// Pixels of a gradient, 0 where the image's ReLU is 0.
pub(super) struct Masked<'a, const WHOLE: bool> {
    pub(super) pixels: Pixels<'a, WHOLE>,
    pub(super) image: &'a [f32],
}

impl<const WHOLE: bool> Sink for Masked<'_, WHOLE> {
    #[inline(always)]
    fn put(&mut self, pixel: usize, block: usize, lanes: &Lanes) {
        let Pixels { channels, .. } = self.pixels;
        let first = block * LANES;
        let count = LANES.min(channels - first);
        let image = load::<WHOLE>(self.image, pixel * channels + first, count);
        let mut masked = *lanes;
        for i in 0..LANES {
            masked[i] = if image[i] > 0.0 { masked[i] } else { 0.0 };
        }
        self.pixels.put(pixel, block, &masked);
    }
}
