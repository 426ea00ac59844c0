//! What a unit computes for images of one size, and how it is split into tasks and groups.

use crate::cpu::depthwise::{self, Shape};
use crate::cpu::matrix::Panels;
use crate::cpu::patches::{self, Patches};
use crate::cpu::tasks::images_of_a_task;
use crate::cpu::vector::{LANES, padded};
use crate::unit_shape::{Rows, UnitShape};
use crate::window::Window;

/// The weights of a unit, in the order in which a module stores them.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct WeightSlices<'a> {
    /// `[channel, tap]`
    pub(in crate::cpu) depthwise: Option<&'a [f32]>,
    /// `[output, channel, tap]`, and the number of outputs.
    pub(in crate::cpu) dense: Option<(&'a [f32], usize)>,
}

/// How rows are computed.
pub(super) enum Way {
    Pixels,
    Depthwise {
        window: Window,
        shape: Shape,
        /// `[block, tap, lane]`
        taps: Vec<f32>,
    },
    Patches(Patches),
}

impl Way {
    /// A depthwise convolution's weights.
    pub(super) fn taps(&self) -> &[f32] {
        match self {
            Self::Depthwise { taps, .. } => taps,
            Self::Pixels | Self::Patches(_) => &[],
        }
    }
}

/// A unit for images of one size.
pub(in crate::cpu) struct Plan {
    pub(super) unit: UnitShape,
    pub(super) images: usize,
    pub(super) channels: usize,
    pub(super) pixels: usize,
    /// Values per row.
    pub(super) inner: usize,
    pub(super) outputs: usize,
    pub(super) out_pixels: usize,
    pub(super) way: Way,
    /// `[inner, outputs]`
    pub(super) matrix: Option<Panels>,
    pub(super) images_of_a_task: usize,
}

impl Plan {
    pub(in crate::cpu) fn new(
        unit: UnitShape,
        [images, height, width, channels]: [usize; 4],
        weights: WeightSlices<'_>,
    ) -> Self {
        let pixels = height * width;
        let (inner, out_pixels) = match unit.rows {
            Rows::Pixels => (channels, pixels),
            Rows::Depthwise(window) => (channels, window.out_pixels()),
            Rows::Patches(window) => (channels * window.taps(), window.out_pixels()),
        };
        let outputs = weights.dense.map_or(inner, |(_, outputs)| outputs);
        assert!(images > 0, "a batch has at least one image");
        if let (Rows::Depthwise(window), Some(values)) = (unit.rows, weights.depthwise) {
            assert_eq!(
                values.len(),
                channels * window.taps(),
                "the images have other channels than the depthwise weights"
            );
        }
        if let Some((values, outputs)) = weights.dense {
            assert_eq!(
                values.len(),
                outputs * inner,
                "the images have other channels than the weights"
            );
        }
        let way = match (unit.rows, weights.depthwise) {
            (Rows::Depthwise(window), Some(values)) => Way::Depthwise {
                window,
                shape: Shape::forward(&window),
                taps: depthwise::by_blocks(values, window.taps()),
            },
            (Rows::Depthwise(_), None) => panic!("a depthwise convolution has weights"),
            (Rows::Patches(window), _) => Way::Patches(Patches::new(window, channels)),
            (Rows::Pixels, _) => Way::Pixels,
        };
        let spatial = inner / channels;
        let matrix = weights.dense.map(|(values, outputs)| {
            Panels::new(inner, outputs, |k, output| {
                values[(output * channels + k % channels) * spatial + k / channels]
            })
        });
        let work = pixels * channels + out_pixels * (inner + outputs);
        // Every task has its own sums of the gradients by the weights.
        let sums = padded(inner) * padded(outputs) + way.taps().len();
        let most_tasks = (MOST_SUMS / sums).max(1);
        Self {
            unit,
            images,
            channels,
            pixels,
            inner,
            outputs,
            out_pixels,
            way,
            matrix,
            images_of_a_task: images_of_a_task(images, work).max(images.div_ceil(most_tasks)),
        }
    }

    /// `[images, height, width, channels]` of the output.
    pub(in crate::cpu) fn output(&self, [images, height, width, _]: [usize; 4]) -> [usize; 4] {
        match self.unit.rows {
            Rows::Pixels => [images, height, width, self.outputs],
            Rows::Depthwise(window) | Rows::Patches(window) => {
                [images, window.out_height, window.out_width, self.outputs]
            }
        }
    }

    /// Channels of the output.
    pub(in crate::cpu) const fn outputs(&self) -> usize {
        self.outputs
    }

    /// Pixels of the output.
    pub(in crate::cpu) const fn out_pixels(&self) -> usize {
        self.out_pixels
    }

    /// The most pixels that are read and written together: whole images if windows span several pixels,
    /// otherwise few enough pixels for the fastest cache.
    pub(super) fn group(&self) -> [usize; 2] {
        match self.unit.rows {
            Rows::Pixels => {
                let of_a_task = self.images_of_a_task * self.pixels;
                let fit = IN_CACHE / (padded(self.inner) + padded(self.outputs));
                [fit.max(16).min(of_a_task); 2]
            }
            Rows::Depthwise(_) | Rows::Patches(_) => {
                // Small images fill the registers together.
                let images = (64 / self.out_pixels).clamp(1, self.images_of_a_task);
                [images * self.pixels, images * self.out_pixels]
            }
        }
    }

    /// Whether the kernels need a copy of the images whose channels fill whole lanes.
    pub(super) const fn copies_images(&self) -> bool {
        !matches!(self.unit.rows, Rows::Patches(_)) && !self.channels.is_multiple_of(LANES)
    }

    /// Whether the kernels need a copy of the output whose channels fill whole lanes.
    pub(super) const fn copies_outputs(&self) -> bool {
        !self.outputs.is_multiple_of(LANES)
    }

    /// Values in the copy of a group's images; 0 if none is needed.
    pub(super) fn copied_images(&self) -> usize {
        match self.copies_images() {
            true => self.group()[0] * padded(self.channels),
            false => 0,
        }
    }

    /// Values in the copy of a group's outputs; 0 if none is needed.
    pub(super) fn copied_outputs(&self) -> usize {
        match self.copies_outputs() {
            true => self.group()[1] * padded(self.outputs),
            false => 0,
        }
    }

    pub(super) fn rows_length(&self) -> usize {
        self.group()[1] * padded(self.inner) + patches::SLACK
    }

    pub(super) fn plane_length(&self) -> usize {
        match &self.way {
            Way::Pixels => 0,
            Way::Depthwise { shape, .. } => shape.plane(),
            Way::Patches(patches) => patches.plane(),
        }
    }
}

/// Values of a group that fit into a core's fastest cache.
const IN_CACHE: usize = 6 * 1024;

/// The most values in the weight gradients of all tasks together: 64 MiB.
const MOST_SUMS: usize = 1 << 24;
