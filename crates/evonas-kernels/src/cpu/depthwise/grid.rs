//! The positions of windows in a plane, and where their sums are written.

use super::plane::{self, Plane};
use crate::cpu::vector::LANES;
use crate::window::Window;

/// Windows at regular distances.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    /// Rows and columns of windows.
    pub(super) size: [usize; 2],
    /// The plane's pixel where the first window begins.
    pub(super) start: usize,
    /// The distances between rows and columns of windows.
    pub(super) step: [usize; 2],
    /// Rows and columns of taps.
    pub(super) kernel: [usize; 2],
    /// The distances between rows and columns of taps.
    pub(super) dilation: [usize; 2],
    /// The pixel that the first sum belongs to.
    pub(super) pixel: usize,
    /// The distances between the pixels of the sums.
    pub(super) apart: [usize; 2],
}

impl Grid {
    pub(super) const fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }
}

/// All sums of a depthwise convolution, in the forward or the backward pass.
#[derive(Clone, Debug)]
pub(in crate::cpu) struct Shape {
    pub(super) plane: Plane,
    pub(super) grids: Vec<Grid>,
    /// Pixels of the result.
    pub(super) pixels: usize,
    /// Taps of the window.
    taps: usize,
    /// The taps that see pixels, in the order in which the grids use them.
    order: Vec<usize>,
}

impl Shape {
    /// The forward pass: from an image to the outputs.
    pub(in crate::cpu) fn forward(window: &Window) -> Self {
        Self {
            plane: Plane::of_image(window),
            grids: vec![Grid {
                size: [window.out_height, window.out_width],
                start: 0,
                step: window.stride,
                kernel: window.kernel,
                dilation: [window.dilation; 2],
                pixel: 0,
                apart: [window.out_width, 1],
            }],
            pixels: window.out_pixels(),
            taps: window.taps(),
            order: (0..window.taps()).collect(),
        }
    }

    /// The backward pass: from the gradient by the outputs to the gradient by the image. With a stride,
    /// the remainders of a pixel's row and column decide which taps see it; each combination is a grid.
    pub(in crate::cpu) fn backward(window: &Window) -> Self {
        let plane = Plane::of_outputs(window);
        let along = |axis, size| Phase::all(window, axis, size, plane.start[axis]);
        let (mut grids, mut order) = (Vec::new(), Vec::new());
        for rows in along(0, window.height) {
            for columns in along(1, window.width) {
                for row in &rows.taps {
                    order.extend(columns.taps.iter().map(|c| row * window.kernel[1] + c));
                }
                grids.push(Grid {
                    size: [rows.count, columns.count],
                    start: rows.start * plane.pitch + columns.start,
                    step: [1, 1],
                    kernel: [rows.taps.len(), columns.taps.len()],
                    dilation: [rows.dilation, columns.dilation],
                    pixel: rows.first * window.width + columns.first,
                    apart: [window.stride[0] * window.width, window.stride[1]],
                });
            }
        }
        Self {
            plane,
            grids,
            pixels: window.pixels(),
            taps: window.taps(),
            order,
        }
    }

    /// The number of values in the plane.
    pub(in crate::cpu) const fn plane(&self) -> usize {
        self.plane.len()
    }

    /// The number of weights of a block of channels.
    pub(super) const fn weights(&self) -> usize {
        self.order.len() * LANES
    }

    /// Weights `[block, tap, lane]` in the order in which they are used.
    pub(in crate::cpu) fn ordered(&self, weights: &[f32]) -> Vec<f32> {
        let mut ordered = Vec::with_capacity(weights.len());
        for block in weights.chunks_exact(self.taps * LANES) {
            for tap in &self.order {
                ordered.extend_from_slice(&block[tap * LANES..(tap + 1) * LANES]);
            }
        }
        ordered
    }
}

/// The rows (or columns) of an image with the same remainder by the stride.
struct Phase {
    /// The first of them.
    first: usize,
    count: usize,
    /// The taps that see them, the last first.
    taps: Vec<usize>,
    /// Where the first tap finds, in the plane, the output to which the first row contributes.
    start: usize,
    /// The distance between the outputs of the taps.
    dilation: usize,
}

impl Phase {
    fn all(window: &Window, axis: usize, size: usize, plane_start: usize) -> Vec<Self> {
        let stride = window.stride[axis];
        let before = plane::before(window)[axis];
        let phase = |first: usize| {
            // Tap k of output o sees the row o · stride + k · dilation - before.
            let position = first + before;
            let sees = |k: &usize| (k * window.dilation) % stride == position % stride;
            let taps: Vec<usize> = (0..window.kernel[axis]).filter(sees).rev().collect();
            let output = |k: usize| {
                let places = (plane_start * stride + position) - k * window.dilation;
                places / stride
            };
            let dilation = match taps[..] {
                [last, before_last, ..] => output(before_last) - output(last),
                _ => 1,
            };
            Self {
                first,
                count: (size - first).div_ceil(stride),
                start: taps.first().map_or(0, |&last| output(last)),
                taps,
                dilation,
            }
        };
        (0..stride.min(size)).map(phase).collect()
    }
}
