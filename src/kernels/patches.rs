//! Windows of all channels as rows, for convolutions that are neither depthwise nor 1x1.

use super::vector::rectified;
use super::window::Window;

/// Writes what every window sees, `[pixel, stride]` with `[tap, channel]` in front, or its ReLU.
#[inline(always)]
pub(super) fn gather(
    image: &[f32],
    channels: usize,
    window: &Window,
    relu: bool,
    rows: &mut [f32],
    stride: usize,
) {
    let mut pixels = rows.chunks_exact_mut(stride);
    for out_row in 0..window.out_height {
        for out_column in 0..window.out_width {
            let Some(target) = pixels.next() else { return };
            let mut taps = target.chunks_exact_mut(channels);
            for row in 0..window.kernel[0] {
                let row = window.row(out_row, row);
                for column in 0..window.kernel[1] {
                    let Some(target) = taps.next() else { break };
                    match (row, window.column(out_column, column)) {
                        (Some(row), Some(column)) => {
                            let start = (row * window.width + column) * channels;
                            let values = &image[start..start + channels];
                            // A length that the compiler knows is a move or two.
                            match channels {
                                1 => read::<1>(values, target, relu),
                                2 => read::<2>(values, target, relu),
                                4 => read::<4>(values, target, relu),
                                8 => read::<8>(values, target, relu),
                                16 => read::<16>(values, target, relu),
                                _ => read_any(values, target, relu),
                            }
                        }
                        _ => target.fill(0.0),
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn read<const C: usize>(values: &[f32], target: &mut [f32], relu: bool) {
    if let (Some(values), Some(target)) = (values.first_chunk(), target.first_chunk_mut()) {
        let mut values: [f32; C] = *values;
        if relu {
            for value in &mut values {
                *value = rectified(*value);
            }
        }
        *target = values;
    }
}

#[inline(always)]
fn read_any(values: &[f32], target: &mut [f32], relu: bool) {
    for (target, &value) in target.iter_mut().zip(values) {
        *target = if relu { rectified(value) } else { value };
    }
}

/// Adds what `gather` took apart to a gradient by the image.
#[inline(always)]
pub(super) fn scatter(
    rows: &[f32],
    stride: usize,
    channels: usize,
    window: &Window,
    gradient: &mut [f32],
) {
    let mut pixels = rows.chunks_exact(stride);
    for out_row in 0..window.out_height {
        for out_column in 0..window.out_width {
            let Some(values) = pixels.next() else { return };
            let mut taps = values.chunks_exact(channels);
            for row in 0..window.kernel[0] {
                let row = window.row(out_row, row);
                for column in 0..window.kernel[1] {
                    let Some(values) = taps.next() else { break };
                    if let (Some(row), Some(column)) = (row, window.column(out_column, column)) {
                        let start = (row * window.width + column) * channels;
                        let target = &mut gradient[start..start + channels];
                        for (target, &value) in target.iter_mut().zip(values) {
                            *target += value;
                        }
                    }
                }
            }
        }
    }
}
