//! Images in memory, each with its class.

use std::fmt;

use super::split;
use crate::network::ImageShape;

/// Images of one size, each with the index of its class.
///
/// Pixels are bytes in the order `[image, channel, row, column]`. There may be no images at all, but
/// their size and the number of classes are never zero.
#[derive(Clone, PartialEq, Eq)]
pub struct LabeledImages {
    channels: usize,
    height: usize,
    width: usize,
    classes: usize,
    pixels: Vec<u8>,
    labels: Vec<u16>,
}

impl LabeledImages {
    /// Puts together images and labels.
    ///
    /// - `pixels`: `[labels.len(), channels, height, width]`, flattened.
    /// - `labels`: one per image, each below `classes`.
    ///
    /// # Errors
    ///
    /// [`ImagesError::ZeroSize`] if a dimension or the number of classes is zero,
    /// [`ImagesError::PixelCount`] if `pixels` has another length, and
    /// [`ImagesError::LabelOutOfRange`] for the first label that is not below `classes`.
    ///
    /// # Example
    ///
    /// ```
    /// use evonas::training::images::LabeledImages;
    ///
    /// // Two gray images of one row and two columns.
    /// let images = LabeledImages::new(1, 1, 2, 2, vec![0, 255, 255, 0], vec![0, 1])?;
    /// assert_eq!(images.len(), 2);
    /// assert_eq!(images.image(1), [255, 0]);
    /// # Ok::<(), evonas::training::images::ImagesError>(())
    /// ```
    pub fn new(
        channels: usize,
        height: usize,
        width: usize,
        classes: usize,
        pixels: Vec<u8>,
        labels: Vec<u16>,
    ) -> Result<Self, ImagesError> {
        for (what, size) in [
            ("number of channels", channels),
            ("height", height),
            ("width", width),
            ("number of classes", classes),
        ] {
            if size == 0 {
                return Err(ImagesError::ZeroSize { what });
            }
        }
        let expected = [channels, height, width]
            .into_iter()
            .try_fold(labels.len(), usize::checked_mul);
        if expected != Some(pixels.len()) {
            return Err(ImagesError::PixelCount {
                images: labels.len(),
                channels,
                height,
                width,
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
            channels,
            height,
            width,
            classes,
            pixels,
            labels,
        })
    }

    /// The number of channels of an image: 1 for gray, 3 for color.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The number of rows of an image.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The number of columns of an image.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The size of an image.
    pub fn shape(&self) -> ImageShape {
        ImageShape {
            channels: self.channels,
            height: self.height,
            width: self.width,
        }
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

    /// The CRC-32 of the sizes, pixels and labels: what tells these images from others of the same
    /// number, in the description of an evaluator say.
    #[must_use]
    pub fn checksum(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        let sizes = [
            self.channels,
            self.height,
            self.width,
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
        self.channels * self.height * self.width
    }

    /// The images at `indices`, in that order; an index may occur more than once.
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

    /// At most `count` images, drawn by `seed` so that the classes keep their shares; all images where
    /// there are no more than `count`. The images stay in their order.
    ///
    /// Each class gets its exact share rounded down, and the classes with the largest remainders (of
    /// equal ones the lower class) get the images still missing: the result has exactly
    /// `min(count, len)` images.
    pub fn limit(&self, count: usize, seed: u64) -> Self {
        if count >= self.len() {
            return self.clone();
        }
        let indices = split::stratified_sample(&self.labels, count, seed);
        self.subset(&indices)
            .expect("a sample of the labels' indices lies in their range")
    }
}

/// The sizes only: nobody wants to read a million pixels.
impl fmt::Debug for LabeledImages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LabeledImages")
            .field("len", &self.len())
            .field("channels", &self.channels)
            .field("height", &self.height)
            .field("width", &self.width)
            .field("classes", &self.classes)
            .finish_non_exhaustive()
    }
}

/// Why images and labels do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImagesError {
    /// A dimension or the number of classes is zero.
    #[error("the {what} is 0, but must be at least 1")]
    ZeroSize {
        /// Which size.
        what: &'static str,
    },
    /// The number of pixels is not that of the images.
    #[error(
        "{images} images of {channels}x{height}x{width} (channels x height x width) do not have \
         {found} pixels: pass one byte per channel, row and column of each image"
    )]
    PixelCount {
        /// The number of labels, and so of images.
        images: usize,
        /// Channels of an image.
        channels: usize,
        /// Rows of an image.
        height: usize,
        /// Columns of an image.
        width: usize,
        /// The number of pixels passed.
        found: usize,
    },
    /// A label is not the index of a class.
    #[error("image {index} has label {label}, but must be below the number of classes, {classes}")]
    LabelOutOfRange {
        /// The image.
        index: usize,
        /// Its label.
        label: u16,
        /// The number of classes.
        classes: usize,
    },
    /// There is no image with this index.
    #[error("there is no image {index}: the {len} images are numbered from 0")]
    IndexOutOfRange {
        /// The index asked for.
        index: usize,
        /// The number of images.
        len: usize,
    },
}
