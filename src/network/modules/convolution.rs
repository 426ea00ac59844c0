//! Convolutions without bias.

use burn::module::{Module, Param};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, FloatDType, Tensor};
use rand::Rng;

use crate::network::{ConvolutionPlan, Padding, Precision, initial_weights};
use evonas_kernels::cpu::Window;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
use evonas_kernels::cube as cube_kernels;

/// A convolution without bias.
#[derive(Module, Debug)]
pub(crate) struct Convolution {
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

impl Convolution {
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

    /// Whether it takes every channel by itself. With one channel it is a dense one as well.
    pub(super) fn is_depthwise(&self) -> bool {
        self.groups > 1
    }

    /// Whether it is 1x1 with stride 1.
    pub(super) fn is_single_pixel(&self) -> bool {
        let [_, _, height, width] = self.weight.dims();
        [height, width] == [1, 1] && self.stride == [1, 1]
    }

    /// How it moves over images of this height and width.
    pub(super) fn window(&self, [height, width]: [usize; 2]) -> Window {
        let [_, _, kernel_height, kernel_width] = self.weight.dims();
        let kernel = [kernel_height, kernel_width];
        let along = |axis: usize, size: usize| {
            let (kernel, stride) = (kernel[axis], self.stride[axis]);
            let (before, _) = self.padding.amount(size, kernel, stride, self.dilation);
            (before as isize, self.padding.output(size, kernel, stride))
        };
        let [(top, out_height), (left, out_width)] = [along(0, height), along(1, width)];
        Window {
            height,
            width,
            kernel,
            stride: self.stride,
            dilation: self.dilation,
            before: [top, left],
            out_height,
            out_width,
        }
    }

    /// The convolution where the CPU's kernels don't run.
    ///
    /// # Shapes
    /// - input: `[batch, input, height, width]`
    /// - output: `[batch, output, height, width]`, by [`Padding::output`]
    pub(super) fn compose(&self, input: Tensor<4>) -> Tensor<4> {
        let weight = self.weight.val();
        match self.precision {
            Precision::Float32 => self.convolve(input, weight),
            Precision::BFloat16 => {
                let [input, weight] = [input, weight].map(|tensor| tensor.cast(FloatDType::BF16));
                self.convolve(input, weight).cast(FloatDType::F32)
            }
        }
    }

    fn convolve(&self, input: Tensor<4>, weight: Tensor<4>) -> Tensor<4> {
        let [_, _, height, width] = input.dims();
        #[cfg(any(feature = "cuda", feature = "wgpu"))]
        if self.is_depthwise() && cube_kernels::run_on(&input.device()) {
            return cube_kernels::depthwise(input, weight, self.window([height, width]));
        }
        let [_, _, kernel_height, kernel_width] = weight.dims();
        let [vertical, horizontal] = self.stride;
        let amount =
            |size, kernel, stride| self.padding.amount(size, kernel, stride, self.dilation);
        let padding = [
            amount(height, kernel_height, vertical),
            amount(width, kernel_width, horizontal),
        ];
        let dilation = [self.dilation; 2];
        let options = ConvOptions::new_with_padding(self.stride, padding, dilation, self.groups);
        conv2d(input, weight, None, options)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{DType, TensorData};
    use rand::RngExt;

    use super::*;
    use crate::randomness::stream;

    /// The output and the weight's gradient.
    fn made(precision: Precision) -> [Vec<f32>; 2] {
        let device = Device::flex().autodiff();
        let plan = ConvolutionPlan {
            input: 4,
            output: 6,
            kernel: [3, 3],
            stride: [1, 1],
            dilation: 1,
            groups: 1,
            padding: Padding::Same,
        };
        let convolution = Convolution::new(&plan, precision, &mut stream(1, 0), &device);
        let mut rng = stream(2, 0);
        let pixels: Vec<f32> = (0..2 * 4 * 25).map(|_| rng.random::<f32>() - 0.5).collect();
        let input = Tensor::from_data(TensorData::new(pixels, [2, 4, 5, 5]), &device);
        let output = convolution.compose(input);
        assert_eq!(output.dtype(), DType::F32);
        let gradients = output.clone().square().sum().backward();
        let gradient = convolution.weight.val().grad(&gradients).unwrap();
        assert_eq!(gradient.dtype(), DType::F32);
        [output.inner(), gradient].map(|tensor| tensor.into_data().try_to_vec().unwrap())
    }

    #[test]
    fn bfloat16_rounds_a_convolution_and_keeps_the_weights_gradient_in_single_precision() {
        let exact = made(Precision::Float32);
        let rounded = made(Precision::BFloat16);
        for (exact, rounded) in exact.into_iter().zip(rounded) {
            assert_ne!(exact, rounded);
            let largest = exact
                .iter()
                .fold(0.0_f32, |most, value| most.max(value.abs()));
            for (exact, rounded) in exact.into_iter().zip(rounded) {
                assert!(
                    (exact - rounded).abs() <= 0.02 * largest,
                    "{exact} {rounded}"
                );
            }
        }
    }
}
