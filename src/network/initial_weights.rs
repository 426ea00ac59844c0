//! Initial weights, drawn on the host from the caller's generator and never from the device's own,
//! so that a seed gives the same network on every device.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use super::{ConvolutionPlan, Fan};

/// Weights of a convolution, `[output, input / groups, height, width]`: variance scaling by fan out
/// with factor 2, a normal distribution cut at two deviations of width `sqrt(1.3 · 2 / fan_out)`
/// (TensorFlow's `variance_scaling_initializer`, which the released code uses in mode FAN_OUT).
pub(super) fn convolution(
    plan: &ConvolutionPlan,
    rng: &mut dyn Rng,
    device: &Device,
) -> Param<Tensor<4>> {
    let [height, width] = plan.kernel;
    let fan_out = plan.output / plan.groups * height * width;
    let shape = [plan.output, plan.input / plan.groups, height, width];
    let deviation = (1.3 * 2.0 / fan_out as f64).sqrt();
    Param::from_data(
        TensorData::new(draw(shape.iter().product(), deviation, rng), shape),
        device,
    )
}

/// Weights of a classifier, `[features, classes]`: the same rule with the number of classes as fan
/// out, or variance `1 / features`.
pub(super) fn classifier(
    features: usize,
    classes: usize,
    fan: Fan,
    rng: &mut dyn Rng,
    device: &Device,
) -> Param<Tensor<2>> {
    let deviation = match fan {
        Fan::Out => (1.3 * 2.0 / classes as f64).sqrt(),
        Fan::In => (1.0 / features as f64).sqrt(),
    };
    Param::from_data(
        TensorData::new(
            draw(features * classes, deviation, rng),
            [features, classes],
        ),
        device,
    )
}

fn draw(count: usize, deviation: f64, rng: &mut dyn Rng) -> Vec<f32> {
    (0..count)
        .map(|_| {
            loop {
                let value: f64 = rng.sample(StandardNormal);
                if value.abs() < 2.0 {
                    return (value * deviation) as f32;
                }
            }
        })
        .collect()
}
