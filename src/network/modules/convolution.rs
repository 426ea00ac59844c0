//! Convolutions without bias.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use evonas_kernels::{Convolution, Products, Weight, Window, round_together};
use rand::Rng;

use crate::network::initial_weights;
use crate::network::layers::ConvolutionPlan;
use crate::network::padding::{Padding, WindowAxis};
use crate::network::precision::Precision;

/// A convolution without bias.
#[derive(Module, Debug)]
pub(crate) struct ConvolutionLayer {
    /// `[output, input / groups, kernel height, kernel width]`
    pub(super) weight: Param<Tensor<4>>,
    stride: [usize; 2],
    dilation: usize,
    groups: usize,
    #[module(skip)]
    padding: Padding,
    #[module(skip)]
    precision: Precision,
    #[module(skip)]
    rounded: Rounded,
}

/// A weight that was rounded for the pass that is running. Copies of a layer have none.
#[derive(Default)]
struct Rounded(Mutex<Option<Weight>>);

impl Rounded {
    fn set(&self, weight: Weight) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(weight);
    }

    fn take(&self) -> Option<Weight> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Clone for Rounded {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rounded").finish_non_exhaustive()
    }
}

impl ConvolutionLayer {
    pub(super) fn new(
        plan: &ConvolutionPlan,
        precision: Precision,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Self {
        Self {
            weight: initial_weights::convolution(plan, rng, device),
            stride: plan.stride,
            dilation: plan.dilation,
            groups: plan.groups,
            padding: plan.padding,
            precision,
            rounded: Rounded::default(),
        }
    }

    /// Rounds the weights of the dense ones together, for the pass that follows.
    pub(in crate::network) fn round(layers: &[&Self], precision: Precision) {
        let dense: Vec<_> = layers
            .iter()
            .filter(|layer| !layer.is_depthwise())
            .collect();
        let weights = dense.iter().map(|layer| layer.weight.val()).collect();
        let weights = round_together(weights, precision.stored_type());
        for (layer, weight) in dense.into_iter().zip(weights) {
            layer.rounded.set(weight);
        }
    }

    /// The weight, rounded if it was before the pass.
    pub(super) fn weight(&self) -> Weight {
        let rounded = self.rounded.take();
        rounded.unwrap_or_else(|| self.weight.val().into())
    }

    /// Whether every channel has a kernel of its own. With one channel it is a dense convolution as well.
    pub(super) fn is_depthwise(&self) -> bool {
        self.groups > 1
    }

    /// Whether it is 1x1 with stride 1.
    pub(super) fn is_single_pixel(&self) -> bool {
        self.weight.dims()[2..] == [1, 1] && self.stride == [1, 1]
    }

    pub(super) const fn products(&self) -> Products {
        self.precision.products()
    }

    /// The convolution of images of this height and width.
    pub(super) fn on(&self, [height, width]: [usize; 2]) -> Convolution {
        let [_, _, kernel_height, kernel_width] = self.weight.dims();
        let kernel = [kernel_height, kernel_width];
        let along = |axis: usize, size: usize| {
            let axis = WindowAxis {
                size,
                kernel: kernel[axis],
                stride: self.stride[axis],
                dilation: self.dilation,
            };
            let (before, _) = self.padding.amount(axis);
            (before as isize, self.padding.output(axis))
        };
        let [(top, out_height), (left, out_width)] = [along(0, height), along(1, width)];
        Convolution {
            weight: self.weight(),
            window: Window {
                height,
                width,
                kernel,
                stride: self.stride,
                dilation: self.dilation,
                before: [top, left],
                out_height,
                out_width,
            },
            products: self.products(),
        }
    }
}
