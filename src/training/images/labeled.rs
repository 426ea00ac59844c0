//! Images in memory, each with its class.

use std::fmt;

use super::{ImagesError, split};
use crate::network::ImageShape;

/// Images of one shape, each with the index of its class.
///
/// Pixels are bytes in the order `[image, channel, row, column]`. The collection may be empty, but the
/// dimensions of an image and the number of classes are never zero.
#[derive(Clone, PartialEq, Eq)]
pub struct LabeledImages {
    shape: ImageShape,
    classes: usize,
    pixels: Vec<u8>,
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
    /// use evonas::training::images::LabeledImages;
    ///
    /// let shape = ImageShape::gray(1, 2);
    /// let images = LabeledImages::new(shape, 2, vec![0, 255, 255, 0], vec![0, 1])?;
    /// assert_eq!(images.len(), 2);
    /// assert_eq!(images.image(1), [255, 0]);
    /// # Ok::<(), evonas::training::images::ImagesError>(())
    /// ```
    pub fn new(
        shape: ImageShape,
        classes: usize,
        pixels: Vec<u8>,
        labels: Vec<u16>,
    ) -> Result<Self, ImagesError> {
        for (what, size) in [
            ("number of channels", shape.channels),
            ("height", shape.height),
            ("width", shape.width),
            ("number of classes", classes),
        ] {
            if size == 0 {
                return Err(ImagesError::ZeroSize { what });
            }
        }
        let expected = [shape.channels, shape.height, shape.width]
            .into_iter()
            .try_fold(labels.len(), usize::checked_mul);
        if expected != Some(pixels.len()) {
            return Err(ImagesError::PixelCount {
                images: labels.len(),
                shape,
                found: pixels.len(),
            });
        }
        if let Some(index) = labels.iter().position(|&l| usize::from(l) >= classes) {
            return Err(ImagesError::LabelOutOfRange {
                index,
                label: labels[index],
                classes,
            });
        }
        Ok(Self {
            shape,
            classes,
            pixels,
            labels,
        })
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
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
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
        hasher.update(&self.pixels);
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
    pub fn image(&self, index: usize) -> &[u8] {
        let size = self.image_size();
        &self.pixels[index * size..][..size]
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
        let mut pixels = Vec::with_capacity(indices.len() * self.image_size());
        for &index in indices {
            pixels.extend_from_slice(self.image(index));
        }
        Ok(Self {
            pixels,
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
