//! Every kernel against the definition of its operation in double precision, and its gradients
//! against differences of the definition's values.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;

use super::operations::Weights;
use super::pool::Take;
use super::primitives::{self, Inputs, Normalised, Values, tensor};
use super::unit::{Rows, Unit};
use super::window::Window;
use crate::network::Padding;
use crate::randomness::stream;

/// Numbers that are not near 0, where a ReLU's kink would spoil differences, and all different.
fn random(count: usize, seed: u64) -> Vec<f32> {
    let mut rng = stream(seed, 0);
    (0..count)
        .map(|_| {
            let value = rng.random::<f32>() - 0.5;
            value + 0.01_f32.copysign(value)
        })
        .collect()
}

fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

fn values(tensor: FlexTensor) -> Vec<f32> {
    Values::new(tensor).slice().to_vec()
}

/// Equal within 1e-5 of the largest expected value.
fn assert_close(what: &str, found: &[f32], expected: &[f64]) {
    let scale = expected
        .iter()
        .fold(1e-2_f64, |most, value| most.max(value.abs()));
    assert_eq!(found.len(), expected.len());
    for (index, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let difference = (f64::from(found) - expected).abs();
        assert!(
            difference <= 1e-5 * scale,
            "{what} {index}: {found}, not {expected}"
        );
    }
}

/// Compares gradients of the outputs' weighted sum with differences of what `define` gives. At most
/// forty values of each input are moved.
fn assert_gradients(
    inputs: &[Vec<f64>],
    weighting: &[f64],
    define: &dyn Fn(&[Vec<f64>]) -> Vec<f64>,
    found: &[Vec<f32>],
) {
    let step = 1e-6;
    let loss = |inputs: &[Vec<f64>]| -> f64 {
        define(inputs)
            .iter()
            .zip(weighting)
            .map(|(a, b)| a * b)
            .sum()
    };
    let mut inputs = inputs.to_vec();
    for (number, found) in found.iter().enumerate() {
        assert_eq!(found.len(), inputs[number].len());
        // Memory that nothing was written to holds NaN here.
        assert!(found.iter().all(|value| value.is_finite()));
        let scale = found
            .iter()
            .fold(1e-2_f64, |most, &value| most.max(f64::from(value).abs()));
        let apart = (found.len() / 40).max(1);
        // At places of all channels and columns, whatever the distance has in common with them.
        for (turn, start) in (0..found.len()).step_by(apart).enumerate() {
            let index = (start + turn * 7919 % apart).min(found.len() - 1);
            let value = inputs[number][index];
            inputs[number][index] = value + step;
            let above = loss(&inputs);
            inputs[number][index] = value - step;
            let below = loss(&inputs);
            inputs[number][index] = value;
            let expected = (above - below) / (2.0 * step);
            let difference = (f64::from(found[index]) - expected).abs();
            assert!(
                difference <= 2e-5 * scale,
                "input {number}, {index}: {}, not {expected}",
                found[index]
            );
        }
    }
}

fn window(size: [usize; 2], kernel: [usize; 2], stride: [usize; 2], dilation: usize) -> Window {
    padded_window(size, kernel, stride, dilation, Padding::Same)
}

fn padded_window(
    size: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: usize,
    padding: Padding,
) -> Window {
    let along = |axis: usize| {
        let (size, kernel, stride) = (size[axis], kernel[axis], stride[axis]);
        let before = padding.amount(size, kernel, stride, dilation).0;
        // Without padding a dilated window counts with its gaps.
        let span = match padding {
            Padding::Same => kernel,
            Padding::Valid => (kernel - 1) * dilation + 1,
        };
        (before as isize, padding.output(size, span, stride))
    };
    let [(top, out_height), (left, out_width)] = [along(0), along(1)];
    Window {
        height: size[0],
        width: size[1],
        kernel,
        stride,
        dilation,
        before: [top, left],
        out_height,
        out_width,
    }
}

/// Every pixel that a window sees: the output's pixel, the tap, and the image's pixel.
fn each_pixel(window: &Window, visit: &mut dyn FnMut(usize, usize, usize)) {
    for row in 0..window.out_height {
        for column in 0..window.out_width {
            for tap in 0..window.taps() {
                let [down, right] = [tap / window.kernel[1], tap % window.kernel[1]];
                let y = (row * window.stride[0] + down * window.dilation) as isize;
                let x = (column * window.stride[1] + right * window.dilation) as isize;
                let (y, x) = (y - window.before[0], x - window.before[1]);
                let inside = |value: isize, size: usize| (0..size as isize).contains(&value);
                if inside(y, window.height) && inside(x, window.width) {
                    let pixel = y as usize * window.width + x as usize;
                    visit(row * window.out_width + column, tap, pixel);
                }
            }
        }
    }
}

/// The sizes of a unit.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    images: usize,
    height: usize,
    width: usize,
    channels: usize,
    /// Of the dense convolution; none without.
    outputs: Option<usize>,
}

impl Sizes {
    fn out_pixels(self, unit: Unit) -> usize {
        match unit.rows {
            Rows::Pixels => self.height * self.width,
            Rows::Depthwise(window) | Rows::Patches(window) => window.out_pixels(),
        }
    }

    /// The output's dimensions.
    fn output(self, unit: Unit) -> [usize; 4] {
        let [height, width] = match unit.rows {
            Rows::Pixels => [self.height, self.width],
            Rows::Depthwise(window) | Rows::Patches(window) => {
                [window.out_height, window.out_width]
            }
        };
        [self.images, height, width, self.out_channels()]
    }

    fn out_channels(self) -> usize {
        self.outputs.unwrap_or(self.channels)
    }

    fn taps(unit: Unit) -> usize {
        match unit.rows {
            Rows::Pixels => 1,
            Rows::Depthwise(window) | Rows::Patches(window) => window.taps(),
        }
    }
}

/// The definition: image, depthwise and dense weights (empty where there are none) to the output.
fn define(unit: Unit, sizes: Sizes, inputs: &[Vec<f64>]) -> Vec<f64> {
    let Sizes {
        images,
        height,
        width,
        channels,
        ..
    } = sizes;
    let [image, depthwise, dense] = [&inputs[0], &inputs[1], &inputs[2]];
    let (pixels, out_pixels) = (height * width, sizes.out_pixels(unit));
    let at = |n: usize, pixel: usize, c: usize| {
        let value = image[(n * pixels + pixel) * channels + c];
        if unit.relu { value.max(0.0) } else { value }
    };
    let taps = Sizes::taps(unit);
    let spatial = if matches!(unit.rows, Rows::Patches(_)) {
        taps
    } else {
        1
    };
    let mut rows = vec![0.0; images * out_pixels * channels * spatial];
    for n in 0..images {
        for c in 0..channels {
            match unit.rows {
                Rows::Pixels => {
                    for pixel in 0..pixels {
                        rows[(n * pixels + pixel) * channels + c] = at(n, pixel, c);
                    }
                }
                Rows::Depthwise(window) => each_pixel(&window, &mut |output, tap, pixel| {
                    rows[(n * out_pixels + output) * channels + c] +=
                        depthwise[c * taps + tap] * at(n, pixel, c);
                }),
                Rows::Patches(window) => each_pixel(&window, &mut |output, tap, pixel| {
                    let place = (n * out_pixels + output) * channels + c;
                    rows[place * taps + tap] = at(n, pixel, c);
                }),
            }
        }
    }
    match sizes.outputs {
        None => rows,
        Some(outputs) => {
            let inner = channels * spatial;
            rows.chunks_exact(inner)
                .flat_map(|row| {
                    (0..outputs).map(|output| {
                        let weights = &dense[output * inner..(output + 1) * inner];
                        row.iter().zip(weights).map(|(a, b)| a * b).sum::<f64>()
                    })
                })
                .collect()
        }
    }
}

/// Batch norm by definition: values, gamma and beta to the output.
fn define_norm(values: &[f64], gamma: &[f64], beta: &[f64], epsilon: f64) -> Vec<f64> {
    let channels = gamma.len();
    let count = (values.len() / channels) as f64;
    let mut output = vec![0.0; values.len()];
    for c in 0..channels {
        let of_channel = || values.iter().skip(c).step_by(channels);
        let mean = of_channel().sum::<f64>() / count;
        let variance = of_channel()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>()
            / count;
        for (index, value) in of_channel().enumerate() {
            output[index * channels + c] =
                (value - mean) / (variance + epsilon).sqrt() * gamma[c] + beta[c];
        }
    }
    output
}

/// A unit with its sizes and random values: image, depthwise and dense weights.
fn units() -> impl Strategy<Value = (Unit, Sizes, u64)> {
    let sizes = (
        1_usize..=5,
        1_usize..=9,
        1_usize..=20,
        prop::sample::select(vec![1_usize, 2, 3, 4, 5, 8, 11, 16, 24]),
        prop::option::of(prop::sample::select(vec![1_usize, 3, 4, 8, 13, 16, 24])),
    );
    let kind = (
        0_usize..3,
        prop::sample::select(vec![
            [1_usize, 1],
            [2, 2],
            [3, 3],
            [5, 5],
            [7, 7],
            [1, 7],
            [7, 1],
            [3, 1],
        ]),
        prop::sample::select(vec![[1_usize, 1], [2, 2], [3, 3], [1, 2], [2, 1]]),
        prop::sample::select(vec![1_usize, 1, 2, 3, 4, 6]),
        0_isize..=1,
        any::<bool>(),
        any::<bool>(),
    );
    (sizes, kind, any::<u64>()).prop_map(|(sizes, kind, seed)| {
        let (images, height, width, channels, outputs) = sizes;
        let (rows, kernel, stride, dilation, left_out, relu, pads) = kind;
        let fits = [height, width]
            .into_iter()
            .zip(kernel)
            .all(|(size, kernel)| (kernel - 1) * dilation < size);
        let padding = if pads || !fits {
            Padding::Same
        } else {
            Padding::Valid
        };
        let left_out = if padding == Padding::Same {
            left_out
        } else {
            0
        };
        let window = padded_window([height, width], kernel, stride, dilation, padding);
        let rows = match rows {
            0 => Rows::Pixels,
            1 => Rows::Depthwise(window),
            _ => Rows::Patches(Window {
                before: window.before.map(|before| before - left_out),
                ..window
            }),
        };
        // Patches are there for a dense convolution.
        let outputs = match rows {
            Rows::Patches(_) => outputs.or(Some(3)),
            _ => outputs,
        };
        let sizes = Sizes {
            images,
            height,
            width,
            channels,
            outputs,
        };
        (Unit { rows, relu }, sizes, seed)
    })
}

/// The values of a unit's image and weights.
fn values_of(unit: Unit, sizes: Sizes, seed: u64) -> [Vec<f32>; 3] {
    let taps = Sizes::taps(unit);
    let image = sizes.images * sizes.height * sizes.width * sizes.channels;
    let depthwise = match unit.rows {
        Rows::Depthwise(_) => sizes.channels * taps,
        _ => 0,
    };
    let inner = match unit.rows {
        Rows::Patches(_) => sizes.channels * taps,
        _ => sizes.channels,
    };
    let dense = sizes.outputs.map_or(0, |outputs| outputs * inner);
    [
        random(image, seed),
        random(depthwise, seed ^ 1),
        random(dense, seed ^ 2),
    ]
}

fn inputs_of(unit: Unit, sizes: Sizes, values: &[Vec<f32>; 3]) -> Inputs {
    let Sizes {
        images,
        height,
        width,
        channels,
        ..
    } = sizes;
    let [image, depthwise, dense] = values.clone();
    let image = tensor(image, [images, height, width, channels]);
    let taps = Sizes::taps(unit);
    let dense = sizes.outputs.map(|outputs| {
        let spatial = dense.len() / outputs / channels;
        tensor(dense, [outputs, channels, 1, spatial])
    });
    let depthwise = tensor(
        depthwise,
        [channels, 1, 1, taps * usize::from(is_depthwise(unit))],
    );
    let weights = match (is_depthwise(unit), dense) {
        (false, None) => Weights::<Flex>::None,
        (false, Some(dense)) => Weights::Dense(dense),
        (true, None) => Weights::Depthwise(depthwise),
        (true, Some(dense)) => Weights::Separable(depthwise, dense),
    };
    Inputs::new(unit, image, weights)
}

fn is_depthwise(unit: Unit) -> bool {
    matches!(unit.rows, Rows::Depthwise(_))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn units_and_their_gradients((unit, sizes, seed) in units()) {
        let values_of_unit = values_of(unit, sizes, seed);
        let inputs = inputs_of(unit, sizes, &values_of_unit);
        let exact: Vec<Vec<f64>> = values_of_unit.iter().map(|values| doubles(values)).collect();
        let expected = define(unit, sizes, &exact);
        assert_close("output", &values(inputs.forward()), &expected);

        let gradient = random(expected.len(), seed ^ 3);
        let shape = sizes.output(unit);
        let by = inputs.backward(tensor(gradient.clone(), shape), true);
        let found: Vec<Vec<f32>> = [by.image, by.depthwise, by.dense]
            .into_iter()
            .map(|gradient| gradient.map(values).unwrap_or_default())
            .collect();
        let definition = |inputs: &[Vec<f64>]| define(unit, sizes, inputs);
        assert_gradients(&exact, &doubles(&gradient), &definition, &found);

        // Without the image's gradient, the weights' are the same.
        let alone = inputs.backward(tensor(gradient, shape), false);
        prop_assert!(alone.image.is_none());
        for (alone, both) in [(alone.depthwise, &found[1]), (alone.dense, &found[2])] {
            prop_assert_eq!(&alone.map(values).unwrap_or_default(), both);
        }
    }

    #[test]
    fn units_with_batch_norm_and_their_gradients((unit, sizes, seed) in units()) {
        let channels = sizes.out_channels();
        let count = sizes.images * sizes.out_pixels(unit);
        // A batch norm of few values is badly conditioned.
        prop_assume!(count >= 8);
        let epsilon = 1e-2;
        let unit_values = values_of(unit, sizes, seed);
        let [gamma, beta] = [random(channels, seed ^ 4), random(channels, seed ^ 5)];
        let inputs = inputs_of(unit, sizes, &unit_values);
        let one = |values: &[f32]| tensor(values.to_vec(), [channels]);
        let (saved, made) = Normalised::forward(inputs.clone(), one(&gamma), one(&beta), epsilon);
        let mut exact: Vec<Vec<f64>> = unit_values.iter().map(|values| doubles(values)).collect();
        exact.push(doubles(&gamma));
        exact.push(doubles(&beta));
        let definition = |inputs: &[Vec<f64>]| {
            let between = define(unit, sizes, inputs);
            define_norm(&between, &inputs[3], &inputs[4], epsilon)
        };
        let expected = definition(&exact);
        assert_close("output", &values(made.output), &expected);

        let gradient = random(expected.len(), seed ^ 3);
        let shape = sizes.output(unit);
        let (by, by_norm) = saved.backward(tensor(gradient.clone(), shape), true);
        let mut found: Vec<Vec<f32>> = [by.image, by.depthwise, by.dense]
            .into_iter()
            .map(|gradient| gradient.map(values).unwrap_or_default())
            .collect();
        found.extend(by_norm.map(values));
        assert_gradients(&exact, &doubles(&gradient), &definition, &found);

        // The statistics are the definition's, and used as they are they give the same output.
        let (mean, variance) = (values(made.mean), values(made.variance));
        let scale: Vec<f32> = gamma
            .iter()
            .zip(&variance)
            .map(|(gamma, variance)| gamma / (variance + epsilon as f32).sqrt())
            .collect();
        let shift: Vec<f32> = beta
            .iter()
            .zip(mean.iter().zip(&scale))
            .map(|(beta, (mean, scale))| beta - mean * scale)
            .collect();
        let evaluated = primitives::scaled(&inputs, one(&scale), one(&shift));
        assert_close("evaluation", &values(evaluated), &expected);
    }

    #[test]
    fn poolings_and_their_gradients(
        size in (1_usize..=3, 1_usize..=12, 1_usize..=12),
        channels in prop::sample::select(vec![1_usize, 3, 4, 8, 12, 16, 24, 40]),
        kernel in prop::sample::select(vec![2_usize, 3, 5]),
        stride in 1_usize..=3,
        take in prop::sample::select(vec![Take::Average, Take::Max, Take::Min]),
        pads: bool,
        seed: u64,
    ) {
        let (images, height, width) = size;
        let padding = if pads || height.min(width) < kernel { Padding::Same } else { Padding::Valid };
        let window = padded_window([height, width], [kernel; 2], [stride; 2], 1, padding);
        let image = random(images * height * width * channels, seed);
        let definition = |inputs: &[Vec<f64>]| {
            let mut output = vec![0.0; images * window.out_pixels() * channels];
            let mut counts = vec![0.0; output.len()];
            for n in 0..images {
                for c in 0..channels {
                    each_pixel(&window, &mut |out, _, pixel| {
                        let value = inputs[0][(n * height * width + pixel) * channels + c];
                        let place = (n * window.out_pixels() + out) * channels + c;
                        let before: f64 = output[place];
                        output[place] = match take {
                            Take::Average => before + value,
                            _ if counts[place] == 0.0 => value,
                            Take::Max => before.max(value),
                            Take::Min => before.min(value),
                        };
                        counts[place] += 1.0;
                    });
                }
            }
            if take == Take::Average {
                for (output, count) in output.iter_mut().zip(counts) {
                    *output /= count;
                }
            }
            output
        };
        let exact = vec![doubles(&image)];
        let expected = definition(&exact);
        let image = Values::new(tensor(image, [images, height, width, channels]));
        assert_close("output", &values(primitives::pool_forward(&image, &window, take)), &expected);
        let gradient = random(expected.len(), seed ^ 1);
        let shape = [images, window.out_height, window.out_width, channels];
        let by = primitives::pool_backward(&image, tensor(gradient.clone(), shape), &window, take);
        assert_gradients(&exact, &doubles(&gradient), &definition, &[values(by)]);
    }
}

#[test]
fn of_equal_values_the_first_one_gets_a_pooling_s_gradient() {
    let window = window([1, 2], [2, 2], [2, 2], 1);
    let image = Values::new(tensor(vec![1.0, 1.0], [1, 1, 2, 1]));
    for take in [Take::Max, Take::Min] {
        let by = primitives::pool_backward(&image, tensor(vec![3.0], [1, 1, 1, 1]), &window, take);
        assert_eq!(values(by), [3.0, 0.0]);
    }
}

#[test]
fn nan_is_not_swallowed() {
    let image = || tensor(vec![1.0, f32::NAN, -1.0, 2.0], [1, 2, 2, 1]);
    let rectified = |rows: Rows, weights: Weights<Flex>| {
        values(Inputs::new(Unit { rows, relu: true }, image(), weights).forward())
    };
    let pixels = rectified(Rows::Pixels, Weights::None);
    assert!(pixels[1].is_nan());
    assert_eq!([pixels[0], pixels[2], pixels[3]], [1.0, 0.0, 2.0]);
    // Of windows that see all pixels, every output is NaN.
    let all = window([2, 2], [3, 3], [1, 1], 1);
    let ones = |taps: usize| tensor(vec![1.0; taps], [1, 1, 1, taps]);
    for output in [
        rectified(Rows::Depthwise(all), Weights::Depthwise(ones(9))),
        rectified(Rows::Patches(all), Weights::Dense(ones(9))),
    ] {
        assert!(output.iter().all(|value| value.is_nan()), "{output:?}");
    }
    let single = window([2, 2], [1, 1], [1, 1], 1);
    let picked = rectified(Rows::Patches(single), Weights::Dense(ones(1)));
    assert!(picked[1].is_nan());
    assert_eq!([picked[0], picked[2], picked[3]], [1.0, 0.0, 2.0]);
    let window = window([2, 2], [2, 2], [2, 2], 1);
    for take in [Take::Average, Take::Max, Take::Min] {
        let pooled = values(primitives::pool_forward(
            &Values::new(image()),
            &window,
            take,
        ));
        assert!(pooled[0].is_nan());
    }
}

/// Output and gradients of a unit.
fn all_of(unit: Unit, sizes: Sizes) -> [Vec<f32>; 4] {
    let inputs = inputs_of(unit, sizes, &values_of(unit, sizes, 7));
    let output = values(inputs.forward());
    let gradient = tensor(random(output.len(), 8), sizes.output(unit));
    let by = inputs.backward(gradient, true);
    let [image, depthwise, dense] = [by.image, by.depthwise, by.dense]
        .map(|gradient| gradient.map(values).unwrap_or_default());
    [output, image, depthwise, dense]
}

fn same_size(size: usize, kernel: [usize; 2], stride: [usize; 2]) -> Window {
    window([size; 2], kernel, stride, 1)
}

#[test]
fn batches_of_many_tasks_and_groups_are_those_of_single_images() {
    // More images than tasks, the last task shorter; more pixels than a group takes.
    for (rows, images, size, channels, outputs) in [
        (Rows::Depthwise(same_size(12, [5, 5], [2, 2])), 33, 12, 16, Some(24)),
        (Rows::Depthwise(same_size(4, [3, 3], [1, 1])), 35, 4, 8, None),
        (Rows::Patches(same_size(12, [1, 7], [1, 2])), 33, 12, 8, Some(8)),
        (Rows::Pixels, 67, 13, 24, Some(24)),
        (Rows::Pixels, 33, 13, 5, Some(3)),
    ] {
        let unit = Unit { rows, relu: true };
        let sizes = Sizes {
            images,
            height: size,
            width: size,
            channels,
            outputs,
        };
        let unit_values = values_of(unit, sizes, 7);
        let [output, by_image, depthwise, dense] = all_of(unit, sizes);
        let gradient = random(output.len(), 8);
        let alone = Sizes { images: 1, ..sizes };
        let mut sums = [vec![0.0; depthwise.len()], vec![0.0; dense.len()]];
        for image in 0..images {
            let part = |of: &[f32]| {
                let length = of.len() / images;
                of[image * length..(image + 1) * length].to_vec()
            };
            let [all, weights, matrix] = &unit_values;
            let inputs = inputs_of(unit, alone, &[part(all), weights.clone(), matrix.clone()]);
            assert_eq!(values(inputs.forward()), part(&output));
            let by = inputs.backward(tensor(part(&gradient), alone.output(unit)), true);
            assert_eq!(by.image.map(values), Some(part(&by_image)));
            for (sum, by) in sums.iter_mut().zip([by.depthwise, by.dense]) {
                let by = by.map(values).unwrap_or_default();
                for (sum, value) in sum.iter_mut().zip(by) {
                    *sum += f64::from(value);
                }
            }
        }
        assert_close("depthwise", &depthwise, &sums[0]);
        assert_close("dense", &dense, &sums[1]);
    }
}

#[test]
fn a_machine_without_vectors_computes_the_same() {
    let unit = |rows| Unit { rows, relu: true };
    let pooled = |take| {
        let image = Values::new(tensor(random(3 * 81 * 12, 9), [3, 9, 9, 12]));
        let window = same_size(9, [3, 3], [2, 2]);
        let output = primitives::pool_forward(&image, &window, take);
        let by = primitives::pool_backward(&image, output.clone(), &window, take);
        [values(output), values(by)]
    };
    let all = || {
        let sizes = |channels, outputs| Sizes {
            images: 3,
            height: 9,
            width: 9,
            channels,
            outputs: Some(outputs),
        };
        let mut found = Vec::new();
        for (rows, sizes) in [
            (Rows::Depthwise(same_size(9, [5, 5], [2, 2])), sizes(16, 8)),
            (Rows::Depthwise(same_size(9, [1, 7], [1, 1])), sizes(5, 24)),
            (Rows::Patches(same_size(9, [3, 3], [1, 1])), sizes(4, 12)),
            (Rows::Pixels, sizes(24, 16)),
        ] {
            found.extend(all_of(unit(rows), sizes));
            let inputs = inputs_of(unit(rows), sizes, &values_of(unit(rows), sizes, 7));
            let channels = sizes.out_channels();
            let one = |seed| tensor(random(channels, seed), [channels]);
            let (saved, made) = Normalised::forward(inputs, one(1), one(2), 1e-3);
            let (by, by_norm) = saved.backward(made.output.clone(), true);
            found.extend([made.output, made.mean, made.variance].map(values));
            found.extend(by.image.map(values));
            found.extend(by_norm.map(values));
        }
        found.extend([Take::Average, Take::Max, Take::Min].map(pooled).concat());
        found
    };
    let by_vectors = all();
    let portably = super::vector::portably(all);
    // Both multiply and add in one rounding, if the machine's vectors do at all.
    assert!(by_vectors == portably);
}

#[test]
fn a_gradient_that_is_part_of_a_tensor_is_not_overwritten() {
    let unit = Unit {
        rows: Rows::Pixels,
        relu: true,
    };
    let sizes = Sizes {
        images: 2,
        height: 3,
        width: 3,
        channels: 8,
        outputs: Some(8),
    };
    let inputs = inputs_of(unit, sizes, &values_of(unit, sizes, 1));
    let whole = random(3 * 72, 2);
    let alone = inputs.backward(tensor(whole[72..].to_vec(), [2, 3, 3, 8]), true);
    let part = tensor(whole, [3, 3, 3, 8]).narrow(0, 1, 2);
    let by = inputs.backward(part, true);
    assert_eq!(by.image.map(values), alone.image.map(values));
    assert_eq!(by.dense.map(values), alone.dense.map(values));
}

#[test]
fn many_parts_are_put_together_with_their_gradients() {
    let device = Device::flex().autodiff();
    for count in [2, 5, 6, 7, 13] {
        let parts: Vec<Tensor<4>> = (0..count)
            .map(|part| {
                let shape = [2, 3, 5, 1 + part % 4];
                let data = TensorData::new(random(shape.iter().product(), part as u64), shape);
                Tensor::from_data(data, &device).require_grad()
            })
            .collect();
        let weighting = Tensor::<1>::from_floats([2.0, -1.0, 3.0], &device).reshape([1, 3, 1, 1]);
        let results = [
            super::concatenate(parts.clone()),
            Tensor::cat(parts.clone(), 3),
        ]
        .map(|joined| {
            let gradients = (joined.clone().powi_scalar(2) * weighting.clone()).sum().backward();
            let mut all = vec![joined.into_data()];
            for part in &parts {
                all.push(part.grad(&gradients).unwrap().into_data());
            }
            all
        });
        assert_eq!(results[0].len(), count + 1);
        assert!(results[0] == results[1], "{count} parts");
    }
}

#[test]
#[should_panic(expected = "same number and size")]
fn parts_of_other_sizes_are_not_put_together() {
    let part = |images| Values::new(tensor(vec![0.0; images * 6], [images, 3, 2, 1]));
    let _ = primitives::joined(&[part(2), part(1)]);
}

#[test]
fn channels_are_put_together_and_taken_apart() {
    // The last are more pixels than one task takes.
    for (size, counts) in [
        ([2, 3, 2], [1, 3, 8]),
        ([2, 3, 2], [16, 5, 24]),
        ([2, 3, 2], [4, 32, 2]),
        ([2, 3, 2], [40, 9, 13]),
        ([6, 27, 27], [1, 3, 8]),
    ] {
        let [images, height, width] = size;
        let pixels = images * height * width;
        let mut next = 0.0_f32;
        let parts = counts.map(|count| {
            let values = (0..pixels * count).map(|_| {
                next += 1.0;
                next
            });
            tensor(values.collect::<Vec<_>>(), [images, height, width, count])
        });
        let joined = primitives::joined(&parts.clone().map(Values::new));
        let expected: Vec<f32> = (0..pixels)
            .flat_map(|pixel| {
                let of_part = |part: &FlexTensor| {
                    let count = part.layout().shape()[3];
                    part.as_slice::<f32>().unwrap()[pixel * count..][..count].to_vec()
                };
                parts.iter().flat_map(of_part).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(values(joined.clone()), expected);
        let apart = primitives::separate(joined, counts);
        for (found, part) in apart.into_iter().zip(parts) {
            assert_eq!(values(found), values(part));
        }
    }
}

#[test]
fn a_tensor_of_any_layout_is_copied() {
    let all: Vec<f32> = (0..2 * 3 * 2 * 5).map(|value| value as f32).collect();
    let whole = tensor(all, [2, 3, 2, 5]);
    let turned = Values::new(whole.permute(&[0, 3, 1, 2]));
    assert_eq!(turned.dims(), [2, 5, 3, 2]);
    assert_eq!(turned.slice()[..4], [0.0, 5.0, 10.0, 15.0]);
}
