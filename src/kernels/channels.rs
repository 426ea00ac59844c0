//! Channels that don't fill whole lanes, with zeros behind them and without.

use super::vector::{Kernel, Vectors, padded, run};

/// Copies pixels of so many channels.
struct Copy<'a> {
    channels: usize,
    /// The last pixel may end with its channels.
    source: &'a [f32],
    /// The distance of the source's pixels, and of the target's.
    from: usize,
    target: &'a mut [f32],
    to: usize,
}

impl Kernel for Copy<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, _: S) {
        // A length that the compiler knows is a move or two.
        match self.channels {
            1 => self.by::<1>(),
            2 => self.by::<2>(),
            4 => self.by::<4>(),
            8 => self.by::<8>(),
            16 => self.by::<16>(),
            24 => self.by::<24>(),
            32 => self.by::<32>(),
            channels => {
                let sources = self.source.chunks(self.from);
                for (target, source) in self.target.chunks_exact_mut(self.to).zip(sources) {
                    target[..channels].copy_from_slice(&source[..channels]);
                    target[channels..].fill(0.0);
                }
            }
        }
    }
}

impl Copy<'_> {
    #[inline(always)]
    fn by<const C: usize>(self) {
        let sources = self.source.chunks(self.from);
        for (target, source) in self.target.chunks_exact_mut(self.to).zip(sources) {
            if let (Some(values), Some((first, rest))) = (
                source.first_chunk::<C>(),
                target.split_first_chunk_mut::<C>(),
            ) {
                *first = *values;
                rest.fill(0.0);
            }
        }
    }
}

/// `[pixel, padded channel]` from `[pixel, channel]`.
pub(super) fn pad(values: &[f32], channels: usize, target: &mut [f32]) {
    run(Copy {
        channels,
        source: values,
        from: channels,
        target,
        to: padded(channels),
    });
}

/// The other way around.
pub(super) fn unpad(values: &[f32], channels: usize, target: &mut [f32]) {
    first(values, padded(channels), channels, target);
}

/// The first channels of pixels that lie `pitch` values apart.
pub(super) fn first(values: &[f32], pitch: usize, channels: usize, target: &mut [f32]) {
    run(Copy {
        channels,
        source: values,
        from: pitch,
        target,
        to: channels,
    });
}
