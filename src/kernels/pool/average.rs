//! The average of a window: a depthwise convolution whose weights are 1, times a share of each pixel.

use std::iter;

use super::whole::with_whole_lanes;
use crate::kernels::depthwise::{Convolution, Shape};
use crate::kernels::flat;
use crate::kernels::target::Target;
use crate::kernels::vector::{LANES, blocks_of, padded, run};
use crate::kernels::window::Window;

/// How images are averaged, or how the gradient goes back.
pub(super) struct Average {
    channels: usize,
    shape: Shape,
    ones: Vec<f32>,
    /// For every value of an output image, with whole lanes of channels, its pixel's share.
    shares: Vec<f32>,
    /// Of what is read and of what is written.
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
        let ones = vec![1.0; blocks_of(channels) * window.taps() * LANES];
        Self {
            channels,
            ones: shape.ordered(&ones),
            shape,
            shares: shares(window)
                .flat_map(|share| iter::repeat_n(share, padded(channels)))
                .collect(),
            pixels,
        }
    }

    /// The averages of some images.
    pub(super) fn averages(&self, images: &[f32], output: &mut [f32]) {
        self.each(images, output, |[plane, sums], image, output| {
            self.sum(image, plane, sums);
            flat::multiply(sums, &self.shares, output);
        });
    }

    /// The gradient by some images.
    pub(super) fn gradients(&self, gradient: &[f32], by_images: &mut [f32]) {
        self.each(
            gradient,
            by_images,
            |[plane, shared], gradient, by_image| {
                flat::multiply(gradient, &self.shares, shared);
                self.sum(shared, plane, by_image);
            },
        );
    }

    /// Calls `work` for every image with a plane and with memory for an output.
    fn each(
        &self,
        from: &[f32],
        to: &mut [f32],
        work: impl Fn([&mut [f32]; 2], &[f32], &mut [f32]),
    ) {
        let [size, out_size] = self.pixels.map(|pixels| pixels * self.channels);
        let buffers = [self.shape.plane(), self.shares.len()];
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
        run(Convolution {
            shape: &self.shape,
            relu: false,
            weights: &self.ones,
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

/// For every output pixel 1 divided by how many pixels of the image its window sees.
fn shares(window: &Window) -> impl Iterator<Item = f32> {
    let seen = |out: usize, axis: usize, size: usize| {
        let first = (out * window.stride[axis]) as isize - window.before[axis];
        let last = (first + window.kernel[axis] as isize).min(size as isize);
        (last - first.max(0)).max(0) as usize
    };
    (0..window.out_pixels()).map(move |pixel| {
        let rows = seen(pixel / window.out_width, 0, window.height);
        let columns = seen(pixel % window.out_width, 1, window.width);
        1.0 / (rows * columns) as f32
    })
}
