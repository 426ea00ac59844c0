//! Buffers that each thread keeps for reuse.

use std::cell::Cell;

thread_local! {
    static BUFFER: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// Calls `work` with buffers of these lengths and unspecified contents: NaN in unit tests, so that a kernel
/// that reads what it didn't write is noticed.
pub(super) fn with<const N: usize, T>(
    lengths: [usize; N],
    work: impl FnOnce([&mut [f32]; N]) -> T,
) -> T {
    let mut buffer = BUFFER.take();
    let length = lengths.iter().sum::<usize>();
    if buffer.len() < length {
        buffer.resize(length, 0.0);
    }
    if cfg!(test) {
        buffer[..length].fill(f32::NAN);
    }
    let mut rest = buffer.as_mut_slice();
    let parts = lengths.map(|length| {
        let (part, behind) = std::mem::take(&mut rest).split_at_mut(length);
        rest = behind;
        part
    });
    let result = work(parts);
    BUFFER.set(buffer);
    result
}
