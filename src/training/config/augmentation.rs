//! What is done to training images at random.

use serde::{Deserialize, Serialize};

/// What is done to training images at random, each time anew; nothing by default.
///
/// It is done on the device, to whole batches, in this order: crop, flip, cutout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Augmentation {
    /// Black pixels that are added on each side before a part of the old size is cut out, so that
    /// an image moves by up to so many pixels: 4 in CIFAR trainings.
    #[serde(default)]
    pub crop_padding: usize,
    /// Whether half of the images are mirrored, left and right.
    #[serde(default)]
    pub flip: bool,
    /// The side of a square that is set to the channels' means, its centre anywhere in the image
    /// and parts of it perhaps outside: 16 in CIFAR-10 trainings (DeVries & Taylor 2017).
    #[serde(default)]
    pub cutout: usize,
}

impl Augmentation {
    /// Images stay as they are.
    pub const NONE: Self = Self {
        crop_padding: 0,
        flip: false,
        cutout: 0,
    };

    /// What CIFAR trainings do: 4 pixels of padding, and mirroring.
    pub const CIFAR: Self = Self {
        crop_padding: 4,
        flip: true,
        cutout: 0,
    };

    /// The same with cutout of this side, in pixels.
    #[must_use]
    pub const fn with_cutout(mut self, side: usize) -> Self {
        self.cutout = side;
        self
    }

    /// Whether images stay as they are.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.crop_padding == 0 && !self.flip && self.cutout == 0
    }
}
