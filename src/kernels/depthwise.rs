//! Depthwise convolution of images whose channels lie together, eight channels at once.
//!
//! The image is copied into one padded plane for each eight channels, with the ReLU applied, so that
//! no window leaves it.

use super::sink::Sink;
use super::vector::{
    LANES, Lanes, accumulate, blocks_of, lanes, lanes_mut, load, multiply_accumulate, rectified,
};
use super::window::Window;

/// The padded plane of a window: eight channels of an image with its border.
#[derive(Clone, Copy)]
pub(super) struct Plane {
    rows: usize,
    pitch: usize,
    /// Where the image begins, in rows and columns.
    start: [usize; 2],
}

impl Plane {
    /// Where all windows find their pixels.
    pub(super) fn of_image(window: &Window) -> Self {
        let start = window
            .before
            .map(|before| usize::try_from(before).expect("a depthwise window leaves nothing out"));
        let reach = reach(window);
        let span = |out: usize, axis: usize, size: usize| {
            ((out - 1) * window.stride[axis] + reach[axis] + 1).max(start[axis] + size)
        };
        Self {
            rows: span(window.out_height, 0, window.height),
            pitch: span(window.out_width, 1, window.width),
            start,
        }
    }

    /// Where the gradient lies, so that the window of stride 1, turned around, sees for every pixel of
    /// the image what the pixel took part in.
    pub(super) fn of_gradient(window: &Window) -> Self {
        let reach = reach(window);
        let before = Self::of_image(window).start;
        let start = [reach[0] - before[0], reach[1] - before[1]];
        Self {
            rows: (window.height + reach[0]).max(window.out_height + start[0]),
            pitch: (window.width + reach[1]).max(window.out_width + start[1]),
            start,
        }
    }

    pub(super) const fn len(self) -> usize {
        self.rows * self.pitch * LANES
    }

    #[inline(always)]
    fn index(self, row: usize, column: usize) -> usize {
        ((row + self.start[0]) * self.pitch + column + self.start[1]) * LANES
    }
}

/// Distance of the first to the last pixel of a window.
const fn reach(window: &Window) -> [usize; 2] {
    [
        (window.kernel[0] - 1) * window.dilation,
        (window.kernel[1] - 1) * window.dilation,
    ]
}

/// Weights by blocks of channels, `[block, tap, lane]`, from `[channel, tap]`.
pub(super) fn by_blocks(weights: &[f32], taps: usize) -> Vec<f32> {
    let channels = weights.len() / taps;
    let mut result = vec![0.0; blocks_of(channels) * taps * LANES];
    for (channel, values) in weights.chunks_exact(taps).enumerate() {
        let start = channel / LANES * taps * LANES + channel % LANES;
        for (tap, &value) in values.iter().enumerate() {
            result[start + tap * LANES] = value;
        }
    }
    result
}

/// The other way around.
pub(super) fn by_channels(blocks: &[f32], taps: usize, weights: &mut [f32]) {
    for (channel, values) in weights.chunks_exact_mut(taps).enumerate() {
        let start = channel / LANES * taps * LANES + channel % LANES;
        for (tap, value) in values.iter_mut().enumerate() {
            *value = blocks[start + tap * LANES];
        }
    }
}

/// Copies eight channels of an image, or their ReLU, into a plane whose border is 0 already.
#[inline(always)]
pub(super) fn pad<const WHOLE: bool>(
    image: &[f32],
    channels: usize,
    block: usize,
    size: [usize; 2],
    relu: bool,
    at: Plane,
    plane: &mut [f32],
) {
    let first = block * LANES;
    let count = LANES.min(channels - first);
    for row in 0..size[0] {
        let target = at.index(row, 0);
        let target = &mut plane[target..target + size[1] * LANES];
        for column in 0..size[1] {
            let mut values =
                load::<WHOLE>(image, (row * size[1] + column) * channels + first, count);
            if relu {
                for value in &mut values {
                    *value = rectified(*value);
                }
            }
            *lanes_mut(target, column * LANES) = values;
        }
    }
}

/// Sums that are taken at once: so many hide an addition's latency and stay in registers.
const MOST_SUMS: usize = 8;

/// Sums over the windows of stride `S` of `P` neighbouring outputs.
#[inline(always)]
fn windows<const FUSED: bool, const P: usize, const S: usize>(
    plane: &[f32],
    start: usize,
    pitch: usize,
    weights: &[f32],
    window: &Window,
) -> [Lanes; P] {
    let mut sums = [[0.0; LANES]; P];
    let [rows, columns] = window.kernel;
    let step = window.dilation * LANES;
    let mut weight = 0;
    for row in 0..rows {
        let start = start + row * pitch * step;
        for column in 0..columns {
            let weights = lanes(weights, weight);
            let start = start + column * step;
            let values = &plane[start..start + ((P - 1) * S + 1) * LANES];
            for p in 0..P {
                multiply_accumulate::<FUSED>(&mut sums[p], weights, lanes(values, p * S * LANES));
            }
            weight += LANES;
        }
    }
    sums
}

/// The outputs of a row in parts of nearly the same size, at most eight: a sum has to wait for its last
/// addition, so a part of one takes as long as one of eight.
#[inline(always)]
fn row_of_windows<const FUSED: bool, const S: usize>(
    plane: &[f32],
    start: usize,
    pitch: usize,
    weights: &[f32],
    window: &Window,
    first_pixel: usize,
    block: usize,
    sink: &mut impl Sink,
) {
    let width = window.out_width;
    let parts = width.div_ceil(MOST_SUMS);
    let mut column = 0;
    for part in 0..parts {
        let end = width * (part + 1) / parts;
        let start = start + column * S * LANES;
        let pixel = first_pixel + column;
        macro_rules! sums {
            ($p:literal) => {
                put(
                    &windows::<FUSED, $p, S>(plane, start, pitch, weights, window),
                    pixel,
                    block,
                    sink,
                )
            };
        }
        match end - column {
            1 => sums!(1),
            2 => sums!(2),
            3 => sums!(3),
            4 => sums!(4),
            5 => sums!(5),
            6 => sums!(6),
            7 => sums!(7),
            _ => sums!(8),
        }
        column = end;
    }
}

/// One by one, for any stride.
#[inline(always)]
fn row_of_any_windows<const FUSED: bool>(
    plane: &[f32],
    start: usize,
    pitch: usize,
    weights: &[f32],
    window: &Window,
    first_pixel: usize,
    block: usize,
    sink: &mut impl Sink,
) {
    for column in 0..window.out_width {
        let start = start + column * window.stride[1] * LANES;
        let sums = windows::<FUSED, 1, 0>(plane, start, pitch, weights, window);
        put(&sums, first_pixel + column, block, sink);
    }
}

#[inline(always)]
fn put<const P: usize>(sums: &[Lanes; P], pixel: usize, block: usize, sink: &mut impl Sink) {
    for p in 0..P {
        sink.put(pixel + p, block, &sums[p]);
    }
}

/// A block's outputs, the first of them `first_pixel`.
#[inline(always)]
pub(super) fn forward<const FUSED: bool>(
    plane: &[f32],
    at: Plane,
    weights: &[f32],
    window: &Window,
    first_pixel: usize,
    block: usize,
    sink: &mut impl Sink,
) {
    for row in 0..window.out_height {
        let start = row * window.stride[0] * at.pitch * LANES;
        let pixel = first_pixel + row * window.out_width;
        // The step as a constant keeps the loads in bounds without checks.
        match window.stride[1] {
            1 => row_of_windows::<FUSED, 1>(
                plane, start, at.pitch, weights, window, pixel, block, sink,
            ),
            2 => row_of_windows::<FUSED, 2>(
                plane, start, at.pitch, weights, window, pixel, block, sink,
            ),
            _ => row_of_any_windows::<FUSED>(
                plane, start, at.pitch, weights, window, pixel, block, sink,
            ),
        }
    }
}

/// What `image_gradient` computes with.
pub(super) struct ImageGradient<'a> {
    pub(super) window: &'a Window,
    /// `[tap, lane]`
    pub(super) weights: &'a [f32],
    /// `[tap, lane]`, the last tap first.
    pub(super) turned: &'a [f32],
    /// The gradient by the outputs, `[pixel, stride]`.
    pub(super) gradient: &'a [f32],
    pub(super) stride: usize,
    pub(super) block: usize,
    /// Where `plane` holds the gradient (stride 1) or collects the image's (others).
    pub(super) at: Plane,
    /// All 0 at first, for stride 1 but the gradient's place.
    pub(super) plane: &'a mut [f32],
}

impl ImageGradient<'_> {
    /// The plane that a window needs.
    pub(super) fn plane(window: &Window) -> Plane {
        if window.stride == [1, 1] {
            Plane::of_gradient(window)
        } else {
            Plane::of_image(window)
        }
    }

    /// Gives a block's gradient by the image.
    #[inline(always)]
    pub(super) fn run<const FUSED: bool>(self, sink: &mut impl Sink) {
        if self.window.stride == [1, 1] {
            self.gather::<FUSED>(sink);
        } else {
            self.scatter::<FUSED>(sink);
        }
    }

    #[inline(always)]
    fn gather<const FUSED: bool>(self, sink: &mut impl Sink) {
        let window = self.window;
        pad::<true>(
            self.gradient,
            self.stride,
            self.block,
            [window.out_height, window.out_width],
            false,
            self.at,
            self.plane,
        );
        let back = Window {
            height: window.out_height,
            width: window.out_width,
            out_height: window.height,
            out_width: window.width,
            ..*window
        };
        forward::<FUSED>(self.plane, self.at, self.turned, &back, 0, self.block, sink);
    }

    #[inline(always)]
    fn scatter<const FUSED: bool>(self, sink: &mut impl Sink) {
        let window = self.window;
        self.plane.fill(0.0);
        let step = window.stride[1] * LANES;
        for out_row in 0..window.out_height {
            for row in 0..window.kernel[0] {
                let line = (out_row * window.stride[0] + row * window.dilation) * self.at.pitch;
                for column in 0..window.kernel[1] {
                    let weights = *lanes(self.weights, (row * window.kernel[1] + column) * LANES);
                    let start = (line + column * window.dilation) * LANES;
                    for out_column in 0..window.out_width {
                        let pixel = out_row * window.out_width + out_column;
                        let gradient =
                            lanes(self.gradient, pixel * self.stride + self.block * LANES);
                        let target = lanes_mut(self.plane, start + out_column * step);
                        let mut sum = *target;
                        multiply_accumulate::<FUSED>(&mut sum, &weights, gradient);
                        *target = sum;
                    }
                }
            }
        }
        for row in 0..window.height {
            for column in 0..window.width {
                let values = lanes(self.plane, self.at.index(row, column));
                sink.put(row * window.width + column, self.block, values);
            }
        }
    }
}

/// Adds a block's gradient by the weights, `[tap, lane]`, to `sums`; `gradient` is
/// `[pixel, stride]`.
#[inline(always)]
pub(super) fn weight_gradient<const FUSED: bool>(
    plane: &[f32],
    at: Plane,
    gradient: &[f32],
    stride: usize,
    block: usize,
    window: &Window,
    sums: &mut [f32],
) {
    let gradient = &gradient[block * LANES..];
    let [rows, columns] = window.kernel;
    for row in 0..rows {
        let start = row * window.dilation * at.pitch * LANES;
        let sums = &mut sums[row * columns * LANES..(row + 1) * columns * LANES];
        match columns {
            3 => taps::<FUSED, 3, 2>(plane, start, at.pitch, gradient, stride, window, sums),
            5 => taps::<FUSED, 5, 2>(plane, start, at.pitch, gradient, stride, window, sums),
            7 => taps::<FUSED, 7, 1>(plane, start, at.pitch, gradient, stride, window, sums),
            _ => {
                for column in 0..columns {
                    let start = start + column * window.dilation * LANES;
                    let sums = &mut sums[column * LANES..(column + 1) * LANES];
                    taps::<FUSED, 1, 4>(plane, start, at.pitch, gradient, stride, window, sums);
                }
            }
        }
    }
}

/// `K` neighbouring taps, in `U` sums each so that additions need not wait for one another.
#[inline(always)]
fn taps<const FUSED: bool, const K: usize, const U: usize>(
    plane: &[f32],
    start: usize,
    pitch: usize,
    gradient: &[f32],
    stride: usize,
    window: &Window,
    target: &mut [f32],
) {
    let mut sums = [[[0.0; LANES]; K]; U];
    let step = window.stride[1] * LANES;
    let apart = window.dilation * LANES;
    let width = window.out_width;
    for row in 0..window.out_height {
        let line = start + row * pitch * window.stride[0] * LANES;
        let mut column = 0;
        while column + U <= width {
            for u in 0..U {
                let gradient = lanes(gradient, (row * width + column + u) * stride);
                let place = line + (column + u) * step;
                for k in 0..K {
                    let values = lanes(plane, place + k * apart);
                    multiply_accumulate::<FUSED>(&mut sums[u][k], values, gradient);
                }
            }
            column += U;
        }
        while column < width {
            let gradient = lanes(gradient, (row * width + column) * stride);
            let place = line + column * step;
            for k in 0..K {
                let values = lanes(plane, place + k * apart);
                multiply_accumulate::<FUSED>(&mut sums[0][k], values, gradient);
            }
            column += 1;
        }
    }
    for k in 0..K {
        let mut sum = *lanes(target, k * LANES);
        for u in 0..U {
            accumulate(&mut sum, &sums[u][k]);
        }
        *lanes_mut(target, k * LANES) = sum;
    }
}
