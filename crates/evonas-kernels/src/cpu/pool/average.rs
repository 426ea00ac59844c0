//! The average of a window: a depthwise convolution with equal weights, corrected for windows that reach over
//! the border.

use super::whole::with_whole_lanes;
use crate::cpu::depthwise::{PlaneConvolution, Shape};
use crate::cpu::target::Target;
use crate::cpu::vector::{LANES, blocks_of, padded, run};
use crate::window::Window;

/// How images are averaged, or how gradients flow back.
pub(super) struct Average {
    channels: usize,
    shape: Shape,
    /// The weight of a pixel in a window that lies inside the image, for every tap and lane.
    weights: Vec<f32>,
    /// Output pixels whose windows reach over the border, with the weight there relative to the others.
    border: Vec<(usize, f32)>,
    /// The plane that is read and the one that is written.
    pixels: [usize; 2],
}

impl Average {
    pub(super) fn forward(window: &Window, channels: usize) -> Self {
        let pixels = [window.pixels(), window.out_pixels()];
        Self::new(window, channels, Shape::forward(window), pixels)
    }

    pub(super) fn backward(window: &Window, channels: usize) -> Self {
        let pixels = [window.out_pixels(), window.pixels()];
        Self::new(window, channels, Shape::backward(window), pixels)
    }

    fn new(window: &Window, channels: usize, shape: Shape, pixels: [usize; 2]) -> Self {
        let taps = window.taps();
        let weights = vec![1.0 / taps as f32; blocks_of(channels) * taps * LANES];
        Self {
            channels,
            weights: shape.ordered(&weights),
            shape,
            border: seen(window)
                .enumerate()
                .filter(|&(_, seen)| seen != taps)
                .map(|(pixel, seen)| (pixel, taps as f32 / seen as f32))
                .collect(),
            pixels,
        }
    }

    /// The averages of images.
    pub(super) fn averages(&self, images: &[f32], output: &mut [f32]) {
        self.each(images, output, |[plane, _], image, output| {
            self.sum(image, plane, output);
            self.scale_border(output);
        });
    }

    /// The gradient by images.
    pub(super) fn gradients(&self, gradient: &[f32], by_images: &mut [f32]) {
        self.each(
            gradient,
            by_images,
            |[plane, scaled], gradient, by_image| {
                let scaled = &mut scaled[..gradient.len()];
                scaled.copy_from_slice(gradient);
                self.scale_border(scaled);
                self.sum(scaled, plane, by_image);
            },
        );
    }

    fn scale_border(&self, output: &mut [f32]) {
        let stride = padded(self.channels);
        for &(pixel, factor) in &self.border {
            for value in &mut output[pixel * stride..(pixel + 1) * stride] {
                *value *= factor;
            }
        }
    }

    /// Calls `work` for every image, with a plane and memory for an output.
    fn each(
        &self,
        from: &[f32],
        to: &mut [f32],
        work: impl Fn([&mut [f32]; 2], &[f32], &mut [f32]),
    ) {
        let [size, out_size] = self.pixels.map(|pixels| pixels * self.channels);
        let buffers = [self.shape.plane(), self.pixels[0] * padded(self.channels)];
        let images = from.chunks_exact(size);
        for (image, output) in images.zip(to.chunks_exact_mut(out_size)) {
            with_whole_lanes(
                self.channels,
                buffers,
                [image, &[]],
                output,
                |buffers, [image, _], output| work(buffers, image, output),
            );
        }
    }

    /// The sums over the windows of one image.
    fn sum(&self, image: &[f32], plane: &mut [f32], output: &mut [f32]) {
        run(PlaneConvolution {
            shape: &self.shape,
            relu: false,
            weights: &self.weights,
            images: image,
            plane,
            target: Target {
                values: output,
                stride: padded(self.channels),
                mask: None,
            },
        });
    }
}

/// The number of pixels of the image that each window sees.
fn seen(window: &Window) -> impl Iterator<Item = usize> {
    let along = |out: usize, axis: usize, size: usize| {
        let first = (out * window.stride[axis]) as isize - window.before[axis];
        let last = (first + window.kernel[axis] as isize).min(size as isize);
        (last - first.max(0)).max(0) as usize
    };
    (0..window.out_pixels()).map(move |pixel| {
        let rows = along(pixel / window.out_width, 0, window.height);
        let columns = along(pixel % window.out_width, 1, window.width);
        rows * columns
    })
}
