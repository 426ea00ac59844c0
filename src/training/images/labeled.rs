//! Images in memory, each with its class.

use std::fmt;

use super::builder::LabeledImagesBuilder;
use super::checks::{check_count, check_finite, check_sizes};
use super::pixels::{Pixel, PixelBuffer, Pixels};
use super::{ImagesError, split};
use crate::network::ImageShape;

/// Images of one shape, each with the index of its class.
///
/// Pixels are bytes or finite floats in the order `[image, channel, row, column]`. The collection may be empty, but
/// the dimensions of an image and the number of classes are never zero.
///
/// Bytes are trained on as numbers from 0 to 1, and floats as they are, either normalized by their
/// [`ChannelStatistics`](super::ChannelStatistics). So a network that was trained on floats classifies images from files
/// well only if they were colors from 0 to 1.
#[derive(Clone, PartialEq, Eq)]
pub struct LabeledImages {
    shape: ImageShape,
    classes: usize,
    pixels: PixelBuffer,
    labels: Vec<u16>,
}

impl LabeledImages {
    /// Combines images with their labels.
    ///
    /// - `shape`: the shape of each image.
    /// - `classes`: the number of classes.
    /// - `pixels`: `[labels.len(), channels, height, width]`, flattened.
    /// - `labels`: one per image, each below `classes`.
    ///
    /// # Errors
    ///
    /// [`ImagesError::ZeroSize`] if a dimension or the number of classes is zero,
    /// [`ImagesError::PixelCount`] if `pixels` has the wrong length, and
    /// [`ImagesError::LabelOutOfRange`] for the first label that is not below `classes`.
    ///
    /// # Example
    ///
    /// ```
    /// use evonas::network::ImageShape;
    /// use evonas::training::images::{LabeledImages, Pixels};
    ///
    /// let shape = ImageShape::gray(1, 2);
    /// let images = LabeledImages::new(shape, 2, vec![0, 255, 255, 0], vec![0, 1])?;
    /// assert_eq!(images.len(), 2);
    /// assert_eq!(images.image(1), Pixels::Bytes(&[255, 0]));
    /// # Ok::<(), evonas::training::images::ImagesError>(())
    /// ```
    pub fn new(
        shape: ImageShape,
        classes: usize,
        pixels: Vec<u8>,
        labels: Vec<u16>,
    ) -> Result<Self, ImagesError> {
        Self::of(shape, classes, PixelBuffer::Bytes(pixels), labels)
    }

    /// As [`LabeledImages::new`], with pixels that are floats, on any scale.
    ///
    /// # Errors
    ///
    /// As [`LabeledImages::new`], and [`ImagesError::NotFinite`] for the first image with a pixel that is NaN or infinite.
    pub fn from_floats(
        shape: ImageShape,
        classes: usize,
        pixels: Vec<f32>,
        labels: Vec<u16>,
    ) -> Result<Self, ImagesError> {
        check_sizes(shape, classes)?;
        let size = check_count(shape, labels.len(), pixels.len())?;
        check_finite(&pixels, size)?;
        Self::of(shape, classes, PixelBuffer::Floats(pixels), labels)
    }

    /// Puts images together one after the other, from arrays of any layout.
    ///
    /// - `shape`: the shape of each image.
    /// - `classes`: the number of classes.
    #[must_use]
    pub fn builder<P: Pixel>(shape: ImageShape, classes: usize) -> LabeledImagesBuilder<P> {
        LabeledImagesBuilder::new(shape, classes)
    }

    /// Copies all items of a data set of Burn.
    ///
    /// - `shape`: the shape of each image.
    /// - `classes`: the number of classes.
    /// - `map`: the pixels of an item, `[channels, height, width]`, flattened, and the index of its class. For another
    ///   layout, use [`LabeledImagesBuilder::dataset`].
    ///
    /// # Errors
    ///
    /// As [`LabeledImagesBuilder::build`].
    ///
    /// # Example
    ///
    /// ```
    /// use evonas::burn_dataset::InMemDataset;
    /// use evonas::network::ImageShape;
    /// use evonas::training::images::LabeledImages;
    ///
    /// #[derive(Clone)]
    /// struct Scan {
    ///     depths: [f32; 4],
    ///     is_sound: bool,
    /// }
    ///
    /// # let (depths, is_sound) = ([0.5, 2.0, 2.1, 0.4], true);
    /// let dataset = InMemDataset::new(vec![Scan { depths, is_sound }]);
    /// let images = LabeledImages::from_dataset(&dataset, ImageShape::gray(2, 2), 2, |scan: Scan| {
    ///     (scan.depths, usize::from(scan.is_sound))
    /// })?;
    /// assert_eq!(images.labels(), [1]);
    /// # Ok::<(), evonas::training::images::ImagesError>(())
    /// ```
    #[cfg(feature = "dataset")]
    pub fn from_dataset<I, P: Pixel, A: AsRef<[P]>>(
        dataset: &dyn burn_dataset::Dataset<I>,
        shape: ImageShape,
        classes: usize,
        map: impl FnMut(I) -> (A, usize),
    ) -> Result<Self, ImagesError> {
        Self::builder(shape, classes).dataset(dataset, map).build()
    }

    fn of(
        shape: ImageShape,
        classes: usize,
        pixels: PixelBuffer,
        labels: Vec<u16>,
    ) -> Result<Self, ImagesError> {
        check_sizes(shape, classes)?;
        check_count(shape, labels.len(), pixels.all().len())?;
        if let Some(index) = labels.iter().position(|&l| usize::from(l) >= classes) {
            return Err(ImagesError::LabelOutOfRange {
                index,
                label: labels[index].into(),
                classes,
            });
        }
        Ok(Self::of_checked(shape, classes, pixels, labels))
    }

    pub(super) const fn of_checked(
        shape: ImageShape,
        classes: usize,
        pixels: PixelBuffer,
        labels: Vec<u16>,
    ) -> Self {
        Self {
            shape,
            classes,
            pixels,
            labels,
        }
    }

    /// The number of channels of an image: 1 for gray, 3 for color.
    pub fn channels(&self) -> usize {
        self.shape.channels
    }

    /// The number of rows of an image.
    pub fn height(&self) -> usize {
        self.shape.height
    }

    /// The number of columns of an image.
    pub fn width(&self) -> usize {
        self.shape.width
    }

    /// The shape of an image.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The number of classes. A class may have no images.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// All pixels: `[len, channels, height, width]`, flattened.
    pub fn pixels(&self) -> Pixels<'_> {
        self.pixels.all()
    }

    /// The class of each image.
    pub fn labels(&self) -> &[u16] {
        &self.labels
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The CRC-32 of the sizes, pixels and labels. It distinguishes data sets of the same size, for
    /// example in the description of an evaluator.
    #[must_use]
    pub fn checksum(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        let sizes = [
            self.channels(),
            self.height(),
            self.width(),
            self.classes,
            self.len(),
        ];
        for size in sizes {
            hasher.update(&(size as u64).to_le_bytes());
        }
        match &self.pixels {
            PixelBuffer::Bytes(bytes) => hasher.update(bytes),
            PixelBuffer::Floats(floats) => {
                for float in floats {
                    hasher.update(&float.to_le_bytes());
                }
            }
        }
        for label in &self.labels {
            hasher.update(&label.to_le_bytes());
        }
        hasher.finalize()
    }

    /// The pixels of image `index`: `[channels, height, width]`, flattened.
    ///
    /// # Panics
    ///
    /// If `index` is not below [`len`](Self::len).
    pub fn image(&self, index: usize) -> Pixels<'_> {
        let size = self.image_size();
        self.pixels.some(index * size, size)
    }

    fn image_size(&self) -> usize {
        self.channels() * self.height() * self.width()
    }

    /// The images at `indices`, in that order. An index may occur more than once.
    ///
    /// # Errors
    ///
    /// [`ImagesError::IndexOutOfRange`] for the first index that is not below [`len`](Self::len).
    pub fn subset(&self, indices: &[usize]) -> Result<Self, ImagesError> {
        if let Some(&index) = indices.iter().find(|&&index| index >= self.len()) {
            return Err(ImagesError::IndexOutOfRange {
                index,
                len: self.len(),
            });
        }
        Ok(Self {
            pixels: self.pixels.blocks(indices, self.image_size()),
            labels: indices.iter().map(|&i| self.labels[i]).collect(),
            ..*self
        })
    }

    /// Draws `count` images with `seed`, keeping the proportions of the classes and the order of the
    /// images; returns all images if there are no more than `count`.
    ///
    /// Each class contributes its exact share rounded down. The images still missing come from the
    /// classes with the largest remainders, the lower class first in a tie. The result has exactly
    /// `min(count, len)` images.
    #[must_use]
    pub fn limit(&self, count: usize, seed: u64) -> Self {
        if count >= self.len() {
            return self.clone();
        }
        let indices = split::stratified_sample(&self.labels, count, seed);
        self.subset(&indices)
            .expect("a sample of the images' indices is in range")
    }
}

/// Leaves out the pixels, of which there may be millions.
impl fmt::Debug for LabeledImages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LabeledImages")
            .field("len", &self.len())
            .field("channels", &self.channels())
            .field("height", &self.height())
            .field("width", &self.width())
            .field("classes", &self.classes)
            .finish_non_exhaustive()
    }
}
