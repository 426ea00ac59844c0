//! Windows over all channels as rows, for convolutions that are neither depthwise nor 1x1.

mod geometry;
mod single;
mod windows;

pub(super) use self::geometry::{Patches, SLACK};

use self::single::{Pick, PutBack};
use self::windows::{Gather, Scatter};
use super::depthwise::{Plain, Relu};
use super::vector::run;

impl Patches {
    /// Writes everything that each window of some images sees, or its ReLU, as `[pixel, stride]` with
    /// `[tap, channel]` first and unspecified values after it. `rows` has `SLACK` values more.
    pub(super) fn gather(&self, images: &[f32], relu: bool, plane: &mut [f32], rows: &mut [f32]) {
        match (self.window.taps(), relu) {
            (1, false) => run(Pick::<Plain>::new(self, images, rows)),
            (1, true) => run(Pick::<Relu>::new(self, images, rows)),
            _ => run(Gather {
                patches: self,
                images,
                relu,
                plane,
                rows,
            }),
        }
    }

    /// The reverse of `gather` for gradients: adds the rows' gradients up to the one by the images, which
    /// also mask it if they were passed through a ReLU.
    pub(super) fn scatter(
        &self,
        rows: &[f32],
        mask: Option<&[f32]>,
        plane: &mut [f32],
        by_images: &mut [f32],
    ) {
        match self.window.taps() {
            1 => run(PutBack {
                patches: self,
                rows,
                mask,
                by_images,
            }),
            _ => run(Scatter {
                patches: self,
                rows,
                mask,
                plane,
                by_images,
            }),
        }
    }
}
