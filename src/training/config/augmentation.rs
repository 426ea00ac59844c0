//! Random changes to training images.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::network::ImageShape;
use crate::training::TrainingError;

/// Random changes to training images, redrawn each time an image is used.
///
/// They are applied on the device, to whole batches, in this order: crop, flip, cutout. The default
/// changes nothing.
///
/// ```
/// use evonas::training::Augmentation;
///
/// let augmentation = Augmentation::NONE.crop_padding(2).flip(true);
/// assert_eq!(augmentation.crop_padding, 2);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Augmentation {
    /// Black pixels added to each side before a random crop of the original size, which moves an
    /// image by up to this many pixels. CIFAR trainings use 4.
    #[serde(default)]
    pub crop_padding: usize,
    /// Whether each image is mirrored left to right with probability 1/2.
    #[serde(default)]
    pub flip: bool,
    /// The side of a square that is set to the channels' means. Its center is anywhere in the image,
    /// so part of it may be outside. CIFAR-10 trainings use 16 (DeVries & Taylor 2017).
    #[serde(default)]
    pub cutout: usize,
}

impl Augmentation {
    /// Checks that neither crop padding nor cutout can remove an entire image.
    pub(in crate::training) fn check(&self, shape: ImageShape) -> Result<(), TrainingError> {
        let smallest = shape.height.min(shape.width);
        let too_large = [
            ("a crop padding", self.crop_padding),
            ("a cutout", self.cutout),
        ]
        .into_iter()
        .find(|&(_, pixels)| pixels >= smallest);
        match too_large {
            Some((what, pixels)) => Err(TrainingError::AugmentationTooLarge {
                what,
                pixels,
                height: shape.height,
                width: shape.width,
            }),
            None => Ok(()),
        }
    }

    /// Changes nothing.
    pub const NONE: Self = Self {
        crop_padding: 0,
        flip: false,
        cutout: 0,
    };

    /// The usual augmentation of CIFAR trainings: 4 pixels of crop padding, and mirroring.
    pub const CIFAR: Self = Self {
        crop_padding: 4,
        flip: true,
        cutout: 0,
    };

    /// Sets the crop padding, in pixels.
    #[must_use]
    pub const fn crop_padding(mut self, pixels: usize) -> Self {
        self.crop_padding = pixels;
        self
    }

    /// Sets whether half of the images are mirrored.
    #[must_use]
    pub const fn flip(mut self, flip: bool) -> Self {
        self.flip = flip;
        self
    }

    /// Sets the side of the square that is cut out, in pixels.
    #[must_use]
    pub const fn cutout(mut self, side: usize) -> Self {
        self.cutout = side;
        self
    }

    /// Whether nothing is changed.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.crop_padding == 0 && !self.flip && self.cutout == 0
    }

    /// This augmentation, weakened where it doesn't suit images of this shape.
    ///
    /// Crop padding and cutout keep the proportion they have to CIFAR's 32x32 images in the
    /// literature: at most an eighth and half of the smaller side. Gray images aren't mirrored,
    /// since most of them show digits, letters or clothes, where left and right differ. Images of
    /// 32x32 pixels and more in color keep [`Augmentation::CIFAR`] as it is.
    #[must_use]
    pub fn fitted_to(mut self, image: ImageShape) -> Self {
        let side = image.height.min(image.width);
        self.crop_padding = self.crop_padding.min(side / 8);
        self.cutout = self.cutout.min(side / 2);
        self.flip &= image.channels > 1;
        self
    }

    /// A warning if crop padding is so large for images of this shape, over a quarter of the
    /// smaller side, that much of an image may be moved out of view.
    ///
    /// ```
    /// use evonas::network::ImageShape;
    /// use evonas::training::Augmentation;
    ///
    /// let digits = ImageShape::gray(8, 8);
    /// let warning = Augmentation::CIFAR.large_padding(digits).unwrap();
    /// assert_eq!(
    ///     warning.to_string(),
    ///     "a crop padding of 4 pixels is large for 8x8 images: \
    ///      it moves up to half of an image out of view; try 1"
    /// );
    /// ```
    #[must_use]
    pub fn large_padding(&self, image: ImageShape) -> Option<LargePadding> {
        let side = image.height.min(image.width);
        (4 * self.crop_padding > side).then_some(LargePadding {
            crop_padding: self.crop_padding,
            image,
        })
    }
}

/// Crop padding that is large for the images; see [`Augmentation::large_padding`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LargePadding {
    /// The padding, in pixels.
    pub crop_padding: usize,
    /// The images.
    pub image: ImageShape,
}

impl fmt::Display for LargePadding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            crop_padding,
            image: ImageShape { height, width, .. },
        } = *self;
        let side = height.min(width);
        write!(
            f,
            "a crop padding of {crop_padding} pixels is large for {height}x{width} images: it moves up to "
        )?;
        match 2 * crop_padding {
            twice if twice == side => f.write_str("half")?,
            _ => write!(f, "{} %", 100 * crop_padding.min(side) / side.max(1))?,
        }
        write!(f, " of an image out of view; try {}", side / 8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cifar_images_keep_the_augmentation_and_small_ones_get_less() {
        let cifar = Augmentation::CIFAR.cutout(16);
        assert_eq!(cifar.fitted_to(ImageShape::rgb(32, 32)), cifar);
        assert_eq!(cifar.fitted_to(ImageShape::rgb(96, 64)), cifar);
        let digits = Augmentation::NONE.crop_padding(1).cutout(4);
        assert_eq!(cifar.fitted_to(ImageShape::gray(8, 8)), digits);
        let clothes = Augmentation::CIFAR.fitted_to(ImageShape::gray(28, 28));
        assert_eq!(clothes, Augmentation::NONE.crop_padding(3));
        assert!(cifar.fitted_to(ImageShape::gray(1, 1)).is_none());
    }

    #[test]
    fn padding_of_more_than_a_quarter_of_an_image_is_a_warning() {
        let padding = |pixels| Augmentation::NONE.crop_padding(pixels);
        assert_eq!(padding(2).large_padding(ImageShape::gray(8, 8)), None);
        assert_eq!(
            Augmentation::CIFAR.large_padding(ImageShape::rgb(32, 32)),
            None
        );
        assert_eq!(
            Augmentation::NONE.large_padding(ImageShape::gray(1, 1)),
            None
        );
        let warning = padding(3).large_padding(ImageShape::gray(9, 8)).unwrap();
        assert_eq!(
            warning.to_string(),
            "a crop padding of 3 pixels is large for 9x8 images: \
             it moves up to 37 % of an image out of view; try 1"
        );
    }
}
