//! The largest or smallest value of a window.

use std::ops::Range;

use crate::kernels::vector::{ByLanes, LANES, Lanes, blocks_of, load, run, store};
use crate::kernels::window::Window;

/// The image's pixels under one window.
struct Pixels {
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Pixels {
    #[inline(always)]
    fn under(window: &Window, row: usize, column: usize) -> Self {
        Self {
            rows: span(
                row * window.stride[0],
                window.kernel[0],
                window.before[0],
                window.height,
            ),
            columns: span(
                column * window.stride[1],
                window.kernel[1],
                window.before[1],
                window.width,
            ),
        }
    }
}

#[inline(always)]
fn span(position: usize, kernel: usize, before: isize, size: usize) -> Range<usize> {
    let first = position as isize - before;
    let last = (first + kernel as isize).clamp(0, size as isize);
    first.clamp(0, size as isize) as usize..last as usize
}

/// One image.
struct Image<'a> {
    window: &'a Window,
    channels: usize,
    values: &'a [f32],
}

impl Image<'_> {
    #[inline(always)]
    fn at<const WHOLE: bool>(
        &self,
        row: usize,
        column: usize,
        first: usize,
        count: usize,
    ) -> Lanes {
        let pixel = row * self.window.width + column;
        load::<WHOLE>(self.values, pixel * self.channels + first, count)
    }

    /// The largest value times `sign`.
    #[inline(always)]
    fn most<const WHOLE: bool>(
        &self,
        pixels: &Pixels,
        first: usize,
        count: usize,
        sign: f32,
    ) -> Lanes {
        let mut best = [f32::NEG_INFINITY; LANES];
        for row in pixels.rows.start..pixels.rows.end {
            for column in pixels.columns.start..pixels.columns.end {
                let values = self.at::<WHOLE>(row, column, first, count);
                for i in 0..LANES {
                    let value = values[i] * sign;
                    // NaN is the largest of all, so that a training that diverges shows.
                    let takes = value > best[i] || value.is_nan();
                    best[i] = if takes { value } else { best[i] };
                }
            }
        }
        best
    }
}

struct Forward<'a> {
    sign: f32,
    window: &'a Window,
    channels: usize,
    images: &'a [f32],
    output: &'a mut [f32],
}

impl ByLanes for Forward<'_> {
    fn is_whole(&self) -> bool {
        self.channels.is_multiple_of(LANES)
    }

    #[inline(always)]
    fn work<const FUSED: bool, const WHOLE: bool>(self) {
        let (window, channels, sign) = (self.window, self.channels, self.sign);
        let images = self.images.chunks_exact(window.pixels() * channels);
        let outputs = self.output.chunks_exact_mut(window.out_pixels() * channels);
        for (values, output) in images.zip(outputs) {
            let image = Image {
                window,
                channels,
                values,
            };
            for row in 0..window.out_height {
                for column in 0..window.out_width {
                    let pixels = Pixels::under(window, row, column);
                    let place = (row * window.out_width + column) * channels;
                    for block in 0..blocks_of(channels) {
                        let first = block * LANES;
                        let count = LANES.min(channels - first);
                        let mut best = image.most::<WHOLE>(&pixels, first, count, sign);
                        for value in &mut best {
                            *value *= sign;
                        }
                        store::<WHOLE>(output, place + first, count, &best);
                    }
                }
            }
        }
    }
}

/// The extreme values of some images.
pub(super) fn forward(
    images: &[f32],
    channels: usize,
    window: &Window,
    sign: f32,
    output: &mut [f32],
) {
    run(Forward {
        sign,
        window,
        channels,
        images,
        output,
    });
}

struct Backward<'a> {
    sign: f32,
    window: &'a Window,
    channels: usize,
    images: &'a [f32],
    gradient: &'a [f32],
    /// All 0 at first.
    by_images: &'a mut [f32],
}

impl ByLanes for Backward<'_> {
    fn is_whole(&self) -> bool {
        self.channels.is_multiple_of(LANES)
    }

    #[inline(always)]
    fn work<const FUSED: bool, const WHOLE: bool>(self) {
        let (window, channels, sign) = (self.window, self.channels, self.sign);
        let size = window.pixels() * channels;
        let images = self.images.chunks_exact(size);
        let gradients = self.gradient.chunks_exact(window.out_pixels() * channels);
        let targets = self.by_images.chunks_exact_mut(size);
        for ((values, gradient), target) in images.zip(gradients).zip(targets) {
            let image = Image {
                window,
                channels,
                values,
            };
            for row in 0..window.out_height {
                for column in 0..window.out_width {
                    let pixels = Pixels::under(window, row, column);
                    let place = (row * window.out_width + column) * channels;
                    for block in 0..blocks_of(channels) {
                        let first = block * LANES;
                        let count = LANES.min(channels - first);
                        let gradient = load::<WHOLE>(gradient, place + first, count);
                        let best = image.most::<WHOLE>(&pixels, first, count, sign);
                        let place = Place { first, count };
                        image.give_one::<WHOLE>(&pixels, place, &gradient, &best, sign, target);
                    }
                }
            }
        }
    }
}

/// Lanes of a pixel.
#[derive(Clone, Copy)]
struct Place {
    first: usize,
    count: usize,
}

impl Image<'_> {
    /// Adds a gradient in each lane to the first pixel that has this value times `sign`.
    #[inline(always)]
    fn give_one<const WHOLE: bool>(
        &self,
        pixels: &Pixels,
        Place { first, count }: Place,
        gradient: &Lanes,
        best: &Lanes,
        sign: f32,
        target: &mut [f32],
    ) {
        let mut left = *gradient;
        for row in pixels.rows.start..pixels.rows.end {
            for column in pixels.columns.start..pixels.columns.end {
                let start = (row * self.window.width + column) * self.channels + first;
                let values = load::<WHOLE>(self.values, start, count);
                let mut sum = load::<WHOLE>(target, start, count);
                for i in 0..LANES {
                    let takes = values[i] * sign == best[i];
                    sum[i] += if takes { left[i] } else { 0.0 };
                    left[i] = if takes { 0.0 } else { left[i] };
                }
                store::<WHOLE>(target, start, count, &sum);
            }
        }
    }
}

/// The gradient by some images. Of equal values in a window the first one gets it.
pub(super) fn backward(
    images: &[f32],
    gradient: &[f32],
    channels: usize,
    window: &Window,
    sign: f32,
    by_images: &mut [f32],
) {
    by_images.fill(0.0);
    run(Backward {
        sign,
        window,
        channels,
        images,
        gradient,
        by_images,
    });
}
