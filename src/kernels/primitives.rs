//! The kernels on Flex's tensors.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::tensor::TensorData;

use super::plane::Window;
use super::pool::Take;
use super::{batch_norm, depthwise, pointwise, pool};

/// A tensor of single precision whose values lie one behind the other.
pub(super) struct Values(FlexTensor);

impl Values {
    pub(super) fn new(tensor: FloatTensor<Flex>) -> Self {
        Self(if tensor.as_slice::<f32>().is_some() {
            tensor
        } else {
            tensor.to_contiguous()
        })
    }

    pub(super) fn slice(&self) -> &[f32] {
        self.0
            .as_slice::<f32>()
            .expect("the tensor is contiguous and of single precision")
    }

    /// `[images, channels, height, width]`
    pub(super) fn dims(&self) -> [usize; 4] {
        let shape = self.0.layout().shape();
        [shape[0], shape[1], shape[2], shape[3]]
    }
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

pub(super) fn depthwise_forward(
    image: FloatTensor<Flex>,
    weights: FloatTensor<Flex>,
    window: &Window,
    relu: bool,
) -> FlexTensor {
    let (image, weights) = (Values::new(image), Values::new(weights));
    let [images, channels, ..] = image.dims();
    let shape = [images, channels, window.out_height, window.out_width];
    let mut output = vec![0.0; shape.iter().product()];
    depthwise::forward(
        image.slice(),
        weights.slice(),
        channels,
        window,
        relu,
        &mut output,
    );
    tensor(output, shape)
}

/// The gradients by image and weights.
pub(super) fn depthwise_backward(
    image: FloatTensor<Flex>,
    weights: FloatTensor<Flex>,
    gradient: FloatTensor<Flex>,
    window: &Window,
    relu: bool,
) -> [FlexTensor; 2] {
    let (image, weights) = (Values::new(image), Values::new(weights));
    let gradient = Values::new(gradient);
    let mut by_image = vec![0.0; image.slice().len()];
    let mut by_weights = vec![0.0; weights.slice().len()];
    depthwise::backward(
        image.slice(),
        weights.slice(),
        gradient.slice(),
        image.dims()[1],
        window,
        relu,
        &mut by_image,
        &mut by_weights,
    );
    [
        tensor(by_image, image.dims()),
        tensor(by_weights, weights.dims()),
    ]
}

pub(super) fn pointwise_forward(
    image: FloatTensor<Flex>,
    weights: FloatTensor<Flex>,
    relu: bool,
) -> FlexTensor {
    let (image, weights) = (Values::new(image), Values::new(weights));
    let [images, channels, height, width] = image.dims();
    let shape = [images, weights.dims()[0], height, width];
    let mut output = vec![0.0; shape.iter().product()];
    pointwise::forward(
        image.slice(),
        weights.slice(),
        channels,
        height * width,
        relu,
        &mut output,
    );
    tensor(output, shape)
}

/// The gradients by image and weights.
pub(super) fn pointwise_backward(
    image: FloatTensor<Flex>,
    weights: FloatTensor<Flex>,
    gradient: FloatTensor<Flex>,
    relu: bool,
) -> [FlexTensor; 2] {
    let (image, weights) = (Values::new(image), Values::new(weights));
    let gradient = Values::new(gradient);
    let [_, channels, height, width] = image.dims();
    let mut by_image = vec![0.0; image.slice().len()];
    let mut by_weights = vec![0.0; weights.slice().len()];
    pointwise::backward(
        image.slice(),
        weights.slice(),
        gradient.slice(),
        channels,
        height * width,
        relu,
        &mut by_image,
        &mut by_weights,
    );
    [
        tensor(by_image, image.dims()),
        tensor(by_weights, weights.dims()),
    ]
}

pub(super) fn pool_forward(image: FloatTensor<Flex>, window: &Window, take: Take) -> FlexTensor {
    let image = Values::new(image);
    let [images, channels, ..] = image.dims();
    let shape = [images, channels, window.out_height, window.out_width];
    let mut output = vec![0.0; shape.iter().product()];
    pool::forward(take, image.slice(), window, &mut output);
    tensor(output, shape)
}

pub(super) fn pool_backward(
    image: FloatTensor<Flex>,
    gradient: FloatTensor<Flex>,
    window: &Window,
    take: Take,
) -> FlexTensor {
    let (image, gradient) = (Values::new(image), Values::new(gradient));
    let mut by_image = vec![0.0; image.slice().len()];
    pool::backward(take, image.slice(), gradient.slice(), window, &mut by_image);
    tensor(by_image, image.dims())
}

/// Output, means and variances.
pub(super) fn batch_norm_train(
    input: FloatTensor<Flex>,
    gamma: FloatTensor<Flex>,
    beta: FloatTensor<Flex>,
    epsilon: f64,
) -> [FlexTensor; 3] {
    let (input, gamma, beta) = (Values::new(input), Values::new(gamma), Values::new(beta));
    let [_, channels, height, width] = input.dims();
    let (mean, variance) = batch_norm::statistics(input.slice(), channels, height * width);
    let scale: Vec<f32> = gamma
        .slice()
        .iter()
        .zip(&variance)
        .map(|(gamma, &variance)| gamma / deviation(variance, epsilon))
        .collect();
    let shift: Vec<f32> = beta
        .slice()
        .iter()
        .zip(mean.iter().zip(&scale))
        .map(|(beta, (mean, scale))| beta - mean * scale)
        .collect();
    let mut output = vec![0.0; input.slice().len()];
    batch_norm::normalise(input.slice(), &scale, &shift, height * width, &mut output);
    [
        tensor(output, input.dims()),
        tensor(mean, [channels]),
        tensor(variance, [channels]),
    ]
}

/// The gradients by input, gamma and beta.
pub(super) fn batch_norm_backward(
    input: FloatTensor<Flex>,
    gamma: FloatTensor<Flex>,
    mean: FloatTensor<Flex>,
    variance: FloatTensor<Flex>,
    epsilon: f64,
    gradient: FloatTensor<Flex>,
) -> [FlexTensor; 3] {
    let [input, gamma, mean, variance, gradient] =
        [input, gamma, mean, variance, gradient].map(Values::new);
    let [_, channels, height, width] = input.dims();
    let deviations: Vec<f32> = variance
        .slice()
        .iter()
        .map(|&variance| deviation(variance, epsilon))
        .collect();
    let mut by_input = vec![0.0; input.slice().len()];
    let (by_gamma, by_beta) = batch_norm::backward(
        input.slice(),
        gradient.slice(),
        gamma.slice(),
        mean.slice(),
        &deviations,
        height * width,
        &mut by_input,
    );
    [
        tensor(by_input, input.dims()),
        tensor(by_gamma, [channels]),
        tensor(by_beta, [channels]),
    ]
}

fn deviation(variance: f32, epsilon: f64) -> f32 {
    (f64::from(variance) + epsilon).sqrt() as f32
}
