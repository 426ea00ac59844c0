//! The two paths of a factorized reduction.

use burn::tensor::Tensor;

use crate::composed::{self, Grouping};
use crate::convolution::{Convolution, Products};
use crate::hidden_state::{HiddenState, MemoryOrder};
use crate::operations::{self, Input, UnitTensors};
use crate::unit_shape::{Rows, UnitShape};
use crate::weight::Weight;
use crate::window::Window;

/// Halves height and width by two 1x1 convolutions with stride 2, the second of which sees the image
/// shifted by one pixel down and to the right, with zeros after the last row and column.
///
/// Batch norm, which follows it in a network, is a [`Unit`](crate::Unit) of its own.
#[derive(Clone, Debug)]
pub struct FactorizedPaths {
    /// Whether both paths see the input's ReLU.
    pub relu: bool,
    /// The weights of the first path, `[outputs, channels, 1, 1]`.
    pub first: Weight,
    /// The weights of the second path, `[outputs, channels, 1, 1]`.
    pub second: Weight,
    /// How the products are computed.
    pub products: Products,
}

impl FactorizedPaths {
    /// Applies both paths and concatenates their outputs.
    ///
    /// # Shapes
    /// - output: the first path's outputs and then the second's as channels; half the height and width,
    ///   rounded up
    ///
    /// # Panics
    /// If the input has other channels than the weights.
    #[must_use]
    pub fn forward(self, input: HiddenState) -> HiddenState {
        let [height, width] = input.size();
        let window = Window {
            stride: [2, 2],
            out_height: height.div_ceil(2),
            out_width: width.div_ceil(2),
            ..Window::pixel([height, width])
        };
        if !self.relu {
            input.assert_whole();
        }
        let order = input.order();
        let paths = match order {
            MemoryOrder::ChannelsFirst => self.compose(input.into_values(), window),
            MemoryOrder::ChannelsLast => self.compute(input, window),
        };
        HiddenState::concatenate(paths.map(|path| HiddenState::new(path, order)).into())
    }

    /// By Burn's operations.
    fn compose(self, input: Tensor<4>, window: Window) -> [Tensor<4>; 2] {
        let input = match self.relu {
            true => composed::relu(input),
            false => input,
        };
        let shifted = composed::shift(input.clone());
        let products = self.products;
        [(input, self.first), (shifted, self.second)].map(|(input, weight)| {
            let path = Convolution {
                weight,
                window,
                products,
            };
            composed::convolve(input, &path, Grouping::Dense)
        })
    }

    /// By the kernels.
    fn compute(self, input: HiddenState, window: Window) -> [Tensor<4>; 2] {
        let (relu, products) = (self.relu && !input.is_rectified(), self.products);
        let input = Input::from(input);
        // Zeros after the image make up for the pixels skipped before it.
        [(self.first, 0), (self.second, 1)].map(|(weight, skipped)| {
            let window = Window {
                before: window.before.map(|before| before - skipped),
                ..window
            };
            let shape = UnitShape {
                rows: Rows::Patches(window),
                relu,
                products,
            };
            operations::convolve(input.clone(), UnitTensors::dense(weight), shape)
        })
    }
}
