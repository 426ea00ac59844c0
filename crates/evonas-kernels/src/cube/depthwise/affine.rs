//! Batch norm of an image, as a kernel reads it.

use cubecl::prelude::*;

/// How a thread's channels are normalized.
#[derive(CubeType, Clone, Copy)]
pub(super) struct Affine<N: Size> {
    pub(super) mean: Vector<f32, N>,
    pub(super) scale: Vector<f32, N>,
    pub(super) shift: Vector<f32, N>,
}

#[cube]
impl<N: Size> Affine<N> {
    /// What stands for one where nothing is normalized.
    pub(super) fn none() -> Self {
        Affine::<N> {
            mean: Vector::zeroed(),
            scale: Vector::zeroed(),
            shift: Vector::zeroed(),
        }
    }

    /// A value, normalized if `normalized`.
    pub(super) fn of(&self, value: Vector<f32, N>, #[comptime] normalized: bool) -> Vector<f32, N> {
        if comptime!(normalized) {
            (value - self.mean) * self.scale + self.shift
        } else {
            value
        }
    }
}

/// How a thread's channels are normalized, if they are: `norm` is the statistics, `[2, channels]`, gamma and beta.
#[cube]
pub(super) fn affine_of<N: Size>(
    norm: &Sequence<Box<[Vector<f32, N>]>>,
    channel: usize,
    channels: usize,
    #[comptime] normalized: bool,
) -> Affine<N> {
    if comptime!(normalized) {
        let statistics = norm.index(0usize);
        Affine::<N> {
            mean: statistics[channel],
            scale: norm.index(1usize)[channel] / statistics[channels + channel],
            shift: norm.index(2usize)[channel],
        }
    } else {
        Affine::<N>::none()
    }
}
