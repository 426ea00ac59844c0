//! Compares every kernel with the definition of its operation in double precision, and its gradients with
//! finite differences of the definition.

mod concatenation;
mod machine;
mod pooling;
mod unit;
mod units;

use burn::backend::flex::FlexTensor;

use super::primitives::Values;
use crate::window::Window;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Different numbers that are not close to 0, where a ReLU's kink would distort finite differences.
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

/// Compares the gradients of the outputs' weighted sum with finite differences of `define`. At most forty
/// values of each input are moved.
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
        // In tests, memory that was not written holds NaN.
        assert!(found.iter().all(|value| value.is_finite()));
        // A sum of hundreds of terms of about 1 that cancel is no more exact than they are.
        let scale = found
            .iter()
            .fold(1e-1_f64, |most, &value| most.max(f64::from(value).abs()));
        let apart = (found.len() / 40).max(1);
        // At positions in all channels and columns, whatever divisors they share with the distance.
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

/// A stream of random numbers for a test.
pub(super) fn stream(seed: u64, number: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    rng
}

/// TensorFlow's padding of a window.
#[derive(Clone, Copy, PartialEq)]
enum WindowPadding {
    Same,
    Valid,
}

fn window(size: [usize; 2], kernel: [usize; 2], stride: [usize; 2], dilation: usize) -> Window {
    padded_window(size, kernel, stride, dilation, WindowPadding::Same)
}

fn padded_window(
    size: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: usize,
    padding: WindowPadding,
) -> Window {
    let along = |axis: usize| {
        let (size, kernel, stride) = (size[axis], kernel[axis], stride[axis]);
        let span = (kernel - 1) * dilation + 1;
        match padding {
            WindowPadding::Same => {
                let output = size.div_ceil(stride);
                let total = ((output - 1) * stride + span).saturating_sub(size);
                ((total / 2) as isize, output)
            }
            WindowPadding::Valid if size < span => (0, 0),
            WindowPadding::Valid => (0, (size - span) / stride + 1),
        }
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

#[test]
fn a_tensor_of_any_layout_is_copied() {
    let all: Vec<f32> = (0..2 * 3 * 2 * 5).map(|value| value as f32).collect();
    let whole = super::primitives::tensor(all, [2, 3, 2, 5]);
    let turned = Values::new(whole.permute(&[0, 3, 1, 2]));
    assert_eq!(turned.dims(), [2, 5, 3, 2]);
    assert_eq!(turned.slice()[..4], [0.0, 5.0, 10.0, 15.0]);
}
