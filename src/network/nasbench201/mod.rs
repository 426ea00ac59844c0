//! The networks that NAS-Bench-201 builds around a cell, and what they cost.

#[cfg(feature = "burn")]
mod classifier;

#[cfg(feature = "burn")]
pub use classifier::NasBench201Classifier;

use serde::Serialize;
use serde_json::Value;

use super::cost::Cost;
use super::cost_model::CostModel;
use crate::description;
use crate::spaces::nasbench201::{EdgeOperation, NasBench201Cell};

/// Cells of a stack.
const CELLS_PER_STACK: u64 = 5;
/// The channels of each stack. Every stack has images of half the previous one's height and width.
const CHANNELS: [u64; 3] = [16, 32, 64];
/// The channels of an image.
const COLORS: u64 = 3;

/// The network that NAS-Bench-201 (Dong and Yang 2020) trains for a cell: a 3x3 convolution, three stacks of five
/// cells with 16, 32 and 64 channels, a residual block that halves the image between the stacks, and a classifier.
///
/// Its [cost](CostModel::cost) needs no table. It agrees with the official table: the multiply-adds of all cells,
/// except that the table counts the classifier's bias among them and [`Cost`] doesn't, and the parameters of all but
/// 150 of the 15,625 cells, for which the table has one convolution too many or too few.
///
/// With feature `burn` it is also a decoder (`training::Decoder`) to `NasBench201Classifier`s, which a
/// `TrainingEvaluator` trains and a proxy scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NasBench201Network {
    /// The height and width of the images.
    pub size: u32,
    /// The number of classes.
    pub classes: u32,
}

impl NasBench201Network {
    /// The network for images of `size` x `size` pixels with three channels.
    #[must_use]
    pub const fn new(size: u32, classes: u32) -> Self {
        Self { size, classes }
    }

    /// The network for CIFAR-10.
    #[must_use]
    pub const fn cifar10() -> Self {
        Self::new(32, 10)
    }

    /// The network for CIFAR-100.
    #[must_use]
    pub const fn cifar100() -> Self {
        Self::new(32, 100)
    }

    /// The network for ImageNet16-120.
    #[must_use]
    pub const fn imagenet16() -> Self {
        Self::new(16, 120)
    }

    /// The pixels of the images in a stack. A convolution of stride 2 rounds their height and width up.
    fn pixels(self, stack: usize) -> u64 {
        let size = (0..stack).fold(u64::from(self.size), |size, _| size.div_ceil(2));
        size * size
    }
}

impl CostModel<NasBench201Cell> for NasBench201Network {
    fn cost(&self, cell: &NasBench201Cell) -> Option<Cost> {
        let mut cost = convolution(3, COLORS, CHANNELS[0], self.pixels(0));
        cost.parameters += batch_norm(CHANNELS[0]);
        for (stack, channels) in CHANNELS.into_iter().enumerate() {
            let pixels = self.pixels(stack);
            if let Some(previous) = stack.checked_sub(1) {
                // The residual block: two convolutions with batch norm, and a shortcut without.
                let before = CHANNELS[previous];
                cost += convolution(3, before, channels, pixels);
                cost += convolution(3, channels, channels, pixels);
                cost += convolution(1, before, channels, pixels);
                cost.parameters += 2 * batch_norm(channels);
            }
            for operation in cell.operations {
                let kernel = match operation {
                    EdgeOperation::Conv1x1 => 1,
                    EdgeOperation::Conv3x3 => 3,
                    EdgeOperation::None
                    | EdgeOperation::SkipConnect
                    | EdgeOperation::AvgPool3x3 => continue,
                };
                let edge = convolution(kernel, channels, channels, pixels);
                cost += Cost {
                    parameters: CELLS_PER_STACK * (edge.parameters + batch_norm(channels)),
                    multiply_adds: edge.multiply_adds.saturating_mul(CELLS_PER_STACK),
                };
            }
        }
        let features = CHANNELS[CHANNELS.len() - 1];
        let classes = u64::from(self.classes);
        cost += Cost {
            parameters: batch_norm(features) + (features + 1) * classes,
            multiply_adds: features * classes,
        };
        Some(cost)
    }

    fn describe(&self) -> Value {
        description::named("NasBench201Network", self)
    }
}

/// A convolution without bias, for images of so many pixels after it.
const fn convolution(kernel: u64, input: u64, output: u64, pixels: u64) -> Cost {
    let parameters = kernel * kernel * input * output;
    Cost {
        parameters,
        multiply_adds: parameters.saturating_mul(pixels),
    }
}

/// Scale and shift.
const fn batch_norm(channels: u64) -> u64 {
    2 * channels
}
