//! Images from arrays, one after the other.

use super::checks::{check_count, check_finite, check_sizes, checked_label, pixels_of};
use super::error::ImagesError;
use super::labeled::LabeledImages;
use super::pixels::Pixel;
use crate::network::ImageShape;

/// The order of an image's pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PixelLayout {
    /// `[channels, height, width]`: one channel after the other, as in PyTorch and Burn.
    #[default]
    ChannelsFirst,
    /// `[height, width, channels]`: one pixel's channels after the other, as in most files of images and in TensorFlow.
    ChannelsLast,
}

/// Puts images together from arrays ([`LabeledImages::builder`]). The first thing that doesn't fit is the error of
/// [`build`](Self::build); what is added after it is left out.
///
/// # Example
///
/// ```
/// use evonas::network::ImageShape;
/// use evonas::training::images::{LabeledImages, PixelLayout, Pixels};
///
/// // Two images of a row of two pixels, red and green in turn.
/// let pixels = [1.0_f32, 0.0, 0.0, 0.0, 0.0, 0.9, 0.1, 0.8, 0.1, 0.7, 0.2, 0.0];
/// let images = LabeledImages::builder(ImageShape::rgb(1, 2), 2)
///     .layout(PixelLayout::ChannelsLast)
///     .array(&pixels, &[0, 1])
///     .build()?;
/// assert_eq!(images.image(0), Pixels::Floats(&[1.0, 0.0, 0.0, 0.0, 0.0, 0.9]));
/// # Ok::<(), evonas::training::images::ImagesError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LabeledImagesBuilder<P> {
    shape: ImageShape,
    classes: usize,
    layout: PixelLayout,
    pixels: Vec<P>,
    labels: Vec<u16>,
    error: Option<ImagesError>,
}

impl<P: Pixel> LabeledImagesBuilder<P> {
    pub(super) fn new(shape: ImageShape, classes: usize) -> Self {
        Self {
            shape,
            classes,
            layout: PixelLayout::default(),
            pixels: Vec::new(),
            labels: Vec::new(),
            error: check_sizes(shape, classes).err(),
        }
    }

    /// The order of the pixels of the images that are added from now on; [`PixelLayout::ChannelsFirst`] by default.
    #[must_use]
    pub const fn layout(mut self, layout: PixelLayout) -> Self {
        self.layout = layout;
        self
    }

    /// Adds an image.
    ///
    /// - `pixels`: `[channels, height, width]`, or in the other [`layout`](Self::layout), flattened.
    /// - `label`: the index of its class.
    #[must_use]
    pub fn image(mut self, pixels: &[P], label: usize) -> Self {
        if self.error.is_none() {
            self.error = self.add(pixels, label).err();
        }
        self
    }

    /// Adds images and the indices of their classes, for example from your own format's reader.
    ///
    /// Each image is as in [`image`](Self::image).
    #[must_use]
    pub fn images<I: AsRef<[P]>>(self, images: impl IntoIterator<Item = (I, usize)>) -> Self {
        let mut images = images.into_iter();
        let mut builder = self;
        while builder.error.is_none()
            && let Some((pixels, label)) = images.next()
        {
            builder = builder.image(pixels.as_ref(), label);
        }
        builder
    }

    /// Adds images that lie in one array.
    ///
    /// - `pixels`: `[labels, channels, height, width]`, or `[labels, height, width, channels]` in the other
    ///   [`layout`](Self::layout), flattened.
    /// - `labels`: the index of each image's class.
    #[must_use]
    pub fn array(mut self, pixels: &[P], labels: &[usize]) -> Self {
        if self.error.is_some() {
            return self;
        }
        match check_count(self.shape, labels.len(), pixels.len()) {
            Ok(size) => self.images(pixels.chunks_exact(size).zip(labels.iter().copied())),
            Err(error) => {
                self.error = Some(error);
                self
            }
        }
    }

    /// Adds all items of a data set of Burn.
    ///
    /// - `map`: the pixels of an item, as in [`image`](Self::image), and the index of its class.
    #[cfg(feature = "dataset")]
    #[must_use]
    pub fn dataset<I, A: AsRef<[P]>>(
        mut self,
        dataset: &dyn burn_dataset::Dataset<I>,
        mut map: impl FnMut(I) -> (A, usize),
    ) -> Self {
        for item in 0..dataset.len() {
            if self.error.is_some() {
                break;
            }
            self = match dataset.get(item) {
                Ok(found) => {
                    let (pixels, label) = map(found);
                    self.image(pixels.as_ref(), label)
                }
                Err(error) => Self {
                    error: Some(ImagesError::UnreadableItem {
                        item,
                        reason: error.to_string(),
                    }),
                    ..self
                },
            };
        }
        self
    }

    /// The images.
    ///
    /// # Errors
    /// [`ImagesError::ZeroSize`] if a dimension or the number of classes is zero, and for the first image that doesn't
    /// fit [`ImagesError::ImageSize`], [`ImagesError::PixelCount`], [`ImagesError::NotFinite`],
    /// [`ImagesError::LabelOutOfRange`], [`ImagesError::LabelTooLarge`] or, of a data set of Burn,
    /// [`ImagesError::UnreadableItem`].
    pub fn build(self) -> Result<LabeledImages, ImagesError> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(LabeledImages::of_checked(
                self.shape,
                self.classes,
                P::buffer(self.pixels),
                self.labels,
            )),
        }
    }

    fn add(&mut self, pixels: &[P], label: usize) -> Result<(), ImagesError> {
        let index = self.labels.len();
        if Some(pixels.len()) != pixels_of(self.shape) {
            return Err(ImagesError::ImageSize {
                index,
                shape: self.shape,
                found: pixels.len(),
            });
        }
        let label = checked_label(index, label, self.classes)?;
        check_finite(pixels, pixels.len()).map_err(|_| ImagesError::NotFinite { index })?;
        match self.layout {
            PixelLayout::ChannelsFirst => self.pixels.extend_from_slice(pixels),
            PixelLayout::ChannelsLast => {
                for channel in 0..self.shape.channels {
                    let of_channel = pixels[channel..].iter().step_by(self.shape.channels);
                    self.pixels.extend(of_channel);
                }
            }
        }
        self.labels.push(label);
        Ok(())
    }
}
