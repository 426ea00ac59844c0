//! The definition of a unit, and random units.

use proptest::prelude::*;

use super::{WindowPadding, each_pixel, padded_window, random, values, window};
use crate::Products;
use crate::cpu::primitives::{Inputs, tensor};
use crate::unit_shape::{Rows, UnitShape};
use crate::window::Window;

/// The sizes of a unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) images: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
    /// The outputs of the dense convolution; `None` without one.
    pub(super) outputs: Option<usize>,
}

impl Sizes {
    pub(super) fn out_pixels(self, unit: UnitShape) -> usize {
        match unit.rows {
            Rows::Pixels => self.height * self.width,
            Rows::Depthwise(window) | Rows::Patches(window) => window.out_pixels(),
        }
    }

    /// The output's dimensions.
    pub(super) fn output(self, unit: UnitShape) -> [usize; 4] {
        let [height, width] = match unit.rows {
            Rows::Pixels => [self.height, self.width],
            Rows::Depthwise(window) | Rows::Patches(window) => {
                [window.out_height, window.out_width]
            }
        };
        [self.images, height, width, self.out_channels()]
    }

    pub(super) fn out_channels(self) -> usize {
        self.outputs.unwrap_or(self.channels)
    }

    pub(super) fn taps(unit: UnitShape) -> usize {
        match unit.rows {
            Rows::Pixels => 1,
            Rows::Depthwise(window) | Rows::Patches(window) => window.taps(),
        }
    }
}

/// The definition: image, depthwise and dense weights (empty where there are none) to the output.
pub(super) fn define(unit: UnitShape, sizes: Sizes, inputs: &[Vec<f64>]) -> Vec<f64> {
    let Sizes {
        images,
        height,
        width,
        channels,
        ..
    } = sizes;
    let [image, depthwise, dense] = [&inputs[0], &inputs[1], &inputs[2]];
    let (pixels, out_pixels) = (height * width, sizes.out_pixels(unit));
    let at = |n: usize, pixel: usize, c: usize| {
        let value = image[(n * pixels + pixel) * channels + c];
        if unit.relu { value.max(0.0) } else { value }
    };
    let taps = Sizes::taps(unit);
    let spatial = if matches!(unit.rows, Rows::Patches(_)) {
        taps
    } else {
        1
    };
    let mut rows = vec![0.0; images * out_pixels * channels * spatial];
    for n in 0..images {
        for c in 0..channels {
            match unit.rows {
                Rows::Pixels => {
                    for pixel in 0..pixels {
                        rows[(n * pixels + pixel) * channels + c] = at(n, pixel, c);
                    }
                }
                Rows::Depthwise(window) => each_pixel(&window, &mut |output, tap, pixel| {
                    rows[(n * out_pixels + output) * channels + c] +=
                        depthwise[c * taps + tap] * at(n, pixel, c);
                }),
                Rows::Patches(window) => each_pixel(&window, &mut |output, tap, pixel| {
                    let place = (n * out_pixels + output) * channels + c;
                    rows[place * taps + tap] = at(n, pixel, c);
                }),
            }
        }
    }
    match sizes.outputs {
        None => rows,
        Some(outputs) => {
            let inner = channels * spatial;
            rows.chunks_exact(inner)
                .flat_map(|row| {
                    (0..outputs).map(|output| {
                        let weights = &dense[output * inner..(output + 1) * inner];
                        row.iter().zip(weights).map(|(a, b)| a * b).sum::<f64>()
                    })
                })
                .collect()
        }
    }
}

/// Batch norm by definition: values, gamma and beta to the output.
pub(super) fn define_norm(values: &[f64], gamma: &[f64], beta: &[f64], epsilon: f64) -> Vec<f64> {
    let channels = gamma.len();
    let count = (values.len() / channels) as f64;
    let mut output = vec![0.0; values.len()];
    for c in 0..channels {
        let of_channel = || values.iter().skip(c).step_by(channels);
        let mean = of_channel().sum::<f64>() / count;
        let variance = of_channel()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>()
            / count;
        for (index, value) in of_channel().enumerate() {
            output[index * channels + c] =
                (value - mean) / (variance + epsilon).sqrt() * gamma[c] + beta[c];
        }
    }
    output
}

/// A unit with its sizes and random values: image, depthwise and dense weights.
pub(super) fn units() -> impl Strategy<Value = (UnitShape, Sizes, u64)> {
    let sizes = (
        1_usize..=5,
        1_usize..=9,
        1_usize..=20,
        prop::sample::select(vec![1_usize, 2, 3, 4, 5, 8, 11, 16, 24]),
        prop::option::of(prop::sample::select(vec![1_usize, 3, 4, 8, 13, 16, 24])),
    );
    let kind = (
        0_usize..3,
        prop::sample::select(vec![
            [1_usize, 1],
            [2, 2],
            [3, 3],
            [5, 5],
            [7, 7],
            [1, 7],
            [7, 1],
            [3, 1],
        ]),
        prop::sample::select(vec![[1_usize, 1], [2, 2], [3, 3], [1, 2], [2, 1]]),
        prop::sample::select(vec![1_usize, 1, 2, 3, 4, 6]),
        0_isize..=1,
        any::<bool>(),
        any::<bool>(),
    );
    (sizes, kind, any::<u64>()).prop_map(|(sizes, kind, seed)| {
        let (images, height, width, channels, outputs) = sizes;
        let (rows, kernel, stride, dilation, left_out, relu, pads) = kind;
        let fits = [height, width]
            .into_iter()
            .zip(kernel)
            .all(|(size, kernel)| (kernel - 1) * dilation < size);
        let padding = if pads || !fits {
            WindowPadding::Same
        } else {
            WindowPadding::Valid
        };
        let left_out = if padding == WindowPadding::Same {
            left_out
        } else {
            0
        };
        let window = padded_window([height, width], kernel, stride, dilation, padding);
        let rows = match rows {
            0 => Rows::Pixels,
            1 => Rows::Depthwise(window),
            _ => Rows::Patches(Window {
                before: window.before.map(|before| before - left_out),
                ..window
            }),
        };
        // Patches exist only for a dense convolution.
        let outputs = match rows {
            Rows::Patches(_) => outputs.or(Some(3)),
            _ => outputs,
        };
        let sizes = Sizes {
            images,
            height,
            width,
            channels,
            outputs,
        };
        (
            UnitShape {
                rows,
                relu,
                products: Products::Single,
            },
            sizes,
            seed,
        )
    })
}

/// The values of a unit's image and weights.
pub(super) fn values_of(unit: UnitShape, sizes: Sizes, seed: u64) -> [Vec<f32>; 3] {
    let taps = Sizes::taps(unit);
    let image = sizes.images * sizes.height * sizes.width * sizes.channels;
    let depthwise = match unit.rows {
        Rows::Depthwise(_) => sizes.channels * taps,
        _ => 0,
    };
    let inner = match unit.rows {
        Rows::Patches(_) => sizes.channels * taps,
        _ => sizes.channels,
    };
    let dense = sizes.outputs.map_or(0, |outputs| outputs * inner);
    [
        random(image, seed),
        random(depthwise, seed ^ 1),
        random(dense, seed ^ 2),
    ]
}

pub(super) fn inputs_of(unit: UnitShape, sizes: Sizes, values: &[Vec<f32>; 3]) -> Inputs {
    let Sizes {
        images,
        height,
        width,
        channels,
        ..
    } = sizes;
    let [image, depthwise, dense] = values.clone();
    let image = tensor(image, [images, height, width, channels]);
    let taps = Sizes::taps(unit);
    let dense = sizes.outputs.map(|outputs| {
        let spatial = dense.len() / outputs / channels;
        tensor(dense, [outputs, channels, 1, spatial])
    });
    let depthwise = tensor(
        depthwise,
        [channels, 1, 1, taps * usize::from(is_depthwise(unit))],
    );
    let weights = match (is_depthwise(unit), dense) {
        (false, None) => [None, None],
        (false, Some(dense)) => [None, Some(dense)],
        (true, None) => [Some(depthwise), None],
        (true, Some(dense)) => [Some(depthwise), Some(dense)],
    };
    Inputs::new(unit, image, weights)
}

pub(super) fn is_depthwise(unit: UnitShape) -> bool {
    matches!(unit.rows, Rows::Depthwise(_))
}

/// Output and gradients of a unit.
pub(super) fn all_of(unit: UnitShape, sizes: Sizes) -> [Vec<f32>; 4] {
    let inputs = inputs_of(unit, sizes, &values_of(unit, sizes, 7));
    let output = values(inputs.forward());
    let gradient = tensor(random(output.len(), 8), sizes.output(unit));
    let by = inputs.backward(gradient, true);
    let [image, depthwise, dense] =
        [by.image, by.depthwise, by.dense].map(|gradient| gradient.map(values).unwrap_or_default());
    [output, image, depthwise, dense]
}

pub(super) fn same_size(size: usize, kernel: [usize; 2], stride: [usize; 2]) -> Window {
    window([size; 2], kernel, stride, 1)
}
