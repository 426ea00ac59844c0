//! Initial weights. They are drawn on the host from the caller's generator, never from the device's,
//! so that a seed gives the same network on every device.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use super::config::Fan;
use super::layers::ConvolutionPlan;

/// Weights of a convolution, `[output, input / groups, height, width]`: variance scaling by the fan out
/// with factor 2, from a normal distribution of standard deviation `sqrt(1.3 · 2 / fan_out)` truncated
/// at two of them (TensorFlow's `variance_scaling_initializer`, which the released code uses in mode
/// FAN_OUT).
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

/// Weights of a classifier, `[features, classes]`: the same rule with the number of classes as the fan
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::padding::Padding;
    use crate::randomness::stream;

    fn moments(values: &[f32]) -> (f64, f64) {
        let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len() as f64;
        let variance = values
            .iter()
            .map(|&value| (f64::from(value) - mean).powi(2))
            .sum::<f64>()
            / values.len() as f64;
        (mean, variance)
    }

    #[test]
    fn convolutions_start_with_a_variance_of_2_by_fan_out() {
        // A dense 3x3 and a depthwise 5x5 kernel: fan outs of 64 · 9 and 25.
        for (output, kernel, groups, fan_out) in [(64, 3, 1, 576.0), (64, 5, 64, 25.0)] {
            let plan = ConvolutionPlan {
                input: 64,
                output,
                kernel: [kernel, kernel],
                stride: [1, 1],
                dilation: 1,
                groups,
                padding: Padding::Same,
            };
            let weight = convolution(&plan, &mut stream(1, 0), &Device::flex());
            let values = weight.val().into_data().try_to_vec::<f32>().unwrap();
            let (mean, variance) = moments(&values);
            let expected = 2.0 / fan_out;
            // The factor 1.3 makes up for the cut tails: 0.774 · 1.3 = 1.006.
            assert!((variance / expected - 1.0).abs() < 0.1, "{variance}");
            assert!(mean.abs() < 0.1 * expected.sqrt(), "{mean}");
            let most = 2.0 * (1.3 * expected).sqrt();
            assert!(values.iter().all(|&value| f64::from(value).abs() <= most));
        }
    }

    #[test]
    fn classifiers_start_by_either_fan() {
        let variance = |fan| {
            let weight = classifier(500, 20, fan, &mut stream(1, 0), &Device::flex());
            moments(&weight.val().into_data().try_to_vec::<f32>().unwrap()).1
        };
        assert!((variance(Fan::Out) * 20.0 / 2.0 - 1.0).abs() < 0.1);
        // Without the factor 1.3 the cut tails leave 0.774.
        assert!((variance(Fan::In) * 500.0 / 0.774 - 1.0).abs() < 0.1);
    }
}
