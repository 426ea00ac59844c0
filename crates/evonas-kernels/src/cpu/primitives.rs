//! The kernels on the tensors of Flex, `[images, height, width, channels]`.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;

use super::concatenate;
use super::flat::Affine;
use super::norm;
use super::pool;
use super::recycled::{self, Memory};
use super::unit::{self, Backwards, FollowingNorm, Plan, WeightSlices};
use crate::operations::UnitGradients;
use crate::pooling::Pooling;
use crate::unit_shape::{Rows, UnitShape};
use crate::window::Window;

/// A contiguous tensor in single precision.
#[derive(Clone, Debug)]
pub(crate) struct Values(FlexTensor);

impl Values {
    pub(super) fn new(tensor: FlexTensor) -> Self {
        Self(match tensor.as_slice::<f32>() {
            Some(_) => tensor,
            None => tensor.to_contiguous(),
        })
    }

    pub(super) fn slice(&self) -> &[f32] {
        self.0
            .as_slice::<f32>()
            .expect("the tensor is contiguous and in single precision")
    }

    /// The values, if no other tensor shares them and the tensor's memory holds nothing else.
    fn unique(&mut self) -> Option<&mut [f32]> {
        let range = self.0.layout().contiguous_offsets()?;
        let values = self.0.try_storage_mut::<f32>()?;
        (range == (0, values.len())).then_some(values)
    }

    pub(super) fn dims(&self) -> [usize; 4] {
        let shape = self.0.layout().shape();
        [shape[0], shape[1], shape[2], shape[3]]
    }
}

pub(super) fn tensor<const D: usize>(values: impl Into<Memory>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(recycled::data(values.into(), shape))
}

/// Concatenates the channels of images.
///
/// # Panics
/// If the parts differ in the number or size of their images.
pub(super) fn joined(parts: &[Values]) -> FlexTensor {
    let [images, height, width, _] = parts[0].dims();
    for part in parts {
        assert_eq!(
            part.dims()[..3],
            [images, height, width],
            "concatenated images have the same number and size"
        );
    }
    let slices: Vec<_> = parts
        .iter()
        .map(|part| (part.slice(), part.dims()[3]))
        .collect();
    let channels = slices.iter().map(|(_, count)| count).sum();
    let joined = concatenate::join(&slices, images * height * width);
    tensor(joined, [images, height, width, channels])
}

/// Separates images into parts with these numbers of channels.
pub(super) fn separate(joined: FlexTensor, counts: &[usize]) -> Vec<FlexTensor> {
    let joined = Values::new(joined);
    let [images, height, width, channels] = joined.dims();
    let mut first = 0;
    let mut part = |&count: &usize| {
        let part = concatenate::part(joined.slice(), channels, first, count);
        first += count;
        tensor(part, [images, height, width, count])
    };
    counts.iter().map(&mut part).collect()
}

/// The inputs of a unit.
#[derive(Clone, Debug)]
pub(crate) struct Inputs {
    pub(super) unit: UnitShape,
    pub(super) image: Values,
    /// `[channels, 1, kernel height, kernel width]`
    pub(super) depthwise: Option<Values>,
    /// `[outputs, channels, kernel height, kernel width]`
    pub(super) dense: Option<Values>,
}

impl Inputs {
    pub(super) fn new(
        unit: UnitShape,
        image: FlexTensor,
        [depthwise, dense]: [Option<FlexTensor>; 2],
    ) -> Self {
        Self {
            unit,
            image: Values::new(image),
            depthwise: depthwise.map(Values::new),
            dense: dense.map(Values::new),
        }
    }

    fn plan(&self) -> Plan {
        let weights = WeightSlices {
            depthwise: self.depthwise.as_ref().map(Values::slice),
            dense: self
                .dense
                .as_ref()
                .map(|dense| (dense.slice(), dense.dims()[0])),
        };
        Plan::new(self.unit, self.image.dims(), weights)
    }

    /// Whether the unit does nothing.
    fn is_identity(&self) -> bool {
        let UnitShape { rows, relu, .. } = self.unit;
        rows == Rows::Pixels && !relu && self.dense.is_none()
    }

    /// The convolutions' output.
    pub(super) fn forward(&self) -> FlexTensor {
        let plan = self.plan();
        let shape = plan.output(self.image.dims());
        let mut output = recycled::values(shape.iter().product());
        unit::forward(&plan, self.image.slice(), &mut output, &mut []);
        tensor(output, shape)
    }

    /// The output, and the statistics of its channels for each image.
    fn forward_with_statistics(&self) -> (Values, Vec<f32>) {
        let plan = self.plan();
        if self.is_identity() {
            let statistics =
                norm::statistics(self.image.slice(), plan.outputs(), plan.out_pixels());
            return (self.image.clone(), statistics);
        }
        let shape = plan.output(self.image.dims());
        let mut output = recycled::values(shape.iter().product());
        let mut statistics = vec![0.0; shape[0] * 2 * plan.outputs()];
        unit::forward(&plan, self.image.slice(), &mut output, &mut statistics);
        (Values(tensor(output, shape)), statistics)
    }

    /// The gradients by the inputs from the gradient by the output.
    pub(super) fn backward(&self, gradient: FlexTensor, wants_image: bool) -> UnitGradients<Flex> {
        self.backward_through_norm(Values::new(gradient), None, wants_image)
    }

    fn backward_through_norm(
        &self,
        mut gradient: Values,
        norm: Option<FollowingNorm<'_>>,
        wants_image: bool,
    ) -> UnitGradients<Flex> {
        let (plan, image) = (self.plan(), self.image.slice());
        let (by_weights, by_image) = if !wants_image {
            let gradients = Backwards::WeightsOnly(gradient.slice());
            (unit::backward(&plan, image, norm, gradients), None)
        } else if gradient.dims() == self.image.dims()
            && let Some(slice) = gradient.unique()
        {
            let by = unit::backward(&plan, image, norm, Backwards::InPlace(slice));
            (by, Some(gradient.0))
        } else {
            let mut by_image = recycled::values(image.len());
            let gradients = Backwards::Apart {
                gradient: gradient.slice(),
                by_image: &mut by_image,
            };
            let by = unit::backward(&plan, image, norm, gradients);
            (by, Some(tensor(by_image, self.image.dims())))
        };
        let like = |values: Option<Memory>, weights: &Option<Values>| {
            Some(tensor(values?, weights.as_ref()?.dims()))
        };
        UnitGradients {
            image: by_image,
            depthwise: like(by_weights.depthwise, &self.depthwise),
            dense: like(by_weights.dense, &self.dense),
        }
    }
}

/// A unit followed by batch norm, in training.
#[derive(Clone, Debug)]
pub(crate) struct Normalized {
    pub(super) inputs: Inputs,
    /// The unit's output.
    between: Values,
    gamma: Values,
    mean: Vec<f32>,
    deviations: Vec<f32>,
}

/// The output of batch norm, and the batch's statistics.
pub(super) struct NormalizedOutput {
    pub(super) output: FlexTensor,
    pub(super) mean: FlexTensor,
    pub(super) variance: FlexTensor,
}

impl Normalized {
    pub(super) fn forward(
        inputs: Inputs,
        gamma: FlexTensor,
        beta: FlexTensor,
        epsilon: f64,
    ) -> (Self, NormalizedOutput) {
        let (gamma, beta) = (Values::new(gamma), Values::new(beta));
        let (between, statistics) = inputs.forward_with_statistics();
        let shape = between.dims();
        let [_, height, width, channels] = shape;
        let (mean, variance) = norm::combine(&statistics, channels, height * width);
        let deviations: Vec<f32> = variance
            .iter()
            .map(|&variance| (f64::from(variance) + epsilon).sqrt() as f32)
            .collect();
        let scale: Vec<f32> = gamma
            .slice()
            .iter()
            .zip(&deviations)
            .map(|(gamma, deviation)| gamma / deviation)
            .collect();
        let shift: Vec<f32> = beta
            .slice()
            .iter()
            .zip(mean.iter().zip(&scale))
            .map(|(beta, (mean, scale))| beta - mean * scale)
            .collect();
        let output = affine(&between, &scale, &shift);
        let made = NormalizedOutput {
            output,
            mean: tensor(mean.clone(), [channels]),
            variance: tensor(variance, [channels]),
        };
        let saved = Self {
            inputs,
            between,
            gamma,
            mean,
            deviations,
        };
        (saved, made)
    }

    /// The gradients by the unit's inputs, and by gamma and beta.
    pub(super) fn backward(
        &self,
        gradient: FlexTensor,
        wants_image: bool,
    ) -> (UnitGradients<Flex>, [FlexTensor; 2]) {
        let gradient = Values::new(gradient);
        let [_, height, width, channels] = self.between.dims();
        let (by_gamma, by_beta, by_input) = norm::gradients(
            gradient.slice(),
            self.between.slice(),
            self.gamma.slice(),
            &self.mean,
            &self.deviations,
            height * width,
        );
        let norm = FollowingNorm {
            input: self.between.slice(),
            by_input: &by_input,
        };
        let by_norm = [by_gamma, by_beta].map(|values| tensor(values, [channels]));
        let by = self
            .inputs
            .backward_through_norm(gradient, Some(norm), wants_image);
        (by, by_norm)
    }
}

fn affine(values: &Values, scale: &[f32], shift: &[f32]) -> FlexTensor {
    let shape = values.dims();
    let [_, height, width, channels] = shape;
    let mut output = recycled::values(shape.iter().product());
    norm::apply(
        values.slice(),
        &Affine::new(scale, shift),
        channels,
        height * width,
        &mut output,
    );
    tensor(output, shape)
}

/// The output of a unit, scaled and shifted by channel.
pub(super) fn affine_of(inputs: &Inputs, scale: FlexTensor, shift: FlexTensor) -> FlexTensor {
    let between = if inputs.is_identity() {
        inputs.image.clone()
    } else {
        Values(inputs.forward())
    };
    let (scale, shift) = (Values::new(scale), Values::new(shift));
    affine(&between, scale.slice(), shift.slice())
}

pub(super) fn pool_forward(image: &Values, window: &Window, take: Pooling) -> FlexTensor {
    let [images, _, _, channels] = image.dims();
    let shape = [images, window.out_height, window.out_width, channels];
    let mut output = recycled::values(shape.iter().product());
    pool::forward(take, image.slice(), channels, window, &mut output);
    tensor(output, shape)
}

pub(super) fn pool_backward(
    image: &Values,
    gradient: FlexTensor,
    window: &Window,
    take: Pooling,
) -> FlexTensor {
    let gradient = Values::new(gradient);
    let channels = image.dims()[3];
    let by_image = pool::backward(take, image.slice(), gradient.slice(), channels, window);
    tensor(by_image, image.dims())
}
