//! A batch of hidden states, and the operations without weights.

use std::ops::Add;

use burn::tensor::{Device, Tensor};

use crate::pooling::Pooling;
use crate::window::Window;
use crate::{composed, operations};

/// A batch of hidden states: what a cell network computes between its images and its logits.
///
/// Its shape is always given as `[batch, channels, height, width]`; the order in which its values are
/// stored is private to the crate and depends on the device.
#[derive(Clone, Debug)]
pub struct HiddenState {
    values: Tensor<4>,
    order: MemoryOrder,
}

/// The order of a hidden state's values, which also says what computes on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemoryOrder {
    /// `[batch, channels, height, width]`, for Burn's operations.
    ChannelsFirst,
    /// `[batch, height, width, channels]`, for the kernels.
    ChannelsLast,
}

impl MemoryOrder {
    fn of(tensor: &Tensor<4>) -> Self {
        match operations::run_on(&tensor.device(), tensor.dtype()) {
            true => Self::ChannelsLast,
            false => Self::ChannelsFirst,
        }
    }
}

impl HiddenState {
    /// Images as a network receives them.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`
    #[must_use]
    pub fn enter(images: Tensor<4>) -> Self {
        match MemoryOrder::of(&images) {
            MemoryOrder::ChannelsFirst => Self::new(images, MemoryOrder::ChannelsFirst),
            MemoryOrder::ChannelsLast => {
                Self::new(images.permute([0, 2, 3, 1]), MemoryOrder::ChannelsLast)
            }
        }
    }

    /// Features of one pixel, as [`flatten`](Self::flatten) returns them.
    ///
    /// # Shapes
    /// - `features`: `[batch, channels]`
    #[must_use]
    pub fn from_features(features: Tensor<2>) -> Self {
        let [batch, channels] = features.dims();
        let values = features.reshape([batch, channels, 1, 1]);
        match MemoryOrder::of(&values) {
            MemoryOrder::ChannelsFirst => Self::new(values, MemoryOrder::ChannelsFirst),
            MemoryOrder::ChannelsLast => Self::new(
                values.reshape([batch, 1, 1, channels]),
                MemoryOrder::ChannelsLast,
            ),
        }
    }

    pub(crate) const fn new(values: Tensor<4>, order: MemoryOrder) -> Self {
        Self { values, order }
    }

    /// The values in their own order.
    pub(crate) fn into_parts(self) -> (Tensor<4>, MemoryOrder) {
        (self.values, self.order)
    }

    /// The hidden state as a tensor.
    ///
    /// # Shapes
    /// - output: `[batch, channels, height, width]`
    #[must_use]
    pub fn leave(self) -> Tensor<4> {
        match self.order {
            MemoryOrder::ChannelsFirst => self.values,
            MemoryOrder::ChannelsLast => self.values.permute([0, 3, 1, 2]),
        }
    }

    /// All values of each example in a row, for a classifier.
    ///
    /// # Shapes
    /// - output: `[batch, channels · height · width]`
    #[must_use]
    pub fn flatten(self) -> Tensor<2> {
        let [batch, ..] = self.dims();
        // Of a single pixel both orders are the same.
        let values = match self.size() {
            [1, 1] => self.values,
            _ => self.leave(),
        };
        values.reshape([batch as i64, -1])
    }

    /// `[batch, channels, height, width]`
    #[must_use]
    pub fn dims(&self) -> [usize; 4] {
        match (self.values.dims(), self.order) {
            (dims, MemoryOrder::ChannelsFirst) => dims,
            ([batch, height, width, channels], MemoryOrder::ChannelsLast) => {
                [batch, channels, height, width]
            }
        }
    }

    /// Height and width in pixels.
    #[must_use]
    pub fn size(&self) -> [usize; 2] {
        let [_, _, height, width] = self.dims();
        [height, width]
    }

    /// The device that holds it.
    #[must_use]
    pub fn device(&self) -> Device {
        self.values.device()
    }

    /// Zeros of the same shape, in the same precision.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        Self::new(self.values.zeros_like(), self.order)
    }

    /// max(0, x). As part of a [`Unit`](crate::Unit) it costs less.
    #[must_use]
    pub fn relu(self) -> Self {
        Self::new(composed::relu(self.values), self.order)
    }

    /// Pooling over windows.
    ///
    /// # Shapes
    /// - output: the same channels, and the window's output height and width
    ///
    /// # Panics
    /// If the window is for images of another size.
    #[must_use]
    pub fn pool(self, pooling: Pooling, window: Window) -> Self {
        window.assert_fits(self.size());
        let values = match self.order {
            MemoryOrder::ChannelsFirst => composed::pool(self.values, pooling, &window),
            MemoryOrder::ChannelsLast => operations::pool(self.values, window, pooling),
        };
        Self::new(values, self.order)
    }

    /// The mean over height and width.
    ///
    /// # Shapes
    /// - output: the same channels, of one pixel
    #[must_use]
    pub fn global_average_pool(self) -> Self {
        let [rows, columns] = match self.order {
            MemoryOrder::ChannelsFirst => [2, 3],
            MemoryOrder::ChannelsLast => [1, 2],
        };
        let values = self.values.mean_dim(rows).mean_dim(columns);
        Self::new(values, self.order)
    }

    /// The product with factors that are 1 along the dimensions that share them: `[batch, 1, 1, 1]` has a
    /// factor for each example, as drop path needs.
    ///
    /// # Shapes
    /// - `factors`: `[batch, channels, height, width]`, or 1 for any of them
    #[must_use]
    pub fn multiply(self, factors: Tensor<4>) -> Self {
        let factors = match self.order {
            MemoryOrder::ChannelsFirst => factors,
            MemoryOrder::ChannelsLast => factors.permute([0, 2, 3, 1]),
        };
        Self::new(self.values * factors, self.order)
    }

    /// Hidden states of one size as one, with the channels of each after those of the one before.
    ///
    /// # Shapes
    /// - output: the parts' height and width, and the sum of their channels
    ///
    /// # Panics
    /// If there is no part, or if their batches or sizes differ.
    #[must_use]
    pub fn concatenate(mut parts: Vec<Self>) -> Self {
        if parts.len() == 1 {
            return parts.remove(0);
        }
        let order = parts.first().expect("at least one part").order;
        let parts = parts.into_iter().map(|part| part.values).collect();
        let values = match order {
            MemoryOrder::ChannelsFirst => Tensor::cat(parts, 1),
            MemoryOrder::ChannelsLast => operations::concatenate(parts),
        };
        Self::new(values, order)
    }
}

/// The sum of two hidden states of one shape.
impl Add for HiddenState {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::new(self.values + other.values, self.order)
    }
}
