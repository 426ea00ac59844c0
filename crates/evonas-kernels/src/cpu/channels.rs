//! Copies channels of every pixel, and pads channels that don't fill whole lanes with zeros.

use super::vector::{Kernel, Vectors, padded, run};

/// Copies some channels of every pixel. The last pixels may end with them.
struct Copy<'a> {
    channels: usize,
    /// Begins with the first of the channels.
    source: &'a [f32],
    /// The distances between the source's pixels, and between the target's.
    from: usize,
    target: &'a mut [f32],
    to: usize,
    /// Whether the values after the channels are set to 0.
    clears: bool,
}

impl Kernel for Copy<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, _: S) {
        // Constant lengths compile to a move or two. These are the ones of small networks' states.
        match self.channels {
            1 => self.by::<1, 8>(),
            2 => self.by::<2, 8>(),
            3 => self.by::<3, 8>(),
            4 => self.by::<4, 8>(),
            6 => self.by::<6, 8>(),
            8 => self.by::<8, 8>(),
            12 => self.by::<12, 16>(),
            16 => self.by::<16, 16>(),
            20 => self.by::<20, 24>(),
            24 => self.by::<24, 24>(),
            32 => self.by::<32, 32>(),
            48 => self.by::<48, 48>(),
            channels => {
                let sources = self.source.chunks(self.from);
                for (target, source) in self.target.chunks_mut(self.to).zip(sources) {
                    target[..channels].copy_from_slice(&source[..channels]);
                    if self.clears {
                        target[channels..].fill(0.0);
                    }
                }
            }
        }
    }
}

impl Copy<'_> {
    /// Copies `C` channels, `P` when rounded up to whole lanes.
    #[inline(always)]
    fn by<const C: usize, const P: usize>(self) {
        let sources = self.source.chunks(self.from);
        let pixels = self.target.chunks_mut(self.to).zip(sources);
        if self.clears {
            for (target, source) in pixels {
                if let (Some(values), Some(target)) =
                    (source.first_chunk::<C>(), target.first_chunk_mut::<P>())
                {
                    let mut whole = [0.0; P];
                    whole[..C].copy_from_slice(values);
                    *target = whole;
                }
            }
        } else {
            for (target, source) in pixels {
                if let (Some(values), Some(target)) =
                    (source.first_chunk::<C>(), target.first_chunk_mut::<C>())
                {
                    *target = *values;
                }
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
        clears: true,
    });
}

/// `[pixel, channel]` from `[pixel, padded channel]`.
pub(super) fn unpad(values: &[f32], channels: usize, target: &mut [f32]) {
    copy(channels, (values, padded(channels)), (target, channels));
}

/// Copies the first channels of pixels between memories whose pixels have these distances.
pub(super) fn copy(
    channels: usize,
    (source, from): (&[f32], usize),
    (target, to): (&mut [f32], usize),
) {
    run(Copy {
        channels,
        source,
        from,
        target,
        to,
        clears: false,
    });
}
