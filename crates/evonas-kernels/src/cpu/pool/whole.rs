//! Pads images whose channels don't fill whole lanes, for kernels that need whole ones.

use crate::cpu::vector::padded;
use crate::cpu::{channels, scratch};

/// Calls `work` with two buffers of these lengths and unspecified contents, the inputs, and the output; each
/// pixel's channels are padded with zeros to whole lanes.
pub(super) fn with_whole_lanes(
    count: usize,
    buffers: [usize; 2],
    inputs: [&[f32]; 2],
    output: &mut [f32],
    work: impl FnOnce([&mut [f32]; 2], [&[f32]; 2], &mut [f32]),
) {
    let stride = padded(count);
    if stride == count {
        return scratch::with(buffers, |buffers| work(buffers, inputs, output));
    }
    let [first, second] = inputs.map(|values| values.len() / count * stride);
    let lengths = [
        buffers[0],
        buffers[1],
        first,
        second,
        output.len() / count * stride,
    ];
    scratch::with(lengths, |[buffer, another, first, second, whole]| {
        channels::pad(inputs[0], count, first);
        channels::pad(inputs[1], count, second);
        work([buffer, another], [first, second], whole);
        channels::unpad(whole, count, output);
    });
}
