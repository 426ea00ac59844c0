//! Images in memory, each with any number of classes.

use std::fmt;

use super::checks::{check_count, check_finite, check_sizes, checked_label};
use super::pixels::{Pixel, PixelBuffer, Pixels};
use super::{ImagesError, LabeledImages};
use crate::network::ImageShape;

/// Images of one shape, each of which belongs to any number of classes: none, one, or several.
///
/// [`MultiLabelTask`](crate::training::MultiLabelTask) trains networks on all of them; [`of_class`](Self::of_class) are the
/// images as a task of two classes.
///
/// # Example
///
/// ```
/// use evonas::network::ImageShape;
/// use evonas::training::images::MultiLabelImages;
///
/// // Which of two lamps are lit.
/// let labels = [vec![], vec![0], vec![0, 1]];
/// let images =
///     MultiLabelImages::new(ImageShape::gray(1, 2), 2, vec![0_u8, 0, 255, 0, 255, 255], labels)?;
/// assert_eq!(images.targets(), [0.0, 0.0, 1.0, 0.0, 1.0, 1.0]);
/// let of_the_right_lamp = images.of_class(1)?;
/// assert_eq!(of_the_right_lamp.labels(), [0, 0, 1]);
/// # Ok::<(), evonas::training::images::ImagesError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct MultiLabelImages {
    shape: ImageShape,
    classes: usize,
    pixels: PixelBuffer,
    /// The classes of each image, in ascending order and each once.
    labels: Vec<Vec<u16>>,
}

impl MultiLabelImages {
    /// Combines images with their labels.
    ///
    /// - `shape`: the shape of each image.
    /// - `classes`: the number of classes.
    /// - `pixels`: bytes or floats, `[labels, channels, height, width]`, flattened.
    /// - `labels`: the indices of each image's classes, each below `classes`, in any order. What stands twice counts
    ///   once.
    ///
    /// # Errors
    ///
    /// [`ImagesError::ZeroSize`] if a dimension or the number of classes is zero, [`ImagesError::PixelCount`] if `pixels`
    /// has the wrong length, and for the first image that doesn't fit [`ImagesError::LabelOutOfRange`],
    /// [`ImagesError::LabelTooLarge`] or [`ImagesError::NotFinite`].
    pub fn new<P: Pixel>(
        shape: ImageShape,
        classes: usize,
        pixels: Vec<P>,
        labels: impl IntoIterator<Item = Vec<usize>>,
    ) -> Result<Self, ImagesError> {
        check_sizes(shape, classes)?;
        let labels = labels.into_iter().enumerate();
        let labels = labels
            .map(|(index, labels)| sorted(index, labels, classes))
            .collect::<Result<Vec<_>, _>>()?;
        let size = check_count(shape, labels.len(), pixels.len())?;
        check_finite(&pixels, size)?;
        Ok(Self {
            shape,
            classes,
            pixels: P::buffer(pixels),
            labels,
        })
    }

    /// The shape of an image.
    #[must_use]
    pub const fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The number of classes. A class may have no images.
    #[must_use]
    pub const fn classes(&self) -> usize {
        self.classes
    }

    /// The number of images.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no images.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All pixels: `[len, channels, height, width]`, flattened.
    #[must_use]
    pub fn pixels(&self) -> Pixels<'_> {
        self.pixels.all()
    }

    /// The classes of image `index`, in ascending order.
    ///
    /// # Panics
    ///
    /// If `index` is not below [`len`](Self::len).
    #[must_use]
    pub fn labels(&self, index: usize) -> &[u16] {
        &self.labels[index]
    }

    /// 1 for each class of each image and 0 otherwise: `[len, classes]`, flattened.
    #[must_use]
    pub fn targets(&self) -> Vec<f32> {
        let mut targets = vec![0.0; self.len() * self.classes];
        for (labels, targets) in self.labels.iter().zip(targets.chunks_mut(self.classes)) {
            for &label in labels {
                targets[usize::from(label)] = 1.0;
            }
        }
        targets
    }

    /// The images as a task of two classes: 1 for those that belong to `class`, 0 for all others. Copies the pixels.
    ///
    /// # Errors
    ///
    /// [`ImagesError::NoClass`] if `class` is not below [`classes`](Self::classes).
    pub fn of_class(&self, class: usize) -> Result<LabeledImages, ImagesError> {
        let classes = self.classes;
        if class >= classes {
            return Err(ImagesError::NoClass { class, classes });
        }
        let labels = self.labels.iter();
        let labels = labels.map(|labels| labels.iter().any(|&label| usize::from(label) == class));
        Ok(LabeledImages::of_checked(
            self.shape,
            2,
            self.pixels.clone(),
            labels.map(u16::from).collect(),
        ))
    }
}

/// An image's labels in ascending order, each once.
fn sorted(index: usize, labels: Vec<usize>, classes: usize) -> Result<Vec<u16>, ImagesError> {
    let mut sorted = Vec::with_capacity(labels.len());
    for label in labels {
        sorted.push(checked_label(index, label, classes)?);
    }
    sorted.sort_unstable();
    sorted.dedup();
    Ok(sorted)
}

/// Leaves out the pixels and labels, of which there may be millions.
impl fmt::Debug for MultiLabelImages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MultiLabelImages")
            .field("len", &self.len())
            .field("shape", &self.shape)
            .field("classes", &self.classes)
            .finish_non_exhaustive()
    }
}
