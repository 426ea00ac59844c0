//! Every kernel against the definition of its operation, in double precision.

use proptest::prelude::*;

use super::plane::Window;
use super::pool::Take;
use super::{batch_norm, depthwise, pointwise, pool};
use crate::network::Padding;
use crate::randomness::stream;

fn random(count: usize, seed: u64) -> Vec<f32> {
    let mut rng = stream(seed, 0);
    (0..count).map(|_| rng.random::<f32>() - 0.5).collect()
}

fn window(size: [usize; 2], kernel: usize, stride: usize, dilation: usize) -> Window {
    let [height, width] = size;
    let before = |size| Padding::Same.amount(size, kernel, stride, dilation).0;
    let output = |size| Padding::Same.output(size, kernel, stride);
    Window {
        height,
        width,
        kernel,
        stride,
        dilation,
        top: before(height),
        left: before(width),
        out_height: output(height),
        out_width: output(width),
    }
}

/// Every pixel that a window covers: the plane, the output, the tap, and the image's pixel.
fn each_pixel(window: &Window, planes: usize, visit: &mut dyn FnMut(usize, usize, usize, usize)) {
    for plane in 0..planes {
        for row in 0..window.out_height {
            for column in 0..window.out_width {
                let output = (plane * window.out_height + row) * window.out_width + column;
                for tap in 0..window.kernel * window.kernel {
                    let [down, right] = [tap / window.kernel, tap % window.kernel];
                    let y = (row * window.stride + down * window.dilation).checked_sub(window.top);
                    let x =
                        (column * window.stride + right * window.dilation).checked_sub(window.left);
                    let (Some(y), Some(x)) = (y, x) else { continue };
                    if y < window.height && x < window.width {
                        let pixel = (plane * window.height + y) * window.width + x;
                        visit(plane, output, tap, pixel);
                    }
                }
            }
        }
    }
}

/// Equal within 1e-5 of the largest expected value.
fn assert_close(found: &[f32], expected: &[f64]) {
    let scale = expected
        .iter()
        .fold(1e-3_f64, |most, value| most.max(value.abs()));
    assert_eq!(found.len(), expected.len());
    for (index, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let difference = (f64::from(found) - expected).abs();
        assert!(
            difference <= 1e-5 * scale,
            "{index}: {found}, not {expected}"
        );
    }
}

fn relu(value: f32, on: bool) -> f64 {
    f64::from(if on { value.max(0.0) } else { value })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn depthwise_convolutions_and_their_gradients(
        height in 1_usize..=20,
        width in 1_usize..=36,
        kernel in prop::sample::select(vec![1_usize, 2, 3, 4, 5, 7]),
        stride in 1_usize..=3,
        dilation in 1_usize..=3,
        images in 1_usize..=3,
        channels in 1_usize..=3,
        rectify: bool,
        seed: u64,
    ) {
        let window = window([height, width], kernel, stride, dilation);
        let taps = kernel * kernel;
        let planes = images * channels;
        let image = random(planes * height * width, seed);
        let weights = random(channels * taps, seed ^ 1);
        let gradient = random(planes * window.out_height * window.out_width, seed ^ 2);
        let mut expected = vec![0.0; gradient.len()];
        let mut by_image = vec![0.0; image.len()];
        let mut by_weights = vec![0.0; weights.len()];
        each_pixel(&window, planes, &mut |plane, output, tap, pixel| {
            let tap = plane % channels * taps + tap;
            let (weight, gradient) = (f64::from(weights[tap]), f64::from(gradient[output]));
            expected[output] += weight * relu(image[pixel], rectify);
            by_weights[tap] += gradient * relu(image[pixel], rectify);
            if !rectify || image[pixel] > 0.0 {
                by_image[pixel] += gradient * weight;
            }
        });
        // What stands in the outputs before must not matter.
        let mut output = vec![9.0; expected.len()];
        depthwise::forward(&image, &weights, channels, &window, rectify, &mut output);
        assert_close(&output, &expected);
        let (mut of_image, mut of_weights) = (vec![9.0; image.len()], vec![9.0; weights.len()]);
        depthwise::backward(
            &image, &weights, &gradient, channels, &window, rectify, &mut of_image, &mut of_weights,
        );
        assert_close(&of_image, &by_image);
        assert_close(&of_weights, &by_weights);
    }

    #[test]
    fn pointwise_convolutions_and_their_gradients(
        images in 1_usize..=3,
        inputs in 1_usize..=14,
        outputs in 1_usize..=14,
        pixels in 1_usize..=150,
        rectify: bool,
        seed: u64,
    ) {
        let image = random(images * inputs * pixels, seed);
        let weights = random(outputs * inputs, seed ^ 1);
        let gradient = random(images * outputs * pixels, seed ^ 2);
        let mut expected = vec![0.0; gradient.len()];
        let mut by_image = vec![0.0; image.len()];
        let mut by_weights = vec![0.0; weights.len()];
        for n in 0..images {
            for output in 0..outputs {
                for input in 0..inputs {
                    for pixel in 0..pixels {
                        let place = (n * outputs + output) * pixels + pixel;
                        let source = (n * inputs + input) * pixels + pixel;
                        let weight = f64::from(weights[output * inputs + input]);
                        let gradient = f64::from(gradient[place]);
                        expected[place] += weight * relu(image[source], rectify);
                        by_weights[output * inputs + input] += gradient * relu(image[source], rectify);
                        if !rectify || image[source] > 0.0 {
                            by_image[source] += gradient * weight;
                        }
                    }
                }
            }
        }
        let mut output = vec![9.0; expected.len()];
        pointwise::forward(&image, &weights, inputs, pixels, rectify, &mut output);
        assert_close(&output, &expected);
        let (mut of_image, mut of_weights) = (vec![9.0; image.len()], vec![9.0; weights.len()]);
        pointwise::backward(
            &image, &weights, &gradient, inputs, pixels, rectify, &mut of_image, &mut of_weights,
        );
        assert_close(&of_image, &by_image);
        assert_close(&of_weights, &by_weights);
    }

    #[test]
    fn poolings_and_their_gradients(
        height in 1_usize..=20,
        width in 1_usize..=36,
        kernel in 2_usize..=5,
        stride in 1_usize..=2,
        planes in 1_usize..=3,
        seed: u64,
    ) {
        let window = window([height, width], kernel, stride, 1);
        let image = random(planes * height * width, seed);
        let gradient = random(planes * window.out_height * window.out_width, seed ^ 2);
        let mut covered: Vec<Vec<usize>> = vec![Vec::new(); gradient.len()];
        each_pixel(&window, planes, &mut |_, output, _, pixel| covered[output].push(pixel));
        for take in [Take::Average, Take::Max] {
            let mut expected = vec![0.0; gradient.len()];
            let mut by_image = vec![0.0; image.len()];
            for (output, pixels) in covered.iter().enumerate() {
                let gradient = f64::from(gradient[output]);
                match take {
                    Take::Average => {
                        for &pixel in pixels {
                            expected[output] += f64::from(image[pixel]) / pixels.len() as f64;
                            by_image[pixel] += gradient / pixels.len() as f64;
                        }
                    }
                    Take::Max => {
                        let first = pixels[0];
                        let most = pixels
                            .iter()
                            .fold(first, |most, &pixel| if image[pixel] > image[most] { pixel } else { most });
                        expected[output] = f64::from(image[most]);
                        by_image[most] += gradient;
                    }
                }
            }
            let mut output = vec![9.0; expected.len()];
            pool::forward(take, &image, &window, &mut output);
            assert_close(&output, &expected);
            let mut of_image = vec![9.0; image.len()];
            pool::backward(take, &image, &gradient, &window, &mut of_image);
            assert_close(&of_image, &by_image);
        }
    }

    /// The gradient is that of `sum of gradient · output`, by central differences.
    #[test]
    fn batch_norms_and_their_gradients(
        images in 1_usize..=3,
        channels in 1_usize..=3,
        pixels in 2_usize..=40,
        seed: u64,
    ) {
        let epsilon = 1e-3;
        let input = random(images * channels * pixels, seed);
        let gradient = random(input.len(), seed ^ 1);
        let (gamma, beta) = (random(channels, seed ^ 2), random(channels, seed ^ 3));
        let of_channel = |values: &[f64], channel: usize| -> Vec<f64> {
            let planes = values.chunks(pixels).skip(channel).step_by(channels);
            planes.flatten().copied().collect()
        };
        let double = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
        let moments = |values: &[f64]| {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
            (mean, squares / values.len() as f64)
        };
        let weighted = |input: &[f64]| -> f64 {
            (0..channels)
                .map(|channel| {
                    let values = of_channel(input, channel);
                    let (mean, variance) = moments(&values);
                    let gradient = of_channel(&double(&gradient), channel);
                    values
                        .iter()
                        .zip(&gradient)
                        .map(|(value, gradient)| {
                            let normal = (value - mean) / (variance + epsilon).sqrt();
                            gradient * (normal * f64::from(gamma[channel]) + f64::from(beta[channel]))
                        })
                        .sum::<f64>()
                })
                .sum()
        };
        let (mean, variance) = batch_norm::statistics(&input, channels, pixels);
        let deviation: Vec<f32> = variance.iter().map(|v| (v + epsilon as f32).sqrt()).collect();
        let (means, variances): (Vec<f64>, Vec<f64>) = (0..channels)
            .map(|channel| moments(&of_channel(&double(&input), channel)))
            .unzip();
        assert_close(&mean, &means);
        assert_close(&variance, &variances);
        let mut by_input = vec![9.0; input.len()];
        batch_norm::backward(&input, &gradient, &gamma, &mean, &deviation, pixels, &mut by_input);
        let at = double(&input);
        for place in 0..input.len() {
            let shifted = |by: f64| {
                let mut input = at.clone();
                input[place] += by;
                weighted(&input)
            };
            let expected = (shifted(1e-4) - shifted(-1e-4)) / 2e-4;
            let found = f64::from(by_input[place]);
            assert!((found - expected).abs() < 1e-3, "{place}: {found}, not {expected}");
        }
    }
}

#[test]
fn nan_is_passed_on_and_not_rectified_away() {
    let window = window([4, 4], 3, 1, 1);
    let image = [f32::NAN; 16];
    let mut output = [0.0; 16];
    depthwise::forward(&image, &[1.0; 9], 1, &window, true, &mut output);
    assert!(output.iter().all(|value| value.is_nan()));
    for count in [1, 16] {
        let mut output = vec![0.0; count];
        pointwise::forward(&image[..count], &[1.0], 1, count, true, &mut output);
        assert!(output.iter().all(|value| value.is_nan()));
    }
    let mut image = [0.0; 16];
    image[5] = f32::NAN;
    for take in [Take::Average, Take::Max] {
        pool::forward(take, &image, &window, &mut output);
        assert!(output[0].is_nan() && output[5].is_nan() && output[10].is_nan());
        assert_eq!(output[15], 0.0);
    }
}
