//! The average of a window: a depthwise convolution whose weights are 1, times a share of each pixel.

use crate::kernels::depthwise::{self, ImageGradient, Plane};
use crate::kernels::scratch;
use crate::kernels::sink::{Pixels, Sink};
use crate::kernels::vector::{ByLanes, LANES, Lanes, blocks_of, lanes_mut, load, padded, run};
use crate::kernels::window::Window;

/// For every output pixel 1 divided by how many pixels of the image its window sees.
pub(super) fn shares(window: &Window) -> Vec<f32> {
    let seen = |out: usize, axis: usize, size: usize| {
        let first = (out * window.stride[axis]) as isize - window.before[axis];
        let last = (first + window.kernel[axis] as isize).min(size as isize);
        (last - first.max(0)).max(0) as usize
    };
    (0..window.out_pixels())
        .map(|pixel| {
            let rows = seen(pixel / window.out_width, 0, window.height);
            let columns = seen(pixel % window.out_width, 1, window.width);
            1.0 / (rows * columns) as f32
        })
        .collect()
}

/// Pixels, each times its share.
struct Shared<'a, const WHOLE: bool> {
    pixels: Pixels<'a, WHOLE>,
    shares: &'a [f32],
}

impl<const WHOLE: bool> Sink for Shared<'_, WHOLE> {
    #[inline(always)]
    fn put(&mut self, pixel: usize, block: usize, lanes: &Lanes) {
        let share = self.shares[pixel];
        let mut values = *lanes;
        for value in &mut values {
            *value *= share;
        }
        self.pixels.put(pixel, block, &values);
    }
}

struct Forward<'a> {
    images: &'a [f32],
    channels: usize,
    window: &'a Window,
    shares: &'a [f32],
    /// As many as the window has taps, all 1.
    ones: &'a mut [f32],
    plane: &'a mut [f32],
    output: &'a mut [f32],
}

impl ByLanes for Forward<'_> {
    fn is_whole(&self) -> bool {
        self.channels.is_multiple_of(LANES)
    }

    #[inline(always)]
    fn work<const FUSED: bool, const WHOLE: bool>(self) {
        let (window, channels) = (self.window, self.channels);
        self.ones.fill(1.0);
        self.plane.fill(0.0);
        let at = Plane::of_image(window);
        let size = [window.height, window.width];
        let images = self.images.chunks_exact(window.pixels() * channels);
        let outputs = self.output.chunks_exact_mut(window.out_pixels() * channels);
        for (image, target) in images.zip(outputs) {
            let mut sink = Shared::<WHOLE> {
                pixels: Pixels { target, channels },
                shares: self.shares,
            };
            for block in 0..blocks_of(channels) {
                depthwise::pad::<WHOLE>(image, channels, block, size, false, at, self.plane);
                depthwise::forward::<FUSED>(self.plane, at, self.ones, window, 0, block, &mut sink);
            }
        }
    }
}

/// The averages of some images.
pub(super) fn forward(
    images: &[f32],
    channels: usize,
    window: &Window,
    shares: &[f32],
    output: &mut [f32],
) {
    let lengths = [window.taps() * LANES, Plane::of_image(window).len()];
    scratch::with(lengths, |[ones, plane]| {
        run(Forward {
            images,
            channels,
            window,
            shares,
            ones,
            plane,
            output,
        });
    });
}

struct Backward<'a> {
    gradient: &'a [f32],
    channels: usize,
    window: &'a Window,
    shares: &'a [f32],
    ones: &'a mut [f32],
    plane: &'a mut [f32],
    /// An image's gradient times the shares, `[pixel, padded channel]`.
    shared: &'a mut [f32],
    by_images: &'a mut [f32],
}

impl ByLanes for Backward<'_> {
    fn is_whole(&self) -> bool {
        self.channels.is_multiple_of(LANES)
    }

    #[inline(always)]
    fn work<const FUSED: bool, const WHOLE: bool>(self) {
        let (window, channels) = (self.window, self.channels);
        let stride = padded(channels);
        self.ones.fill(1.0);
        self.plane.fill(0.0);
        let gradients = self.gradient.chunks_exact(window.out_pixels() * channels);
        let targets = self.by_images.chunks_exact_mut(window.pixels() * channels);
        for (gradient, target) in gradients.zip(targets) {
            for pixel in 0..window.out_pixels() {
                let share = self.shares[pixel];
                for block in 0..stride / LANES {
                    let first = block * LANES;
                    let count = LANES.min(channels - first);
                    let mut values = load::<WHOLE>(gradient, pixel * channels + first, count);
                    for value in &mut values {
                        *value *= share;
                    }
                    *lanes_mut(self.shared, pixel * stride + first) = values;
                }
            }
            let mut sink = Pixels::<WHOLE> { target, channels };
            for block in 0..stride / LANES {
                ImageGradient {
                    window,
                    weights: &*self.ones,
                    turned: &*self.ones,
                    gradient: &*self.shared,
                    stride,
                    block,
                    at: ImageGradient::plane(window),
                    plane: &mut *self.plane,
                }
                .run::<FUSED>(&mut sink);
            }
        }
    }
}

/// The gradient by some images.
pub(super) fn backward(
    gradient: &[f32],
    channels: usize,
    window: &Window,
    shares: &[f32],
    by_images: &mut [f32],
) {
    let lengths = [
        window.taps() * LANES,
        ImageGradient::plane(window).len(),
        window.out_pixels() * padded(channels),
    ];
    scratch::with(lengths, |[ones, plane, shared]| {
        run(Backward {
            gradient,
            channels,
            window,
            shares,
            ones,
            plane,
            shared,
            by_images,
        });
    });
}
