//! A batch of hidden states, and the operations without weights.

use std::ops::Add;

use burn::tensor::module::linear;
use burn::tensor::{Device, Tensor};

use crate::epilogue::Epilogue;
use crate::operations::{GradientMark, Input, UnitTensors};
use crate::pooling::Pooling;
use crate::unit_shape::UnitShape;
use crate::window::Window;
use crate::{composed, operations};

/// A batch of hidden states: what a cell network computes between its images and its logits.
///
/// Its shape is always given as `[batch, channels, height, width]`; the order in which its values are
/// stored is private to the crate and depends on the device.
///
/// It is stored in the type of the images that [entered](Self::enter): single precision or, on GPUs that have it, half
/// precision ([bfloat16](crate::supports_bfloat16) or 16-bit floats; weights stay in single precision); Burn's own operations
/// compute on all others. The operations keep that type. A kernel computes in single precision, but for
/// [products](crate::Products), and rounds what it writes. Only what [`global_average_pool`](Self::global_average_pool) returns has at least single
/// precision, as does a classifier.
#[derive(Clone, Debug)]
pub struct HiddenState {
    values: Tensor<4>,
    order: MemoryOrder,
    mark: GradientMark,
    /// Whether the values are those of a ReLU.
    rectified: bool,
}

impl From<HiddenState> for Input {
    fn from(state: HiddenState) -> Self {
        Self {
            values: state.values,
            mark: state.mark,
        }
    }
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
    /// Images as a network receives them. The hidden state is stored in their type.
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

    /// The result of an operation.
    pub(crate) fn new(values: Tensor<4>, order: MemoryOrder) -> Self {
        Self {
            values,
            order,
            mark: GradientMark::default(),
            rectified: false,
        }
    }

    pub(crate) const fn order(&self) -> MemoryOrder {
        self.order
    }

    /// The values in their own order.
    pub(crate) fn into_values(self) -> Tensor<4> {
        self.values
    }

    /// Whether a ReLU would change nothing.
    pub(crate) const fn is_rectified(&self) -> bool {
        self.rectified
    }

    /// Refuses a state of [`concatenate_for_relu`](Self::concatenate_for_relu) to readers without a ReLU.
    pub(crate) fn assert_whole(&self) {
        assert!(
            !self.rectified,
            "a concatenation for ReLUs is read without one"
        );
    }

    /// The hidden state as a tensor, of its own type.
    ///
    /// # Shapes
    /// - output: `[batch, channels, height, width]`
    #[must_use]
    pub fn leave(self) -> Tensor<4> {
        self.assert_whole();
        match self.order {
            MemoryOrder::ChannelsFirst => self.values,
            MemoryOrder::ChannelsLast => self.values.permute([0, 3, 1, 2]),
        }
    }

    /// All values of each example in a row, for a classifier: in at least single precision.
    ///
    /// # Shapes
    /// - output: `[batch, channels · height · width]`
    #[must_use]
    pub fn flatten(self) -> Tensor<2> {
        self.assert_whole();
        let [batch, ..] = self.dims();
        // Of a single pixel both orders are the same.
        let values = match self.size() {
            [1, 1] => self.values,
            _ => self.leave(),
        };
        composed::widened(values).reshape([batch as i64, -1])
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

    /// Whether an [`Epilogue`] is part of the operation before it on this state's device. Elsewhere it is an operation of
    /// its own, which adds [`plus`](Epilogue::plus) and the output in this order.
    #[must_use]
    pub fn joins_epilogues(&self) -> bool {
        self.order == MemoryOrder::ChannelsLast && operations::saves_passes(&self.device())
    }

    /// Zeros of the same shape and type.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        Self::new(self.values.zeros_like(), self.order)
    }

    /// max(0, x). As part of a [`Unit`](crate::Unit) it costs less.
    #[must_use]
    pub fn relu(self) -> Self {
        match self.rectified {
            true => Self {
                rectified: false,
                ..self
            },
            false => Self::new(composed::relu(self.values), self.order),
        }
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
        self.pool_with(pooling, window, Epilogue::default())
    }

    /// Pooling over windows, followed by an epilogue.
    ///
    /// # Shapes
    /// - output: the same channels, and the window's output height and width
    ///
    /// # Panics
    /// If the window is for images of another size, or the epilogue doesn't fit the output.
    #[must_use]
    pub fn pool_with(self, pooling: Pooling, window: Window, epilogue: Epilogue) -> Self {
        window.assert_fits(self.size());
        self.assert_whole();
        let [batch, channels, ..] = self.dims();
        epilogue.assert_fits([batch, channels, window.out_height, window.out_width]);
        match self.joins_epilogues() {
            true => self.pool_in_one(pooling, window, epilogue),
            false => epilogue.apply(self.pool_in_one(pooling, window, Epilogue::default())),
        }
    }

    /// Pooling by one operation, which has an epilogue if there are kernels.
    pub(crate) fn pool_in_one(self, pooling: Pooling, window: Window, epilogue: Epilogue) -> Self {
        let order = self.order;
        let values = match order {
            MemoryOrder::ChannelsFirst => composed::pool(self.values, pooling, &window),
            MemoryOrder::ChannelsLast => {
                operations::pool(self.into(), epilogue.into_tensors(), window, pooling)
            }
        };
        Self::new(values, order)
    }

    /// The mean over height and width, in at least single precision.
    ///
    /// # Shapes
    /// - output: the same channels, of one pixel
    #[must_use]
    pub fn global_average_pool(self) -> Self {
        self.assert_whole();
        if self.joins_epilogues() {
            let size = self.size();
            let whole = Window {
                kernel: size,
                out_height: 1,
                out_width: 1,
                ..Window::pixel(size)
            };
            let state = Self::new(composed::widened(self.values), self.order);
            return state.pool_in_one(Pooling::Average, whole, Epilogue::default());
        }
        let [rows, columns] = match self.order {
            MemoryOrder::ChannelsFirst => [2, 3],
            MemoryOrder::ChannelsLast => [1, 2],
        };
        let values = composed::widened(self.values);
        Self::new(values.mean_dim(rows).mean_dim(columns), self.order)
    }

    /// A linear layer: the product of each example's features and a matrix, plus a bias. In single precision on every
    /// device, whatever tuning finds faster.
    ///
    /// # Shapes
    /// - `weight`: `[features, outputs]`, with the features as [`flatten`](Self::flatten) returns them
    /// - `bias`: `[outputs]`
    /// - output: `[batch, outputs]`
    #[must_use]
    pub fn linear(self, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
        let whole = self.joins_epilogues();
        let features = self.flatten();
        if !whole {
            return linear(features, weight, bias);
        }
        let ([batch, inputs], [_, outputs]) = (features.dims(), weight.dims());
        let pixels = Self::from_features(features);
        let weight = weight.reshape([inputs, outputs, 1, 1]).swap_dims(0, 1);
        let product = operations::convolve(
            pixels.into(),
            UnitTensors::dense(weight.into()),
            UnitShape::PIXELS,
        );
        let product = product.reshape([batch, outputs]);
        match bias {
            Some(bias) => product + bias.unsqueeze(),
            None => product,
        }
    }

    /// The product with factors, rounded to the state's type, that are 1 along the dimensions that share them: `[batch, 1, 1, 1]` has a
    /// factor for each example, as drop path needs.
    ///
    /// # Shapes
    /// - `factors`: `[batch, channels, height, width]`, or 1 for any of them
    #[must_use]
    pub fn multiply(self, factors: Tensor<4>) -> Self {
        self.assert_whole();
        let factors = match self.order {
            MemoryOrder::ChannelsFirst => factors,
            MemoryOrder::ChannelsLast => factors.permute([0, 2, 3, 1]),
        };
        let factors = composed::in_type_of(&self.values, factors);
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
        parts.iter().for_each(Self::assert_whole);
        if parts.len() == 1 {
            return parts.remove(0);
        }
        let order = parts.first().expect("at least one part").order;
        let values = match order {
            MemoryOrder::ChannelsFirst => {
                Tensor::cat(parts.into_iter().map(|part| part.values).collect(), 1)
            }
            MemoryOrder::ChannelsLast => {
                operations::concatenate(parts.into_iter().map(Input::from).collect(), false)
            }
        };
        Self::new(values, order)
    }

    /// Hidden states as one, as [`concatenate`](Self::concatenate) returns it, for readers that all begin with a ReLU:
    /// where that pays, it is the concatenation's ReLU, which they then leave out. On a GPU that saves each of them a
    /// pass over the images each way. A reader without a ReLU panics there; [`relu`](Self::relu) returns a state for all.
    ///
    /// # Panics
    /// If there is no part, or if their batches or sizes differ.
    #[must_use]
    pub fn concatenate_for_relu(parts: Vec<Self>) -> Self {
        parts.iter().for_each(Self::assert_whole);
        let first = parts.first().expect("at least one part");
        let order = first.order;
        if !first.joins_epilogues() || parts.len() == 1 {
            return Self::concatenate(parts);
        }
        let parts = parts.into_iter().map(Input::from).collect();
        Self {
            rectified: true,
            ..Self::new(operations::concatenate(parts, true), order)
        }
    }
}

/// The sum of two hidden states of one shape.
impl Add for HiddenState {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.assert_whole();
        other.assert_whole();
        Self::new(self.values + other.values, self.order)
    }
}
