//! Convolutions without bias.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use evonas_kernels::{Convolution, Products, Window};
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
        }
    }

    /// Whether every channel has a kernel of its own. With one channel it is a dense convolution as well.
    pub(super) fn is_depthwise(&self) -> bool {
        self.groups > 1
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
            weight: self.weight.val(),
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
